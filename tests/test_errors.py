"""The errors: one tree, told in full, and whole again after pickling."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from subhub import Plan, errors
from subhub.errors import (
    Ambiguous,
    AuthenticationFailed,
    Conflict,
    InProgress,
    InvalidReply,
    InvalidRequest,
    LicenseRequired,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PreconditionFailed,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    SubhubError,
    Unsupported,
    WouldSend,
)
from subhub.messages import PreparedRequest, Response
from subhub.plugin.rate_limits import retry_after

if TYPE_CHECKING:
    from tests.conftest import Toy

TREE = {
    "SubhubError": """
        Ambiguous ConfigError InProgress InvalidReply InvalidRequest PluginError ProviderError
        TransportError Unsupported WebhookRefused WouldSend
    """,
    "ConfigError": "JournalError MissingNeed UnknownAccount",
    "ProviderError": """
        AuthenticationFailed Conflict LicenseRequired NotFound PermissionDenied PreconditionFailed
        ProviderUnavailable RateLimited Rejected
    """,
    "TransportError": "NotSent OutcomeUnknown",
}
CLASSES: list[type[SubhubError]] = [getattr(errors, name) for name in errors.__all__]
OUTGOING = PreparedRequest("POST", "https://toy.test/v1/plans/", {"Accept": "*"}, b'{"a":"it\'s"}')


def test_the_tree_is_as_documented() -> None:
    grown: dict[str, list[str]] = {}
    for each in CLASSES:
        for base in each.__bases__:
            if issubclass(base, SubhubError):
                grown.setdefault(base.__name__, []).append(each.__name__)

    documented = {name: children.split() for name, children in TREE.items()}
    assert {name: sorted(children) for name, children in grown.items()} == documented
    assert issubclass(InvalidRequest, ValueError)


def test_the_overview_names_every_error_and_every_error_says_what_it_is() -> None:
    overview = inspect.getdoc(errors) or ""

    assert [name for name in errors.__all__ if name not in overview] == []
    assert [each for each in CLASSES if "__doc__" not in vars(each) or not each.__doc__] == []
    assert errors.__all__ == sorted(errors.__all__)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, AuthenticationFailed),
        (403, PermissionDenied),
        (404, NotFound),
        (409, Conflict),
        (412, PreconditionFailed),
        (422, Rejected),
        (426, LicenseRequired),
        (429, RateLimited),
        (402, ProviderError),
        (418, ProviderError),
        (500, ProviderUnavailable),
        (502, ProviderUnavailable),
        (503, ProviderUnavailable),
        (599, ProviderUnavailable),
    ],
)
def test_each_status_is_its_error(toy: type[Toy], status: int, kind: type[ProviderError]) -> None:
    error = toy().error(Response(status, {}, b'{"message":"no","code":7,"request_id":"r1"}'))

    assert type(error) is kind
    assert (error.provider, error.status) == ("toy", status)
    assert (error.message, error.code, error.request_id) == ("no", "7", "r1")
    assert error.raw == {"message": "no", "code": 7, "request_id": "r1"}


@pytest.mark.parametrize(
    ("content", "raw"),
    [
        (b"<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (b"", ""),
        (b"[1]", [1]),
        (b"null", None),
        (b'{"message": {"nested": 1}, "code": true}', {"message": {"nested": 1}, "code": True}),
        (b"[" * 100_000, "[" * 2000),
        (b"\xff\xfe\xfd", "���"),
    ],
    ids=["html", "empty", "list", "null", "objects", "deep", "bytes"],
)
def test_a_refusal_that_cannot_be_read_is_still_a_refusal(
    toy: type[Toy], content: bytes, raw: object
) -> None:
    error = toy().error(Response(502, {"x-request-id": "r2"}, content))

    assert isinstance(error, ProviderUnavailable)
    assert str(error) == "toy refused: no message that could be read (HTTP 502, request r2)"
    assert (error.code, error.raw) == (None, raw)


SENT = {"date": "Sat, 04 May 2024 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "Sat, 04 May 2024 12:01:30 GMT", **SENT}, 90.0),
        ({"retry-after": "Sat, 04 May 2024 14:00:10 +0200", **SENT}, 10.0),
        ({"retry-after": "Sat, 04 May 2024 11:00:00 GMT", **SENT}, 0.0),
        ({"retry-after": "Sat, 04 May 2024 12:01:30 GMT"}, None),
        ({"retry-after": "Sat, 04 May 2024 12:01:30 -0000", **SENT}, None),
        ({"retry-after": "Sat, 04 May 2024 12:01:30 GMT", "date": "yesterday"}, None),
        ({"retry-after": "soon", **SENT}, None),
        ({"retry-after": "-5", **SENT}, None),
        ({"retry-after": "1.5", **SENT}, 1.5),
        ({"retry-after": "²", **SENT}, None),
        ({"retry-after": "9" * 400, **SENT}, None),
        ({"retry-after": "Sat, 04 May 99999999999 12:01:30 GMT", **SENT}, None),
        ({"retry-after": "Sat, 99 May 2024 12:01:30 +99999999999999", **SENT}, None),
        ({"retry-after": "", **SENT}, None),
        (SENT, None),
        ({}, None),
    ],
    ids=lambda each: str(each)[:80],
)
def test_the_time_to_wait_reads_from_seconds_or_from_a_date_against_the_answers_own_date(
    toy: type[Toy], headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
    assert toy().error(Response(429, headers)).retry_after == seconds


def test_a_refusal_is_told_with_every_fact() -> None:
    error = Rejected(
        "the data is wrong",
        provider="toy",
        operation="create_plan",
        status=422,
        code="invalid",
        request_id="req_1",
        fields={"name": "too short", "price": "too low"},
    )

    assert str(error) == (
        "toy refused `create_plan`: the data is wrong (HTTP 422, code invalid, request req_1)"
        "\n  name: too short\n  price: too low"
    )
    assert str(NotFound("gone", provider="toy", status=404)) == "toy refused: gone (HTTP 404)"


def test_a_dry_run_is_told_as_a_command_that_a_shell_reads_back() -> None:
    assert str(WouldSend(OUTGOING)) == (
        "a dry run stopped before sending\n"
        "curl --request POST https://toy.test/v1/plans/ --header 'Accept: *' "
        """--data-raw '{"a":"it'"'"'s"}'"""
    )


def _with_everything(kind: type[SubhubError]) -> SubhubError:
    if issubclass(kind, ProviderError):
        told: dict[str, Any] = {"fields": {"name": "bad"}, "retry_after": 1.5, "raw": {"a": [1]}}
        return kind("no", provider="toy", status=499, code="c", request_id="r", **told)
    special: dict[type[SubhubError], Callable[[], SubhubError]] = {
        Ambiguous: lambda: Ambiguous("two", candidates=iter([1, 2])),
        InProgress: lambda: InProgress("busy", retry_after=2.5),
        InvalidReply: lambda: InvalidReply("odd", status=200, body="<html>"),
        InvalidRequest: lambda: InvalidRequest("bad", fields={"name": "bad"}),
        Unsupported: lambda: Unsupported(
            "no", operation="x", reason="because", alternative="else", kind="provider"
        ),
        WouldSend: lambda: WouldSend(OUTGOING),
    }
    return special.get(kind, lambda: kind("what happened"))()


def _pickled(error: SubhubError) -> SubhubError:
    back: SubhubError = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    return back


@pytest.mark.parametrize("again", [_pickled, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", CLASSES, ids=lambda each: each.__name__)
def test_an_error_keeps_everything_through_pickling_and_copying(
    kind: type[SubhubError], again: Callable[[SubhubError], SubhubError]
) -> None:
    error = _with_everything(kind)
    error.provider = "toy"
    error.operation = "create_plan"
    error.completed = (Plan(provider="toy", id="pln_1"),)

    back = again(error)

    assert type(back) is kind
    assert vars(back) == vars(error)
    assert str(back) == str(error)
    assert back.args == error.args


def test_an_error_without_circumstances_has_none() -> None:
    error = OutcomeUnknown("no answer")

    assert (error.provider, error.operation, error.completed) == (None, None, ())
