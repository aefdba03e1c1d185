"""A contract class can be configured, and not weakened without saying so."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import httpcore
import pytest

from subhub.testing import ProviderContract
from subhub.testing.contract import collecting, config, guard
from subhub.testing.contract.cases import items_of, parameters_of
from tests.contract.mini import Mini, MiniContract

pytest_plugins = ["pytester"]

LOADED = [httpcore, collecting]
"""Imported here: what pytester imports first is forgotten, and then imported a second time."""
HEAD = """
import pytest
from tests.contract.mini import MiniContract

"""
QUICK = "-k=test_the_class_is_well_formed or test_amounts"


@pytest.fixture
def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Run the tests of a plugin elsewhere; two of the contract tests are enough for most."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    _ = pytester.makeini("[pytest]\nstrict = true\nfilterwarnings = error\n")

    def run(tests: str, *options: str) -> pytest.RunResult:
        _ = pytester.makepyfile(HEAD + dedent(tests))
        plugins = ("-pno:cacheprovider", "-psubhub.testing.pytest_plugin", "-ra")
        return pytester.runpytest_inprocess(*plugins, *(options or (QUICK,)))

    return run


def weakened(**attributes: Any) -> str:
    """Return what is wrong with a class with these attributes."""
    with pytest.raises(TypeError) as caught:
        _ = type("TestMini", (MiniContract,), attributes)
    return str(caught.value)


def found(contract: type[ProviderContract], *marks: str) -> str:
    return "; ".join(guard.weaknesses(contract, marks))


@pytest.fixture
def contract() -> type[ProviderContract]:
    return type("TestMini", (MiniContract,), {})


@pytest.mark.parametrize("value", [None, print, 1], ids=["None", "function", "number"])
def test_no_test_can_be_replaced(value: object) -> None:
    told = weakened(test_amounts_are_exact=value)

    assert told == (
        "TestMini weakens the contract: `TestMini.test_amounts_are_exact` replaces a part of the "
        "suite"
    )


@pytest.mark.parametrize("name", ["pytest_generate_tests", "_refused", "_disturbed", "_crashes"])
def test_nothing_that_a_test_is_made_of_can_be_replaced(name: str) -> None:
    assert f"`TestMini.{name}` replaces a part of the suite" in weakened(**{name: None})


@pytest.mark.parametrize("name", ["__test__", "__init__", "__new__"])
def test_no_class_can_have_itself_passed_over(name: str) -> None:
    assert f"`TestMini.{name}` replaces a part of the suite" in weakened(**{name: False})


def test_a_mixin_cannot_replace_anything_either() -> None:
    mixin = type("Mixin", (), {"test_amounts_are_exact": None})
    with pytest.raises(TypeError, match=r"`Mixin.test_amounts_are_exact` replaces a part"):
        _ = type("TestMini", (mixin, MiniContract), {})


def test_a_class_may_define_what_its_configuration_has(contract: type[ProviderContract]) -> None:
    assert {"provider", "plan", "customer", "left_out", "make_customer"} <= config.HOOKS
    assert not found(contract)


def test_a_test_of_its_own_may_be_added() -> None:
    own = type("TestMini", (MiniContract,), {"test_of_mine": print})

    assert not found(own)


@pytest.mark.parametrize("reason", ["", "no", "does not", "  \n ", None])
def test_what_is_left_out_needs_a_reason(reason: Any) -> None:
    told = weakened(left_out={"test_amounts_are_exact": reason})

    assert "`left_out['test_amounts_are_exact']` must have a reason of 3 words or more" in told


def test_what_is_left_out_exists() -> None:
    told = weakened(left_out={"test_amounts_are_exakt": "it takes whole euros only"})
    strange = weakened(left_out={"xyz": "it takes whole euros only"})

    assert "'test_amounts_are_exakt', which is not a contract test" in told
    assert "did you mean 'test_amounts_are_exact'?" in told
    assert "see docs/contract.md for the names" in strange


def test_a_single_case_that_is_left_out_exists() -> None:
    why = "it takes whole euros only"
    close = type("A", (MiniContract,), {"left_out": {"test_amounts_are_exact[create_plam]": why}})
    far = type("B", (MiniContract,), {"left_out": {"test_a_flow_is_pure[" + "x" * 99: why}})
    right = type("C", (MiniContract,), {"left_out": {"test_amounts_are_exact[create_plan]": why}})

    assert "did you mean 'test_amounts_are_exact[create_plan]'?" in found(close)
    assert "there are test_a_flow_is_pure[cancel_subscription], " in found(far)
    assert not found(right)


def test_a_class_changed_after_it_was_made_cannot_be_collected(
    contract: type[ProviderContract],
) -> None:
    contract.test_amounts_are_exact = None  # type: ignore[method-assign,assignment]

    assert found(contract) == (
        "`test_amounts_are_exact` was replaced or removed after the class was created"
    )


def test_reasons_changed_after_the_class_was_made_are_read_again() -> None:
    left_out: dict[str, str] = {}
    later = type("TestMini", (MiniContract,), {"left_out": left_out})
    left_out["test_amounts_are_exact"] = "no"

    assert "must have a reason" in found(later)


@pytest.mark.parametrize("mark", ["skip", "skipif", "xfail"])
def test_no_mark_can_hide_a_test(contract: type[ProviderContract], mark: str) -> None:
    assert found(contract, mark, "slow") == (
        f"the mark `{mark}` hides a contract test: name it in `left_out`, with the reason"
    )


def test_every_test_of_the_suite_says_its_rule_and_what_it_is_about() -> None:
    for name, test in guard.tests().items():
        assert test.__doc__, name
        assert parameters_of(test).kinds, name


def test_every_test_has_something_to_be_tried_on_at_some_plugin() -> None:
    tried = {name for name, test in guard.tests().items() if list(items_of(test, Mini))}

    assert len(tried) > 30
    assert "test_a_list_is_read_to_its_end" not in tried


# In pytest ----------------------------------------------------------------------------------------


def test_what_is_left_out_is_shown_with_its_reason(
    run: Callable[..., pytest.RunResult],
) -> None:
    result = run(
        """
        class TestMini(MiniContract):
            left_out = {"test_amounts_are_exact": "it takes whole euros only"}
        """
    )

    result.assert_outcomes(passed=1, skipped=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines("SKIPPED * left out: it takes whole euros only")


def test_a_single_case_is_left_out_by_its_name(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        class TestMini(MiniContract):
            left_out = {"test_a_flow_is_pure[subscribe]": "its answer is drawn by lot"}
        """,
        "-k=test_a_flow_is_pure",
    )

    assert result.parseoutcomes()["passed"] == 2
    assert result.parseoutcomes()["skipped"] == 1


