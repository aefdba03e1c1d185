"""A call that was changed on its way is refused, whatever was changed."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import pytest

from subhub import WebhookRefused
from subhub.webhooks import Scheme, WebhookReader, signed, static_secret
from tests.webhooks.shop import BODY, GITHUB, NEXT_SECRET, SLACK, STANDARD, STRIPE, reader, sign

Pairs: TypeAlias = tuple[tuple[str, str | bytes], ...]
FEW, MANY = 4_000, 200_000
JUNK = [*string.printable, *"é☃²١\u2028\x00\x7f\xff\ud800", "", "v1", "whsec_", "9" * 400, ".."]


@dataclass(frozen=True)
class Call:
    path: str
    headers: Pairs
    body: bytes


Mutation: TypeAlias = Callable[[Call, random.Random], Call]


def edited(value: bytes, chance: random.Random) -> bytes:
    """*value* with a byte changed, removed, added, moved, or with a part cut out or repeated."""
    here, there = sorted(chance.randrange(len(value) + 1) for _ in range(2))
    return chance.choice(
        [
            value[:here] + bytes([chance.randrange(256)]) + value[here + 1 :],
            value[:here] + value[here + 1 :],
            value[:here] + bytes([chance.randrange(256)]) + value[here:],
            value[:here] + value[there:],
            value[:there] + value[here:],
            value[:here] + value[here:there].swapcase() + value[there:],
            value[here:] + value[:here],
            value[::-1],
        ]
    )


def body(call: Call, chance: random.Random) -> Call:
    return replace(call, body=edited(call.body, chance))


def path(call: Call, chance: random.Random) -> Call:
    return replace(call, path=call.path + chance.choice(JUNK))


def header(
    change: Callable[[str, str | bytes, random.Random], list[tuple[str, str | bytes]]],
) -> Mutation:
    """Change one of the headers, if any is left."""

    def mutation(call: Call, chance: random.Random) -> Call:
        if not call.headers:
            return call
        index = chance.randrange(len(call.headers))
        changed = change(*call.headers[index], chance)
        return replace(call, headers=(*call.headers[:index], *changed, *call.headers[index + 1 :]))

    return mutation


def as_bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


MUTATIONS: list[Mutation] = [
    body,
    path,
    header(lambda name, value, chance: [(name, edited(as_bytes(value), chance))]),
    header(lambda name, value, chance: [(name, edited(as_bytes(value), chance).decode("latin-1"))]),
    header(lambda name, _, chance: [(name, chance.choice(JUNK))]),
    header(lambda name, value, chance: [(name, as_bytes(value) + as_bytes(chance.choice(JUNK)))]),
    header(lambda name, value, chance: [(name + chance.choice(JUNK), value)]),
    header(lambda name, value, _: [(name.swapcase(), as_bytes(value))]),
    header(lambda name, value, _: [(name, value), (name.upper(), value)]),
    header(lambda _name, _value, _chance: []),
]


def foreign(scheme: Scheme) -> Mutation:
    """Take a header of another call: of another secret, or of a body that no mutation leads to."""
    others = [
        *sign(scheme, secret=NEXT_SECRET).items(),
        *sign(scheme, b'{"id": "evt_9", "type": "something.else"}').items(),
    ]
    return lambda call, chance: replace(
        call, headers=tuple(dict([*call.headers, chance.choice(others)]).items())
    )


def values(call: Call, name: str) -> list[bytes]:
    return [as_bytes(value) for known, value in call.headers if known.lower() == name.lower()]


def unchanged(call: Call, original: Call) -> bool:
    """Whether everything that the scheme covers is still in *call*, byte for byte, and once."""
    for name, value in original.headers:
        found = values(call, name)
        wanted = as_bytes(value).replace(b" ", b",").split(b",")
        if len(found) != 1:
            return False
        if not all(found[0].replace(b" ", b",").split(b",").count(item) for item in wanted):
            return False
    return call.body == original.body


def refused(judge: WebhookReader, call: Call) -> bool:
    try:
        return not judge.read(call.path, call.headers, call.body)
    except WebhookRefused:
        return True


SCHEMES: dict[str, Scheme] = {
    "stripe": STRIPE,
    "standard": STANDARD,
    "slack": SLACK,
    "github": GITHUB,
    "bare": signed("X-Hmac", layout="{signature}", content="{body}", encoding="base64"),
}


def fuzz(scheme: Scheme, count: int, same: Callable[[Call, Call], bool]) -> tuple[int, int]:
    """Return how many of *count* changed calls were accepted, and how many were refused."""
    chance = random.Random(20240504)  # noqa: S311 - a run can be repeated
    judge = reader(scheme)
    original = Call("/hooks/shop", tuple(sign(scheme).items()), BODY)
    kinds = [*MUTATIONS, foreign(scheme)]
    accepted = 0
    for _ in range(count):
        call = original
        for mutation in chance.choices(kinds, k=chance.randint(1, 3)):
            call = mutation(call, chance)
        if not refused(judge, call):
            assert same(call, original), call
            accepted += 1
    return accepted, count - accepted


COUNTS = [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.slow)]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES.keys())
def test_a_signed_call_is_accepted_only_with_all_that_was_signed(
    scheme: Scheme, count: int
) -> None:
    accepted, refused_calls = fuzz(scheme, count, unchanged)

    assert accepted > count / 100  # those in which nothing that counts was changed
    assert refused_calls > count / 2


@pytest.mark.parametrize("count", COUNTS)
def test_a_call_with_a_static_secret_is_accepted_only_with_the_secret(count: int) -> None:
    scheme = static_secret("X-Webhook-Signature")

    def secret(call: Call, original: Call) -> bool:
        return values(call, scheme.header) == values(original, scheme.header)

    accepted, refused_calls = fuzz(scheme, count, secret)

    assert accepted > count / 100
    assert refused_calls > count / 2
