"""Removal of personal data from a recording, by allow-lists."""

from subhub.testing.cassettes.scrubbing.scrubber import Scrubber

__all__ = ["Scrubber"]
