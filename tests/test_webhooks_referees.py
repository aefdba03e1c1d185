"""The libraries of those who sign webhooks accept ours, and we accept theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pytest
import standardwebhooks
import stripe

from subhub import WebhookRefused
from subhub.webhooks import Scheme
from tests.webhooks.shop import BODY, NEXT_SECRET, PATH, SECRET, STANDARD, STRIPE, reader

STRIPE_BODY = b'{"id": "evt_1", "object": "event", "type": "x", "note": "\xc3\xab\\u00eb \\/"}'
BODIES = [BODY, STRIPE_BODY]


@pytest.fixture
def now() -> dt.datetime:
    """The present: the libraries take no other."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def accepts(
    scheme: Scheme,
    headers: dict[str, str],
    body: bytes,
    *,
    now: dt.datetime,
    secrets: Sequence[str] = (SECRET,),
) -> bool:
    hints = reader(scheme, secrets=secrets, now=now, read=lambda delivery: [delivery.event(None)])
    try:
        return len(hints.read(PATH, headers, body)) == 1
    except WebhookRefused as refused:
        if refused.status != 401:
            raise
        return False


def stripes_header(body: bytes, now: dt.datetime) -> str:
    sign: Callable[..., str] = getattr(stripe.WebhookSignature, "generate_signature_header")  # noqa: B009 - half typed
    return sign(body.decode(), SECRET, timestamp=int(now.timestamp()))


class TestStripe:
    @pytest.mark.parametrize("body", BODIES, ids=["plain", "escaped"])
    def test_signs_and_we_accept(self, body: bytes, now: dt.datetime) -> None:
        headers = {"Stripe-Signature": stripes_header(body, now)}

        assert accepts(STRIPE, headers, body, now=now)
        assert not accepts(STRIPE, headers, body + b" ", now=now)
        assert not accepts(STRIPE, headers, body, now=now, secrets=[NEXT_SECRET])
        assert not accepts(STRIPE, headers, body, now=now + dt.timedelta(seconds=301))

    def test_accepts_what_we_sign(self, now: dt.datetime) -> None:
        header = STRIPE.sign(STRIPE_BODY, SECRET, at=now)["Stripe-Signature"]

        event = stripe.Webhook.construct_event(STRIPE_BODY, header, SECRET)

        assert event.id == "evt_1"
        with pytest.raises(stripe.SignatureVerificationError):
            _ = stripe.Webhook.construct_event(STRIPE_BODY + b" ", header, SECRET)

    def test_and_we_agree_on_the_header_to_the_byte(self, now: dt.datetime) -> None:
        theirs = stripes_header(BODY, now)

        assert STRIPE.sign(BODY, SECRET, at=now) == {"Stripe-Signature": theirs}


class TestStandardWebhooks:
    @pytest.mark.parametrize("body", BODIES, ids=["plain", "escaped"])
    def test_signs_and_we_accept(self, body: bytes, now: dt.datetime) -> None:
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": standardwebhooks.Webhook(SECRET).sign("msg_1", now, body.decode()),
        }

        assert accepts(STANDARD, headers, body, now=now)
        assert not accepts(STANDARD, headers, body + b" ", now=now)
        assert not accepts(STANDARD, headers, body, now=now, secrets=[NEXT_SECRET])
        assert not accepts(STANDARD, headers, body, now=now - dt.timedelta(seconds=301))

    def test_accepts_what_we_sign(self, now: dt.datetime) -> None:
        headers = STANDARD.sign(STRIPE_BODY, SECRET, at=now, event_id="msg_1")
        referee = standardwebhooks.Webhook(SECRET)

        assert referee.verify(STRIPE_BODY, headers)["id"] == "evt_1"
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            _ = referee.verify(STRIPE_BODY + b" ", headers)

    def test_crashes_on_headers_that_we_refuse(self, now: dt.datetime) -> None:
        """Why a scheme of our own: the library raises what its documentation does not have."""
        good = STANDARD.sign(BODY, SECRET, at=now, event_id="msg_1")

        for value in ["v1", "v1,a,b", "v1,a"]:
            headers = {**good, "webhook-signature": value}
            with pytest.raises(ValueError, match=r"unpack|padding|number of data"):
                _ = standardwebhooks.Webhook(SECRET).verify(BODY, headers)
            with pytest.raises(WebhookRefused):
                _ = reader(STANDARD, now=now).read(PATH, headers, BODY)
