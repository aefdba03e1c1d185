"""Intents: what a call is meant to do, in ids and fingerprints.

An intent holds no personal data, so it can be stored and logged as text, and objects found at the
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
from subhub.models.identity import Identity

SKEW: Final = dt.timedelta(minutes=5)
"""How far the provider's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a call was meant to do.

    Args:
        provider: The provider's name.
        account: The account's name.
        operation: The name of the change.
        sent_at: The earliest moment at which it can have been sent.
        target: The id of what was to be changed.
        owner: The customer of a new subscription.
        key: The field that belongs to one object only, such as an id of the application's own.
        at_once: Whether a cancellation is to show at once.
        lost_at: The latest moment at which it can have been sent; unknown when its process was
            killed.
        salt: Random, and so also the name of the intent.
        marks: The salted fingerprints of its fields.
        identity: Whose account it was meant for; earlier versions did not write it down.
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
    identity: Identity | None = None

    def marked(self, fields: Mapping[str, object]) -> Intent:
        """Return the same intent, recognisable by those of *fields* that have a value."""
        marks = {name: self._mark(value) for name, value in fields.items() if value is not None}
        return replace(self, marks=marks)

    def token(self) -> str:
        """Return the intent as text."""
        facts = {name: getattr(self, name) for name in self.__slots__}  # `asdict` copies, slowly
        facts["identity"] = self.identity and self.identity.facts()
        return base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()

    @classmethod
    def read(cls, token: str) -> Intent:
        """Read *token*; raise `InvalidRequest` when it is not a token."""
        try:
            decoded: object = json.loads(base64.urlsafe_b64decode(token.encode()))
            if is_object(decoded) and is_object(decoded.get("marks")):
                told = decoded.pop("identity", None)
                return cls(**decoded, identity=None if told is None else Identity.read(told))
        except (ValueError, TypeError):
            pass
        raise InvalidRequest.of("token", "must be the token of an OutcomeUnknown")

    def is_of(self, identity: Identity, account: str) -> bool:
        """Return whether it is of the account *identity*, as far as it is known.

        One of an earlier version is, when provider and name of the *account* fit.
        """
        if self.identity is None:
            return (self.provider, self.account) == (identity.provider, account)
        return identity.is_same(self.identity)

    def fits(self, found: object) -> bool:
        """Return whether what *found* shows is as it was meant, and the key, if any, is shown."""
        values = {name: getattr(found, name, None) for name in self.marks}
        shown = {name: self._mark(value) for name, value in values.items() if value is not None}
        if not shown or (self.key is not None and self.key not in shown):
            return False
        return all(self.marks[name] == mark for name, mark in shown.items())

    def may_have_made(self, found: object) -> bool:
        """Return whether *found* fits and is not known to be older than the call."""
        made = getattr(found, "created_at", None)
        recent = made is None or made >= dt.datetime.fromisoformat(self.sent_at) - SKEW
        return recent and self.fits(found)

    def _mark(self, value: object) -> str:
        text = str(value.normalize()) if isinstance(value, Decimal) else str(value)
        return hashlib.blake2b(text.encode(), salt=bytes.fromhex(self.salt)).hexdigest()[:32]
