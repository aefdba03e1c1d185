"""The clients: any number side by side, and a sandbox that never opens a socket."""

from __future__ import annotations

import inspect
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from subhub import AsyncClient, Client, ConfigError, NotFound, PluginError
from subhub.client.operations import Operations
from subhub.models import PlanDraft
from subhub.plugin import Provider
from subhub.plugin.operations import METHODS, OPERATIONS

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk, Toy

KEY = "test_0123456789"


def _public(kind: type[object]) -> dict[str, Any]:
    return {
        name: member
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") or name == "__init__"
    }


def test_both_clients_have_the_same_members() -> None:
    assert _public(Client).keys() == _public(AsyncClient).keys()


@pytest.mark.parametrize(
    "name", [name for name, member in _public(Client).items() if callable(member)]
)
def test_both_clients_have_the_same_signatures_but_for_awaiting(name: str) -> None:
    sync, awaiting = _public(Client)[name], _public(AsyncClient)[name]

    there = str(inspect.signature(awaiting))
    for word, plain in (
        ("AsyncPaginator", "Paginator"),
        ("AsyncTransport", "SyncTransport"),
        ("AsyncBulk", "Bulk"),
        ("AsyncChanges", "Changes"),
        ("Awaitable[T]", "T"),
    ):
        there = there.replace(word, plain)
    assert there.replace("AsyncHttpClient", "SyncHttpClient") == str(inspect.signature(sync))
    lists = "Paginator" in str(inspect.signature(sync).return_annotation)
    at_once = {
        "__init__",
        "bulk",
        "changes",
        "from_config",
        "open_intents",
        "mark_resolved",
        "supports",
    }
    at_once |= {"with_options"}
    waits = name not in at_once and not lists
    assert inspect.iscoroutinefunction(awaiting) is waits
    assert not inspect.iscoroutinefunction(sync)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_neutral_operation_is_on_both_clients_and_on_every_provider(operation: str) -> None:
    method = METHODS[operation]
    for kind, name in (
        *((kind, method) for kind in (Client, AsyncClient)),
        *((kind, operation) for kind in (Provider, Operations)),
    ):
        assert callable(inspect.getattr_static(kind, name))
        assert inspect.getdoc(inspect.getattr_static(kind, name))


def test_a_client_has_the_neutral_operations_and_nothing_that_is_not_told_here() -> None:
    others = {"call", "walk", "resolve", "supports", "capabilities", "provider", "sandbox"}
    others |= {"bulk", "close", "from_config", "open_intents", "mark_resolved", "with_options"}
    others |= {
        "__init__",
        "forget",
        "once",
        "plans",
        "resolve_all",
        "refetch",
        "webhooks",
        "changes",
    }

    assert set(_public(Client)) == set(METHODS.values()) | others


def test_no_public_signature_takes_anything_whatever() -> None:
    extensions = {"call", "walk"}  # their arguments are those of the operation, and typed as such
    for name, member in _public(Client).items():
        if callable(member) and name not in extensions:
            kinds = {each.kind for each in inspect.signature(member).parameters.values()}
            assert not kinds & {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}


def test_a_client_shows_its_account_but_never_its_key(
    connect: Callable[..., Caller], toy: type[Toy]
) -> None:
    billing = connect(toy, api_key=KEY)
    kind = type(billing.client).__name__

    assert repr(billing.client) == f"<{kind} of 'toy': toy>"
    assert repr(connect(toy, sandbox=True).client) == f"<{kind} of 'toy': toy in a sandbox>"
    assert billing.provider == "toy"
    assert billing.sandbox is None
    assert KEY not in repr(billing.client.__dict__)


def test_settings_are_checked_when_a_client_is_made(
    connect: Callable[..., Caller], toy: type[Toy]
) -> None:
    with pytest.raises(ConfigError, match="is a test key"):
        _ = connect(toy, api_key=KEY, mode="live")


@pytest.mark.parametrize("provider", [dict, 7, None, "class"])
def test_what_is_no_provider_is_refused(connect: Callable[..., Caller], provider: Any) -> None:
    with pytest.raises(PluginError, match=r"provider|plugin"):
        _ = connect(provider, api_key=KEY)


def test_an_instance_in_place_of_the_class_is_refused(
    connect: Callable[..., Caller], toy: type[Toy]
) -> None:
    with pytest.raises(PluginError, match="not a subclass of Provider"):
        _ = connect(toy(), api_key=KEY)


class NoSocket(ConnectionError):
    """A socket was about to be connected."""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NoSocket

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.mark.usefixtures("offline")
def test_a_sandbox_never_opens_a_socket_whatever_was_passed_in(
    connect: Callable[..., Caller], toy: type[Toy], draft: PlanDraft, desk: Desk
) -> None:
    with pytest.raises(httpx.ConnectError):
        _ = httpx.get("http://127.0.0.1:9/")
    billing = connect(toy, sandbox=True, transport=desk.transport)

    plan = billing.create_plan(draft)

    assert billing.get_plan(plan.id) == plan
    with pytest.raises(NotFound, match="nothing here"):
        billing.get_plan("pln_unknown")
    assert billing.sandbox.plans == {plan.id: "Phone"}
    assert [each.reply.status for each in billing.sandbox.exchanges] == [201, 200, 404]
    assert desk.sent == []


@pytest.mark.usefixtures("offline")
def test_a_sandbox_of_ones_own_is_used_by_both_kinds_of_client(
    toy: type[Toy], draft: PlanDraft
) -> None:
    fake = toy.sandbox()

    async def read(plan_id: str) -> str | None:
        async with AsyncClient(toy, sandbox=fake) as client:
            return (await client.get_plan(plan_id)).name

    with Client(toy, sandbox=fake) as client:
        plan = client.create_plan(draft)
    assert anyio.run(read, plan.id) == "Phone"
    assert client.sandbox is fake


def test_a_sandbox_ignores_a_client_that_was_passed_in_and_leaves_it_open(
    toy: type[Toy], desk: Desk, draft: PlanDraft
) -> None:
    with httpx.Client(transport=desk.transport) as lent:
        with Client(toy, sandbox=True, http_client=lent) as client:
            _ = client.create_plan(draft)
        assert not lent.is_closed
    assert desk.sent == []


def test_many_clients_live_side_by_side(
    connect: Callable[..., Caller], toy: type[Toy], draft: PlanDraft
) -> None:
    clients = [connect(toy, sandbox=True) for _ in range(30)]
    for index, client in enumerate(clients):
        for _ in range(index % 3):
            _ = client.create_plan(draft)

    assert [len(client.sandbox.plans) for client in clients] == [i % 3 for i in range(30)]


def test_a_client_may_be_shared_among_threads(toy: type[Toy], draft: PlanDraft) -> None:
    together = threading.Barrier(8)

    def make(_: int) -> str:
        _ = together.wait()
        return client.create_plan(draft).id

    with Client(toy, sandbox=True) as client, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(8)))

    assert len(set(made)) == 8


def test_many_calls_may_wait_at_once_under_either_event_loop(
    toy: type[Toy], draft: PlanDraft
) -> None:
    async def main() -> set[str]:
        made: set[str] = set()

        async def make() -> None:
            made.add((await client.create_plan(draft)).id)

        async with AsyncClient(toy, sandbox=True) as client, anyio.create_task_group() as tasks:
            for _ in range(8):
                _ = tasks.start_soon(make)
        return made

    for backend in ("asyncio", "trio"):
        assert len(anyio.run(main, backend=backend)) == 8
