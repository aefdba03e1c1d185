"""The page about several machines: its recipes run, in a sandbox and with the queues they name.

The queues are in the group `queues`; without one of them, its recipe is not tested.
"""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from subhub import AsyncClient, InProgress
from subhub.cli.app import app

PAGE = (Path(__file__).parents[1] / "docs" / "scaling.md").read_text("utf-8")
PLAN = """
[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21
"""
ORDER = {
    "external_id": "order_1",
    "name": "Test Company BV",
    "email": "john.doe@test.com",
    "address": "Teststreet 123",
    "postal_code": "1234AB",
    "city": "Amsterdam",
    "country": "NL",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


class Names(dict[str, Any]):
    """What the examples of the page have defined, and the queue that a test runs them in."""

    def run(self, language: str) -> None:
        for block in blocks(language):
            exec(compile(block, "docs/scaling.md", "exec"), self)  # noqa: S102 - it is ours

    def be_busy(self, times: int) -> list[InProgress]:
        """Let the task be in progress elsewhere so many *times*; return the times that are left."""
        left, original = [InProgress("busy") for _ in range(times)], self["task"]

        def task(order: dict[str, str]) -> None:
            if left:
                raise left.pop()
            original(order)

        self["task"] = task
        return left


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The examples, in a sandbox whose plan has a key, as those of Afternoon have."""
    monkeypatch.chdir(tmp_path)
    (configuration,) = blocks("toml")
    written = re.sub(r"^api_key = .*$", "sandbox = true", configuration, flags=re.MULTILINE)
    assert "sandbox" in written
    written = written.replace("mijnklantportaal", "afternoon")
    _ = (tmp_path / "subhub.toml").write_text(written + PLAN, "utf-8")
    names = Names()
    names.run("python")
    yield names
    names["billing"].close()


def sold(page: Names) -> int:
    return len(list(page["billing"].list_subscriptions()))


def test_a_task_may_be_repeated(page: Names, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        page["task"](ORDER)
    first, second = (line.split() for line in capsys.readouterr().out.splitlines())
    assert first == [second[0], "False"]
    assert second[1] == "True"
    assert sold(page) == 1


class Message:
    """What a queue delivers."""

    def __init__(self) -> None:
        self.order = ORDER
        self.repeated_in: list[float] = []

    def repeat_in(self, seconds: float) -> None:
        self.repeated_in.append(seconds)


def test_a_task_in_progress_is_repeated_later(page: Names) -> None:
    message = Message()

    def sell(billing: Any, order: dict[str, str]) -> Any:
        page["handle"](message)  # as another worker does meanwhile
        return original(billing, order)

    original, page["sell"] = page["sell"], sell
    page["handle"](Message())
    page["handle"](Message())
    assert message.repeated_in == [1.0]
    assert sold(page) == 1


def test_an_async_task_may_be_repeated(page: Names) -> None:
    async def main() -> list[bool]:
        async with AsyncClient.from_config() as billing:
            return [(await page["async_task"](billing, ORDER)).earlier for _ in range(2)]

    assert anyio.run(main) == [False, True]


def test_what_is_done_can_be_forgotten(page: Names) -> None:
    page["task"](ORDER)
    for line in "".join(blocks("sh")).splitlines():
        ran = CliRunner().invoke(app, shlex.split(line)[1:])
        assert ran.exit_code == 0, ran.output
    assert page["billing"].forget("orders") == 1


def test_celery_repeats_a_task_that_is_in_progress(page: Names) -> None:
    celery = pytest.importorskip("celery", reason="the group `queues` is not installed")
    worker = import_module("celery.contrib.testing.worker")
    page["app"] = celery.Celery(broker="memory://", backend="cache+memory://")
    page.run("python celery")
    recipe = page["celery_task"]
    recipe.default_retry_delay = 0
    _ = page.be_busy(2)
    with worker.start_worker(page["app"], pool="solo", perform_ping_check=False):
        results = [recipe.delay(ORDER) for _ in range(2)]
        for result in results:
            result.get(timeout=30)
    assert sold(page) == 1


def test_procrastinate_repeats_a_task_that_is_in_progress(page: Names) -> None:
    procrastinate = pytest.importorskip(
        "procrastinate", reason="the group `queues` is not installed"
    )
    memory = import_module("procrastinate.testing").InMemoryConnector()
    page["procrastinate"], page["app"] = procrastinate, procrastinate.App(connector=memory)
    page.run("python procrastinate")
    _ = page.be_busy(1)

    async def main() -> None:
        async with page["app"].open_async():
            for _ in range(2):
                await page["procrastinate_task"].defer_async(order=ORDER)
            await page["app"].run_worker_async(wait=False)
            for job in memory.jobs.values():  # the wait is over
                job["scheduled_at"] = None
            await page["app"].run_worker_async(wait=False)

    anyio.run(main)
    assert [job["status"] for job in memory.jobs.values()] == ["succeeded", "succeeded"]
    assert sold(page) == 1


def test_dbos_repeats_a_step_that_is_in_progress(page: Names, tmp_path: Path) -> None:
    dbos = pytest.importorskip("dbos", reason="the group `queues` is not installed")
    page["DBOS"] = dbos.DBOS
    _ = dbos.DBOS(
        config={
            "name": "shop",
            "system_database_url": f"sqlite:///{tmp_path / 'dbos.sqlite'}",
            "executor_id": "worker-1",
            "application_version": "1",
        }
    )
    page.run("python dbos")
    busy = page.be_busy(1)
    dbos.DBOS.launch()
    try:
        for _ in range(2):
            page["dbos_workflow"](ORDER)
    finally:
        dbos.DBOS.destroy(destroy_registry=True)
    assert not busy
    assert sold(page) == 1
