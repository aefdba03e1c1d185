"""Several accounts in one program: a client for each account of the configuration, by name."""

from __future__ import annotations

import os
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from subhub.client.account import Account
from subhub.client.async_client import AsyncClient
from subhub.client.async_execution import in_thread
from subhub.client.configuration import Configuration
from subhub.client.opening import JournalPlace, open_journal
from subhub.client.references import checked_place
from subhub.client.sync_client import Client
from subhub.system.forks import Forkable

if TYPE_CHECKING:
    from types import TracebackType

    from subhub.recovery.journal import Journal
    from subhub.sending.attempts import Hook

C = TypeVar("C", Client, AsyncClient)


class ClientsByName(Forkable, Generic[C]):
    """The clients of one configuration: what `Clients` and `AsyncClients` have in common."""

    _configuration: Configuration
    _opening: Callable[[str], Account]

    def __init__(self) -> None:
        """Refuse: clients have the names of a file, and only `from_config` reads one."""
        message = f"call `{type(self).__name__}.from_config()`: the accounts stand in subhub.toml"
        raise TypeError(message)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        account: str | None = None,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
        hooks: Sequence[Hook] = (),
        check_plans: bool = True,
    ) -> Self:
        """Read the accounts of `subhub.toml`; each is opened when it is first asked for.

        Raises `ConfigError` for a file that cannot be used, and `MissingNeed` when any account
        lacks what the file says that the application needs. That a key is missing, or that a plan
        cannot be sold, shows when the account is opened.

        Args:
            path: The file, as for `Client.from_config`.
            account: Which account `active` is; otherwise that of `SUBHUB_ACCOUNT`, or the file's
                own choice.
            dry_run: As for `Client`, at every account.
            journal: The path or URL of a journal, for the accounts that name none.
            hooks: As for `Client`, at every account.
            check_plans: As for `Client.from_config`.
        """
        self = cls.__new__(cls)
        self._prepare()
        self._configuration = configuration = Configuration.read(path, account)
        configuration.check_needs()
        if len(self) < 1 or configuration.settings.account is not None:
            _ = configuration.choose()  # a name that the file does not have is refused now
            if account is None:
                configuration.check_selling()
        self._opening = partial(
            configuration.open,
            dry_run=dry_run,
            journal=None if journal is None else _fixed(journal),
            journals=self._journal,
            hooks=hooks,
            check_plans=check_plans,
        )
        return self

    def _prepare(self) -> None:
        self._clients: dict[str, C] = {}
        self._lent: dict[str, C] = {}
        self._journals: dict[JournalPlace, Journal] = {}
        self._lock = threading.Lock()
        self._closed = False
        super().__init__()

    def __getitem__(self, name: str) -> C:
        """Return the client of the account *name*; an unknown name is `UnknownAccount`.

        It is the same client each time. Closing it closes nothing: close all of them together.
        """
        with self._lock:
            if self._closed:
                message = "these clients were closed: call `from_config` again"
                raise RuntimeError(message)
            if name not in self._lent:
                self._configuration.check_name(name)
                client = self._clients[name] = self._connected(self._opening(name))
                self._lent[name] = client.with_options()
            return self._lent[name]

    @property
    def active(self) -> C:
        """The client of the account in use: that of `SUBHUB_ACCOUNT`, or the file's own choice."""
        return self[self._configuration.choose()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._configuration.settings.accounts)

    def __len__(self) -> int:
        return len(self._configuration.settings.accounts)

    def __contains__(self, name: object) -> bool:
        return name in self._configuration.settings.accounts

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(map(repr, self))}>"

    def after_fork_in_child(self) -> None:
        """Let go of the lock, which another thread of the parent may have held."""
        self._lock = threading.Lock()

    @abstractmethod
    def _connected(self, account: Account) -> C:
        """Return the client of an account that is open."""

    def _journal(self, place: JournalPlace) -> Journal:
        """Return the journal at *place*: one for all accounts that name it."""
        if place not in self._journals:
            self._journals[place] = open_journal(place)
        return self._journals[place]

    def _taken(self) -> tuple[list[C], list[Journal]]:
        """Return what is open and has to be closed, once."""
        with self._lock:
            self._closed = True
            taken = list(self._clients.values()), list(self._journals.values())
            self._clients, self._journals = {}, {}
            return taken


class Clients(ClientsByName[Client]):
    """A client for each account of `subhub.toml`: `Clients.from_config()["main"]`.

    For a program that works with several accounts at a time, such as during a switch. Iterating
    yields the names. It may be shared among threads. Close it, or use it in a `with` block.
    """

    def close(self) -> None:
        """Close the clients that are open, and their journals."""
        clients, journals = self._taken()
        with ExitStack() as stack:  # each is closed, also if closing another one fails
            for journal in journals:
                _ = stack.callback(journal.close)
            for client in clients:  # the last ones here are the first to be closed
                _ = stack.callback(client.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connected(self, account: Account) -> Client:
        client = Client.__new__(Client)
        client._connect(account, None, None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return client


class AsyncClients(ClientsByName[AsyncClient]):
    """The same for code that awaits: `AsyncClients.from_config()["main"]`; see `Clients`.

    Close it with `await clients.close()`, or use it in an `async with` block.
    """

    async def close(self) -> None:
        """Close the clients that are open, and their journals."""
        clients, journals = self._taken()
        async with AsyncExitStack() as stack:
            for journal in journals:
                if journal.remote:
                    _ = stack.push_async_callback(in_thread, journal.close)
                else:
                    _ = stack.callback(journal.close)
            for client in clients:
                _ = stack.push_async_callback(client.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _connected(self, account: Account) -> AsyncClient:
        client = AsyncClient.__new__(AsyncClient)
        client._connect(account, None, None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return client


def _fixed(journal: str | os.PathLike[str]) -> JournalPlace:
    """Return the place of a journal that does not change when the working folder does."""
    place = checked_place("journal", journal)
    return place.absolute() if isinstance(place, Path) else place
