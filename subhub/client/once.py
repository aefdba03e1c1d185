"""Once: a call that is made for an item of a job, and never again when it is done.

The steps are: claim the item, resolve what an earlier call left open, look again, make the call, of
which each change is written down only while the item is claimed, and finish. Nothing here performs
I/O but the journal's, and that of a journal on another machine is a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from subhub.client.validation import check_seconds, key_text
from subhub.errors import (
    ConfigError,
    InProgress,
    InvalidRequest,
    JournalError,
    NotSent,
    SubhubError,
)
from subhub.recovery.journal.claims import Done
from subhub.recovery.journal.items import JobItem, current_item
from subhub.recovery.journal.jobs import Job, logger
from subhub.recovery.journal.storage import Locked
from subhub.recovery.tracking import id_of
from subhub.sending.steps import FIRST_TRY, LAST_TRY, Pause, Step, Steps, StoreCall, monotonic

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.resolving import Found
    from subhub.recovery.journal import Journal

T = TypeVar("T")

GRACE_PERIOD: Final = 60.0
"""Seconds that a provider has to carry out what was sent to it, unless the caller says more."""
STEPS_OF_A_REQUEST: Final = 4
"""A free connection, connecting, sending, receiving: each takes at most the account's `timeout`."""
MARGIN: Final = 5.0
NO_JOURNAL: Final = (
    'needs a journal, which remembers what is done: add `journal = "subhub-journal.db"` to the '
    "account in subhub.toml, or create the client with `journal=`. Several machines need one that "
    'they share, a PostgreSQL: `journal = "env:DATABASE_URL"`'
)


@dataclass(frozen=True, slots=True)
class Once(Generic[T]):
    """The outcome of `client.once`: what its call returned, or that it was done before.

    `earlier` means that an earlier call with this key did it. Then there is no `result`, only the
    `object_id` of what was created or changed, if it has one.
    """

    result: T | None
    object_id: str | None
    earlier: bool


@dataclass(frozen=True, slots=True)
class Calling:
    """A step: make the application's call with this argument; the answer is what it returns."""

    argument: Any


CallSteps: TypeAlias = Generator[Step | Calling, Any, T]
"""Steps of which one is the application's call."""


class JobSteps:
    """The steps of one job of *account* that have to do with its journal.

    Args:
        account: Whose job it is; it must have a journal.
        open_job: Opens it.
        resolve: Finds out about the tokens of changes with an unknown outcome.
    """

    def __init__(
        self,
        account: Account,
        open_job: Callable[[], Job],
        resolve: Callable[[Sequence[str]], Steps[Sequence[Found]]],
    ) -> None:
        self.longest = account.retries.deadline or math.inf
        self._open_job = open_job
        self._resolve = resolve
        self._looked: dict[str, Found] = {}
        self._job: Job | None = None

    @property
    def job(self) -> Job:
        """The job, once it was opened."""
        assert self._job is not None  # noqa: S101 - `open` comes before all other steps
        return self._job

    def open(self) -> Steps[None]:
        """Open the job."""
        self._job = yield from self.asked(self._open_job)

    def resolve_open(self) -> Steps[None]:
        """Resolve what is open of all items together, so that a list is read once for all."""
        tokens = yield from self.asked(self.job.open_tokens)
        if tokens:
            _ = yield from self._resolved(tokens)

    def begin(self, item: JobItem) -> Steps[Done | None]:
        """Claim *item* and resolve what is open of it; return what it created, if it is done.

        Raises `InProgress` while another call has it, and the error that keeps it from being
        resolved. If the outcome stays unknown, the call raises it when it comes to this change.
        """
        try:
            done = yield from self.asked(partial(self.job.claim, item))
            if done is not None or not item.open_tokens:
                return done
            _check((yield from self._resolved(item.open_tokens)))
            # That took its time, and someone else may have got further meanwhile.
            return (yield from self.asked(partial(self.job.look_again, item)))
        except InProgress:
            raise
        except BaseException:
            self.job.release(item)
            raise

    def asked(self, question: Callable[[], T]) -> Steps[T]:
        """Ask the journal, again while another program has locked it, within the deadline."""
        wait, until = FIRST_TRY, monotonic() + self.longest
        while True:
            try:
                answer: T = yield StoreCall(question)
            except Locked as locked:
                if monotonic() + wait > until:
                    message = (
                        f"nothing was sent within the deadline of {self.longest:g} s: {locked}. "
                        "Try later, or raise `deadline`"
                    )
                    raise NotSent(message) from locked
            else:
                return answer
            yield Pause(wait, real=True)
            wait = min(2 * wait, LAST_TRY)

    def _resolved(self, tokens: Sequence[str]) -> Steps[list[Found]]:
        """Resolve *tokens*, each once in the life of this object: a list may be long."""
        new = [token for token in tokens if token not in self._looked]
        if new:
            self._looked.update(zip(new, (yield from self._resolve(new)), strict=True))
        return [self._looked[token] for token in tokens]


