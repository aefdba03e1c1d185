"""Contract tests of values that a response lacks: they are `None`, or it is an `InvalidReply`.

Which value of a response a field of the result is read from is found by changing it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from subhub.models import Interval, Money, Result, Status
from subhub.models.record import ORIGIN
from subhub.plugin.provider import Provider
from subhub.testing.contract.assertions import expect_none
from subhub.testing.contract.calls import conversations
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.flows import SEPARATOR
from subhub.testing.contract.replies import Place, at, leaves, removed, replaced, shown

Fed = dict[tuple[int, str], object]
"""Fields of results, by the number of the result and the name of the field."""
SHIFT: Final = dt.timedelta(days=40)
CURRENCIES: Final = ("USD", "GBP", "usd", "gbp")


class DefaultTests(ContractConfig):
    """What the plugin returns for what the provider did not send."""

    @for_each(conversations)
    def test_a_missing_value_is_not_replaced(self, case: Case) -> None:
        """No field of a result has a value that is neither in the response nor in the call."""
        expect_none(dict.fromkeys((*self._invented(case), *self._moments(case))))

    @for_each(conversations)
    def test_a_time_is_read_into_one_field(self, case: Case) -> None:
        """No two fields of a result, as `created_at` and `ends_at`, show the same time."""
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        normal = fields_of(replay, plugin)
        problems: list[str] = []
        for step in replay.steps:
            for place, _ in leaves(replay.body(step)):
                times = [
                    (number, name)
                    for number, name in fed_by(replay, step, place, plugin)
                    if isinstance(normal[number, name], dt.date)
                ]
                for number in {number for number, _ in times}:
                    names = sorted(f"`.{name}`" for other, name in times if other == number)
                    if len(names) > 1:
                        problems.append(f"{' and '.join(names)} are both `{shown(place)}`")
        expect_none(dict.fromkeys(problems))

    def _moments(self, case: Case) -> Iterator[str]:
        """Yield each moment that is neither in a response nor in the call, nor follows from one."""
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        asked = (*replay.args, *replay.kwargs.values())
        fed = {
            field
            for step in replay.steps
            for place, _ in leaves(replay.body(step))
            for field in fed_by(replay, step, place, plugin)
        }
        for field, value in fields_of(replay, plugin).items():
            if isinstance(value, dt.datetime) and field not in fed and value not in asked:
                yield f"`.{field[1]}` is {value}, whatever the response says: it is made up"

    def _invented(self, case: Case) -> Iterator[str]:
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        normal = fields_of(replay, plugin)
        asked = [arg for arg in (*replay.args, *replay.kwargs.values()) if arg is not None]
        for step in replay.steps:
            body = replay.body(step)
            for place, _ in leaves(body):
                fed = fed_by(replay, step, place, plugin)
                for how, content in (
                    ("missing", removed(body, place)),
                    ("null", replaced(body, place, None)),
                ):
                    left = replay.but(step, content)
                    for field, value in fields_of(left, plugin).items():
                        read = field in fed and _is_invented(value, normal.get(field), asked)
                        if read and not _is_read(left, field, plugin):
                            yield (
                                f"`{shown(place)}` is {how} in response {step}, and `.{field[1]}` "
                                f"is {value!r}: it must be `None`, or an `InvalidReply`"
                            )


def fields_of(replay: FlowReplay, plugin: Provider) -> Fed:
    """Return the fields of all results; none when the flow raises an error of subhub's."""
    return {
        (number, name): value
        for number, result in enumerate(replay.accepted(plugin))
        for name, value in _values(result)
    }


def fed_by(replay: FlowReplay, step: int, place: Place, plugin: Provider) -> set[tuple[int, str]]:
    """Return the fields of results that differ when a value in a response does.

    Args:
        replay: The flow with its responses.
        step: The response, counted from 1.
        place: Where the value is in its body.
        plugin: Runs the flow.
    """
    normal, body = fields_of(replay, plugin), replay.body(step)
    found: set[tuple[int, str]] = set()
    for other in others(at(body, place)):
        changed = fields_of(replay.but(step, replaced(body, place, other)), plugin)
        found |= {key for key in changed.keys() & normal if changed[key] != normal[key]}
    return found


def others(value: object) -> Iterator[object]:
    """Yield other values that may stand in the place of *value*."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        yield value + int(SHIFT.total_seconds())
    elif isinstance(value, str):
        yield value + "x"
        yield re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), value)
        yield value.replace("month", "week") if "month" in value else value.replace("year", "week")
        yield from CURRENCIES if re.fullmatch("[A-Za-z]{3}", value) else ()
        with suppress(ValueError, OverflowError):
            day = len(value) == len("2025-01-01")
            moved = dt.datetime.fromisoformat(value) + SHIFT
            yield moved.date().isoformat() if day else moved.isoformat()


def _is_read(replay: FlowReplay, field: tuple[int, str], plugin: Provider) -> bool:
    """Return whether the field is read from another value, as an amount that is sent twice."""
    return any(
        field in fed_by(replay, step, place, plugin)
        for step in replay.steps
        for place, _ in leaves(replay.body(step))
    )


def _values(result: Result) -> Iterator[tuple[str, object]]:
    """Yield the fields of a result: a price and an id in their parts, an interval by its unit.

    A count of an interval that is not sent may be 1.
    """
    for name in type(result).model_fields.keys() - ({"provider"} | ORIGIN):
        value = getattr(result, name)
        if isinstance(value, Money):
            yield from ((f"{name}.amount", value.amount), (f"{name}.currency", value.currency))
        elif isinstance(value, Interval):
            yield f"{name}.unit", value.unit
        elif name == "id":
            parts = SEPARATOR.split(value)[::2]
            yield from ((f"{name}[{number}]", part) for number, part in enumerate(parts))
        else:
            yield name, value


def _is_invented(value: object, normal: object, asked: list[Any]) -> bool:
    """Return whether *value* is more than `None` or unknown, and not from the call."""
    if value in {None, Status.UNKNOWN} or value in asked:
        return False
    if not value:  # an empty text is in every other
        return True
    # an id of several parts may hold one that was asked for, or be held by it
    texts = [str(arg) for arg in asked if isinstance(arg, str) and isinstance(value, str)]
    part = str(value)
    return not any(part in text or (text in part and value == normal) for text in texts)
