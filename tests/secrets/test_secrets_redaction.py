"""Redaction: what is taken out of an answer, and what is left in it."""

from __future__ import annotations

import pytest

from subhub.messages import Response
from subhub.sending.redaction import Redactor
from tests.secrets.scan import forms

KEY = "ak_live_MARKED/key+7f3k"


@pytest.mark.parametrize("form", forms(KEY).values(), ids=forms(KEY))
@pytest.mark.parametrize("around", ["{}", "x{}x", "Bearer {}", '{{"told": "{}"}}'])
def test_a_key_is_replaced_however_it_is_written(form: str, around: str) -> None:
    written = around.format(form)
    clean = Redactor(KEY)(Response(400, {"x-told": written}, written.encode()))
    assert form not in clean.headers["x-told"]
    assert form.encode() not in clean.content
    assert "[redacted]" in clean.headers["x-told"]
    assert b"[redacted]" in clean.content


def test_every_other_byte_stays_as_it_is() -> None:
    content = b"\xff\xfe before " + KEY.encode() + b" after \x80" + KEY.encode()
    clean = Redactor(KEY)(Response(200, {"a": "b", "c": KEY}, content))
    assert clean.content == b"\xff\xfe before [redacted] after \x80[redacted]"
    assert clean.headers == {"a": "b", "c": "[redacted]"}
    assert clean.status == 200


@pytest.mark.parametrize("content", [b"", b'{"id": "MARKED"}', b"\0\0\0\xff", b"a\0b\xd8"])
def test_an_answer_without_the_key_is_passed_on_itself(content: bytes) -> None:
    response = Response(200, {"x-request-id": "r1", "server": "\u20ac"}, content)
    assert Redactor(KEY)(response) == response


def test_a_key_so_short_that_words_hold_it_is_left_alone() -> None:
    response = Response(200, {}, b'{"name": "secretary"}')
    assert Redactor("secret")(response) is response
    assert Redactor("")(response) is response
