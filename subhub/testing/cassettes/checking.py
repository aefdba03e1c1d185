"""Checks that a cassette has an honest header, and holds only what it may.

A cassette is compared with the installed plugin: its API description, its address, its scrubbing
rules. A finding names the place and the remedy, never the value that should not be there.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from subhub.errors import PluginError
from subhub.plugin.provider import Provider
from subhub.plugin.registry import load, names
from subhub.sandbox import Exchange
from subhub.testing.cassettes.diff import differences
from subhub.testing.cassettes.format import (
    KEPT_REQUEST_HEADERS,
    KEPT_RESPONSE_HEADERS,
    Cassette,
    CassetteMismatch,
    Interaction,
)
from subhub.testing.cassettes.scrubbing import Scrubber
from subhub.testing.cassettes.scrubbing.keys import signs_of_keys
from subhub.testing.cassettes.validation import HEADER
from subhub.testing.openapi import Document, DocumentMismatch
from subhub.testing.provenance import MADE_UP, NO_DOCUMENT, REAL, fingerprint

AGAIN: Final = "record it again"
_SHOWN: Final = 10
_SCRUB: Final = f"{AGAIN}: a recording made with a key is scrubbed automatically"


@dataclass(frozen=True, slots=True)
class CassetteFinding:
    """A problem of a cassette, its place (an exchange by its number), and the remedy."""

    path: Path
    place: str
    problem: str
    remedy: str


def cassettes_in(paths: Iterable[Path]) -> list[Path]:
    """Return the cassettes among *paths*: files themselves, and all in a folder."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        found.update(dict.fromkeys(inside))
    return list(found)


def findings(path: Path, *, today: dt.date, max_age: int | None = None) -> list[CassetteFinding]:
    """Return what is wrong with the cassette at *path*.

    Args:
        path: The cassette.
        today: The date, for its age.
        max_age: How old one of a provider may be, in days; by default, of any age.
    """
    try:
        check = _Check(path, Cassette.at(path))
    except CassetteMismatch as error:
        remedy = f"{AGAIN}, or move a file that is not a cassette away"
        return [CassetteFinding(path, error.place, str(error), remedy)]
    except PluginError as error:
        return [CassetteFinding(path, HEADER, str(error), "check it where its plugin is installed")]
    return list(check.all(today, max_age))


