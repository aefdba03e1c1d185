"""Intents: what a call is meant to do, in ids and fingerprints.

An intent can be stored and logged as text, because nobody's data is in it, and what is found at the
provider can be compared with it later.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from subhub.errors import InvalidRequest
from subhub.messages import is_object

SKEW: Final = dt.timedelta(minutes=5)
"""How far the provider's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a call was meant to do; *marks* are the salted fingerprints of its fields.

    *target* is the id of what was to be changed, and *owner* the customer of a new subscription.
    *key* is the field that belongs to one object only, as an id of the application's own does.
    *at_once* says that a cancellation is to show at once. *sent_at* is the earliest moment at which
    it can have been sent, and *lost_at* the latest; that is not known when its process was killed.
    The *salt* is random, and so also the name of the intent.
    """

    provider: str
    account: str
    operation: str
    sent_at: str
    target: str | None = None
    owner: str | None = None
    key: str | None = None
    at_once: bool = False
    lost_at: str | None = None
    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    marks: Mapping[str, str] = field(default_factory=dict[str, str])

    def marked(self, fields: Mapping[str, object]) -> Intent:
        """The same, to be recognised by those of *fields* that have a value."""
        marks = {name: self._mark(value) for name, value in fields.items() if value is not None}
        return replace(self, marks=marks)

    def token(self) -> str:
        """The intent as text."""
        facts = {each: getattr(self, each) for each in self.__slots__}  # `asdict` copies, slowly
        return base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()

    @classmethod
    def read(cls, token: str) -> Intent:
        """The intent that *token* says; `InvalidRequest` when it says none."""
        try:
            decoded: object = json.loads(base64.urlsafe_b64decode(token.encode()))
            if is_object(decoded) and is_object(decoded.get("marks")):
                return cls(**decoded)
        except (ValueError, TypeError):
            pass
        raise InvalidRequest.of("token", "this is no token of an OutcomeUnknown")

    def fits(self, found: object) -> bool:
        """Whether what *found* shows is as it was meant, and the key, if any, is shown."""
        shown = {name: getattr(found, name, None) for name in self.marks}
        told = {name: self._mark(value) for name, value in shown.items() if value is not None}
        if not told or (self.key is not None and self.key not in told):
            return False
        return all(self.marks[name] == mark for name, mark in told.items())

    def may_have_made(self, found: object) -> bool:
        """Whether *found* fits and is no older than the call; what tells no time may be."""
        made = getattr(found, "created_at", None)
        recent = made is None or made >= dt.datetime.fromisoformat(self.sent_at) - SKEW
        return recent and self.fits(found)

    def _mark(self, value: object) -> str:
        text = str(value.normalize()) if isinstance(value, Decimal) else str(value)
        return hashlib.blake2b(text.encode(), salt=bytes.fromhex(self.salt)).hexdigest()[:32]
