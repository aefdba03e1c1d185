"""Scrubbing: data of people is taken out of a recording, by allow-lists."""

from subhub.testing.cassettes.scrubbing.scrubber import Scrubber

__all__ = ["Scrubber"]
