"""Description: what a sandbox answers to, what it assumes, and how it can be made to fail."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from subhub.messages import is_object
from subhub.sandbox.faults import KINDS
from subhub.sandbox.magic import MAGIC

if TYPE_CHECKING:
    from subhub.sandbox.fake import Fake

Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Description:
    """A sandbox in tables; each row has the same names."""

    routes: list[Row]
    assumptions: list[Row]
    faults: list[Row]
    magic: list[Row]


def describe(fake: Fake) -> Description:
    """What *fake* is, with its assumptions as they are set now."""
    return Description(
        routes=[
            {
                "method": each.method,
                "path": fake.prefix + each.template,
                "what": _first_line(getattr(fake, each.handler)),
            }
            for each in sorted(fake.routes(), key=lambda each: (each.template, each.method))
        ],
        assumptions=[
            {"name": name, "value": _value(getattr(fake, name, None)), "assumed": text}
            for name, text in fake.assumptions.items()
        ],
        faults=[{"kind": kind, "what": text} for kind, text in KINDS.items()],
        magic=[
            {
                "email": each.email,
                "amount": each.amount,
                "fault": each.fault.kind,
                "carried_out": each.fault.carried_out,
            }
            for each in MAGIC
        ],
    )


def _first_line(handler: object) -> str:
    return (inspect.getdoc(handler) or "").partition("\n")[0]


def _value(value: object) -> object:
    """*value* as JSON has it: what is no number and no text is written out."""
    if value is None or isinstance(value, bool | int | str) or is_object(value):
        return value
    return str(value)
