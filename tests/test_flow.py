"""Flows: plain values, verbatim paths, and building blocks that decode their answer."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from subhub import Plan
from subhub.errors import InvalidRequest, PluginError, SubhubError
from subhub.messages import Path
from subhub.plugin import (
    Flow,
    Provider,
    Request,
    Response,
    Wire,
    completed,
    delete,
    done,
    get,
    patch,
    path,
    post,
    send,
)
from subhub.testing import play, reply


class Box(Wire):
    id: str


@pytest.mark.parametrize(
    ("method", "mutating"),
    [("GET", False), ("HEAD", False), ("POST", True), ("PATCH", True), ("DELETE", True)],
)
def test_every_method_that_may_change_something_is_mutating(method: str, mutating: bool) -> None:  # noqa: FBT001
    assert Request(method, "/").mutating is mutating


def test_requests_compare_by_value_and_stay_as_they_are() -> None:
    request = Request("POST", "/plans/", {"name": "A"}, {"dry": "1"})

    assert request == Request("POST", "/plans/", {"name": "A"}, {"dry": "1"})
    assert request != Request("POST", "/plans", {"name": "A"}, {"dry": "1"})
    assert request != Request("POST", "/plans/", {"name": "A"}, {"dry": "1"}, headers={"A": "b"})
    with pytest.raises(FrozenInstanceError):
        request.path = "/other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_ids_enter_a_path_quoted_and_the_template_stays_readable() -> None:
    filled = path("/plans/{}/of/{}/", "a/b?c", "é%2F..")

    assert filled == "/plans/a%2Fb%3Fc/of/%C3%A9%252F../"
    assert filled.template == "/plans/{}/of/{}/"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_leads_elsewhere_never_enters_a_path(value: str) -> None:
    with pytest.raises(InvalidRequest, match="it would change the address of the request"):
        _ = path("/plans/{}/of/{}", "1", value)


def _pickled(each: Path) -> Path:
    back: Path = pickle.loads(pickle.dumps(each))  # noqa: S301 - our own bytes
    return back


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, _pickled])
def test_a_path_keeps_its_template_when_it_is_copied(again: Callable[[Path], Path]) -> None:
    assert again(path("/plans/{}", "1")).template == "/plans/{}"


@pytest.mark.parametrize(
    ("flow", "request_"),
    [
        (get("/a", Box), Request("GET", "/a")),
        (get("/a", Box, {"q": "1"}), Request("GET", "/a", query={"q": "1"})),
        (post("/a", Box), Request("POST", "/a")),
        (post("/a", Box, {"b": 1}), Request("POST", "/a", {"b": 1})),
        (patch("/a", Box, {"b": 1}), Request("PATCH", "/a", {"b": 1})),
        (delete("/a", Box), Request("DELETE", "/a")),
        (send("PUT", "/a", Box, {"b": 1}), Request("PUT", "/a", {"b": 1})),
        (post("/a", Box, headers={"K": "1"}), Request("POST", "/a", headers={"K": "1"})),
    ],
    ids=["get", "query", "empty", "post", "patch", "delete", "send", "headers"],
)
def test_each_building_block_sends_one_request_and_decodes_the_answer(
    flow: Flow[Box], request_: Request
) -> None:
    played = play(flow, reply(200, {"id": "x"}))

    assert played.requests == (request_,)
    assert played.result.id == "x"


def test_what_needs_no_request_is_done_at_once() -> None:
    played = play(done(7))

    assert (played.requests, played.result) == ((), 7)


def test_an_error_says_what_was_made_before_it_the_earliest_first() -> None:
    error = SubhubError("no")

    with pytest.raises(SubhubError) as caught, completed("first"), completed("second", "third"):
        raise error

    assert caught.value is error
    assert error.completed == ("first", "second", "third")


def test_what_was_made_is_told_of_our_own_errors_only() -> None:
    with pytest.raises(KeyError) as caught, completed("first"):
        raise KeyError

    assert not hasattr(caught.value, "completed")


def test_a_response_without_circumstances_is_empty() -> None:
    assert (Response(204).headers, Response(204).content) == ({}, b"")


def test_each_operation_that_calls_its_own_default_is_a_fault_of_the_plugin() -> None:
    class Confused(Provider):
        name = "confused"

        def get_plan(self, plan_id: str) -> Flow[Plan]:
            return super().get_plan(plan_id)

    said = "confused: `get_plan` is overridden, and calls its default .* Declare an `Absence` of it"
    with pytest.raises(PluginError, match=said):
        _ = Confused().get_plan("1")


def test_what_is_claimed_and_refused_as_lacking_says_what_to_raise() -> None:
    class Choosy(Provider):
        name = "choosy"

        def get_plan(self, plan_id: str) -> Flow[Plan]:
            self._lacks("get_plan", plan_id)

    said = r"calls .* `_lacks`.* or raise `InvalidRequest.of\(...\)`.* after an answer `Conflict\("
    with pytest.raises(PluginError, match=said):
        _ = Choosy().get_plan("1")


def test_any_other_request_is_yielded_and_its_answer_decoded() -> None:
    def end(box_id: str) -> Flow[str]:
        query = {"prorate": "true"}
        response = yield Request("DELETE", path("/boxes/{}", box_id), query=query)
        return Box.decode(response).id

    played = play(end("1"), reply(200, {"id": "1"}))
    assert played.requests == (Request("DELETE", "/boxes/1", query={"prorate": "true"}),)
    assert played.result == "1"


def test_raw_may_be_that_of_the_envelope() -> None:
    shown = Plan(provider="acme", id="1", raw={"id": "1"})
    kept = shown.model_copy(update={"raw": {"plan": {"id": "1"}}})
    assert kept == shown
    assert kept.raw == {"plan": {"id": "1"}}
