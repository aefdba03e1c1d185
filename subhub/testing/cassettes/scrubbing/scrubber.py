"""Scrubbing: what may be anybody's is taken out of a recording, and the recording still fits.

Everything is replaced that the allow-list does not have, in bodies, addresses and forms, each value
by the same stand-in wherever it stands. Ids are replaced too, so that a later recording differs
only in what the provider does. Scrubbing twice is scrubbing once, which is how a cassette is
checked: one that would be changed still holds something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final, cast
from urllib.parse import quote, unquote_plus, urlsplit

from subhub.messages import is_object
from subhub.plugin.provider import Provider
from subhub.testing.cassettes import Interaction, document_of
from subhub.testing.cassettes.scrubbing.addresses import Addresses
from subhub.testing.cassettes.scrubbing.allowlist import harmless_number, harmless_text
from subhub.testing.cassettes.scrubbing.classify import kind_of
from subhub.testing.cassettes.scrubbing.placeholders import IdForms, Kind, StandIns
from subhub.testing.cassettes.scrubbing.schema_lookup import (
    Described,
    answered_body,
    asked_body,
    operation_of,
)
from subhub.testing.openapi import Document

_FORM: Final = "application/x-www-form-urlencoded"
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,47}")
_UNDESCRIBED: Final = Described()


class Scrubber:
    """Scrubs recordings of one provider."""

    def __init__(self, provider: type[Provider]) -> None:
        self._document = None if document_of(provider) is None else Document.of(provider)
        said = json.dumps(self._document.content) if self._document else ""
        self._addresses = Addresses(provider, self._document, self._id, self._replaced, self._pairs)
        self._forms = IdForms(provider, said)
        self._stand_ins = StandIns(self._forms)
        self._ids: frozenset[str] = frozenset()

    def scrub(self, interactions: Iterable[Interaction]) -> list[Interaction]:
        """*interactions* without what may be anybody's.

        They are gone through twice, because what is an id in one place is one everywhere, and
        because no stand-in may be made that is in use already.
        """
        found = list(interactions)
        self._begin()
        _ = [self._interaction(each) for each in found]
        self._begin(ids=self._stand_ins.ids, taken=self._stand_ins.met)
        return [self._interaction(each) for each in found]

    def repeated(self, text: str) -> str:
        """*text* with the words replaced that were replaced in the recording."""
        return " ".join(self._stand_ins.given.get(word, word) for word in text.split(" "))

    def _begin(self, ids: Iterable[str] = (), taken: Iterable[str] = ()) -> None:
        self._ids = frozenset(ids)
        self._stand_ins = StandIns(self._forms, taken)

    def _interaction(self, interaction: Interaction) -> Interaction:
        asked, answered = interaction["request"], interaction["response"]
        operation = operation_of(self._document, asked["method"], urlsplit(str(asked["uri"])).path)
        return {
            "request": {
                **asked,
                "uri": self._addresses.scrub(asked["uri"], asked["method"]),
                **self._content(asked, asked_body(operation)),
            },
            "response": {
                **answered,
                "headers": self._headers(answered["headers"]),
                **self._content(answered, answered_body(operation, answered["status"])),
            },
        }

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Of the headers that are kept at all, one leads somewhere."""
        return {
            name: self._addresses.scrub(value) if name == "location" else value
            for name, value in headers.items()
        }

    def _content(self, message: Any, described: Described) -> dict[str, Any]:
        if "json" in message:
            return {"json": self._value("", message["json"], described)}
        if not message.get("text"):
            return {}
        if message["headers"].get("content-type", "").startswith(_FORM):
            return {"text": self._pairs(message["text"])}
        return {"text": self._replaced("text", message["text"])}

    def _value(self, name: str, value: Any, described: Described) -> Any:
        if is_object(value):
            return {
                self._field(key, described): self._value(key, each, described.member(key))
                for key, each in value.items()
            }
        if isinstance(value, list):
            items = cast("list[object]", value)
            return [self._value(name, each, described.element()) for each in items]
        if isinstance(value, str):
            return self._text(name, value, described)
        if value is None or isinstance(value, bool) or harmless_number(name, described):
            return value
        return 0

    def _field(self, name: str, described: Described) -> str:
        """The name of a field; where names are data, they may be somebody's."""
        if described.names(name):
            return name
        if name in self._ids or self._forms.documented(name):
            return self._id(name)
        return name if _FIELD.fullmatch(name) else self._replaced("text", name)

    def _text(self, name: str, value: str, described: Described) -> str:
        if value in described.words:
            return value
        if value in self._ids or self._forms.documented(value):
            return self._id(value)
        if harmless_text(name, value, described):
            return value
        if _ADDRESS.fullmatch(value):
            return self._addresses.scrub(value)
        return self._replaced(kind_of(name, value, described), value)

    def _pairs(self, text: str) -> str:
        """A form, or a query; what is not changed keeps its spelling."""
        return "&".join(self._pair(each) for each in text.split("&"))

    def _pair(self, pair: str) -> str:
        name, equals, spelled = pair.partition("=")
        value = unquote_plus(spelled)
        field = re.findall(r"[^\[\]]*[A-Za-z_][^\[\]]*", unquote_plus(name))  # of a[0][b], it is b
        kept = self._text(field[-1] if field else "", value, _UNDESCRIBED)
        return pair if kept == value else f"{name}{equals}{quote(kept, safe='')}"

    def _id(self, value: str) -> str:
        return self._stand_ins.of("email" if "@" in value else "id", value)

    def _replaced(self, kind: Kind, value: str) -> str:
        return self._stand_ins.of("id" if value in self._ids else kind, value)
