"""Requests as they go over the wire."""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlencode

import pytest

from subhub.messages import PreparedRequest, as_json
from subhub.plugin import Encoded, Json, Request

BASE = "https://toy.test/v1"


def test_a_request_without_a_body_has_neither_content_nor_a_type() -> None:
    prepared = PreparedRequest.of(Request("GET", "/plans/"), BASE, {"Accept": "x"}, as_json)

    assert prepared == PreparedRequest("GET", f"{BASE}/plans/", {"Accept": "x"}, b"")


def test_a_body_is_compact_json_in_utf8_with_its_type() -> None:
    request = Request("POST", "/plans", {"name": "é", "n": None, "ok": True}, {"q": "a/b c"})

    prepared = PreparedRequest.of(request, BASE, {"Accept": "x"}, as_json)

    assert prepared.url == f"{BASE}/plans?q=a%2Fb%20c"
    assert prepared.content == '{"name":"é","n":null,"ok":true}'.encode()
    assert prepared.headers == {"Accept": "x", "Content-Type": "application/json"}


def test_an_empty_body_is_still_a_body() -> None:
    assert PreparedRequest.of(Request("POST", "/plans", {}), BASE, {}, as_json).content == b"{}"


def test_a_body_goes_out_in_the_form_that_the_provider_has() -> None:
    def as_form(body: Json) -> Encoded:
        return "application/x-www-form-urlencoded", urlencode(body).encode()

    prepared = PreparedRequest.of(Request("POST", "/plans", {"name": "a b"}), BASE, {}, as_form)

    assert prepared.content == b"name=a+b"
    assert prepared.headers == {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("body", [None, {"a": 1}])
def test_a_request_may_carry_headers_of_its_own(body: Json | None) -> None:
    request = Request("POST", "/plans", body, headers={"Idempotency-Key": "k", "Accept": "y"})

    headers = PreparedRequest.of(request, BASE, {"Accept": "x", "A": "b"}, as_json).headers

    kind = {} if body is None else {"Content-Type": "application/json"}
    assert headers == {"Accept": "y", "A": "b", "Idempotency-Key": "k", **kind}


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        _ = as_json({"amount": float("nan")})


def test_json_is_what_the_standard_encoder_writes() -> None:
    body = {"a": [1, 2.5, True, None, {"é": "\n"}]}

    assert as_json(body) == (
        "application/json",
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
    )


def test_a_curl_command_reads_back_as_the_request() -> None:
    request = Request("POST", "/plans?x='$(rm)", {"name": 'it\'s "quoted"'})

    words = shlex.split(PreparedRequest.of(request, BASE, {"A": "b c"}, as_json).curl())

    assert words == [
        "curl",
        "--request",
        "POST",
        f"{BASE}/plans?x='$(rm)",
        "--header",
        "A: b c",
        "--header",
        "Content-Type: application/json",
        "--data-raw",
        '{"name":"it\'s \\"quoted\\""}',
    ]


def test_a_curl_command_without_a_body_sends_none() -> None:
    assert PreparedRequest.of(Request("DELETE", "/a"), BASE, {}, as_json).curl() == (
        "curl --request DELETE https://toy.test/v1/a"
    )


def test_neither_headers_nor_content_stand_in_the_repr() -> None:
    headers = {"Authorization": "secret"}
    prepared = PreparedRequest.of(Request("POST", "/", {"secret": 1}), BASE, headers, as_json)

    assert "secret" not in repr(prepared)


def test_a_body_that_is_not_text_is_shown_all_the_same() -> None:
    prepared = PreparedRequest("POST", "https://toy.test", {}, b"PDF\xff")

    assert prepared.text == "PDF\ufffd"
    assert prepared.curl().endswith("--data-raw 'PDF\ufffd'")
