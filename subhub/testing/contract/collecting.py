"""pytest's items from a contract class, and the report from their outcomes."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from subhub.testing.contract.cases import items_of, parameters_of
from subhub.testing.contract.guard import reason, tests, weaknesses
from subhub.testing.contract.results import Results, write_report

if TYPE_CHECKING:
    from subhub.testing.contract.config import ContractConfig

LEFT_OUT: Final = "left out: "
NOTHING: Final = "the plugin has nothing that this is about"
_LISTENER: Final = "subhub-contract"


def parametrize(contract: type[ContractConfig], metafunc: pytest.Metafunc) -> None:
    """Try a contract test on its cases; fail if the class was weakened."""
    _listen(metafunc.config)
    found = list(weaknesses(contract, (mark.name for mark in metafunc.definition.iter_markers())))
    if found:
        pytest.fail(f"{contract.__name__} weakens the contract: " + "; ".join(found), pytrace=False)
    test = metafunc.function.__name__
    if test in tests():
        names = ("case", "kind") if "kind" in metafunc.fixturenames else ("case",)
        metafunc.parametrize(names, list(_parameter_sets(contract, test, len(names))))


def _parameter_sets(contract: type[ContractConfig], name: str, width: int) -> Iterator[Any]:
    test = tests()[name]
    kinds = len(parameters_of(test).kinds)
    why = contract.left_out.get(name)
    items = [] if why else list(items_of(test, contract.provider))
    for item in items:
        skipped = reason(contract, name, item.case)
        marks = [pytest.mark.skip(reason=LEFT_OUT + skipped)] if skipped else []
        id_ = f"{item.case}-{item.kind}" if kinds > 1 else str(item.case)
        yield pytest.param(*(item.case, item.kind)[:width], marks=marks, id=id_)
    if not items:
        mark = pytest.mark.skip(reason=LEFT_OUT + why if why else NOTHING)
        yield pytest.param(*(None, None)[:width], marks=[mark], id="none")


def _listen(config: pytest.Config) -> None:
    # Only projects with a contract class pay for listening.
    if not config.pluginmanager.has_plugin(_LISTENER):
        _ = config.pluginmanager.register(Listener(), _LISTENER)


class Listener:
    """Notes how each contract test ended, and writes the report."""

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
        # a skip from a fixture or a plugin would let a test count as neither passed nor failed
        if report.skipped and not _is_own_skip(item):
            report.outcome = "failed"
            _ = vars(report).pop("wasxfail", None)  # with it, pytest would not count the failure
            report.longrepr = (
                f"{item.name} was skipped from outside the suite: name it in `left_out`, with the "
                "reason"
            )
        params = getattr(item, "callspec").params  # noqa: B009 - every contract test has one
        if report.failed or report.when == "call":
            self.results.note(contract, test, params, passed=report.passed)
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was proven, if a path was given."""
        path = session.config.getoption("--subhub-report", default=None)
        if path:
            write_report(self.results, Path(str(path)))


def _is_own_skip(item: pytest.Item) -> bool:
    reasons = [str(mark.kwargs.get("reason")) for mark in item.iter_markers("skip")]
    return any(found == NOTHING or found.startswith(LEFT_OUT) for found in reasons)