def once(steps: JobSteps, key: str, client: object) -> CallSteps[Once[Any]]:
    """Make the application's call with *client*, for the item *key*, unless it is done."""
    _ = key_text("key", key)
    yield from steps.open()
    job, item = steps.job, steps.job.item(key)
    done = yield from steps.begin(item)
    if done is not None:
        return Once(None, done.object_id, earlier=True)
    try:
        result = yield from called(item, client)
        object_id = id_of(result)
        yield from _finish(steps, item, object_id)
    except BaseException:
        job.release(item)
        raise
    return Once(result, object_id, earlier=False)


def called(item: JobItem | None, argument: object) -> CallSteps[Any]:
    """Make the application's call; what it changes belongs to *item*."""
    before = current_item.set(item)
    try:
        return (yield Calling(argument))
    finally:
        current_item.reset(before)


def checked_grace_period(seconds: float | None, account: Account) -> float:
    """Return the grace period of *account*; by default one that is long enough.

    A journal that is a file knows for certain which processes have ended, and their requests ended
    with them. The connection to one on another machine can be cut: then the process counts as
    ended, and may still be sending for as long as a request can take.
    """
    life, reason = _life(account)
    remote = account.journal is not None and account.journal.remote
    if seconds is None:
        return max(GRACE_PERIOD, life + MARGIN) if remote else GRACE_PERIOD
    check_seconds("grace_period", seconds)
    if remote and seconds <= life:
        raise InvalidRequest.of(
            "grace_period",
            f"must be longer than a request of this account can take, got {seconds:g} s and "
            f"{reason}: a process whose connection to the journal was cut may still be sending. "
            f"Raise it above {life:g} s, or lower `deadline` or `timeout`",
        )
    return seconds


def needed_journal(account: Account, method: str) -> Journal:
    """Return the journal of *account*; a `ConfigError` says how to configure one."""
    if account.journal is None:
        raise ConfigError(f"`{method}` {NO_JOURNAL}")
    return account.journal


def _check(found: Sequence[Found]) -> None:
    for answer in found:
        if isinstance(answer, SubhubError):
            raise answer


def _life(account: Account) -> tuple[float, str]:
    """Return how many seconds a request can take once it is written down, and by which setting.

    What comes before is not part of it, such as the wait for the rate limit that `max_wait` bounds.
    """
    steps = STEPS_OF_A_REQUEST * account.timeout
    deadline = account.retries.deadline
    if deadline is not None and deadline <= steps:
        return deadline, f"`deadline` = {deadline:g} s"
    return steps, f"{STEPS_OF_A_REQUEST} steps of `timeout` = {account.timeout:g} s, {steps:g} s"


def _finish(steps: JobSteps, item: JobItem, object_id: str | None) -> Steps[None]:
    """Mark *item* as done. A journal that fails does not lose the result: it is found out later."""
    try:
        yield from steps.asked(partial(steps.job.finish_now, item, object_id))
    except (JournalError, NotSent) as error:
        steps.job.release(item)
        logger.warning("an item that is done will be looked for again: %s", error)
