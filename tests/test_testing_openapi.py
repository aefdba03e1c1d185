"""`subhub.testing.openapi`: what is described passes, anything else is named with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from subhub.sandbox import Exchange, Received, Reply
from subhub.testing.openapi import Document, DocumentMismatch

ID = "cm5x9z8nv0000h85r7l9p2k1m"
CONTENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://toy.test/v1/"}],
    "paths": {
        "/plans/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {
                "parameters": [
                    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "word", "in": "query", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {"200": {"$ref": "#/components/responses/Plan"}},
            },
            "delete": {"responses": {"204": {"description": "Gone"}}},
        },
        "/plans/newest": {"get": {"responses": {"200": {"$ref": "#/components/responses/Plan"}}}},
        "/plans/": {
            "post": {
                "requestBody": {"$ref": "#/components/requestBodies/Plan"},
                "responses": {"201": {"$ref": "#/components/responses/Plan"}},
            }
        },
        "/plans": {
            "patch": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/P~1"}}
                    }
                },
                "responses": {"200": {"$ref": "#/components/responses/Plan"}},
            }
        },
    },
    "components": {
        "parameters": {
            "id": {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "cuid"},
            }
        },
        "headers": {"Left": {"schema": {"type": "integer"}}},
        "requestBodies": {
            "Plan": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/P~1"}}},
            }
        },
        "responses": {
            "Plan": {
                "headers": {"X-Left": {"$ref": "#/components/headers/Left"}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/P~1"}}},
            }
        },
        "schemas": {
            "P/": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "made": {"type": "string", "format": "date-time"},
                    "page": {"type": "string", "format": "uri"},
                    "day": {"type": "string", "format": "date"},
                },
            }
        },
    },
}
DOCUMENT = Document(CONTENT)
NAMED = {"name": "Phone"}


def asked(
    method: str, path: str, body: object = None, query: dict[str, str] | None = None
) -> Received:
    content = (
        b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    )
    return Received(method, path, query or {}, {}, content)


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", f"/v1/plans/{ID}", "/plans/{id}"),
        ("GET", "/v1/plans/newest", "/plans/newest"),
        ("POST", "/v1/plans/", "/plans/"),
    ],
)
def test_an_operation_is_found_by_its_whole_path(method: str, path: str, template: str) -> None:
    assert str(DOCUMENT.operation(method, path)) == f"{method} {template}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/plans"),
        ("GET", f"/v1/plans/{ID}/"),
        ("GET", f"/plans/{ID}"),
        ("PUT", f"/v1/plans/{ID}"),
    ],
)
def test_a_slash_the_server_s_path_and_the_method_are_part_of_it(method: str, path: str) -> None:
    with pytest.raises(DocumentMismatch, match=f"^{method} {path} is not described$"):
        _ = DOCUMENT.operation(method, path)


def test_all_operations_are_told() -> None:
    assert DOCUMENT.operations == {
        ("GET", "/plans/{id}"),
        ("DELETE", "/plans/{id}"),
        ("GET", "/plans/newest"),
        ("POST", "/plans/"),
        ("PATCH", "/plans"),
    }


SOUND: dict[str, Received] = {
    "body": asked("POST", "/v1/plans/", {**NAMED, "made": "2024-01-15T10:30:00Z"}),
    "addresses": asked("POST", "/v1/plans/", {**NAMED, "page": "app://x", "day": "2024-02-29"}),
    "optional body": asked("PATCH", "/v1/plans"),
    "body that is optional": asked("PATCH", "/v1/plans", NAMED),
    "query": asked("GET", f"/v1/plans/{ID}", query={"page": "2", "word": "2"}),
}


@pytest.mark.parametrize("received", SOUND.values(), ids=SOUND)
def test_what_is_described_may_be_asked(received: Received) -> None:
    operation = DOCUMENT.check_request(received)
    assert operation == DOCUMENT.operation(received.method, received.path)


WRONG: dict[str, tuple[Received, str]] = {
    "no body": (asked("POST", "/v1/plans/"), "POST /plans/: request: the body is not JSON"),
    "no json": (asked("POST", "/v1/plans/", b"{"), "POST /plans/: request: the body is not JSON"),
    "missing": (asked("POST", "/v1/plans/", {}), "request body: .*'name' is a required"),
    "type": (asked("POST", "/v1/plans/", {"name": 1}), r"request body: \$.name: 1 is not of type"),
    "strange": (asked("POST", "/v1/plans/", {**NAMED, "x": 1}), "request body: .*'x' was unexpec"),
    "naive": (asked("POST", "/v1/plans/", {**NAMED, "made": "2024-01-15T10:30:00"}), "date-time"),
    "no time": (asked("POST", "/v1/plans/", {**NAMED, "made": "soon"}), "date-time"),
    "no uri": (asked("POST", "/v1/plans/", {**NAMED, "page": "/here"}), "uri"),
    "no day": (asked("POST", "/v1/plans/", {**NAMED, "day": "2024-02-31"}), "date"),
    "two wrong": (asked("POST", "/v1/plans/", {"name": 1, "day": 2}), r"\$.name: .*; \$.day: "),
    "body": (asked("DELETE", f"/v1/plans/{ID}", {}), "no request body is described"),
    "id": (asked("GET", "/v1/plans/1", query={"word": ""}), r"path id: \$: '1' is not a 'cuid'"),
    "parameter": (
        asked("GET", f"/v1/plans/{ID}", query={"colour": "red"}),
        r"query: not described \['colour'\], missing \['word'\]",
    ),
    "number": (
        asked("GET", f"/v1/plans/{ID}", query={"page": "x", "word": ""}),
        r"GET /plans/\{id\}: query page: \$: 'x' is not of type 'integer'",
    ),
    "range": (asked("GET", f"/v1/plans/{ID}", query={"page": "0", "word": ""}), "query page"),
}


@pytest.mark.parametrize(("received", "told"), WRONG.values(), ids=WRONG)
def test_anything_else_that_is_asked_is_named(received: Received, told: str) -> None:
    with pytest.raises(DocumentMismatch, match=told):
        _ = DOCUMENT.check_request(received)


def test_an_answer_may_have_fields_that_are_not_described() -> None:
    reply = Reply.json(201, {**NAMED, "new": 1}, {"x-left": "59", "date": "today"})
    exchange = Exchange(SOUND["body"], reply)
    assert DOCUMENT.check(exchange).path == "/plans/"


def test_an_answer_without_described_content_is_not_read() -> None:
    exchange = Exchange(asked("DELETE", f"/v1/plans/{ID}"), Reply(204))
    assert DOCUMENT.check(exchange).values == {"id": ID}


ANSWERS: dict[str, tuple[Reply, str]] = {
    "status": (Reply.json(200, NAMED), "POST /plans/: 200 is not one of 201"),
    "body": (Reply.json(201, {"name": None}), r"POST /plans/: 201 body: \$.name: None is not of"),
    "type": (Reply(201, b"{}", {"content-type": "text/html"}), "201 is not application/json"),
    "no type": (Reply(201, b"{}"), "201 is not application/json"),
    "no json": (Reply(201, b"<", {"Content-Type": "application/json"}), "the body is not JSON"),
    "header": (Reply.json(201, NAMED, {"X-Left": "few"}), "201 header X-Left: .*'few'"),
}


@pytest.mark.parametrize(("reply", "told"), ANSWERS.values(), ids=ANSWERS)
def test_anything_else_that_is_answered_is_named(reply: Reply, told: str) -> None:
    with pytest.raises(DocumentMismatch, match=told):
        _ = DOCUMENT.check(Exchange(SOUND["body"], reply))


def test_a_value_is_held_against_a_place() -> None:
    DOCUMENT.validate({"name": "x", "new": 1}, "components", "schemas", "P/")
    with pytest.raises(DocumentMismatch, match="new"):
        DOCUMENT.validate({"name": "x", "new": 1}, "components", "schemas", "P/", closed=True)
