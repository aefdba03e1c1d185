"""What the contract tests of webhooks say of mistakes that the real plugins cannot show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from subhub import Event, WebhookRefused
from subhub.plugin import (
    Delivery,
    Provider,
    Webhooks,
    form_body,
    signed,
    standard,
    static_secret,
    unsigned,
)
from subhub.testing.contract.forgeries import Asked, different, exchanged, forged
from subhub.testing.contract.webhook_events import ReadCall
from subhub.webhooks import Scheme
from subhub.webhooks.headers import Headers
from subhub.webhooks.signatures import Signed
from tests.contract.mini import DOCS, Mini
from tests.mutations.workshop import failures
from tests.test_contract_mistakes import contract_of

SIGNED = signed("X-Signature", layout="{signature}", content="{body}")
CHANGED = "test_a_call_that_was_changed_is_refused"
KEY = "test_the_key_of_an_event_is_its_own"
SAYS = "test_an_event_is_what_its_body_says"
WORDS = "test_an_unknown_word_of_a_call_is_unknown"
TESTS = ("test_a_call_is_read_into_events", CHANGED, KEY, SAYS, WORDS)


def judged(
    test: str,
    read: Callable[[Delivery], list[Event]],
    body: bytes,
    *,
    scheme: Any = SIGNED,
    path: str = "/hooks",
    **declared: Any,
) -> str:
    """Return what *test* says of a plugin that reads the call so."""
    prefixes: dict[str, str] = declared.pop("id_prefixes", {})
    webhooks = Webhooks(scheme, read, **declared)
    evidence = {**Mini.evidence, "webhooks": DOCS}
    own = {"webhooks": webhooks, "evidence": evidence, "id_prefixes": prefixes}
    provider: type[Provider] = type("Changed", (Mini,), {"__module__": Mini.__module__, **own})
    contract = contract_of(provider, webhook_calls=((path, body),))
    return "\n".join(failures(contract, test))


def sale(delivery: Delivery, **changes: Any) -> list[Event]:
    """Read a sale: its kind in `kind`, its type in `topic` and `action`, its own id in `no`."""
    sent = delivery.payload
    word = f"{sent['topic']}.{sent['action']}"
    facts: dict[str, Any] = {
        "about": "plan" if sent["kind"] == "plan" else "unknown",
        "change": "created" if sent["action"] == "made" else "unknown",
        "object_id": sent["order"],
        "key": f"{sent['topic']}-{sent['no']}",
    }
    return [delivery.event(word, **{**facts, **changes})]


SALE = b'{"no": 7, "topic": "order", "action": "made", "order": "ord_1", "kind": "plan"}'


@pytest.mark.parametrize("test", TESTS)
def test_a_careful_plugin_passes(test: str) -> None:
    assert judged(test, sale, SALE, scheme=standard()) == ""
    assert judged(test, sale, SALE, id_prefixes={"plan": "ord_"}) == ""
    assert judged(test, lambda call: [call.event(None)], b"\xff", decode=bytes) == ""


@pytest.mark.parametrize(
    "scheme",
    [
        signed("Stripe-Signature", layout="t={time},v1={signature}", content="{time}.{body}"),
        signed("X-Hub-Signature-256", layout="sha256={signature}", content="{body}"),
        signed(
            "X-Slack-Signature",
            layout="v0={signature}",
            content="v0:{time}:{body}",
            time_header="X-Slack-Request-Timestamp",
        ),
        signed("X-Hmac", layout="{signature}", content="{body}", encoding="base64"),
        standard(),
        static_secret("X-Token"),
        unsigned(),
    ],
    ids=["Stripe", "GitHub", "Slack", "base64", "standard", "static", "unsigned"],
)
def test_every_scheme_of_subhub_passes(scheme: Scheme) -> None:
    for test in (*TESTS, "test_only_a_proven_call_is_read"):
        assert judged(test, sale, SALE, scheme=scheme) == ""


@pytest.mark.parametrize(
    ("test", "changes", "problem"),
    [
        (WORDS, {"change": "created"}, "the unknown type 'a_new_status.a_new_status' is read as"),
        (KEY, {"key": "ord_1"}, "two events have the key {'ord_1'}"),
        (SAYS, {"object_id": "ord_2"}, "`.object_id` is 'ord_2', which is not in the call"),
        (SAYS, {"raw": {"no": 8}}, "`.raw` is {'no': 8}, which is not in the body"),
    ],
)
def test_an_event_that_its_body_does_not_say_is_found(
    test: str, changes: dict[str, Any], problem: str
) -> None:
    assert problem in judged(test, lambda call: sale(call, **changes), SALE)


def test_the_id_of_an_object_has_the_prefix_of_its_kind() -> None:
    found = judged(SAYS, sale, SALE, id_prefixes={"plan": "pln_"})

    assert "`.object_id` is 'ord_1': that of a plan begins with 'pln_'" in found


def test_an_unknown_object_is_not_a_known_one() -> None:
    def read(call: Delivery) -> list[Event]:
        kinds = {"customer": "customer", "plan": "plan"}
        return sale(call, about=kinds.get(call.payload["kind"], "plan"))

    assert "`kind` is 'a_new_status', and it is about {'plan'}" in judged(WORDS, read, SALE)
    assert judged(WORDS, lambda call: sale(call, about="order"), SALE) == ""


def test_a_call_whose_other_values_are_refused_is_not_judged_by_them() -> None:
    def read(call: Delivery) -> list[Event]:
        if call.body != SALE:
            raise WebhookRefused("this is not an event")
        return sale(call, key="ord_1")

    assert judged(KEY, read, SALE) == ""
    assert judged(WORDS, read, SALE) == ""


def test_a_body_that_is_nothing_but_an_id_says_what_it_is_of() -> None:
    def read(call: Delivery) -> list[Event]:
        return [call.event(None, about="payment", object_id=call.payload["id"])]

    of_two = {"payment": "tr_", "customer": "cst_"}
    found = judged(WORDS, read, b"id=tr_1", decode=form_body, id_prefixes=of_two)

    assert found.endswith("an id that begins with 'cst_', as of a customer, is about {'payment'}")
    assert judged(WORDS, read, b"id=17", decode=form_body, id_prefixes=of_two) == ""


@pytest.mark.parametrize("name", ["event_id", "eventId"])
def test_the_id_of_an_event_is_in_its_key(name: str) -> None:
    body = b'{"%s": "a1", "id": "ord_1"}' % name.encode()

    found = judged(KEY, lambda call: [call.event("x", object_id="ord_1")], body)

    assert "the key of the event 'a1' is 'sha256:" in found


def test_an_address_is_not_signed() -> None:
    def read(call: Delivery) -> list[Event]:
        return [call.event(call.path)]

    assert "and then [Event" in judged("test_a_call_is_read_into_events", read, b"{}")


class Careless(Signed):
    """A scheme that does not look at the signed time."""

    __slots__ = ()

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
    ) -> str | None:
        """Take the time of the call for the present."""
        sent = dt.datetime.fromtimestamp(int(headers.one("webhook-timestamp")), dt.UTC)
        del now
        return super().verify(headers, body, secrets, sent)


def test_an_old_call_is_refused() -> None:
    usual = standard()
    careless = Careless(**{name: getattr(usual, name) for name in Signed.__slots__})

    found = judged(CHANGED, sale, SALE, scheme=careless)

    assert "must be refused: None" in found
    assert "1714737600" in found


def test_a_scheme_may_look_at_headers_that_it_does_not_need() -> None:
    class Curious(Signed):
        __slots__ = ()

        def verify(
            self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
        ) -> str | None:
            """Refuse a call that is marked as a test."""
            if "x-test" in headers.values:
                raise WebhookRefused("it is a test")
            assert len(list(headers.values)) == len(headers.values)
            return super().verify(headers, body, secrets, now)

    curious = Curious(**{name: getattr(SIGNED, name) for name in Signed.__slots__})

    assert judged(CHANGED, sale, SALE, scheme=curious) == ""


class Trusting(Signed):
    """A scheme that takes the event id from a header that is not signed."""

    __slots__ = ()

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
    ) -> str | None:
        """Return what the header says, if the signature fits."""
        _ = super().verify(headers, body, secrets, now)
        marked = "x-test" in headers.values
        return headers.one("X-Id").decode() if "x-id" in headers.values and not marked else None


def test_a_header_that_is_not_signed_decides_nothing() -> None:
    trusting = Trusting(**{name: getattr(SIGNED, name) for name in Signed.__slots__})

    found = judged(CHANGED, sale, SALE, scheme=trusting)

    assert found == (
        "[webhooks] the event id 'contract-1' is from the header 'x-id', which is not signed"
    )


def test_a_scheme_that_crashes_is_found() -> None:
    class Crashing(Signed):
        __slots__ = ()

        def verify(
            self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
        ) -> str | None:
            """Take the header for granted."""
            assert headers.values["x-signature"]
            return super().verify(headers, body, secrets, now)

    crashing = Crashing(**{name: getattr(SIGNED, name) for name in Signed.__slots__})

    found = judged("test_only_a_proven_call_is_read", sale, SALE, scheme=crashing)

    assert "it must raise `WebhookRefused` and nothing else: KeyError: 'x-signature'" in found


# Forged calls -------------------------------------------------------------------------------------


def test_each_sign_of_the_proof_is_forged() -> None:
    headers, others = {"A": "t=17,v1=0f"}, {"A": "t=17,v1=a1"}

    assert different(headers, others) == {("A", 7)}
    assert [found["A"] for found in forged(headers, others)] == [
        *("t=17,v1=0", "t=17,v1=0", "t=17,v1=8f", "t=17,v1=07"),
    ]
    assert [found["A"] for found in forged({"A": "x+"}, {"A": "yy"})] == [
        *("x", "x", "X+", "R+", "xe"),
    ]


def test_parts_of_two_calls_are_exchanged() -> None:
    one, other = {"A": "t=1,v1=0f"}, {"A": "t=2,v1=a1"}

    assert [found["A"] for found in exchanged(one, other)] == ["t=2,v1=0f", "t=1,v1=a1"]
    assert list(exchanged({"A": "0f"}, {"A": "a1"})) == []


def test_headers_that_are_missed_are_known() -> None:
    asked = Asked({"X-One": "1"})

    assert asked["x-one"] == ["1"]
    assert "x-two" not in asked
    assert asked.get("x-three") is None
    assert (asked.missed, [*asked], len(asked)) == (["x-two", "x-three"], ["x-one"], 1)


def test_a_body_is_changed_in_its_own_form() -> None:
    def call(body: bytes) -> ReadCall:
        return ReadCall(Mini, "/hooks", body)

    assert call(b'{"a": 1.5}').but(lambda _: "x").body == b'{"a": "x"}'
    assert call(b'[1.5, "y"]').but(lambda _: 2, (1,)).body == b"[1.5, 2]"
    assert call(b"a=1&b=2").but(lambda value: f"{value}x").body == b"a=1x&b=2x"
    assert call(b"\xff").but(lambda _: 2).body == b"\xff"
