"""Several accounts in one program: a client for each, opened when needed, closed together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AsyncClients,
    Attempt,
    Clients,
    ConfigError,
    CustomerDraft,
    InvalidRequest,
    MissingNeed,
    ProviderUnavailable,
    UnknownAccount,
)
from subhub.sandbox import Fault
from tests.conftest import Caller
from tests.served import Serve, serving

COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
TWO = """
account = "next"

[accounts.main]
provider = "mijnklantportaal"
api_key = "{main.fake.api_key}"
base_url = "{main.address}"
journal = "journal.db"
permits = "permits"

[accounts.next]
provider = "afternoon"
api_key = "{next.fake.api_key}"
base_url = "{next.address}"
journal = "journal.db"
permits = "permits"
"""


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as serve:
        yield serve


@pytest.fixture
def two(serve: Serve, folder: Path) -> Any:
    """Write a configuration with two accounts at two served sandboxes; return the servers."""
    servers = {"main": serve(MijnKlantportaal, 1), "next": serve(Afternoon, 2)}
    _ = (folder / "subhub.toml").write_text(TWO.format(**servers))
    return servers


class Called:
    """The clients of either kind, each as a `Caller`."""

    def __init__(self, clients: Any) -> None:
        self.clients = clients

    def __getitem__(self, name: str) -> Caller:
        return Caller(self.clients[name])

    @property
    def active(self) -> Caller:
        return Caller(self.clients.active)

    def close(self) -> None:
        if isinstance(self.clients, Clients):
            self.clients.close()
        else:
            anyio.run(self.clients.close)


@pytest.fixture(params=[Clients, AsyncClients], ids=["sync", "async"])
def opened(request: pytest.FixtureRequest) -> Iterator[Callable[..., Called]]:
    made: list[Called] = []

    def make(*args: Any, **settings: Any) -> Called:
        made.append(Called(request.param.from_config(*args, **settings)))
        return made[-1]

    yield make
    for clients in made:
        clients.close()


def test_each_account_of_the_file_has_its_client(two: Any, opened: Callable[..., Called]) -> None:
    billing = opened()

    old = billing["main"].create_customer(COMPANY)
    new = billing["next"].create_customer(COMPANY)

    assert (old.provider, old.account) == ("mijnklantportaal", "main")
    assert (new.provider, new.account) == ("afternoon", "next")
    assert [len(two[name].fake.customers) for name in ("main", "next")] == [1, 1]
    assert billing[new.account].get_customer(new) == new
    assert list(billing.clients) == ["main", "next"]
    assert len(billing.clients) == 2
    assert "main" in billing.clients
    assert "other" not in billing.clients


def test_active_is_the_account_that_the_file_or_the_environment_chooses(
    two: Any, opened: Callable[..., Called], monkeypatch: pytest.MonkeyPatch
) -> None:
    del two

    assert opened().active.provider == "afternoon"
    assert opened(account="main").active.provider == "mijnklantportaal"
    monkeypatch.setenv("SUBHUB_ACCOUNT", "main")
    assert opened().active.provider == "mijnklantportaal"


@pytest.mark.usefixtures("two")
def test_a_client_is_opened_once_and_stays_open_until_all_are_closed(
    opened: Callable[..., Called],
) -> None:
    billing = opened()
    first = billing.clients["main"]

    _ = Caller(first).close()

    assert billing.clients["main"] is first
    assert list(billing["main"].list_customers()) == []
    billing.close()
    with pytest.raises(RuntimeError, match="were closed: call `from_config` again"):
        _ = billing.clients["main"]
    with pytest.raises(RuntimeError, match="this client was closed"):
        _ = Caller(first).get_customer("cst_1")
    billing.close()


def test_an_account_that_is_not_asked_for_needs_no_key(
    folder: Path, opened: Callable[..., Called]
) -> None:
    _ = (folder / "subhub.toml").write_text(
        "account = 'play'\n[accounts.main]\nprovider = 'afternoon'\napi_key = 'env:NO_SUCH_KEY'\n"
        "[accounts.play]\nprovider = 'afternoon'\nsandbox = true\n"
    )
    billing = opened()

    assert billing.active.create_customer(COMPANY).account == "play"
    with pytest.raises(ConfigError, match=r"accounts\.main\.api_key: the variable NO_SUCH_KEY"):
        _ = billing.clients["main"]


@pytest.mark.parametrize("name", ["other", "", None])
@pytest.mark.usefixtures("two")
def test_an_unknown_name_is_refused_with_the_known_ones(
    name: Any, opened: Callable[..., Called]
) -> None:
    with pytest.raises(UnknownAccount, match=rf"has no account {name!r}; it has main, next"):
        _ = opened().clients[name]


@pytest.mark.usefixtures("two")
def test_what_is_wrong_with_the_file_shows_at_once(
    folder: Path, opened: Callable[..., Called]
) -> None:
    with pytest.raises(UnknownAccount, match="has no account 'nxt'"):
        _ = opened(account="nxt")
    _ = (folder / "subhub.toml").write_text(
        "needs = ['create_plan']\n[accounts.next]\nprovider = 'afternoon'\nsandbox = true\n"
        "[accounts.main]\nprovider = 'mijnklantportaal'\nsandbox = true\n"
    )
    with pytest.raises(MissingNeed, match=r"accounts\.next \(afternoon\)"):
        _ = opened()
    _ = (folder / "subhub.toml").write_text("")
    with pytest.raises(ConfigError, match="has no account: write one"):
        _ = opened()


def test_two_accounts_without_a_choice_can_be_named(
    folder: Path, opened: Callable[..., Called]
) -> None:
    one = "[accounts.{}]\nprovider = 'afternoon'\nsandbox = true\n"
    _ = (folder / "subhub.toml").write_text(one.format("a") + one.format("b"))
    billing = opened()

    assert billing["b"].create_customer(COMPANY).account == "b"
    with pytest.raises(ConfigError, match=r"several accounts \(a, b\) and no `account"):
        _ = billing.active


def test_a_journal_is_opened_once_for_the_accounts_that_name_it(
    two: Any, folder: Path, opened: Callable[..., Called]
) -> None:
    del two
    billing = opened()
    journals = [billing.clients[name]._account.journal for name in ("main", "next")]

    assert journals[0] is journals[1]
    _ = billing["main"].create_customer(COMPANY)
    _ = billing["next"].create_customer(COMPANY)
    assert (folder / "journal.db").exists()
    assert len(list((folder / "permits").iterdir())) >= 2, "each key has its own, in one folder"
    assert not any(billing[name].open_intents() for name in ("main", "next"))


def test_a_journal_for_the_accounts_that_name_none(
    folder: Path, opened: Callable[..., Called], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = "[accounts.{}]\nprovider = 'afternoon'\nsandbox = true\n"
    own = "journal = 'own.db'\n"
    _ = (folder / "subhub.toml").write_text(one.format("a") + one.format("b") + own)
    billing = opened(journal="all.db")

    (folder / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")  # a path counts from where the configuration was read
    places = [billing.clients[name]._account.journal.place for name in ("a", "b")]

    assert places == [str(folder / "all.db"), str(folder / "own.db")]


def test_a_journal_on_another_machine_is_one_for_all_accounts(
    folder: Path, opened: Callable[..., Called]
) -> None:
    one = "[accounts.{}]\nprovider = 'afternoon'\nsandbox = true\n"
    _ = (folder / "subhub.toml").write_text(one.format("a") + one.format("b"))
    billing = opened(journal="postgresql://billing:secret@localhost/billing")  # connects nowhere

    journals = [billing.clients[name]._account.journal for name in ("a", "b")]

    assert journals[0] is journals[1]
    assert journals[0].remote
    with pytest.raises(ConfigError, match="`journal` must be a path"):
        _ = opened(journal="~/journal.db")


def test_a_lost_change_is_the_account_s_own_in_a_journal_of_several(
    two: Any, opened: Callable[..., Called]
) -> None:
    billing = opened()
    two["main"].fake.faults.next(Fault("server_error", after=True))

    with pytest.raises(ProviderUnavailable) as caught:
        _ = billing["main"].create_customer(COMPANY)

    assert caught.value.account == "main"
    assert billing["next"].open_intents() == []
    (lost,) = billing["main"].open_intents()
    assert lost.account == "main"
    with pytest.raises(InvalidRequest, match="another account than this one"):
        _ = billing["next"].resolve(lost.token)
    found = billing["main"].resolve(lost.token)
    assert (found.outcome, found.result.account) == ("done", "main")


def test_two_accounts_of_one_provider_are_told_apart_by_their_names(
    serve: Serve, folder: Path, opened: Callable[..., Called]
) -> None:
    servers = [serve(Afternoon, seed) for seed in (1, 2)]
    _ = (folder / "subhub.toml").write_text(
        "".join(
            f"[accounts.{name}]\nprovider = 'afternoon'\njournal = 'journal.db'\n"
            f"api_key = '{server.fake.api_key}'\nbase_url = '{server.address}'\n"
            for name, server in zip(("acme", "zen"), servers, strict=True)
        )
    )
    attempts: list[str] = []

    def note(attempt: Attempt) -> None:
        attempts.append(attempt.account)

    billing = opened(hooks=[note])
    for name, server in zip(("acme", "zen"), servers, strict=True):
        server.fake.faults.next(Fault("server_error", after=True))
        with pytest.raises(ProviderUnavailable) as caught:
            _ = billing[name].create_customer(COMPANY)
        assert caught.value.account == name

    assert attempts == ["acme", "zen"]
    lost = {name: [one.account for one in billing[name].open_intents()] for name in billing.clients}
    assert lost == {"acme": ["acme"], "zen": ["zen"]}
    assert billing["zen"].create_customer(COMPANY).account == "zen"


@pytest.mark.parametrize("kind", [Clients, AsyncClients])
def test_clients_are_opened_from_a_file_and_say_so(kind: type[Any]) -> None:
    with pytest.raises(TypeError, match=rf"call `{kind.__name__}.from_config\(\)`: the accounts"):
        _ = kind()


@pytest.mark.usefixtures("two")
def test_threads_that_ask_at_once_get_one_client() -> None:
    together = threading.Barrier(8)
    with Clients.from_config() as billing, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> object:
            _ = together.wait()
            return billing["main"]

        assert len(set(pool.map(ask, range(8)))) == 1


@pytest.mark.usefixtures("two")
async def test_tasks_use_several_accounts_at_once(anyio_backend: str) -> None:
    del anyio_backend
    async with AsyncClients.from_config() as billing:
        made: list[str] = []

        async def make(name: str) -> None:
            made.append((await billing[name].create_customer(COMPANY)).account)

        async with anyio.create_task_group() as group:
            for name in billing:
                _ = group.start_soon(make, name)
        assert sorted(made) == ["main", "next"]


@pytest.mark.usefixtures("two")
def test_a_forked_child_opens_clients_while_a_thread_of_its_parent_did(
    opened: Callable[..., Called],
) -> None:
    clients = opened().clients
    with clients._lock:
        clients.after_fork_in_child()
        assert clients["main"].provider == "mijnklantportaal"


def test_a_repr_names_the_accounts_and_no_key(two: Any) -> None:
    with Clients.from_config() as billing:
        shown = repr(billing)

    assert shown == "<Clients of 'main', 'next'>"
    assert two["main"].fake.api_key not in shown


def test_one_that_cannot_be_closed_keeps_no_other_open(two: Any) -> None:
    del two

    class Failing:
        remote = True

        def close(self) -> None:
            raise OSError("gone")

    billing = Clients.from_config()
    other = billing["main"]
    billing._journals[Path("x")] = Failing()  # type: ignore[assignment]
    with pytest.raises(OSError, match="gone"):
        billing.close()
    with pytest.raises(RuntimeError, match="this client was closed"):
        _ = other.get_customer("cst_1")
    waiting = AsyncClients.from_config()
    waiting._journals[Path("x")] = Failing()  # type: ignore[assignment]
    with pytest.raises(OSError, match="gone"):
        anyio.run(waiting.close)


@pytest.mark.usefixtures("two")
def test_the_example_of_the_page_runs() -> None:
    page = Path(__file__).parents[1] / "docs" / "configuration.md"
    section = page.read_text("utf-8").split("## Several accounts in one program\n")[1]

    exec(section.split("```python\n")[1].split("```")[0], {})  # noqa: S102 - our own page