class _Check:
    """One cassette, and what it is compared with."""

    def __init__(self, path: Path, cassette: Cassette) -> None:
        self._path = path
        self._cassette = cassette
        self._head = cassette.provenance
        self._provider = _installed(self._head.provider)

    def all(self, today: dt.date, max_age: int | None) -> Iterator[CassetteFinding]:
        """Yield everything that is wrong."""
        yield from self._header()
        yield from self._age(today, max_age)
        if not self._cassette.interactions:
            yield self._finding(HEADER, "nothing is recorded in it", f"{AGAIN}, or remove it")
        yield from self._exchanges()
        yield from self._people()

    def _header(self) -> Iterator[CassetteFinding]:
        head, current = self._head, fingerprint(self._provider)
        rules = {"sandbox": (MADE_UP, REAL), "live": (REAL,)}.get(head.source)
        if rules is None:
            problem = f"`source` must be sandbox or live, got {head.source!r}"
            yield self._finding(HEADER, problem, AGAIN)
        elif head.scrubbing not in rules:
            problem = f"it was not scrubbed by today's rules for source {head.source}"
            yield self._finding(HEADER, problem, AGAIN)
        if current == NO_DOCUMENT:
            problem = f"{head.plugin} has no API description to compare the exchanges with"
            yield self._finding(HEADER, problem, "add an openapi.yaml to the plugin's package")
        elif head.document != current:
            problem = "it was recorded against another edition of the plugin's API description"
            yield self._finding(HEADER, problem, f"{AGAIN}, and read the diff")

    def _age(self, today: dt.date, max_age: int | None) -> Iterator[CassetteFinding]:
        try:
            day = dt.date.fromisoformat(self._head.recorded_on)
        except ValueError:
            problem = f"`recorded_on` must be a date, got {self._head.recorded_on!r}"
            yield self._finding(HEADER, problem, AGAIN)
            return
        age = (today - day).days
        # a sandbox answers on any day as its plugin is written: recording it again proves nothing
        if max_age is not None and age > max_age and self._head.source != "sandbox":
            yield self._finding(HEADER, f"it is {age} days old, more than {max_age}", AGAIN)

    def _exchanges(self) -> Iterator[CassetteFinding]:
        document = None
        if fingerprint(self._provider) != NO_DOCUMENT:
            document = Document.of(self._provider)
        exchanges = zip(self._cassette.interactions, self._cassette.exchanges(), strict=True)
        for number, (interaction, exchange) in enumerate(exchanges, start=1):
            yield from self._exchange(str(number), interaction)
            if document is not None:
                yield from self._described(str(number), document, exchange)

    def _exchange(self, number: str, interaction: Interaction) -> Iterator[CassetteFinding]:
        asked, answered = interaction["request"], interaction["response"]
        base_url = self._provider.stand_in_address()
        if not asked["uri"].startswith((f"{base_url}/", f"{base_url}?")):
            problem = f"{asked['uri']!r} is not below the provider's {base_url}"
            yield self._finding(number, problem, AGAIN)
        odd = {*asked["headers"]} - KEPT_REQUEST_HEADERS
        odd |= {*answered["headers"]} - KEPT_RESPONSE_HEADERS
        if odd:
            problem = f"it has headers that are not on the allow-list: {', '.join(sorted(odd))}"
            yield self._finding(number, problem, f"remove them, or {AGAIN}")
        signs = self._signs_of_keys(interaction)
        if signs:
            remedy = f"revoke the key if it is a real one, then {AGAIN}"
            yield self._finding(number, f"it holds what looks like a key: {signs[0]}", remedy)

    def _signs_of_keys(self, interaction: Interaction) -> list[str]:
        provider = self._provider
        modes = provider.key_prefixes
        prefixes = [prefix for mode in modes for prefix in provider.prefixes_of(mode)]
        return signs_of_keys(json.dumps(interaction), prefixes, self._fake_key())

    def _described(
        self, number: str, document: Document, exchange: Exchange
    ) -> Iterator[CassetteFinding]:
        try:
            _ = document.check(exchange)
        except DocumentMismatch as mismatch:
            remedy = f"correct the plugin's openapi.yaml if it is wrong, then {AGAIN}"
            yield self._finding(number, str(mismatch), remedy)

    def _people(self) -> Iterator[CassetteFinding]:
        """Report what scrubbing again would change, without the values."""
        # A sandbox recording is full of text that a test invented.
        if self._head.scrubbing != REAL and self._head.source != "live":
            return
        recorded = self._cassette.interactions
        scrubbed = Scrubber(self._provider).scrub(recorded)
        for number, pair in enumerate(zip(recorded, scrubbed, strict=True), start=1):
            places = [_place(difference) for difference in differences(pair[0], pair[1], "")]
            if places:
                problem = f"this may be personal data, and was not replaced: {_few(places)}"
                yield self._finding(str(number), problem, _SCRUB)

    def _fake_key(self) -> list[str]:
        try:
            return [self._provider.sandbox().api_key]
        except PluginError:
            return []

    def _finding(self, place: str, problem: str, remedy: str) -> CassetteFinding:
        return CassetteFinding(self._path, place, problem, remedy)


def _installed(name: str) -> type[Provider]:
    """Return the provider *name*; its name is from a file, so it is not advised to install it."""
    if name not in names():
        raise PluginError(f"no plugin for its provider {name!r} is installed")
    return load(name)


def _place(difference: str) -> str:
    """Return where it is without what it is; the name of a field may itself be personal."""
    place = re.split(r": (?:not )?recorded[ ,]", difference)[0]
    return re.sub(r"\[['\"].*", "[...]", place).removeprefix(".")


def _few(places: list[str]) -> str:
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
