"""Checking cassettes: whether each says honestly where it comes from, and holds only what it may.

A cassette is held against the plugin that is installed: its API description, its address, its
scrubbing rules. What is found is told with its place and the remedy, and never with the value that
should not be there.
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
from subhub.plugin.registry import load
from subhub.sandbox import Exchange
from subhub.testing.cassettes import (
    KEPT_REQUEST_HEADERS,
    KEPT_RESPONSE_HEADERS,
    MADE_UP,
    NO_DOCUMENT,
    REAL,
    Cassette,
    CassetteMismatch,
    Interaction,
    fingerprint,
)
from subhub.testing.cassettes.diff import differences
from subhub.testing.cassettes.scrubbing import Scrubber
from subhub.testing.cassettes.scrubbing.keys import signs_of_keys
from subhub.testing.openapi import Document, DocumentMismatch

ANEW: Final = "record it anew"
HEADER: Final = "header"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a cassette, where in it (an exchange by its number), and the remedy."""

    path: Path
    place: str
    problem: str
    remedy: str


def cassettes_in(paths: Iterable[Path]) -> list[Path]:
    """The cassettes that *paths* mean: files themselves, and all of a folder."""
    found: dict[Path, None] = {}
    for each in paths:
        inside = sorted(each.rglob("*.yaml")) if each.is_dir() else [each]
        found.update(dict.fromkeys(inside))
    return list(found)


def findings(path: Path, *, today: dt.date, max_age: int | None = None) -> list[Finding]:
    """What is wrong with the cassette at *path*; with *max_age*, in days, its age counts too."""
    try:
        check = _Check(path, Cassette.at(path))
        return list(check.all(today, max_age))
    except (CassetteMismatch, OSError) as error:
        return [Finding(path, HEADER, str(error), f"{ANEW}, or move what is no cassette away")]
    except PluginError as error:
        return [Finding(path, HEADER, str(error), "check it where its plugin is installed")]


class _Check:
    """One cassette, and what it is held against."""

    def __init__(self, path: Path, conversation: Cassette) -> None:
        self._path = path
        self._found = conversation
        self._head = conversation.provenance
        self._provider: type[Provider] = load(self._head.provider)

    def all(self, today: dt.date, max_age: int | None) -> Iterator[Finding]:
        """Everything that is wrong."""
        yield from self._header()
        yield from self._age(today, max_age)
        if not self._found.interactions:
            yield self._finding(HEADER, "nothing is recorded in it", f"{ANEW}, or remove it")
        try:
            yield from self._exchanges()
            yield from self._people()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problem = f"the exchanges have not the form of a cassette ({error!r})"
            yield self._finding("exchanges", problem, ANEW)

    def _header(self) -> Iterator[Finding]:
        head, current = self._head, fingerprint(self._provider)
        rules = {"sandbox": (MADE_UP, REAL), "live": (REAL,)}.get(head.source)
        if rules is None:
            problem = f"`source` is {head.source!r}, neither sandbox nor live"
            yield self._finding(HEADER, problem, ANEW)
        elif head.scrubbing not in rules:
            problem = f"it was not scrubbed by the rules of today for a recording of {head.source}"
            yield self._finding(HEADER, problem, ANEW)
        if current == NO_DOCUMENT:
            problem = f"{head.plugin} describes no API that the exchanges could be held against"
            yield self._finding(HEADER, problem, "let the plugin ship an openapi.yaml")
        elif head.document != current:
            problem = "it was recorded against another edition of the plugin's API description"
            yield self._finding(HEADER, problem, f"{ANEW}, and read the difference")

    def _age(self, today: dt.date, max_age: int | None) -> Iterator[Finding]:
        try:
            day = dt.date.fromisoformat(self._head.recorded_on)
        except ValueError:
            problem = f"`recorded_on` is {self._head.recorded_on!r}, which is no day"
            yield self._finding(HEADER, problem, ANEW)
            return
        age = (today - day).days
        if max_age is not None and age > max_age:
            yield self._finding(HEADER, f"it is {age} days old, more than {max_age}", ANEW)

    def _exchanges(self) -> Iterator[Finding]:
        document = None
        if fingerprint(self._provider) != NO_DOCUMENT:
            document = Document.of(self._provider)
        exchanges = zip(self._found.interactions, self._found.exchanges(), strict=True)
        for number, (interaction, exchange) in enumerate(exchanges, start=1):
            yield from self._exchange(str(number), interaction)
            if document is not None:
                yield from self._described(str(number), document, exchange)

    def _exchange(self, number: str, interaction: Interaction) -> Iterator[Finding]:
        asked, answered = interaction["request"], interaction["response"]
        base_url = self._provider.base_url
        if not asked["uri"].startswith((f"{base_url}/", f"{base_url}?")):
            problem = f"{asked['uri']!r} is not below the provider's {base_url}"
            yield self._finding(number, problem, ANEW)
        odd = {*asked["headers"]} - KEPT_REQUEST_HEADERS
        odd |= {*answered["headers"]} - KEPT_RESPONSE_HEADERS
        if odd:
            problem = f"it keeps headers that are not on the allow-list: {', '.join(sorted(odd))}"
            yield self._finding(number, problem, f"remove them, or {ANEW}")
        provider = self._provider
        prefixes = [each for mode in provider.key_prefixes for each in provider.prefixes_of(mode)]
        signs = signs_of_keys(json.dumps(interaction), prefixes, self._fake_key())
        if signs:
            remedy = f"revoke it if it is a real one, then {ANEW}"
            yield self._finding(number, f"it holds what looks like a key: {signs[0]}", remedy)

    def _described(self, number: str, document: Document, exchange: Exchange) -> Iterator[Finding]:
        try:
            _ = document.check(exchange)
        except DocumentMismatch as mismatch:
            remedy = f"see who is right, the plugin's openapi.yaml or this; then {ANEW}"
            yield self._finding(number, str(mismatch), remedy)

    def _people(self) -> Iterator[Finding]:
        """Scrubbing again must change nothing; the values themselves are not told."""
        if self._head.scrubbing != REAL and self._head.source != "live":
            return
        scrubbed = Scrubber(self._provider).scrub(self._found.interactions)
        for number, pair in enumerate(
            zip(self._found.interactions, scrubbed, strict=True), start=1
        ):
            places = [_place(each) for each in differences(pair[0], pair[1], "")]
            if places:
                problem = f"what is there may be somebody's, and was not replaced: {_few(places)}"
                yield self._finding(number=str(number), problem=problem, remedy=_SCRUB)

    def _fake_key(self) -> list[str]:
        try:
            return [self._provider.sandbox().api_key]
        except PluginError:
            return []

    def _finding(self, number: str, problem: str, remedy: str) -> Finding:
        return Finding(self._path, number, problem, remedy)


def _place(difference: str) -> str:
    """Where it is, and not what; the name of a field may itself be somebody's."""
    place = re.split(r": (?:not )?recorded[ ,]", difference)[0]
    return re.sub(r"\[['\"].*", "[...]", place).removeprefix(".")


def _few(places: list[str]) -> str:
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


_SHOWN: Final = 10
_SCRUB: Final = f"{ANEW}: what is recorded with a key is scrubbed by itself"
