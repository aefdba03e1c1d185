"""Every kind of violation of a description is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from conformance.drive import drive
from conformance.subject import Subject
from subhub import PlanDraft
from subhub.sandbox import Fake, Received, Refusal, Reply, route

PROBLEM: dict[str, Any] = {
    "description": "Refused",
    "content": {"application/json": {"schema": {"type": "object", "required": ["message"]}}},
}
PLAN: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 1}},
}
CONTENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Toy", "version": "1"},
    "servers": [{"url": "https://toy.test/v1"}],
    "paths": {
        "/plans": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": PLAN}},
                },
                "responses": {
                    "201": {
                        "description": "Created",
                        "content": {"application/json": {"schema": PLAN}},
                    },
                    "422": PROBLEM,
                },
            }
        }
    },
}


def created(body: Any) -> Reply:
    """Answer as described."""
    if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
        return Reply.json(422, {"message": "wrong"})
    return Reply.json(201, {"name": body["name"]})


def fails(body: Any) -> Reply:
    """Raise an error inside the fake."""
    raise LookupError(body)


class Toy(Fake):
    """A fake with one endpoint, correct or broken."""

    prefix = "/v1"
    api_key = "key"
    answer: Callable[[Any], Reply]
    open = False

    @route("POST", "/plans")
    def post_plan(self, received: Received) -> Reply:
        """Answer as the test says."""
        try:
            body = received.json()
        except ValueError:
            body = None
        return self.answer(body)

    def authenticate(self, received: Received) -> None:
        """Require the key, unless the test says otherwise."""
        if not self.open and received.headers.get("authorization") != f"Bearer {self.api_key}":
            raise Refusal(Reply.json(401, {"message": "no key"}))

    def not_found(self) -> Reply:
        """Return a 404 with a message."""
        return Reply.json(404, {"message": "nothing here"})

    def malformed(self, problem: str) -> Reply:
        """Return a 422 with a message."""
        return Reply.json(422, {"message": problem})

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Return an id, and store nothing."""
        return f"{key}_{draft.name}"

    def pay(self, url: str) -> None:
        """Raise, because there are no pages."""
        raise LookupError(url)


def subject(answer: Callable[[Any], Reply], **broken: bool) -> Subject:
    def fake() -> Fake:
        toy = Toy()
        toy.answer = answer
        vars(toy).update(broken)
        return toy

    return Subject("toy", fake, CONTENT)


def changed(**changes: Any) -> Callable[[Any], Reply]:
    """Answer as described, with changes in the success response."""

    def answer(body: Any) -> Reply:
        sound = created(body)
        reply = {"status": sound.status, "content": sound.content, "headers": sound.headers}
        return Reply(**{**reply, **changes}) if sound.status == 201 else sound

    return answer


BROKEN: Mapping[str, tuple[Callable[[Any], Reply], str]] = {
    "status": (changed(status=200), "status_code_conformance: 200"),
    "body": (changed(content=json.dumps({"name": 1}).encode()), "response_schema_conformance: 201"),
    "type": (changed(headers={"content-type": "text/html"}), "content_type_conformance: 201"),
    "error": (fails, "not_a_server_error: 500"),
    "lax": (lambda _: Reply.json(201, {"name": "A"}), "negative_data_rejection: 201"),
    "strict": (lambda _: Reply.json(422, {"message": "no"}), "positive_data_acceptance: 422"),
    "useless": (lambda _: Reply.json(422, {"message": "no"}), "never succeeded"),
}


@pytest.mark.parametrize(("answer", "kind"), BROKEN.values(), ids=BROKEN)
def test_a_broken_fake_is_found(answer: Callable[[Any], Reply], kind: str) -> None:
    assert any(kind in found for found in drive(subject(answer), examples=5).violations)


def test_a_fake_that_requires_no_key_is_found() -> None:
    found = drive(subject(created, open=True), examples=5).violations
    assert found
    assert all(": no key: 4" in kind for kind in found)


def test_a_correct_fake_passes_and_runs_are_reproducible() -> None:
    first, second = drive(subject(created), examples=5), drive(subject(created), examples=5)
    assert not first.violations
    assert first.answers == second.answers


def described(*, key: bool = False, closing: bool = False) -> dict[str, Any]:
    """Return the description with a header for idempotency keys, or with a way to close down."""
    content = copy.deepcopy(CONTENT)
    if key:
        header = {"name": "Key", "in": "header", "required": True, "schema": {"enum": ["k"]}}
        content["paths"]["/plans"]["post"]["parameters"] = [header]
    if closing:
        close = {"delete": {"responses": {"204": {"description": "Closed"}, "410": PROBLEM}}}
        content["paths"] = {"/all": close, **content["paths"]}
        content["paths"]["/plans"]["post"]["responses"]["410"] = PROBLEM
    return content


class Keyed(Toy):
    """A toy that takes a key for one body only."""

    def authenticate(self, received: Received) -> None:
        """Refuse a key that came with another body."""
        super().authenticate(received)
        key = received.headers.get("key")
        if key and vars(self).setdefault(f"key {key}", received.content) != received.content:
            raise Refusal(Reply.json(422, {"message": "another body"}))


@pytest.mark.parametrize("single_use", [frozenset[str](), frozenset({"key"})])
def test_a_header_that_is_for_one_body_is_made_unique(single_use: frozenset[str]) -> None:
    def fake() -> Fake:
        toy = Keyed()
        toy.answer = created
        return toy

    toy = Subject("toy", fake, described(key=True), single_use=single_use)
    violations = drive(toy, examples=5).violations
    assert any("positive_data_acceptance" in kind for kind in violations) == (not single_use)


class Closing(Toy):
    """A toy that can be closed for good."""

    @route("DELETE", "/all")
    def close(self, received: Received) -> Reply:
        """Close it."""
        del received
        self.answer = lambda _: Reply.json(410, {"message": "closed"})
        return Reply(204)


def test_all_else_is_tested_before_what_an_operation_destroys() -> None:
    def created_plans(**lists: Any) -> int:
        def fake() -> Fake:
            toy = Closing()
            toy.answer = created
            return toy

        toy = Subject("toy", fake, described(closing=True), **lists)
        return drive(toy, examples=5).answers["POST /plans", 201]

    undisturbed = created_plans(left_out={"DELETE /all": "it closes"})
    assert created_plans() < undisturbed
    assert created_plans(destructive=frozenset({"DELETE /all"})) >= undisturbed


def test_410_refuses_bad_data_and_is_reported_for_good_data() -> None:
    def fake() -> Fake:
        toy = Toy()
        toy.answer = lambda _: Reply.json(410, {"message": "closed"})
        return toy

    violations = drive(Subject("toy", fake, described(closing=True)), examples=5).violations
    assert "POST /plans: positive_data_acceptance: 410" in violations
    assert not any("negative_data_rejection" in kind for kind in violations)
