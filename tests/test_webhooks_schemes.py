"""Who sent a webhook call is proven before anything of it is read, or it is refused."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

import pytest

from subhub import WebhookRefused
from subhub.webhooks import Scheme, signed, standard, static_secret, unsigned
from subhub.webhooks.headers import HeaderInput, Headers
from subhub.webhooks.signatures import Algorithm
from tests.webhooks.shop import (
    BODY,
    GITHUB,
    NEXT_SECRET,
    NOW,
    PATH,
    SECRET,
    SLACK,
    STANDARD,
    STRIPE,
    reader,
    sign,
)

STATIC = static_secret("X-Webhook-Signature")
BARE = signed("X-Hmac", layout="{signature}", content="{body}", encoding="base64")
PROVING: dict[str, Scheme] = {
    "static": STATIC,
    "stripe": STRIPE,
    "slack": SLACK,
    "github": GITHUB,
    "bare": BARE,
    "standard": STANDARD,
}
TIMED: dict[str, Scheme] = {"stripe": STRIPE, "slack": SLACK, "standard": STANDARD}


def refusal(
    scheme: Scheme,
    headers: HeaderInput,
    body: bytes = BODY,
    *,
    secrets: Sequence[str] = (SECRET,),
    now: dt.datetime = NOW,
) -> WebhookRefused:
    with pytest.raises(WebhookRefused) as refused:
        _ = reader(scheme, secrets=secrets, now=now).read(PATH, headers, body)
    return refused.value


def each(schemes: Mapping[str, Scheme]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scheme", schemes.values(), ids=schemes.keys())


@each(PROVING)
class TestEveryScheme:
    def test_accepts_what_it_signed(self, scheme: Scheme) -> None:
        (event,) = reader(scheme).read(PATH, sign(scheme), BODY)

        assert (event.about, event.change, event.object_id) == ("subscription", "changed", "sub_1")

    def test_refuses_another_secret(self, scheme: Scheme) -> None:
        assert refusal(scheme, sign(scheme, secret=NEXT_SECRET)).status == 401

    def test_accepts_any_of_several_secrets(self, scheme: Scheme) -> None:
        secrets = [SECRET, NEXT_SECRET]

        for secret in secrets:
            assert reader(scheme, secrets=secrets).read(PATH, sign(scheme, secret=secret), BODY)

    @pytest.mark.parametrize("secrets", [(), []], ids=repr)
    def test_without_a_secret_refuses_every_call_and_names_the_key(
        self, scheme: Scheme, secrets: Sequence[str]
    ) -> None:
        error = refusal(scheme, sign(scheme), secrets=secrets)

        assert error.status == 500
        assert "`webhook_secrets`" in error.reason

    @pytest.mark.parametrize("secret", ["", " ", "\n", None], ids=repr)
    def test_an_empty_secret_is_a_mistake_even_next_to_one_that_fits(
        self, scheme: Scheme, secret: Any
    ) -> None:
        error = refusal(scheme, sign(scheme), secrets=[SECRET, secret])

        assert error.status == 500
        assert "`webhook_secrets[1]` is empty" in error.reason

    def test_a_line_break_after_a_secret_is_a_mistake(self, scheme: Scheme) -> None:
        error = refusal(scheme, sign(scheme), secrets=[SECRET + "\n"])

        assert error.status == 500
        assert "white space" in error.reason

    def test_refuses_a_call_without_headers(self, scheme: Scheme) -> None:
        error = refusal(scheme, {})

        assert error.status == 400
        assert "is missing" in error.reason

    def test_refuses_a_call_that_lacks_one_header_or_has_it_empty_or_twice(
        self, scheme: Scheme
    ) -> None:
        headers = sign(scheme)

        for name, value in headers.items():
            rest = [pair for pair in headers.items() if pair[0] != name]
            for wrong, problem in [
                (rest, "missing"),
                ([*rest, (name, "")], "missing"),
                ([*rest, (name, value), (name.upper(), value)], "repeated"),
                ([*rest, (name, value), (name, "another")], "repeated"),
            ]:
                error = refusal(scheme, wrong)
                assert (error.status, error.reason) == (400, f"the header {name} is {problem}")

    def test_finds_headers_in_any_case_and_form(self, scheme: Scheme) -> None:
        headers = sign(scheme)
        mixed: dict[str, str | bytes] = {"Content-Type": "text/plain", "Accept": b"*/*"}

        def accepted(form: HeaderInput) -> bool:
            return bool(reader(scheme).read(PATH, form, BODY))

        assert accepted({name.upper(): value for name, value in headers.items()})
        assert accepted({name.lower(): value for name, value in headers.items()})
        assert accepted({name: value.encode() for name, value in headers.items()})
        assert accepted(list(headers.items()))
        assert accepted((name.lower().encode(), text.encode()) for name, text in headers.items())
        assert accepted({**mixed, **headers})

    @pytest.mark.parametrize(
        "junk", ["é", "☃", "\ud800", "\x00", "a" * 100_000, b"\xff"], ids=ascii
    )
    def test_refuses_junk_in_a_header(self, scheme: Scheme, junk: str | bytes) -> None:
        for name in sign(scheme):
            assert refusal(scheme, {**sign(scheme), name: junk}).status in {400, 401}

    def test_never_tells_a_secret(self, scheme: Scheme) -> None:
        for secrets in [[SECRET], [SECRET, ""], [SECRET + " "], [SECRET, "not base64, but secret"]]:
            error = refusal(scheme, sign(scheme, secret=NEXT_SECRET), secrets=secrets)
            told = f"{error!r} {error} {error.__context__!r} {reader(scheme, secrets=secrets)!r}"
            assert "MfKQ9" not in told
            assert "but secret" not in told


SIGNING = {name: scheme for name, scheme in PROVING.items() if name != "static"}


@each(SIGNING)
class TestSignatures:
    def test_cover_the_body(self, scheme: Scheme) -> None:
        assert scheme.proof == "signed"
        assert refusal(scheme, sign(scheme), BODY.replace(b"sub_1", b"sub_2")).status == 401
        assert refusal(scheme, sign(scheme), BODY + b" ").status == 401

    def test_without_a_known_form_are_malformed(self, scheme: Scheme) -> None:
        header = next(iter(sign(scheme)))
        for value in ["v9=abc", ",,,", " ", "t=1", "v1a,abc", "=", "t=,v1="]:
            error = refusal(scheme, {**sign(scheme), header: value})
            if scheme is BARE:  # whose header may hold any text
                assert error.status == 401
            else:
                assert (error.status, f"the header {header} " in error.reason) == (400, True)

    def test_several_in_one_header_are_accepted_if_one_fits(self, scheme: Scheme) -> None:
        name, good = next(iter(sign(scheme).items()))
        separator = " " if scheme is STANDARD else ","
        other = sign(scheme, secret=NEXT_SECRET)[name].split(separator)[-1]

        for value in [f"{other}{separator}{good}", f"{good}{separator}{other}{separator}v9=x"]:
            assert reader(scheme).read(PATH, {**sign(scheme), name: value}, BODY)
        assert refusal(scheme, {**sign(scheme), name: f"{other}{separator}{other}"})


@each(TIMED)
class TestTimes:
    @pytest.mark.parametrize("late", [-300, -299, 0, 299, 300])
    def test_within_the_tolerance_are_accepted(self, scheme: Scheme, late: int) -> None:
        assert reader(scheme, now=NOW + dt.timedelta(seconds=late)).read(PATH, sign(scheme), BODY)

    @pytest.mark.parametrize(
        ("late", "reason"),
        [
            (301, "the call was signed 301 s ago, more than the 300 s that are allowed"),
            (-301, "the call was signed 301 s ahead of the clock, more than the 300 s"),
            (10**9, "ago"),
            (-(10**9), "ahead"),
        ],
    )
    def test_too_old_or_too_far_ahead_are_refused(
        self, scheme: Scheme, late: int, reason: str
    ) -> None:
        error = refusal(scheme, sign(scheme), now=NOW + dt.timedelta(seconds=late))

        assert error.status == 401
        assert reason in error.reason

    @pytest.mark.parametrize(
        "time",
        [
            "",
            " ",
            "now",
            "-1",
            "+1",
            "1.5",
            "1e9",
            "1_0",
            "0x1",
            "9" * 13,
            "nan",
            "١٢٣",
            "1 ",
            "\x00",
        ],
        ids=ascii,
    )
    def test_in_another_form_are_malformed(self, scheme: Scheme, time: str) -> None:
        now = str(int(NOW.timestamp()))
        headers = {name: value.replace(now, time) for name, value in sign(scheme).items()}

        assert refusal(scheme, headers).status == 400

    def test_are_signed(self, scheme: Scheme) -> None:
        now = int(NOW.timestamp())
        headers = {
            name: value.replace(str(now), str(now + 1)) for name, value in sign(scheme).items()
        }

        assert refusal(scheme, headers).status == 401


def test_a_time_that_is_given_twice_is_malformed() -> None:
    value = sign(STRIPE)["Stripe-Signature"]

    assert refusal(STRIPE, {"Stripe-Signature": f"t=1,{value}"}).status == 400


def test_the_tolerance_is_the_authors() -> None:
    patient = standard(tolerance=3600)
    late = NOW + dt.timedelta(seconds=3600)

    assert reader(patient, now=late).read(PATH, sign(patient), BODY)
    assert refusal(patient, sign(patient), now=late + dt.timedelta(seconds=1)).status == 401


def test_a_call_is_signed_over_its_event_id_which_is_the_key() -> None:
    def untyped(delivery: Any) -> Any:
        return [delivery.event("updated")]

    (event,) = reader(STANDARD, read=untyped).read(PATH, sign(STANDARD), BODY)

    assert event.key == "msg_1"
    assert refusal(STANDARD, {**sign(STANDARD), "webhook-id": "msg_2"}).status == 401


@pytest.mark.parametrize("event_id", ["msg.1", "msg 1", "msg_é", "", "m" * 256, "\x00"], ids=ascii)
def test_an_event_id_that_could_be_read_in_two_ways_is_neither_signed_nor_accepted(
    event_id: str,
) -> None:
    with pytest.raises(ValueError, match=r"event_id|the id holds"):
        _ = sign(STANDARD, event_id=event_id)
    assert refusal(STANDARD, {**sign(STANDARD), "webhook-id": event_id}).status == 400


def test_a_signature_does_not_fit_the_same_bytes_split_in_another_way() -> None:
    shifting = b"1714824000.{}"
    headers = sign(STANDARD, shifting)
    time = headers["webhook-timestamp"]

    error = refusal(STANDARD, {**headers, "webhook-id": f"msg_1.{time}"}, b"{}")

    assert error.status == 400
    assert "ambiguous" in error.reason


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_not base64", "whsec_a", "whsec_é", "whsec_====", "whsec_abcd!!!!"]
)
def test_a_standard_secret_that_is_not_base64_is_a_mistake(secret: str) -> None:
    error = refusal(STANDARD, sign(STANDARD), secrets=[secret])

    assert (error.status, error.reason) == (
        500,
        "`webhook_secrets[0]` cannot be used: expected `whsec_` and base64",
    )


def test_a_standard_secret_needs_neither_prefix_nor_padding() -> None:
    padded = "whsec_c2VjcmV0IG9mIDE5IGJ5dGVzIQ=="
    headers = sign(STANDARD, secret=padded)

    for secret in [padded.removeprefix("whsec_"), padded.rstrip("=")]:
        assert reader(STANDARD, secrets=[secret]).read(PATH, headers, BODY)


def test_a_secret_that_is_not_text_is_a_mistake_that_shows_nothing_of_it() -> None:
    error = refusal(STATIC, sign(STATIC), secrets=["abc\udcff"])

    assert (error.status, error.reason) == (
        500,
        "`webhook_secrets[0]` cannot be used: it is not text",
    )


def test_a_static_secret_proves_nothing_about_the_body() -> None:
    assert STATIC.proof == "secret"
    assert reader(STATIC).read("/elsewhere", sign(STATIC), BODY.replace(b"sub_1", b"sub_2"))


def test_a_static_secret_outside_of_ascii_is_compared_as_it_is_on_the_wire() -> None:
    wire = "gehëim".encode()
    gate = reader(STATIC, secrets=["gehëim"])

    assert gate.read(PATH, {STATIC.header: wire}, BODY)
    assert gate.read(PATH, {STATIC.header: wire.decode("latin-1")}, BODY)


def test_an_unsigned_call_is_accepted_from_anybody_and_proves_nothing() -> None:
    scheme = unsigned()

    assert scheme.proof == "refetch"
    assert sign(scheme) == {}
    assert reader(scheme, secrets=()).read(PATH, {}, BODY)


class TestDocumentedExamples:
    """What the schemes' owners print in their own documents."""

    def test_standard_webhooks(self) -> None:
        at = dt.datetime.fromtimestamp(1614265330, dt.UTC)
        body = b'{"test": 2432232314}'

        headers = STANDARD.sign(body, SECRET, at=at, event_id="msg_p5jXN8AQM9LWM0D4loKWxJek")

        assert headers == {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }

    def test_github(self) -> None:
        signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        secret = "It's a Secret to Everybody"

        assert GITHUB.sign(b"Hello, World!", secret, at=NOW) == {"X-Hub-Signature-256": signature}

    def test_slack(self) -> None:
        body = (
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
            b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
            b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        at = dt.datetime.fromtimestamp(1531420618, dt.UTC)
        headers = {
            "X-Slack-Request-Timestamp": "1531420618",
            "X-Slack-Signature": (
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
            ),
        }
        secret = "8f742231b10e8888abcd99yyyzzz85a5"

        assert SLACK.verify(Headers.of(headers), body, [secret], at) is None
        assert SLACK.sign(body, secret, at=at) == headers


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_the_digest_is_the_one_that_is_declared(algorithm: Algorithm) -> None:
    scheme = signed("X", layout="{signature}", content="{body}", algorithm=algorithm)

    expected = hmac.new(SECRET.encode(), BODY, algorithm).hexdigest()

    assert sign(scheme) == {"X": expected}
    assert reader(scheme).read(PATH, {"X": expected}, BODY)


SIGNATURE: dict[str, Any] = {"layout": "{signature}", "content": "{body}"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"content": "{body}."}, "must end with {body}"),
        ({"content": "{time}"}, "must end with {body}"),
        ({"content": "{time}{body}", "time_header": "T"}, "text between its fields"),
        ({"content": "{body}.{body}"}, "once"),
        ({"content": "{url}.{body}"}, "once"),
        ({"content": "{time}.{body}"}, "must have {body}, got '{time}.{body}'"),
        ({"time_header": "T"}, "must have {body} and {time}, got '{body}'"),
        ({"id_header": "I"}, "must have {body} and {id}, got '{body}'"),
        ({"layout": "t={time},v1={signature}"}, "must have {body} and {time}"),
        ({"layout": "v1="}, "must have items such as 'v1={signature}'"),
        ({"layout": "t={time}", "content": "{time}.{body}"}, "must have items such as"),
        ({"layout": "{signature}{time}"}, "must have items such as"),
        ({"layout": "v1={signature},v2={signature}"}, "must have items such as"),
        ({"layout": "{time},{signature}", "content": "{time}.{body}"}, "must begin differently"),
        ({"layout": "v1={signature},i={id}"}, "has {time} and {signature}"),
        (
            {"layout": "t={time},v={signature}", "content": "{time}.{body}", "time_header": "T"},
            "exclude each other",
        ),
        ({"tolerance": 0}, "`tolerance` must be > 0 seconds, got 0"),
        ({"tolerance": float("nan")}, "`tolerance` must be > 0 seconds, got nan"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        _ = signed("Signature", **{**SIGNATURE, **arguments})


class Guarded(bytes):
    """Bytes that must not be compared with `==`, which stops at the first difference."""

    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        pytest.fail("a secret was compared with ==")

    def __ne__(self, other: object) -> bool:
        pytest.fail("a secret was compared with !=")

    def split(self, sep: Any = None, maxsplit: SupportsIndex = -1) -> list[bytes]:
        return [Guarded(part) for part in super().split(sep, maxsplit)]

    def removeprefix(self, prefix: Any, /) -> bytes:
        return Guarded(super().removeprefix(prefix))


@each(PROVING)
@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_a_secret_and_a_signature_are_compared_in_constant_time_only(
    scheme: Scheme, secret: str
) -> None:
    """`hmac.compare_digest` reads the memory of its arguments and never calls `__eq__`."""
    headers = {name: Guarded(value, "ascii") for name, value in sign(scheme, secret=secret).items()}
    verified: Callable[..., Iterable[object]] = reader(scheme).read

    if secret == SECRET:
        assert verified(PATH, headers, BODY)
    else:
        with pytest.raises(WebhookRefused):
            _ = verified(PATH, headers, BODY)
