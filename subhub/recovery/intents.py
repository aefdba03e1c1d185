"""Intents: what a call is meant to do, in ids and fingerprints.

An intent holds no personal data, so it can be stored and logged as text, and objects found at the
provider can be compared with it later.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from subhub.errors import InvalidRequest
from subhub.messages import is_object
from subhub.models.identity import Identity
from subhub.plugin.likeness import Likeness, canonical, days_around, loosened

REFERENCE: Final = "reference"
"""The field by which a subscription is recognized, where the provider keeps a reference."""


def new_salt() -> str:
    """Return a random salt, which no other intent has."""
    return os.urandom(8).hex()


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
        ahead: By how many seconds, at least and at most, the provider's clock was ahead of ours
            when it was sent; unknown before the first answer, and in tokens of older versions.
        salt: Random, and so also the name of the intent.
        marks: The salted fingerprints of its fields.
        loose: The same of what remains of a text in every way that a provider may write it.
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
    ahead: tuple[float, float] | None = None
    salt: str = field(default_factory=new_salt)
    marks: Mapping[str, str] = field(default_factory=dict[str, str])
    loose: Mapping[str, str] = field(default_factory=dict[str, str])
    identity: Identity | None = None

    def marked(self, fields: Mapping[str, object]) -> Intent:
        """Return the same intent, recognisable by those of *fields* that have a value."""
        marks, loose = fingerprints(self.salt, fields)
        return replace(self, marks=marks, loose=loose)

    def token(self) -> str:
        """Return the intent as text, without what has its default.

        It is most of what a change writes into its journal: a short one is written sooner.
        """
        facts = {name: getattr(self, name) for name in self.__slots__}  # `asdict` copies, slowly
        said = {name: fact for name, fact in facts.items() if fact not in _DEFAULTS}
        return base64.urlsafe_b64encode(_COMPACT.encode(said).encode()).decode()

    @classmethod
    def read(cls, token: str) -> Intent:
        """Read *token*; raise `InvalidRequest` when it is not a token."""
        try:
            decoded: object = json.loads(base64.urlsafe_b64decode(token.encode()))
            if is_object(decoded) and is_object(decoded.get("marks")):
                facts = decoded.pop("identity", None)
                # what was not written has its default
                return cls(**decoded, identity=None if facts is None else Identity.read(facts))
        except (ValueError, TypeError, AttributeError):
            pass
        raise InvalidRequest.of("token", "must be the token of an OutcomeUnknown")

    def is_of(self, identity: Identity, account: str) -> bool:
        """Return whether it is of the account *identity*, as far as it is known.

        One of an earlier version is, when provider and name of the *account* fit.
        """
        if self.identity is None:
            return (self.provider, self.account) == (identity.provider, account)
        return identity.is_same(self.identity)

    def is_as(self, other: Intent) -> bool:
        """Return whether it means the same as *other*, at the same account; both have one salt."""
        return self.identity == other.identity and all(
            getattr(self, name) == getattr(other, name) for name in _MEANING
        )

    def compared(self, found: object, names: Collection[str] | None = None) -> dict[str, Likeness]:
        """Compare what *found* shows with what was meant, by field; what it lacks is left out.

        Without *names*, all fields are compared.
        """
        asked = self.marks if names is None else self.marks.keys() & names
        shown = {name: getattr(found, name, None) for name in asked}
        return {
            name: self._likeness(name, value) for name, value in shown.items() if value is not None
        }

    def _likeness(self, name: str, value: object) -> Likeness:
        mark = _marking(self.salt)
        if mark(canonical(value)) == self.marks[name]:
            return "same"
        text = loosened(name, value)
        if text is not None:
            # A token of an older version does not know: there every other text may be the one.
            return "alike" if self.loose.get(name) in {None, mark(text)} else "other"
        if isinstance(value, dt.date):
            marks = {mark(canonical(day)) for day in days_around(value)}
            return "alike" if self.marks[name] in marks else "other"
        return "other"


def fingerprints(
    salt: str, fields: Mapping[str, object]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return `marks` and `loose` of an intent: of those of *fields* that have a value."""
    mark = _marking(salt)
    marks: dict[str, str] = {}
    loose: dict[str, str] = {}
    for name, value in fields.items():
        if value is not None:
            marks[name] = mark(canonical(value))
            text = loosened(name, value)
            if text is not None:
                loose[name] = mark(text)
    return marks, loose


def _marking(salt: str) -> Callable[[str], str]:
    """Return what computes the fingerprints of one intent; its salt is prepared once."""
    salted = hashlib.blake2b(salt=bytes.fromhex(salt))

    def mark(text: str) -> str:
        digest = salted.copy()
        digest.update(text.encode())
        return digest.hexdigest()[:32]

    return mark


_DEFAULTS: Final = (None, False)
_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), default=Identity.facts)

_MEANING: Final = ("provider", "operation", "target", "owner", "key", "at_once", "marks")
"""The fields that say what is to be done, whenever it is."""
