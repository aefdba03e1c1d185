"""Judgement: what a list proves about changes that would have created something.

The rules, for one lost call:

- *Done* is claimed if exactly one object fits, no other lost call claims it, and it cannot be older
  than the call: it was created since, by clocks that were compared, or it has the call's key, which
  no other object has.
- *Not done* is claimed if nothing in the whole list fits, nothing nearly fits, and the customer of
  a subscription has no other one that may be new.
- A subscription for which the provider keeps a reference is *done* if one has the reference of the
  call, whatever has happened to it since, and *not done* if none in the whole list has it.
- Everything else is *ambiguous*, with the candidates.

An object fits if all that it shows is what was asked for. It nearly fits if it may be that, written
differently (`likeness`). An object that is certain to be older than the call is neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from subhub.plugin.likeness import Likeness
from subhub.recovery.intents import REFERENCE, Intent
from subhub.recovery.sending_time import Age, Ahead, SendingTime

IDENTITY: Final[Mapping[str, tuple[str, ...]]] = {
    "create_plan": ("code", "name"),
    "create_customer": ("external_id", "email", "name"),
}
"""By which fields an object is distinguished from others of its kind, the best first. It nearly
fits if it is alike in the best one that it shows, or in any of them when it was created since."""

Fit = Literal["exact", "near", "none"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The outcome of a change: it is done, with its `result`; it is not done; or it is ambiguous.

    `ambiguous` means that looking cannot decide it: one of the `candidates` may be what the call
    created, or, when there are none, the provider shows nothing that could decide it.
    """

    outcome: Literal["done", "not_done", "ambiguous"]
    reason: str
    result: object = None
    candidates: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that one call may have created."""

    item: Any
    fit: Fit
    age: Age
    keyed: bool

    @property
    def proven(self) -> bool:
        """Whether it cannot be older than the call."""
        return self.fit == "exact" and (self.keyed or self.age == "since")

    @property
    def claimed(self) -> bool:
        """Whether it fits, or nearly fits, and nothing says that it is not of the call's time."""
        return self.fit != "none" and (self.keyed or self.age in {"since", "undated"})


def may_concern(intent: Intent, found: Any) -> bool:
    """Return whether *found* can matter for *intent*, whenever it was created."""
    if intent.owner is not None:
        return found.customer_id in {None, intent.owner}
    shown = intent.compared(found, IDENTITY[intent.operation])
    return _fit(intent, shown, dated=True) != "none"


def judge(
    group: Sequence[Intent], listed: Sequence[Any], ahead: Ahead | None, taken: Collection[str]
) -> list[Resolution]:
    """Judge whether each of *group* was carried out.

    Each call created one object of its own. So an object that several of them claim proves none of
    them done: it is the work of one, and the others are still open.

    Args:
        group: Calls that can have created the same object.
        listed: The whole list of what they can have created.
        ahead: By how many seconds the provider's clock is ahead of ours, if that is known.
        taken: The ids of what other calls are known to have created.
    """
    found = [_candidates(intent, listed, ahead) for intent in group]
    claims = Counter([*taken, *(item.item.id for of in found for item in of if item.claimed)])
    proofs = [_proof(candidates, claims) for candidates in found]
    known = {*taken, *(proof.id for proof in proofs if proof is not None)}
    return [
        Resolution("done", "one object fits, and only this call can have created it", proof)
        if proof is not None
        else _open(intent, candidates, claims, known)
        for intent, candidates, proof in zip(group, found, proofs, strict=True)
    ]


def _candidates(intent: Intent, listed: Sequence[Any], ahead: Ahead | None) -> list[Candidate]:
    sent = SendingTime.of(intent, ahead)
    found: list[Candidate] = []
    for item in listed:
        if not may_concern(intent, item):
            continue
        created_at = getattr(item, "created_at", None)
        age = sent.age(created_at)
        shown = intent.compared(item)
        keyed = intent.key is not None and shown.get(intent.key) == "same"
        fit = _fit(intent, shown, dated=age != "undated")
        counts = sent.may_be_new(created_at) if fit == "none" else age != "before"
        if counts and (fit != "none" or (intent.owner is not None and intent.key != REFERENCE)):
            found.append(Candidate(item, fit, age, keyed))
    return found


def _fit(intent: Intent, shown: Mapping[str, Likeness], *, dated: bool) -> Fit:
    """Return whether what is *shown* is what was asked for.

    Args:
        intent: What was asked for.
        shown: How each shown field compares with it.
        dated: Whether the object is known to be created since the call, if it counts at all.
    """
    if intent.key == REFERENCE:
        return "exact" if shown.get(REFERENCE) == "same" else "none"
    likenesses = set(shown.values())
    names = IDENTITY.get(intent.operation, ())
    if intent.key is not None and intent.key not in shown:
        # The provider keeps keys, so an object of the call would show one.
        return "near" if dated and _alike_in_any(shown, names) else "none"
    if likenesses == {"same"}:
        return "exact"
    if intent.key is not None and shown[intent.key] == "same" and "other" not in likenesses:
        return "exact"  # the key proves what the other texts leave open
    if not names:
        return "none" if "other" in likenesses else "near"
    best = next((shown[name] for name in names if name in shown), "alike")
    return "near" if best != "other" or (dated and _alike_in_any(shown, names)) else "none"


def _alike_in_any(shown: Mapping[str, Likeness], names: Sequence[str]) -> bool:
    return any(shown.get(name, "other") != "other" for name in names)


def _proof(candidates: Sequence[Candidate], claims: Mapping[str, int]) -> Any:
    """Return the one object that proves a call done, or `None`."""
    claimed = [found for found in candidates if found.claimed]
    keyed = [found for found in claimed if found.keyed and found.fit == "exact"]
    alone = keyed or claimed
    if len(alone) == 1 and alone[0].proven and claims[alone[0].item.id] == 1:
        return alone[0].item
    return None


def _open(
    intent: Intent,
    candidates: Sequence[Candidate],
    claims: Mapping[str, int],
    known: Collection[str],
) -> Resolution:
    """Judge a call that nothing proves done.

    Args:
        intent: What was meant.
        candidates: What it may have created.
        claims: How many calls claim an object, by its id.
        known: The ids of what other calls are known to have created.
    """
    left = [found for found in candidates if found.claimed or found.item.id not in known]
    if not left:
        return Resolution("not_done", "nothing that is listed fits, or may be it")
    items = tuple(found.item for found in left)
    return Resolution("ambiguous", _reason(intent, left, claims), candidates=items)


def _reason(intent: Intent, left: Sequence[Candidate], claims: Mapping[str, int]) -> str:
    fitting = [found for found in left if found.fit == "exact"]
    if len(fitting) > 1:
        return "more than one object fits"
    if any(claims[found.item.id] > 1 for found in left):
        return "what fits may be the work of another lost call"
    if len(left) == 1 and fitting:
        return _AGES[fitting[0].age]
    if all(found.fit == "none" for found in left):
        return f"the customer {intent.owner} has a subscription that may be new"
    return "what was created may be what was asked for, written differently"


_AGES: Final[Mapping[Age, str]] = {
    "undated": "what fits may be older than the call: the provider gives no date of creation",
    "unclear": "what fits may be older than the call, or later: its time is not certain",
}
