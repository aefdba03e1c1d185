"""Change tokens: what a list held, as text that an application keeps between two comparisons.

A token has the id and a fingerprint of each object, and how far an unfinished comparison came. It
has no other data of an object. Text is compressed, and its unpacked size is bounded.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from subhub.errors import InvalidRequest
from subhub.messages import is_object
from subhub.models import Result, Status, Subscription
from subhub.models.identity import Identity

HEAD: Final = "subhub-changes-"
VERSION: Final = 1
LONGEST: Final = 256 * 1024 * 1024
"""How many bytes a token may have when it is unpacked: it could be anything."""
DIGEST: Final = 6
"""How many bytes of a fingerprint are kept: one change in 281 trillion goes unnoticed."""
MARK: Final = DIGEST + 1
_OVER: Final = (Status.CANCELED, Status.ENDED)
_SEEN, _ENDED = 1, 2


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of an object, as far as two can be compared."""

    value: int

    @classmethod
    def of(cls, item: Result, salt: str) -> Mark:
        """Return the mark of *item*: of its neutral fields, which any version reads alike.

        What a later version adds is left out as long as it is `None`.
        """
        text = item.model_dump_json(exclude_none=True).encode()
        digest = hashlib.blake2b(text, digest_size=DIGEST, key=salt.encode()).digest()
        over = isinstance(item, Subscription) and item.status in _OVER
        return cls(int.from_bytes(digest) << 8 | (_ENDED if over else 0) | _SEEN)

    @property
    def over(self) -> bool:
        """Whether it is a subscription that is canceled or has ended."""
        return bool(self.value & _ENDED)

    def differs(self, known: int) -> bool:
        """Return whether the object is not as it was."""
        return (self.value ^ known) & ~_SEEN != 0


@dataclass(slots=True)
class KindState:
    """What is known of the objects of one kind.

    Args:
        known: Their marks by id. The last bit says that this comparison has met the object.
        number: How many comparisons were finished.
        cursor: The next page of an unfinished one.
        listed: Whether its list was read to the end; what it did not show is then looked for.
        first: Whether it is the first one, which finds out what there is and reports nothing.
        doubtful: Whether its list had a record that could not be read.
    """

    known: dict[str, int] = field(default_factory=dict[str, int])
    number: int = 0
    cursor: str | None = None
    listed: bool = False
    first: bool = True
    doubtful: bool = False

    def meet(self, name: str, mark: Mark | None = None, *, gone: bool = False) -> None:
        """Note that an object is there, with its new *mark* or as it was, or that it is *gone*."""
        if gone:
            del self.known[name]
        else:
            self.known[name] = self.known[name] | _SEEN if mark is None else mark.value

    def missing(self) -> list[str]:
        """Return the ids that the comparison has not met."""
        return [name for name, mark in self.known.items() if not mark & _SEEN]

    def finish(self) -> None:
        """End the comparison."""
        self.known = {name: mark & ~_SEEN for name, mark in self.known.items()}
        self.number += 1
        self.cursor, self.listed, self.first, self.doubtful = None, False, False, False

    def facts(self) -> dict[str, Any]:
        """Return all but the marks, in the order of their ids."""
        return {
            "ids": sorted(self.known),
            "number": self.number,
            "cursor": self.cursor,
            "listed": self.listed,
            "first": self.first,
            "doubtful": self.doubtful,
        }


@dataclass(slots=True)
class Snapshot:
    """All that a token holds: *todo* are the kinds that an unfinished comparison has not ended."""

    identity: Identity
    salt: str = field(default_factory=lambda: secrets.token_hex(8))
    todo: list[str] = field(default_factory=list[str])
    kinds: dict[str, KindState] = field(default_factory=dict[str, KindState])

    def kind(self, name: str) -> KindState:
        """Return the state of a kind; a new one, if it was never listed."""
        return self.kinds.setdefault(name, KindState())

    def key(self, kind: str, object_id: str, change: str, mark: int) -> str:
        """Return the key of an event, which a repeated comparison from the same token gives again.

        The same change in a later comparison has another one.
        """
        facts = json.dumps([self.salt, kind, self.kind(kind).number, object_id, change, mark])
        return f"changes:{hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()}"

    def write(self) -> str:
        """Return it as text."""
        facts = {name: state.facts() for name, state in self.kinds.items()}
        head = {"identity": self.identity.facts(), "salt": self.salt, "todo": self.todo}
        marks = (
            state.known[name].to_bytes(MARK)
            for state in self.kinds.values()
            for name in sorted(state.known)
        )
        content = json.dumps({**head, "kinds": facts}).encode() + b"\n" + b"".join(marks)
        packed = base64.urlsafe_b64encode(zlib.compress(content, 9)).decode()
        return f"{HEAD}{VERSION}.{packed}"

    @classmethod
    def read(cls, token: object, identity: Identity) -> Snapshot:
        """Read *token*; one that is damaged, or of another account, is an `InvalidRequest`."""
        head, marks = _unpacked(token)
        try:
            found = _snapshot(head, marks)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _damaged(token) from error
        differences = identity.differences(found.identity)
        if differences:
            raise InvalidRequest.of(
                "since",
                f"the token is of {' and '.join(differences)}, and so of another account than "
                f"this one ({identity}). Use the client of that account; if its key was changed, "
                "see `lineage`",
            )
        return found


def _unpacked(token: object) -> tuple[Mapping[str, Any], bytes]:
    if not isinstance(token, str):
        problem = f"must be the text of `changes.token`, got {type(token).__name__}"
        raise InvalidRequest.of("since", problem)
    version, _, packed = token.strip().removeprefix(HEAD).partition(".")
    if token.strip().startswith(HEAD) and version.isdecimal() and int(version) != VERSION:
        raise InvalidRequest.of(
            "since",
            f"the token has the format {version}, and this version of subhub reads {VERSION}: use "
            "the version that wrote it, or begin again with `since=None`",
        )
    try:
        engine = zlib.decompressobj()
        content = engine.decompress(base64.b64decode(packed, b"-_", validate=True), LONGEST)
        head, _, marks = content.partition(b"\n")
        decoded: object = json.loads(head)
    except (ValueError, zlib.error, RecursionError) as error:
        raise _damaged(token) from error
    if not engine.eof or not is_object(decoded):  # a part of a token would pass for all of it
        raise _damaged(token)
    return decoded, marks


def _damaged(token: object) -> InvalidRequest:
    length = len(token) if isinstance(token, str) else 0
    return InvalidRequest.of(
        "since",
        f"must be the whole text of `changes.token`, got {length} characters that are not: it may "
        "have been cut where it is kept, as by a column that is too short",
    )


def _snapshot(head: Mapping[str, Any], marks: bytes) -> Snapshot:
    kinds: dict[str, KindState] = {}
    values = _values(marks)
    for name, facts in head["kinds"].items():
        ids = facts.pop("ids")
        kinds[name] = KindState(dict(zip(ids, values, strict=False)), **facts)
        if len(kinds[name].known) != len(ids):
            raise ValueError(f"there are not as many marks as ids of {name}")
    if next(iter(values), None) is not None:
        raise ValueError("there are more marks than ids")
    return Snapshot(Identity.read(head["identity"]), head["salt"], list(head["todo"]), kinds)


def _values(marks: bytes) -> Iterable[int]:
    places = range(0, len(marks), MARK)
    return (int.from_bytes(marks[place : place + MARK]) for place in places)
