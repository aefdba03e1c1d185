"""A provider that repeats the key that it was sent, wherever an answer has room for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import httpx

from tests.secrets.scan import forms

Answer: TypeAlias = Callable[[str], tuple[int, Mapping[str, str], bytes]]
STATUSES: Final = (200, 201, 204, 302, 307, 400, 401, 403, 404, 409, 412, 418, 422, 426, 429, 500)


def body_of(told: str) -> dict[str, Any]:
    """A body in which each field that an error is made of holds *told*."""
    error = {"code": told, "message": f"no such key: {told}", "details": {told: told}}
    return {
        "message": f"no such key: {told}",
        "code": told,
        "request_id": told,
        "error": error,
        "errors": {"email": [told]},
        "success": False,
        "id": told,
        "data": told,
    }


def in_the_body(form: str, status: int) -> Answer:
    """Answers with the key in every field of the body, written in *form*."""

    def answer(key: str) -> tuple[int, Mapping[str, str], bytes]:
        written = forms(key)[form]
        text = json.dumps(body_of("THE-KEY")).replace("THE-KEY", written)
        return status, {"content-type": "application/json"}, text.encode()

    return answer


def in_the_headers(form: str, status: int) -> Answer:
    """Answers with the key in every header, and a body without it."""

    def answer(key: str) -> tuple[int, Mapping[str, str], bytes]:
        written = forms(key)[form]
        names: tuple[str, ...] = (
            "location",
            "x-request-id",
            "content-type",
            "retry-after",
            "set-cookie",
            "server",
        )
        headers: dict[str, str] = dict.fromkeys(names, f"https://elsewhere.example/?key={written}")
        return status, headers, b"{not JSON"

    return answer


def in_another_encoding(encoding: str, status: int) -> Answer:
    """Answers with JSON that is not in UTF-8, which a reader of JSON has to cope with."""

    def answer(key: str) -> tuple[int, Mapping[str, str], bytes]:
        content = json.dumps(body_of(key)).encode(encoding)
        return status, {"content-type": "application/json"}, content

    return answer


def across_the_end(status: int) -> Answer:
    """Answers with the key where the part of a body ends that errors keep."""

    def answer(key: str) -> tuple[int, Mapping[str, str], bytes]:
        return status, {"content-type": "text/html"}, b"x" * 1980 + key.encode()

    return answer


def transport(answer: Answer, key: str) -> httpx.MockTransport:
    """A transport on which *answer* is given to everything."""

    def respond(_: httpx.Request) -> httpx.Response:
        status, headers, content = answer(key)
        return httpx.Response(status, headers=headers, content=content)

    return httpx.MockTransport(respond)
