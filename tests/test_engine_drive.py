"""Driving: every answer and every exception goes into the steps, and they decide how it ends."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import anyio
import pytest

from subhub.sending.engine import async_drive, drive

Talk = Generator[str, int, list[int]]


def counting(heard: list[object], forgives: type[BaseException] = LookupError) -> Talk:
    """Ask three times; note what comes, and forgive one kind of exception."""
    found: list[int] = []
    try:
        for word in ("one", "two", "three"):
            try:
                found.append((yield word))
            except forgives as error:
                heard.append(error)
    except BaseException as error:
        heard.append(error)
        raise
    finally:
        heard.append("closed")
    return found


def sync(steps: Talk, perform: Callable[[str], int]) -> list[int]:
    return drive(steps, perform)


def awaiting(steps: Talk, perform: Callable[[str], int]) -> list[int]:
    async def awaited(word: str) -> int:
        await anyio.lowlevel.checkpoint()
        return perform(word)

    async def main() -> list[int]:
        return await async_drive(steps, awaited)

    return anyio.run(main)


@pytest.fixture(params=[sync, awaiting])
def driven(request: pytest.FixtureRequest) -> Callable[..., list[int]]:
    drives: Callable[..., list[int]] = request.param
    return drives


def test_each_answer_is_sent_in_and_the_result_comes_out(driven: Callable[..., list[int]]) -> None:
    heard: list[object] = []
    assert driven(counting(heard), len) == [3, 3, 5]
    assert heard == ["closed"]


@pytest.mark.parametrize("error", [KeyError("two"), KeyboardInterrupt()])
def test_steps_may_continue_after_an_exception(
    driven: Callable[..., list[int]], error: BaseException
) -> None:
    heard: list[object] = []

    def perform(word: str) -> int:
        if word == "two":
            raise error
        return len(word)

    assert driven(counting(heard, type(error)), perform) == [3, 5]
    assert heard == [error, "closed"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3)])
def test_the_steps_hear_of_every_exception_before_it_is_raised(
    driven: Callable[..., list[int]], error: BaseException
) -> None:
    heard: list[object] = []

    def perform(_: str) -> int:
        raise error

    with pytest.raises(type(error)) as caught:
        _ = driven(counting(heard), perform)
    assert caught.value is error
    assert heard == [error, "closed"]


class Interrupted(Generator[str, int, None]):
    """Steps between two of which Ctrl-C is pressed, so that they do not hear of it themselves."""

    def __init__(self) -> None:
        self.heard: list[BaseException] = []
        self.closed = False
        self.gi_frame: object = "suspended"
        self.gi_running = self.gi_suspended = False

    def send(self, value: int | None) -> str:
        if value is None:
            return "asked"
        raise KeyboardInterrupt

    def throw(self, typ: Any, val: object = None, tb: object = None) -> str:
        del val, tb
        self.heard.append(typ)
        raise typ

    def close(self) -> None:
        self.closed = True


def test_the_steps_hear_of_ctrl_c_between_two_of_them() -> None:
    steps = Interrupted()
    with pytest.raises(KeyboardInterrupt) as caught:
        drive(steps, len)
    assert steps.heard == [caught.value]
    assert steps.closed


def test_a_canceled_task_is_heard_of() -> None:
    heard: list[object] = []

    async def main() -> None:
        async def perform(_: str) -> int:
            await anyio.sleep_forever()
            return 0

        with anyio.move_on_after(0.01):
            _ = await async_drive(counting(heard), perform)

    anyio.run(main)
    assert [type(each).__name__ for each in heard[:-1]] == ["CancelledError"]
    assert heard[-1] == "closed"
