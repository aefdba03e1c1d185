"""Recorded exchanges with a provider, replayed without a key and without a network."""

from subhub.testing.cassettes.format import Cassette, CassetteMismatch, Interaction, provenance_of

__all__ = ["Cassette", "CassetteMismatch", "Interaction", "provenance_of"]
