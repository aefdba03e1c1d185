"""A batch: the items of one bulk run, and how each of them is processed.

A batch says which call comes next; the runs, in threads and in tasks, make it. It does no I/O of
its own except for the journal.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from subhub.client.once import called
from subhub.client.resolving import ENDING
from subhub.client.validation import key_text
from subhub.errors import InProgress, InvalidRequest, SubhubError
from subhub.recovery.tracking import customer_of, id_of
from subhub.sending.steps import Pause, Steps, monotonic

if TYPE_CHECKING:
    from subhub.client.once import CallSteps, JobSteps
    from subhub.recovery.journal.claims import Done
    from subhub.recovery.journal.items import JobItem

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item

FIRST_LOOK: Final = 0.05
LAST_LOOK: Final = 1.0
"""Seconds between two looks at an item of another process: they double from first to last."""
LONGEST_WAIT: Final = 120.0
"""Seconds to wait for such an item, or the account's deadline, if that is shorter."""


class BulkStopped(BaseException):
    """The run ends: what waits to be sent is given up, and has not been sent."""


@dataclass(frozen=True, slots=True)
class BulkResult(Generic[I, T]):
    """The outcome of one item: the `result` of its call, or the `error`.

    `earlier` means that an earlier run of the job did it, or another process that works on it. Then
    there is no result, only the `object_id` of the object that was created, if it has one.
    """

    item: I
    result: T | None = None
    error: SubhubError | None = None
    earlier: bool = False
    object_id: str | None = None

    @property
    def customer_id(self) -> str | None:
        """The customer of the result; after an error, the one that was created before it."""
        made = self.error.completed if self.error else (self.result,)
        return next((found for item in made if (found := customer_of(item))), None)


Processed: TypeAlias = tuple[BulkResult[I, Any], "JobItem | None"]
"""The result of an item, and the item of the job to finish once the application has the result."""


@dataclass(frozen=True, slots=True)
class Work(Generic[I]):
    """An item to process; with its *key*, if another process had it before."""

    item: I
    key: str | None = None


class Batch(Generic[I]):
    """The items of one run; each goes to one worker.

    Args:
        items: The items, taken as the workers need them.
        key: Returns a unique, stable name for an item of a job.
        steps: Those of the job, if there is one.
    """

    def __init__(
        self, items: Iterable[I], key: Callable[[I], str] | None, steps: JobSteps | None
    ) -> None:
        self._items: Iterator[I] = iter(items)
        self._lock = threading.Lock()
        self._key = key
        self._steps = steps
        self._keys: set[str] = set()
        self._elsewhere: deque[Work[I]] = deque()
        self._held: dict[str, JobItem] = {}
        self._running = False

    def start(self) -> Steps[None]:
        """Open the job, and allow the results to be read, until `close`."""
        if self._steps is not None:
            yield from self._steps.open()
        self._running = True

    def check_running(self, block: str) -> None:
        """Raise `RuntimeError` unless the results are read inside their *block*."""
        if not self._running:
            raise RuntimeError(
                "the results of `bulk` must be read inside its block: "
                f"`{block} client.bulk(...) as results:`"
            )

    def close(self) -> None:
        """Let other calls work on the items whose results were not dealt with."""
        self._running = False
        held = list(self._held.values())
        self._held.clear()
        for item in held:
            self._job_steps.job.release(item)

    def resolve_open(self) -> Steps[None]:
        """Resolve what earlier runs left open, before any item."""
        if self._steps is not None:
            yield from self._steps.resolve_open()

    def work(self, stopped: Callable[[], bool]) -> Iterator[Work[I]]:
        """Iterate over the items that no other worker has, until *stopped*.

        Those that another process had come last: by then it has done them, or has ended.
        """
        while not stopped():
            with self._lock:
                try:
                    work = Work(next(self._items))
                except StopIteration:
                    if not self._elsewhere:
                        return
                    work = self._elsewhere.popleft()
            yield work

    def process(self, work: Work[I]) -> CallSteps[Processed[I] | None]:
        """Process an item; an error that all items would have is raised and ends the run.

        Nothing is returned for an item that another process has: it comes again.
        """
        if self._steps is None or self._key is None:
            return (yield from _called(work.item, None)), None
        key = work.key or self._checked_key(self._key(work.item))
        item = self._steps.job.item(key)
        try:
            done = yield from self._begin(item, again=work.key is not None)
        except InProgress as error:
            if work.key is None:
                self._elsewhere.append(Work(work.item, key))
                return None
            return BulkResult(work.item, error=error), None
        except ENDING:
            raise
        except SubhubError as error:
            return BulkResult(work.item, error=error), None
        if done is not None:
            return BulkResult(work.item, earlier=True, object_id=done.object_id), None
        return (yield from self._call(work.item, item))

    def acknowledge(self, processed: Processed[I]) -> None:
        """Mark an item as done, now that the application has dealt with its result.

        Earlier would be wrong: if the program died before it had stored the result, the next run
        would not return it again.
        """
        result, item = processed
        if item is not None:
            _ = self._held.pop(item.claim, None)
            self._job_steps.job.finish(item, result.object_id)

    @property
    def _job_steps(self) -> JobSteps:
        assert self._steps is not None  # noqa: S101 - asked of the items of a job only
        return self._steps

    def _begin(self, item: JobItem, *, again: bool) -> Steps[Done | None]:
        """Begin *item*; *again* waits until the process that has it is ready, within bounds."""
        steps, wait = self._job_steps, FIRST_LOOK
        until = monotonic() + min(steps.longest, LONGEST_WAIT)
        while True:
            try:
                return (yield from steps.begin(item))
            except InProgress:
                if not again or monotonic() >= until:
                    raise
            yield Pause(wait, real=True)
            wait = min(2 * wait, LAST_LOOK)

    def _call(self, argument: I, item: JobItem) -> CallSteps[Processed[I]]:
        try:
            result = yield from _called(argument, item)
        except BaseException:
            self._job_steps.job.release(item)
            raise
        if result.error is not None:
            self._job_steps.job.release(item)
            return result, None
        self._held[item.claim] = item
        return result, item

    def _checked_key(self, key: object) -> str:
        key = key_text("key", key, "return")
        with self._lock:
            if key in self._keys:
                raise InvalidRequest.of("key", f"two items of the job have the key {key!r}")
            self._keys.add(key)
        return key


def _called(argument: I, item: JobItem | None) -> Generator[Any, Any, BulkResult[I, Any]]:
    try:
        result = yield from called(item, argument)
    except ENDING:
        raise
    except SubhubError as error:
        return BulkResult(argument, error=error)
    return BulkResult(argument, result, object_id=id_of(result))
