"""Removal of personal data from a recording, which still fits the provider afterwards.

Everything that the allow-list does not permit is replaced in bodies, addresses and forms, each
value by the same placeholder everywhere. Ids are replaced too, so that a new recording differs only
where the provider behaves differently. Scrubbing twice is scrubbing once, which is how a cassette
is checked: one that scrubbing would change still holds something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final, cast
from urllib.parse import quote, unquote_plus

from subhub.messages import is_object
from subhub.plugin.provider import Provider
from subhub.testing.cassettes.format import Interaction
from subhub.testing.cassettes.scrubbing.addresses import Addresses
from subhub.testing.cassettes.scrubbing.allowlist import Allowlist, has_header
from subhub.testing.cassettes.scrubbing.classify import kind_of
from subhub.testing.cassettes.scrubbing.placeholders import IdForms, Kind, Placeholders
from subhub.testing.cassettes.scrubbing.vocabulary import Vocabulary
from subhub.testing.openapi import Document
from subhub.testing.provenance import document_of

_FORM: Final = "application/x-www-form-urlencoded"
_ADDRESS: Final = re.compile(r"https?://\S+")
_RELATIVE: Final = re.compile(r"https?://|/|\?")
_INDEX: Final = re.compile(r"\d{0,2}|[\[\]]")


class Scrubber:
    """Scrubs recordings of one provider."""

    def __init__(self, provider: type[Provider]) -> None:
        document = None if document_of(provider) is None else Document.of(provider)
        described = json.dumps(document.content) if document else ""
        self._addresses = Addresses(provider, document, self._id, self._replaced, self._pairs)
        self._allowed = Allowlist(Vocabulary(document.content if document else None))
        self._forms = IdForms(provider, described)
        self._placeholders = Placeholders(self._forms)
        self._ids: frozenset[str] = frozenset()

    def scrub(self, interactions: Iterable[Interaction]) -> list[Interaction]:
        """Return *interactions* without personal data."""
        found = list(interactions)
        # Two passes: an id in one place is an id everywhere, and a placeholder that is in use
        # already may not be given to another value.
        self._begin()
        _ = [self._interaction(interaction) for interaction in found]
        self._begin(ids=self._placeholders.ids, taken=self._placeholders.met)
        return [self._interaction(interaction) for interaction in found]

    def repeated(self, text: str) -> str:
        """Return *text* with the words replaced that were replaced in the recording."""
        return " ".join(self._placeholders.given.get(word, word) for word in text.split(" "))

    def _begin(self, ids: Iterable[str] = (), taken: Iterable[str] = ()) -> None:
        self._ids = frozenset(ids)
        self._placeholders = Placeholders(self._forms, taken)

    def _interaction(self, interaction: Interaction) -> Interaction:
        asked, answered = interaction["request"], interaction["response"]
        return {
            "request": {
                **asked,
                "uri": self._addresses.scrub(asked["uri"], asked["method"]),
                "headers": self._headers(asked["headers"]),
                **self._content(asked),
            },
            "response": {
                **answered,
                "headers": self._headers(answered["headers"]),
                **self._content(answered),
            },
        }

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return {name: self._header(name, value) for name, value in headers.items()}

    def _header(self, name: str, value: str) -> str:
        if name == "location" and _RELATIVE.match(value):
            return self._addresses.scrub(value)
        if has_header(name, value):
            return value
        media_type = value.partition(";")[0].strip()  # without what else it says
        return media_type if has_header(name, media_type) else self._replaced("text", value)

    def _content(self, message: Any) -> dict[str, Any]:
        if "json" in message:
            return {"json": self._value("", message["json"])}
        if not message.get("text"):
            return {}
        if message["headers"].get("content-type", "").startswith(_FORM):
            return {"text": self._pairs(message["text"])}
        return {"text": self._replaced("text", message["text"])}

    def _value(self, name: str, value: Any) -> Any:
        if is_object(value):
            return {self._field(key): self._value(key, member) for key, member in value.items()}
        if isinstance(value, list):
            return [self._value(name, item) for item in cast("list[object]", value)]
        if isinstance(value, str):
            return self._text(name, value)
        if value is None or isinstance(value, bool) or self._allowed.has_number(name, value):
            return value
        # Of the same type, so that a model still reads the response.
        return 0

    def _field(self, name: str) -> str:
        """Scrub the name of a field: where names are data, they may be personal."""
        if name in self._ids or self._forms.documented(name):
            return self._id(name)
        return name if self._allowed.has_name(name) else self._replaced("text", name)

    def _text(self, name: str, value: str) -> str:
        # Ids come first: one may look like a status or a code, and be kept by that.
        if value in self._ids or self._forms.documented(value):
            return self._id(value)
        if self._allowed.has_text(name, value):
            return value
        if _ADDRESS.fullmatch(value):
            return self._addresses.scrub(value)
        return self._replaced(kind_of(name, value), value)

    def _pairs(self, text: str) -> str:
        """Scrub a form or a query; what does not change keeps its spelling."""
        return "&".join(self._pair(pair) for pair in text.split("&"))

    def _pair(self, pair: str) -> str:
        name, equals, spelled = pair.partition("=")
        parts = re.split(r"([\[\]])", unquote_plus(name))
        kept_parts = [self._part(part) for part in parts]
        if kept_parts != parts:
            name = quote("".join(kept_parts), safe="[]")
        value = unquote_plus(spelled)
        # of a[0][b], the field is b
        field = next((part for part in reversed(parts) if not _INDEX.fullmatch(part)), "")
        kept = self._text(field, value)
        return f"{name}{equals}{spelled if kept == value else quote(kept, safe='')}"

    def _part(self, part: str) -> str:
        """Scrub a part of a parameter's name, which may be an index or a bracket."""
        return part if _INDEX.fullmatch(part) else self._field(part)

    def _id(self, value: str) -> str:
        return self._placeholders.of("email" if "@" in value else "id", value)

    def _replaced(self, kind: Kind, value: str) -> str:
        return self._placeholders.of("id" if value in self._ids else kind, value)
