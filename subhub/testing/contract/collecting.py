"""Collecting: how pytest gets from a contract class to its cases, and hears what became of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from subhub.testing.contract.cases import items_of, spread_of
from subhub.testing.contract.guard import reason, tests, weaknesses
from subhub.testing.contract.report import Results, written

if TYPE_CHECKING:
    from subhub.testing.contract.config import ContractConfig

LEFT_OUT: Final = "left out: "
NOTHING: Final = "the plugin has nothing that this is about"
_LISTENER: Final = "subhub-contract"


def spread(contract: type[ContractConfig], metafunc: pytest.Metafunc) -> None:
    """Try a contract test on its cases; a weakened class cannot be collected."""
    _listen(metafunc.config)
    found = list(weaknesses(contract, (each.name for each in metafunc.definition.iter_markers())))
    if found:
        pytest.fail(f"{contract.__name__} weakens the contract: " + "; ".join(found), pytrace=False)
    test = metafunc.function.__name__
    if test in tests():
        names = ("case", "colour") if "colour" in metafunc.fixturenames else ("case",)
        metafunc.parametrize(names, list(_parameters(contract, test, len(names))))


def _parameters(contract: type[ContractConfig], test: str, width: int) -> Iterator[Any]:
    colours = len(spread_of(getattr(contract, test)).colours)
    why = contract.left_out.get(test)
    items = [] if why else list(items_of(contract, test))
    for each in items:
        told = reason(contract, test, each.case)
        marks = [pytest.mark.skip(reason=LEFT_OUT + told)] if told else []
        name = f"{each.case}-{each.colour}" if colours > 1 else str(each.case)
        yield pytest.param(*(each.case, each.colour)[:width], marks=marks, id=name)
    if not items:
        mark = pytest.mark.skip(reason=LEFT_OUT + why if why else NOTHING)
        yield pytest.param(*(None, None)[:width], marks=[mark], id="none")


def _listen(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin(_LISTENER):
        _ = config.pluginmanager.register(Listener(), _LISTENER)


class Listener:
    """Hears how each contract test ended, and writes the report."""

    def __init__(self) -> None:
        self.results = Results()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the outcome; a skip that is not the suite's own is a failure."""
        report = yield
        contract: Any = getattr(item, "cls", None)
        test = getattr(item, "originalname", "")
        if test not in tests() or not hasattr(contract, "left_out"):
            return report
        if report.skipped and not _is_own_skip(item):
            report.outcome = "failed"
            _ = vars(report).pop("wasxfail", None)  # pytest would not count it
            report.longrepr = (
                f"{item.name} was skipped from outside of the suite: name it in `left_out`, with "
                "the reason"
            )
        params = getattr(item, "callspec").params  # noqa: B009 - every contract test has one
        if report.failed or report.when == "call":
            self.results.note(contract, test, params, passed=report.passed)
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was proven, where a path was given."""
        path = session.config.getoption("--subhub-report", default=None)
        if path:
            written(self.results, str(path))


def _is_own_skip(item: pytest.Item) -> bool:
    reasons = [str(each.kwargs.get("reason")) for each in item.iter_markers("skip")]
    return any(each == NOTHING or each.startswith(LEFT_OUT) for each in reasons)
