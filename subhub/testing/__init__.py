"""What plugin authors and applications import in their tests."""

from subhub.testing.play import Played, play, reply

__all__ = ["Played", "play", "reply"]
