"""Switching: moving live customers to another account; none is lost, and none is billed twice.

`export` writes what an account has, `plan` what is to happen to each subscription, as a table that
a person reads and cuts. `run` does it, as often as it takes; `status` shows who bills, and `undo`
takes back what has not begun. docs/switching.md has the whole story.
"""

from subhub.switching.exporting import Exported, export, read_export, write_table
from subhub.switching.joining import Standing, status
from subhub.switching.outcomes import Outcome
from subhub.switching.planning import SwitchPlan, plan
from subhub.switching.report import Report
from subhub.switching.rows import SwitchRow, read_rows, write_rows
from subhub.switching.running import run
from subhub.switching.undoing import undo

__all__ = [
    "Exported",
    "Outcome",
    "Report",
    "Standing",
    "SwitchPlan",
    "SwitchRow",
    "export",
    "plan",
    "read_export",
    "read_rows",
    "run",
    "status",
    "undo",
    "write_rows",
    "write_table",
]
