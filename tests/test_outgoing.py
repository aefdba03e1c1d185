"""Requests as they go over the wire."""

from __future__ import annotations

import shlex

from subhub.outgoing import Outgoing
from subhub.plugin import Request

BASE = "https://toy.test/v1"


def test_a_request_without_a_body_has_neither_content_nor_a_type() -> None:
    outgoing = Outgoing.of(Request("GET", "/plans/"), BASE, {"Accept": "x"})

    assert outgoing == Outgoing("GET", f"{BASE}/plans/", {"Accept": "x"}, b"")


def test_a_body_is_compact_json_in_utf8_with_its_type() -> None:
    request = Request("POST", "/plans", {"name": "é", "n": None, "ok": True}, {"q": "a/b c"})

    outgoing = Outgoing.of(request, BASE, {"Accept": "x"})

    assert outgoing.url == f"{BASE}/plans?q=a%2Fb%20c"
    assert outgoing.content == '{"name":"é","n":null,"ok":true}'.encode()
    assert outgoing.headers == {"Accept": "x", "Content-Type": "application/json"}


def test_an_empty_body_is_still_a_body() -> None:
    assert Outgoing.of(Request("POST", "/plans", {}), BASE, {}).content == b"{}"


def test_a_curl_command_reads_back_as_the_request() -> None:
    request = Request("POST", "/plans?x='$(rm)", {"name": 'it\'s "quoted"'})

    words = shlex.split(Outgoing.of(request, BASE, {"A": "b c"}).curl())

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
    assert Outgoing.of(Request("DELETE", "/a"), BASE, {}).curl() == (
        "curl --request DELETE https://toy.test/v1/a"
    )


def test_neither_headers_nor_content_stand_in_the_repr() -> None:
    outgoing = Outgoing.of(Request("POST", "/", {"secret": 1}), BASE, {"Authorization": "secret"})

    assert "secret" not in repr(outgoing)