@pytest.mark.parametrize(
    "tests",
    [
        "@pytest.mark.skip(reason='later')\nclass TestMini(MiniContract): pass",
        "class TestMini(MiniContract): pytestmark = pytest.mark.xfail(reason='later')",
        "pytestmark = pytest.mark.skipif(True, reason='later')\nclass TestMini(MiniContract): pass",
        "class TestMini(MiniContract): pass\ndel MiniContract.__mro__[1].test_amounts_are_exact",
        "class TestMini(MiniContract): pass\nTestMini.test_amounts_are_exact = None",
        "class TestMini(MiniContract): test_amounts_are_exact = None",
        "class TestMini(MiniContract): left_out = {'test_amounts': 'because I say so'}",
    ],
)
def test_a_weakened_class_stops_the_run(run: Callable[..., pytest.RunResult], tests: str) -> None:
    result = run(tests)

    assert result.ret != 0
    assert "passed" not in result.parseoutcomes()


@pytest.mark.parametrize(
    "skip",
    [
        "pytest.skip('later')",
        "pytest.xfail('later')",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "def setup_method(self): {}",
        "@pytest.fixture(autouse=True)\n    def later(self): {}",
    ],
)
def test_a_skip_from_outside_of_the_suite_is_a_failure(
    run: Callable[..., pytest.RunResult], skip: str, place: str
) -> None:
    result = run(f"class TestMini(MiniContract):\n    {place.format(skip)}")

    assert result.ret != 0
    assert "passed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines("*was skipped from outside the suite: name it in `left_out`*")


def test_a_hook_cannot_skip(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        class TestMini(MiniContract):
            def make_subscription(self, client, plan, customer):
                pytest.skip("later")
        """,
        "-k=test_what_is_claimed_is_done and cancel_subscription-sync",
    )

    result.assert_outcomes(failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines("*was skipped from outside the suite*")


def test_other_tests_in_the_class_and_next_to_it_are_left_alone(
    run: Callable[..., pytest.RunResult],
) -> None:
    result = run(
        """
        class TestMini(MiniContract):
            def test_of_mine(self):
                pytest.skip("later")

        def test_by_itself():
            pytest.skip("later")
        """,
        "-k=of_mine or by_itself",
    )

    assert result.ret == 0
    assert result.parseoutcomes()["skipped"] == 2


def test_the_mini_provider_is_what_it_is_said_to_be() -> None:
    claims = [name for name, each in Mini.capabilities().items() if each.supported]

    assert claims == [
        "create_plan",
        "subscribe",
        "subscribe:plan_id",
        "cancel_subscription",
        "cancel_subscription:now",
    ]
