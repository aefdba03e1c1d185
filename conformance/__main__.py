"""Test all fakes, print the results, and fail if there are violations."""

from __future__ import annotations

import sys
import time

from conformance.drive import Outcome, drive
from conformance.subject import SUBJECTS, Subject


def main() -> int:
    """Return the exit code: 1 if a fake violates its description."""
    violations = 0
    for create in SUBJECTS:
        subject, started = create(), time.monotonic()
        outcome = drive(subject)
        _show(subject, outcome, time.monotonic() - started)
        violations += outcome.violations.total()
    return 1 if violations else 0


def _show(subject: Subject, outcome: Outcome, seconds: float) -> None:
    operations = {label for label, _ in outcome.answers}
    print(
        f"{subject.name}: {outcome.answers.total()} requests to {len(operations)} operations in "
        f"{seconds:.0f} s, {outcome.violations.total()} violations"
    )
    for reasons in (subject.left_out, subject.beyond_schema, subject.unchecked):
        for what, reason in reasons.items():
            print(f"  not checked: {what} ({reason})")
    for kind, count in sorted(outcome.violations.items()):
        print(f"  {count} x {kind}\n{outcome.examples[kind]}")


if __name__ == "__main__":
    sys.exit(main())
