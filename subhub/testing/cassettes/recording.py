"""Recording of exchanges with the provider, scrubbed and written as a cassette."""

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
from subhub.testing.cassettes.format import (
    Cassette,
    CassetteMismatch,
    Interaction,
    to_interaction,
    write,
)
from subhub.testing.cassettes.scrubbing.keys import keys_in, mapped, without_keys
from subhub.testing.provenance import REAL, Provenance

Heard: TypeAlias = Sequence[tuple[Recorded, Mapping[str, Any]]]


@contextmanager
def record(path: Path, provenance: Provenance, *, asked_at: str = "") -> Generator[None]:
    """Record the exchanges with the provider in this block to a new cassette at *path*.

    A block that fails leaves the cassette of before; one without an exchange deletes it. Where a
    sandbox answers as before, the cassette of before stays, with the day on which it was recorded.

    Args:
        path: The file to write.
        provenance: Its header.
        asked_at: The base URL that is asked, if it is not the provider's own. The cassette is
            addressed to the provider all the same.
    """
    address = asked_at or load(provenance.provider).stand_in_address()

    def ours(request: Recorded) -> Recorded | None:
        # An application under test is heard as well, where it is asked through httpx.
        return request if request.uri.startswith(address) else None

    collector = _Collector()
    # Compressed bodies are decoded: otherwise the secrets inside would not be found.
    # No matchers: vcrpy would compare each request with all before it, although it plays none.
    vcr = VCR(match_on=(), decode_compressed_response=True, before_record_request=ours)
    vcr.register_persister(collector)
    with vcr.use_cassette(str(path), record_mode="all"):
        yield
    # Scrub and write after vcrpy has closed: an error while it saves would leave httpx patched.
    if not collector.heard:
        path.unlink(missing_ok=True)
    elif not _is_known(path, cassette := scrubbed(collector.heard, provenance, asked_at)):
        write(path, cassette)


def _is_known(path: Path, cassette: Cassette) -> bool:
    """Return whether *path* has this recording of a sandbox already, perhaps of another day.

    That a provider still answers the same is news, and the day says it.
    """
    try:
        earlier = Cassette.at(path)
    except CassetteMismatch:  # there is none, or it is to be replaced
        return False
    provenance = replace(cassette.provenance, recorded_on=earlier.provenance.recorded_on)
    return provenance.source == "sandbox" and replace(cassette, provenance=provenance) == earlier


def scrubbed(heard: Heard, provenance: Provenance, asked_at: str = "") -> Cassette:
    """Return what was heard as a cassette.

    Args:
        heard: The requests with their responses.
        provenance: The header, whose rules say what is scrubbed.
        asked_at: The base URL that was asked, if it is not the provider's own.
    """
    interactions: Any = [to_interaction(request, response) for request, response in heard]
    # from all exchanges first: a later response may repeat what an earlier header carried
    keys = {
        key
        for request, response in heard
        for key in keys_in(request.headers.items(), response["headers"].items())
    }
    interactions = without_keys(interactions, keys)
    # before scrubbing, which keeps only addresses of the provider itself
    if asked_at:
        own = load(provenance.provider).stand_in_address()
        interactions = mapped(interactions, lambda text: text.replace(asked_at, own))
    if provenance.scrubbing == REAL:
        return _without_people(interactions, provenance)
    return Cassette(provenance, interactions)


def _without_people(interactions: list[Interaction], provenance: Provenance) -> Cassette:
    from subhub.testing.cassettes.scrubbing import Scrubber  # noqa: PLC0415 - it loads JSON Schema

    scrubber = Scrubber(load(provenance.provider))
    kept = scrubber.scrub(interactions)
    scenario = scrubber.repeated(provenance.scenario)
    return Cassette(replace(provenance, scenario=scenario), kept)


class _Collector:
    """A vcrpy persister that keeps what would be saved, and loads nothing."""

    heard: Heard = ()

    def load_cassette(self, path: str, serializer: object) -> tuple[list[Recorded], list[Any]]:
        del path, serializer
        raise CassetteNotFoundError  # a recording begins empty

    def save_cassette(self, path: str, cassette: Mapping[str, Any], serializer: object) -> None:
        del path, serializer
        self.heard = list(zip(cassette["requests"], cassette["responses"], strict=True))
