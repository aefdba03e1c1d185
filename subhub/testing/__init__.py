"""What plugin authors and applications import in their tests."""

from subhub.testing.play import Played, play, reply
from subhub.testing.sandbox import Sandbox, sandbox

__all__ = ["Played", "Sandbox", "play", "reply", "sandbox"]
