"""Playing a flow: scripted answers, each used exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from subhub import InvalidRequest, NotFound, NotSent, OutcomeUnknown
from subhub.plugin import Flow, Request, Response, Wire, get, post
from subhub.testing import play, reply

if TYPE_CHECKING:
    from tests.conftest import Toy


class Box(Wire):
    id: str


def two() -> Flow[str]:
    first = yield from get("/first", Box)
    return (yield from post("/second", Box, {"after": first.id})).id


def patient() -> Flow[str]:
    try:
        return (yield from get("/first", Box)).id
    except NotSent:
        return (yield from get("/again", Box)).id


def test_a_flow_is_played_to_its_end_and_tells_what_it_asked() -> None:
    played = play(two(), reply(200, {"id": "a"}), reply(201, b'{"id": "b"}'))

    assert played.result == "b"
    assert played.requests == (
        Request("GET", "/first"),
        Request("POST", "/second", {"after": "a"}),
    )


def test_an_error_among_the_answers_is_thrown_into_the_flow() -> None:
    played = play(patient(), NotSent("down"), reply(200, {"id": "b"}))

    assert [each.path for each in played.requests] == ["/first", "/again"]


def test_a_refusal_becomes_the_error_that_the_provider_makes_of_it(toy: type[Toy]) -> None:
    with pytest.raises(NotFound, match="toy refused `play`: gone"):
        _ = play(two(), reply(404, {"message": "gone"}), provider=toy())


def test_an_error_that_the_flow_does_not_catch_comes_out() -> None:
    with pytest.raises(OutcomeUnknown, match="lost"):
        _ = play(two(), reply(200, {"id": "a"}), OutcomeUnknown("lost"))


def test_an_answer_too_few_or_too_many_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"asked once more than there are answers.*/second"):
        _ = play(two(), reply(200, {"id": "a"}))
    with pytest.raises(AssertionError, match="ended with 1 answers unused"):
        _ = play(patient(), reply(200, {"id": "a"}), reply(200, {"id": "b"}))


def test_an_error_thrown_in_counts_as_a_request_unless_it_says_that_nothing_was_sent() -> None:
    def refusing() -> Flow[str]:
        try:
            return (yield from get("/first", Box)).id
        except NotSent:
            message = "wrong"
            raise InvalidRequest(message) from None

    with pytest.raises(InvalidRequest, match="wrong"):
        _ = play(refusing(), NotSent("down"))


def test_a_scripted_answer_is_json_unless_told_otherwise() -> None:
    assert reply(200, [1]) == Response(200, {"content-type": "application/json"}, b"[1]")
    assert reply(200, b"x", {"a": "b"}) == Response(200, {"a": "b"}, b"x")
