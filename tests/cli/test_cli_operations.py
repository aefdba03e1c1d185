"""Every neutral operation has a command, named like it, with an option for each argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import pytest
from typer.testing import Result

from subhub import Client, models
from subhub.plugin.operations import METHODS, OPERATIONS

Run = Callable[..., Result]


def command_of(operation: str) -> list[str]:
    """Return the words of its command: `list_plans` is `subhub plan list`."""
    special = {"get_invoice_pdf": "invoice pdf", "payment_methods": "payment-method list"}
    if operation in special:
        return special[operation].split()
    verb, _, thing = operation.partition("_")
    return [thing.removesuffix("s").replace("_", "-"), verb] if thing else [verb]


def options_of(operation: str) -> Iterator[str]:
    for parameter in inspect.signature(getattr(Client, METHODS[operation])).parameters.values():
        if parameter.name == "draft":
            yield from getattr(models, str(parameter.annotation)).model_fields
        elif parameter.name == "provider_options":
            yield "option"
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield parameter.name


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_a_command_with_its_arguments(
    run: Run, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # so that no name is cut

    shown = run(*command_of(operation), "--help")

    assert shown.exit_code == 0, shown.output
    known = {word.strip("│,") for word in shown.output.split()}
    assert {"--" + name.replace("_", "-") for name in options_of(operation)} <= known
