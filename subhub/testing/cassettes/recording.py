"""Recording: every exchange of a block, scrubbed and written down as a cassette.

Nothing is written before the block has ended well, so that a recording that fails leaves the one
before it as it was.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from vcr import VCR
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.request import Request as Recorded

from subhub.plugin.registry import load
from subhub.testing.cassettes import REAL, Cassette, Interaction, Provenance, write, written
from subhub.testing.cassettes.scrubbing.keys import keys_in, mapped, without_keys

Heard: TypeAlias = Sequence[tuple[Recorded, Mapping[str, Any]]]


@contextmanager
def record(path: Path, provenance: Provenance, *, asked_at: str = "") -> Generator[None]:
    """Record every exchange in this block into a new cassette at *path*.

    *asked_at* is the base address that was asked, if it was not the provider's own; the cassette is
    addressed to the provider all the same.
    """
    listener = _Listener()
    vcr = VCR(match_on=(), decode_compressed_response=True)
    vcr.register_persister(listener)
    with vcr.use_cassette(str(path), record_mode="all"):
        yield
    # Only now: an error while vcrpy closes would leave httpx patched.
    # An application under test is heard as well, where it is asked through httpx.
    address = asked_at or load(provenance.provider).base_url
    heard = [each for each in listener.heard if each[0].uri.startswith(address)]
    if heard:
        write(path, scrubbed(heard, provenance, asked_at))
    else:
        path.unlink(missing_ok=True)


def scrubbed(heard: Heard, provenance: Provenance, asked_at: str = "") -> Cassette:
    """What was *heard*, as it may be kept."""
    interactions: Any = [written(request, response) for request, response in heard]
    keys = {
        key
        for request, response in heard
        for key in keys_in(request.headers.items(), response["headers"].items())
    }
    interactions = without_keys(interactions, keys)
    if asked_at:
        own = load(provenance.provider).base_url
        interactions = mapped(interactions, lambda text: text.replace(asked_at, own))
    if provenance.scrubbing == REAL:
        return _without_people(interactions, provenance)
    return Cassette(provenance, interactions)


def _without_people(interactions: list[Interaction], provenance: Provenance) -> Cassette:
    from subhub.testing.cassettes.scrubbing import Scrubber  # noqa: PLC0415 - few recordings need schemas

    scrubber = Scrubber(load(provenance.provider))
    kept = scrubber.scrub(interactions)
    scenario = scrubber.repeated(provenance.scenario)
    return Cassette(replace(provenance, scenario=scenario), kept)


class _Listener:
    """Stands where vcrpy keeps its cassettes, and keeps what it hears to itself."""

    heard: Heard = ()

    def load_cassette(self, path: str, serializer: object) -> tuple[list[Recorded], list[Any]]:
        del path, serializer
        raise CassetteNotFoundError  # a recording begins anew

    def save_cassette(self, path: str, cassette: Mapping[str, Any], serializer: object) -> None:
        del path, serializer
        self.heard = list(zip(cassette["requests"], cassette["responses"], strict=True))
