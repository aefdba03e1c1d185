"""`subhub.testing.openapi`: what is described passes, anything else is named with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from subhub.sandbox import Exchange, Received, Reply
from subhub.testing import yaml_core
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
            "delete": {
                "responses": {
                    "200": {
                        "content": {
                            "application/hal+json": {"schema": {"$ref": "#/components/schemas/P~1"}}
                        }
                    },
                    "204": {"description": "Gone"},
                }
            },
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


def test_the_suffix_of_a_media_type_says_that_it_is_json() -> None:
    received, hal = asked("DELETE", f"/v1/plans/{ID}"), {"content-type": "application/hal+json"}
    charset = {"content-type": "application/hal+json; charset=utf-8"}
    for headers in (hal, charset):
        _ = DOCUMENT.check(Exchange(received, Reply.json(200, NAMED, headers)))
    with pytest.raises(DocumentMismatch, match="'name' is a required"):
        _ = DOCUMENT.check(Exchange(received, Reply.json(200, {}, hal)))
    with pytest.raises(
        DocumentMismatch,
        match=r"200: the content type is .application/json., not application/hal\+json",
    ):
        _ = DOCUMENT.check(Exchange(received, Reply.json(200, NAMED)))


ANSWERS: dict[str, tuple[Reply, str]] = {
    "status": (Reply.json(200, NAMED), "POST /plans/: 200 is not one of 201"),
    "body": (Reply.json(201, {"name": None}), r"POST /plans/: 201 body: \$.name: None is not of"),
    "type": (
        Reply(201, b"{}", {"content-type": "text/html"}),
        "201: the content type is .*, not application/json",
    ),
    "no type": (Reply(201, b"{}"), "201: the content type is .*, not application/json"),
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


# Forms and YAML -----------------------------------------------------------------------------------

LINE = {
    "type": "object",
    "properties": {"cents": {"type": "integer"}},
    "additionalProperties": False,
}
TERMS = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "rate": {"type": ["number", "null"]},
        "paid": {"type": "boolean"},
        "name": {"type": "string"},
        "lines": {"type": "array", "items": LINE},
        "notes": {"type": "object", "additionalProperties": {"type": "boolean"}},
    },
}
BODIES = {
    "application/x-www-form-urlencoded": {"schema": {"allOf": [TERMS]}},
    "application/pdf": {},
}
ORDERS = {
    "post": {
        "requestBody": {"content": BODIES},
        "responses": {"204": {"description": "Done"}},
    }
}
ORDER = Document(
    {"openapi": "3.1.0", "servers": [{"url": "https://toy.test"}], "paths": {"/orders": ORDERS}}
)


def form(content: bytes, kind: str = "application/x-www-form-urlencoded") -> Received:
    return Received("POST", "/orders", {}, {"content-type": kind}, content)


def test_a_form_is_held_against_its_schema() -> None:
    good = b"count=5&rate=1.5&paid=true&name=5&lines[0][cents]=-7&notes[a]=false&lines[1][cents]=8"

    assert ORDER.check_request(form(good)).method == "POST"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"count=five", r"\$.count: 'five' is not of type 'integer'"),
        (b"rate=None", r"\$.rate: 'None' is not of type 'number', 'null'"),
        (b"paid=True", r"\$.paid: 'True' is not of type 'boolean'"),
        (b"lines[0][euros]=1", r"'euros' was unexpected"),
        (b"notes[a]=1", r"\$.notes.a: '1' is not of type 'boolean'"),
        (b"unknown[]=1&unknown[]=2", r"'unknown' was unexpected"),
        (b"count=1&count[a]=2", r"'count\[\]' was unexpected|\$.count"),
    ],
)
def test_a_form_that_is_not_described_is_named(content: bytes, problem: str) -> None:
    with pytest.raises(DocumentMismatch, match=problem):
        _ = ORDER.check_request(form(content))


def test_a_body_of_another_type_is_not_described() -> None:
    assert ORDER.check_request(form(b"%PDF", "application/pdf")).path == "/orders"
    with pytest.raises(DocumentMismatch, match="the content type is 'text/plain', not"):
        _ = ORDER.check_request(form(b"count=5", "text/plain; charset=utf-8"))


def described(path: str, query: Any, answer: Any) -> Document:
    """Return a description of one request with a parameter in its query."""
    parameter = {"name": "a", "in": "query", "schema": query}
    reply = {"content": {"application/json": {"schema": answer}}}
    get = {"parameters": [parameter], "responses": {"200": reply}}
    return Document({"servers": [{"url": "https://toy.test"}], "paths": {path: {"get": get}}})


@pytest.mark.parametrize(
    ("odd", "plain", "sent"),
    [
        ({"type": "boolean"}, {"enum": ["true", "false"]}, "true"),
        ({"type": "number"}, {"type": "string", "pattern": r"^\d+\.\d+$"}, "1.5"),
        ({"type": "integer", "minimum": 16}, {"type": "integer"}, "15"),
    ],
)
def test_a_value_in_a_query_is_text_or_a_whole_number(odd: Any, plain: Any, sent: str) -> None:
    received = Received("GET", "/things", {"a": sent}, {})
    assert described("/things", plain, {}).check_request(received).path == "/things"
    with pytest.raises(DocumentMismatch, match="query a"):
        _ = described("/things", odd, {}).check_request(received)


def test_nullable_of_openapi_3_0_is_not_understood() -> None:
    reply = Reply(200, b"null", {"content-type": "application/json"})
    described("/", {}, {"type": ["string", "null"]}).operation("GET", "/").check_reply(reply)
    odd = {"type": "string", "nullable": True}
    with pytest.raises(DocumentMismatch, match="None is not of type 'string'"):
        described("/", {}, odd).operation("GET", "/").check_reply(reply)


def test_a_name_in_a_path_has_letters_digits_and_underscores() -> None:
    found = described("/plans/{plan_code}", {}, {}).operation("GET", "/plans/1")
    assert found.path == "/plans/{plan_code}"
    with pytest.raises(DocumentMismatch, match="GET /plans/1 is not described"):
        _ = described("/plans/{plan-code}", {}, {}).operation("GET", "/plans/1")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("2024-05-04", "2024-05-04"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-.5e1", -5.0),
        ("true", True),
        ("~", None),
        ("", None),
    ],
)
def test_yaml_is_that_of_version_1_2(text: str, value: object) -> None:
    assert yaml_core.load(f"a: {text}") == {"a": value}
