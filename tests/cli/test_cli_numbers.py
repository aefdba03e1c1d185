"""A number that an option cannot be is an error with the option, the value and the remedy."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from typer.models import OptionInfo
from typer.testing import Result

from subhub.cli.parsing import UsageError
from subhub.cli.usage import message_of
from tests.command_tree import commands, context, found

Run = Callable[..., Result]
DIGITS = "9" * 5000
"""More than Python reads."""


@dataclass(frozen=True)
class Number:
    """An option of a command, as the function behind the command declares it."""

    words: str
    flag: str
    kind: type
    least: float | None
    most: float | None

    @property
    def wrong(self) -> Iterator[str]:
        yield from (
            "",
            "abc",
            " 5",
            "1_0",
            "0x10",
            "\N{ARABIC-INDIC DIGIT ONE}",
            "true",
            "nan",
            "inf",
            "-inf",
            "1e400",
        )
        if self.kind is int:
            yield from ("1.5", "1e3", DIGITS)
        if self.least is not None:
            yield str(self.least - 1)
        if self.most is not None:
            yield str(self.most + 1)

    @property
    def expected(self) -> str:
        what = "a whole number" if self.kind is int else "a number"
        if self.most is not None:
            return f"{what} from {self.least} to {self.most}"
        return what if self.least is None else f"{what} >= {self.least}"


def hints(function: Callable[..., object]) -> Iterator[tuple[str, Any]]:
    """Yield the options of *function* and of its groups, with their annotations."""
    for name, hint in get_type_hints(function, include_extras=True).items():
        group: Mapping[str, Any] = {}
        if is_dataclass(hint):
            group = get_type_hints(hint, include_extras=True)
        yield from group.items() if group else [(name, hint)]


def numbers() -> Iterator[Number]:
    for words in commands():
        command = found(words)
        if hasattr(command, "commands"):
            continue
        for name, hint in hints(inspect.unwrap(command.callback)):
            base, *details = get_args(hint) or (None,)
            kind = {int, float} & {base, *get_args(base)}
            info = next((one for one in details if isinstance(one, OptionInfo)), None)
            if kind and info is not None:
                param = next(param for param in command.params if param.name == name)
                flag = next(flag for flag in param.opts if flag.startswith("--"))
                yield Number(words, flag, kind.pop(), info.min, info.max)


NUMBERS = {f"{number.words} {number.flag}": number for number in numbers()}


def test_the_walk_finds_every_option_that_help_calls_a_number() -> None:
    shown = {
        f"{words} {param.opts[0]}"
        for words in commands()
        for param in found(words).params
        if getattr(param, "metavar", None) in {"NUMBER", "SECONDS", "DAYS"}
    }

    assert {re.sub(r" -\w$", " --limit", one) for one in shown} == NUMBERS.keys()
    assert len(NUMBERS) > 20


@pytest.mark.parametrize("name", NUMBERS)
def test_a_wrong_value_is_shown_with_what_is_expected(name: str) -> None:
    number = NUMBERS[name]
    for value in number.wrong:
        with pytest.raises(UsageError) as caught:
            _ = context([*number.words.split(), f"{number.flag}={value}"])

        message = f"`{number.flag}` must be {number.expected}, got {value!r}"
        assert message_of(caught.value) == message


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_within_the_bounds_is_read(name: str) -> None:
    number = NUMBERS[name]
    for value in filter(None, {number.least, number.most, 300}):
        try:
            read = context([*number.words.split(), f"{number.flag}={value}"]).params.values()
        except UsageError as error:  # another option is required
            assert message_of(error).endswith(" is required")  # noqa: PT017 - or nothing is raised
        else:
            assert (number.kind, value) in {(type(one), one) for one in read}


@pytest.mark.parametrize(("value", "days"), [("1.5", 1.5), (".5", 0.5), ("2.", 2), ("1e1", 10)])
def test_a_number_may_have_a_fraction_and_an_exponent(value: str, days: float) -> None:
    assert context(["sandbox", "advance", "--days", value]).params["days"] == days


def test_the_command_prints_it_for_people_and_for_scripts(run: Run) -> None:
    words = ("customer", "list", "--limit", "abc")
    message = "`--limit` must be a whole number >= 0, got 'abc'"

    shown, data = run(*words), run(*words, "--json")

    assert (shown.exit_code, data.exit_code) == (2, 2)
    assert shown.stderr.splitlines()[0] == f"error: {message}"
    assert json.loads(data.stderr)["error"]["message"] == message
