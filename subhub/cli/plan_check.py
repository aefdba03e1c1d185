"""Plan checks: each plan of a file is known to exist before a customer is created for it.

An unknown plan is an error that every row would have, and a row creates its customer before it is
refused. Without the check, a mistyped `--plan` leaves thousands of customers without a
subscription.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subhub.errors import ConfigError, InvalidReply, NotFound
from subhub.models import CustomerDraft

if TYPE_CHECKING:
    from subhub.cli.rows import CustomerRow
    from subhub.client.sync_client import Client


@dataclass(slots=True)
class _Plan:
    """What is known of a plan; `lock` is held while the first row finds it out."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    exists: bool = False
    missing: NotFound | None = None


class PlanCheck:
    """Makes the call of a row once its plan is known to exist; the first row finds it out.

    At a provider that cannot read plans, the rows are called one at a time until one is done. If
    the only plan of the file does not exist, the run ends with a `ConfigError`.

    Args:
        client: Reads the plans.
        call: Makes the call of a row.
        rows: All rows of the run.
    """

    def __init__(
        self, client: Client, call: Callable[[CustomerRow], Any], rows: Sequence[CustomerRow]
    ) -> None:
        self._client = client
        self._call = call
        self._readable = client.supports("get_plan")
        self._plans = {
            plan: _Plan() for row in rows if isinstance(plan := row.arguments["plan"], str)
        }

    def __call__(self, row: CustomerRow) -> Any:
        """Make the call of *row*."""
        plan = self._plans.get(row.arguments["plan"])
        if plan is None or plan.exists:  # an inline plan has nothing to read
            return self._call(row)
        with plan.lock:
            if not plan.exists:
                if plan.missing is not None:
                    raise self._missing(row, plan.missing)
                if not self._readable:
                    return self._tried(row, plan)
                self._read(row, plan)
        return self._call(row)

    def _read(self, row: CustomerRow, plan: _Plan) -> None:
        try:
            _ = self._client.get_plan(row.arguments["plan"])
        except InvalidReply:
            pass  # an odd plan, but one that exists
        except NotFound as error:
            plan.missing = error
            raise self._missing(row, error) from None
        plan.exists = True

    def _tried(self, row: CustomerRow, plan: _Plan) -> Any:
        try:
            result = self._call(row)
        except NotFound as error:
            # Of a new customer's sale, nothing else can be missing.
            if isinstance(row.arguments["customer"], CustomerDraft):
                plan.missing = error
            raise
        plan.exists = True
        return result

    def _missing(self, row: CustomerRow, error: NotFound) -> ConfigError | NotFound:
        """Return the error of a row whose plan is missing; only that of all rows ends the run."""
        if len(self._plans) > 1:
            return error
        message = (
            f"the plan {row.arguments['plan']!r} does not exist at {self._client.provider}, so the "
            "run was ended. Correct `--plan` or the column `plan`, and add `--resume`."
        )
        return ConfigError(message)
