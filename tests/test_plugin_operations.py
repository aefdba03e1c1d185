"""The table of the neutral operations agrees with the code that carries them out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from subhub import Client
from subhub.messages import Request
from subhub.plugin import Provider
from subhub.plugin.capabilities import LOOKUPS, overrides
from subhub.plugin.operations import METHODS, NEUTRAL, OPERATIONS
from subhub.recovery.intents import Intent
from subhub.recovery.reconcile import lookup

if TYPE_CHECKING:
    from tests.conftest import Toy

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adding-an-operation.md").read_text("utf-8")
FILTERED = {"list_subscriptions", "list_invoices"}
each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def _parameters(owner: type[object], operation: str) -> Mapping[str, inspect.Parameter]:
    name = METHODS[operation] if owner is Client else operation
    _, *parameters = inspect.signature(getattr(owner, name)).parameters.values()
    return {parameter.name: parameter for parameter in parameters}


def test_every_flow_of_a_provider_has_a_row() -> None:
    methods = dict(inspect.getmembers(Provider, inspect.isfunction))
    flows = {name for name, value in methods.items() if "Flow[" in str(inspect.signature(value))}

    assert flows == OPERATIONS.keys()


def test_the_toy_can_do_everything(toy: type[Toy]) -> None:
    assert all(overrides(toy, operation) for operation in OPERATIONS)


def test_the_page_lists_the_modules_that_name_every_operation() -> None:
    always, _, _ = PAGE.partition("## Two places for some")
    listed = re.findall(r"^\| \d \| `(subhub/\S+\.py)`", always, re.MULTILINE)
    words = {
        path.relative_to(ROOT).as_posix(): set(re.findall(r"\w+", path.read_text("utf-8")))
        for path in ROOT.glob("subhub/**/*.py")
    }
    for path, base in (
        ("operations", "subscribing"),
        ("operations", "collecting"),
        ("sync_client", "payment_methods"),
        ("async_client", "payment_methods"),
        ("sync_client", "signup_links"),
        ("sync_client", "invoices"),
        ("async_client", "signup_links"),
        ("async_client", "invoices"),
        ("sync_client", "lifecycle"),
        ("async_client", "lifecycle"),
    ):
        words[f"subhub/client/{path}.py"] |= words[f"subhub/client/{base}.py"]
    for base in ("invoicing", "lifecycle", "collecting"):
        words["subhub/plugin/provider.py"] |= words[f"subhub/plugin/{base}.py"]
    methods = set(METHODS.values())
    naming = [
        path
        for path, found in words.items()
        if OPERATIONS.keys() <= found or ("_client.py" in path and methods <= found)
    ]

    assert sorted(listed) == sorted(naming)
    assert all((ROOT / path).exists() for path in re.findall(r"`(\w+/[\w/.]+)`", PAGE))


@each_operation
def test_the_result_is_what_the_client_returns(operation: str) -> None:
    annotation = str(inspect.signature(getattr(Client, METHODS[operation])).return_annotation)
    result = annotation.removeprefix("Paginator[").removesuffix("]").removesuffix(" | None")

    assert OPERATIONS[operation].result.__name__ == result


@each_operation
def test_what_changes_something_takes_options_of_the_provider(operation: str) -> None:
    """So do two lists, which some providers filter by words of their own."""
    takes_options = "provider_options" in _parameters(Client, operation)

    assert (OPERATIONS[operation].changes or operation in FILTERED) is takes_options


@each_operation
@pytest.mark.parametrize("owner", [Client, Provider])
def test_what_is_about_an_object_takes_its_id_first(owner: type[object], operation: str) -> None:
    first = next(iter(_parameters(owner, operation).values()))
    positional = first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD

    assert OPERATIONS[operation].by_id is (positional and first.name.endswith("_id"))


@each_operation
def test_what_reads_or_lists_an_object_only_reads_and_returns_its_kind(operation: str) -> None:
    row = OPERATIONS[operation]
    named = [OPERATIONS[name] for name in (row.read_by, row.listed_by) if name]

    assert all(not reader.changes for reader in named)
    assert all(row.deletes or reader.result is row.result for reader in named)
    assert row.changes or not named
    assert bool(row.listed_by) is (row.creates is not None)


@each_operation
def test_one_of_is_a_choice_between_variants(operation: str) -> None:
    row = OPERATIONS[operation]

    assert set(row.one_of) <= set(row.variants)
    assert len(row.one_of) != 1
    assert {f"{operation}:{variant}" for variant in row.variants} <= set(NEUTRAL)


@pytest.mark.parametrize("operation", LOOKUPS)
def test_a_lost_change_is_looked_for_where_the_table_says(operation: str, toy: type[Toy]) -> None:
    intent = Intent("toy", "main", operation, "2024-05-04T00:00:00+00:00", target="x", owner="y")
    reading: Any = getattr(toy(), LOOKUPS[operation].reading)
    expected: Request = next(reading("x") if OPERATIONS[operation].by_id else reading())

    sent = next(lookup([intent], toy(), lambda: None))

    assert (sent.method, sent.path) == (expected.method, expected.path)
