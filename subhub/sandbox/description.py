"""Description of a sandbox as tables: its routes, assumptions, faults, charges, magic values."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import TypeAlias

from subhub.sandbox import charge_plan
from subhub.sandbox.charge_plan import MAGIC_CENTS
from subhub.sandbox.fake import Fake
from subhub.sandbox.faults import KINDS
from subhub.sandbox.magic import MAGIC

DescriptionRow: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Description:
    """A sandbox as five tables. All rows of a table have the same keys."""

    routes: list[DescriptionRow]
    assumptions: list[DescriptionRow]
    faults: list[DescriptionRow]
    magic: list[DescriptionRow]
    charges: list[DescriptionRow]


def describe(fake: Fake) -> Description:
    """Describe *fake*, with the current values of its assumptions."""
    values = fake.assumed_values()
    return Description(
        routes=[
            {
                "method": route.method,
                "path": fake.prefix + route.template,
                "what": _first_line(getattr(fake, route.handler)),
            }
            for route in sorted(fake.routes(), key=lambda route: (route.template, route.method))
        ],
        assumptions=[
            {"name": name, "value": json_value(values.get(name)), "assumed": text}
            for name, text in fake.assumptions.items()
        ],
        faults=[{"kind": kind, "what": text} for kind, text in KINDS.items()],
        magic=[
            {
                "email": magic.email,
                "amount": magic.amount,
                "fault": magic.fault.kind,
                "carried_out": magic.fault.carried_out,
            }
            for magic in MAGIC
        ],
        charges=[
            {
                "kind": kind,
                "what": text,
                "email": f"anyone+{kind}@example.com",
                "amount": f"9998.{MAGIC_CENTS[kind]:02}",
            }
            for kind, text in charge_plan.KINDS.items()
        ],
    )


def _first_line(handler: object) -> str:
    return (inspect.getdoc(handler) or "").partition("\n")[0]


def json_value(value: object) -> object:
    """Return *value* if JSON has a form for it, else its text."""
    try:
        _ = json.dumps(value)
    except TypeError:
        return str(value)
    return value
