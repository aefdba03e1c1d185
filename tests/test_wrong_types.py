"""Whatever is passed to a public name, a mistake is an error of subhub's own, and nothing is sent.

The arguments come from the signatures, so a new one is tried too.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

import subhub
from subhub import (
    AsyncClient,
    AsyncClients,
    Client,
    Clients,
    ConfigError,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    OAuth,
    OAuthTokens,
    PlanDraft,
    RateLimit,
    SignupLink,
    SubhubError,
    Subscription,
    access_at,
    diagnose,
)
from subhub.models import Result
from subhub.plugin import Flow, done
from tests.conftest import Desk, Toy

if TYPE_CHECKING:
    from subhub.models import Raw as Loudly

SECRET: Final = "test_0123456789"
NAIVE: Final = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - that is one of the mistakes
WRONG: Final[list[Any]] = [
    object(),
    None,
    True,
    -1,
    0,
    3.5,
    float("nan"),
    float("inf"),
    10**400,
    "x",
    "",
    "\ud800",
    b"x",
    [],
    [1],
    {},
    {"a": 1},
    {1: {}},
    (1, 2),
    int,
    len,
    Path("x"),
    dt.date(2026, 1, 1),
    NAIVE,
    Money("1", "EUR"),
]
each_wrong = pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
DRAFT: Final = CustomerDraft(name="A", email="a@b.nl")
PLAN: Final = PlanDraft(name="A", price=Money("1", "EUR"), interval=Interval(1, "year"))
OAUTH: Final[dict[str, Any]] = {
    "client_id": "a",
    "client_secret": "b",
    "load": str,
    "save": str,
    "redirect_uri": None,
    "transport": None,
}
NEEDED: Final[dict[str, Any]] = {
    "plan_id": "pln_1",
    "customer_id": "cst_1",
    "subscription_id": "sub_1",
    "plan": "pln_1",
    "customer": "cst_1",
    "when": "now",
    "token": "x",
    "tokens": [],
    "call": str,
    "items": [],
    "job": "job",
    "key": "key",
    "done": True,
    "capability": "subscribe",
    "operation": Toy.ping,
    "email": "a@b.nl",
    "link": SignupLink(
        provider="toy", id="l", url="", plan_id="p", created_at=dt.datetime.now(dt.UTC)
    ),
}
"""What else a call needs, by argument."""


def arguments(call: Callable[..., object]) -> Iterator[str]:
    for name, parameter in inspect.signature(call).parameters.items():
        if name != "self" and parameter.kind is not inspect.Parameter.VAR_POSITIONAL:
            yield name


def methods(kind: type[object]) -> Iterator[str]:
    for name, _ in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_") and name != "close":
            yield name


def needed(name: str, call: Callable[..., object]) -> dict[str, Any]:
    """Return the arguments that *call* cannot do without."""
    given = {
        argument: NEEDED[argument]
        for argument, parameter in inspect.signature(call).parameters.items()
        if argument in NEEDED and parameter.default is inspect.Parameter.empty
    }
    if "draft" in inspect.signature(call).parameters:
        given["draft"] = PLAN if name == "create_plan" else DRAFT
    if name.startswith("update_"):
        given["name" if name != "update_subscription" else "description"] = "Other"
    if name == "find_customer":
        given["email"] = "a@b.nl"
    return given


def attempt(call: Callable[..., Any], **given: Any) -> tuple[Any, SubhubError | None]:
    """Return what *call* returns, or its error, if that is one of subhub; any other is raised."""
    try:
        result: Any = call(**given)
        return (anyio.run(awaited, result) if inspect.isawaitable(result) else result), None
    except SubhubError as error:
        found = error
    assert SECRET not in str(found)
    return None, found


async def awaited(result: Any) -> object:
    return await result


def leave(client: Any) -> None:
    close = client.close()
    if inspect.isawaitable(close):
        _ = anyio.run(awaited, close)


@each_wrong
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_that_is_made_wrongly(kind: Any, wrong: Any, folder: Path) -> None:
    del folder
    for argument in arguments(kind):
        given: dict[str, Any] = {"provider": Toy, "api_key": SECRET, argument: wrong}
        if argument == "sandbox":
            del given["api_key"]
        client, error = attempt(kind, **given)
        if error is None:
            leave(client)
        else:
            assert f"`{argument}`" in str(error) or argument == "provider"


@each_wrong
@pytest.mark.parametrize("kind", [Client, AsyncClient, Clients, AsyncClients])
def test_a_client_that_is_opened_wrongly(kind: Any, wrong: Any, folder: Path) -> None:
    _ = (folder / "subhub.toml").write_text("[accounts.a]\nprovider='afternoon'\nsandbox=true\n")
    for argument in arguments(kind.from_config):
        client, error = attempt(kind.from_config, **{argument: wrong})
        if error is None:
            if isinstance(client, Clients | AsyncClients):
                _ = attempt(client.__getitem__, name="a")
                _ = attempt(client.__getitem__, name=wrong) if wrong.__hash__ else None
            leave(client)


@each_wrong
def test_options_of_a_call(wrong: Any, billing: Any) -> None:
    for argument in arguments(Client.with_options):
        _, error = attempt(billing.client.with_options, **{argument: wrong})
        assert error is None or isinstance(error, ConfigError)


@pytest.mark.parametrize("name", list(methods(Client)))
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_operation_with_a_wrong_argument(
    kind: Any, name: str, desk: Desk, tmp_path: Path
) -> None:
    settings: Any = {"api_key": SECRET, "transport": desk.transport, "attempts": 1}
    client = kind(Toy, **settings, journal=tmp_path / "journal.db", dry_run=True)
    call = getattr(client, name)
    own = NEEDED["call"] if kind is Client else awaited_by
    for argument in arguments(call):
        for wrong in WRONG:
            if argument == "call" and callable(wrong):
                continue  # what an application's own function raises is its own
            for _ in range(2):
                desk.answer(200, {"id": "x", "items": [], "next": None})
            given = needed(name, call)
            given |= {"call": own} if "call" in given else {}
            before = len(desk.sent)
            _, error = attempt(ended, method=call, given={**given, argument: wrong})
            if isinstance(error, InvalidRequest | ConfigError):
                assert len(desk.sent) == before, (argument, wrong)
    leave(client)


def ended(method: Callable[..., Any], given: dict[str, Any]) -> object:
    """Call, and read a list, or the results of a run, to its end."""
    result = method(**given)
    if hasattr(result, "__aiter__"):
        return all_of(result)
    if type(result).__name__ == "Bulk":
        with result as run:
            return list(run)
    return list(result) if hasattr(result, "__next__") else result


async def all_of(result: Any) -> list[object]:
    if not hasattr(result, "__aenter__"):
        return [item async for item in result]
    async with result as run:
        return [item async for item in run]


async def awaited_by(_: object) -> None:
    """What an application does with a client."""


@each_wrong
def test_a_value_that_is_made_wrongly(wrong: Any) -> None:
    made: list[tuple[Callable[..., object], dict[str, Any]]] = [
        (Money, {"amount": "1", "currency": "EUR"}),
        (Money.from_minor, {"amount": 1, "currency": "EUR"}),
        (Money.parse, {"text": "1 EUR"}),
        (Interval, {"count": 1, "unit": "year"}),
        (Interval.parse, {"text": "1 year"}),
        (RateLimit, {"requests": 1, "per": 1}),
        (RateLimit.parse, {"text": "1 per 1"}),
        (PlanDraft, dict(PLAN)),
        (CustomerDraft, dict(DRAFT)),
        (OAuthTokens, {"access_token": "a", "refresh_token": "b", "expires_at": None}),
        (OAuth, OAUTH),
        (
            access_at,
            {
                "subscription": Subscription(provider="toy", id="s"),
                "moment": dt.datetime.now(dt.UTC),
            },
        ),
    ]
    for make, valid in made:
        _ = make(**valid)
        assert set(arguments(make)) <= valid.keys()
        for argument in valid:
            _, error = attempt(make, **{**valid, argument: wrong})
            assert error is None or isinstance(error, InvalidRequest | ConfigError)


@each_wrong
def test_a_diagnosis_of_something_else(wrong: Any, folder: Path) -> None:
    _ = (folder / "subhub.toml").write_text("[accounts.a]\nprovider='afternoon'\nsandbox=true\n")
    for argument in arguments(diagnose):
        _ = attempt(diagnose, **{argument: wrong})


def test_every_public_callable_is_tried() -> None:
    """Results, errors and what only plugins make are not made by applications."""
    callables = {
        name
        for name in subhub.__all__
        if callable(found := getattr(subhub, name))
        and not (isinstance(found, type) and issubclass(found, Exception | Result))
    }
    tried = {"Client", "AsyncClient", "Clients", "AsyncClients", "Money", "Interval", "RateLimit"}
    tried |= {"PlanDraft", "CustomerDraft", "access_at", "diagnose", "OAuth", "OAuthTokens"}
    given = {"Absence", "Access", "Answer", "Attempt", "BulkResult", "Capabilities", "Capability"}
    given |= {
        "Paginator",
        "AsyncPaginator",
        "ResultPage",
        "Evidence",
        "Finding",
        "Once",
        "OpenIntent",
        "Resolution",
        "Scheduled",
        "Status",
        "InvoiceStatus",
        "PaymentMethodStatus",
    }
    assert callables == tried | given


def test_a_client_takes_the_rate_limit_of_a_file() -> None:
    billing: Any = Client(Toy, api_key=SECRET, rate_limit="30 per 60")
    other: Any = Client(Toy, api_key=SECRET, rate_limit=RateLimit(30, per=60.0))
    with billing, other:
        queues = [client._account.retries.limiter._queue for client in (billing, other)]
    assert queues[0] is queues[1], "the same terms share their permits"
    with pytest.raises(ConfigError, match=r"`rate_limit` must be .* '60 per 60', got '60'"):
        _ = Client(Toy, api_key=SECRET, rate_limit="60")


def test_an_operation_of_one_provider_is_given_what_it_takes() -> None:
    with Client(MijnKlantportaal, sandbox=True) as billing:
        create: Any = MijnKlantportaal.create_payment_link

        made: Any = billing.call(create, "Fee", "12.95 EUR", expires_on="2030-01-01")

        assert made.price == Money("12.95", "EUR")
        for args, kwargs, problem in (
            (("Fee", 12.95), {}, "price: must be a Money, got 12.95"),
            (("Fee",), {}, "`create_payment_link`: missing a required argument: 'price'"),
            (("Fee", "1 EUR"), {"reusble": True}, "got an unexpected keyword argument 'reusble'"),
        ):
            with pytest.raises(InvalidRequest, match=problem):
                billing.call(create, *args, **kwargs)
        with pytest.raises(InvalidRequest, match="`operation` must be a method of a provider's"):
            billing.call(cast("Any", "create_payment_link"))


class Unreadable(Toy):
    """A plugin that imports a type for checkers only."""

    def shout(self, word: Loudly) -> Flow[str]:
        return done(str(word))


def test_an_operation_whose_types_cannot_be_read_is_given_what_it_was() -> None:
    with Client(Unreadable, api_key=SECRET) as billing:
        assert billing.call(Unreadable.shout, cast("Any", 3)) == "3"
