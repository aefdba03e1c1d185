"""The stores of an account: its journal and its permits, looked at without writing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from subhub.errors import ConfigError
from subhub.stores.registry import StorePlace
from subhub.system.atomic_files import PRIVATE

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.doctor.findings import Finding, Patient

_HAS_MODES: Final = os.name == "posix"  # elsewhere, the bits say nothing of who may read a file


def journal(patient: Patient, account: Account, path: Path | StorePlace | None) -> Finding:
    """Return what is found at the place of the account's journal.

    Args:
        patient: Whose finding it is.
        account: The account, by whose identity its entries are found.
        path: The path or URL, if the account has a journal.
    """
    if path is None:
        return patient.ok(
            "journal", "none: a killed process forgets a change whose answer did not come"
        )
    if isinstance(path, StorePlace):
        return _reached(patient, "journal", path, "`subhub resolve` shows what it holds")
    return _journal_file(patient, account, path)


def _journal_file(patient: Patient, account: Account, path: Path) -> Finding:
    from subhub.recovery.journal.inspection import inspect  # noqa: PLC0415 - it loads SQLite

    state = inspect(path, account.identity, account.name)
    if state.problem is not None:
        return patient.wrong("journal", f"the journal {str(path)!r} {state.problem}")
    if state.permissions is None:
        return patient.ok("journal", f"{path} will be created by the first change")
    lost = [intent for intent in state.open if not intent.in_flight]
    if lost:
        return patient.warning(
            "journal",
            f"{path} has {len(lost)} with an unknown outcome, the oldest from "
            f"{lost[0].sent_at:%Y-%m-%d %H:%M %Z}",
            "run `subhub resolve`",
        )
    if _HAS_MODES and state.permissions & ~PRIVATE:
        return patient.warning(
            "journal",
            f"{path} can be used by other users (permissions {state.permissions:o})",
            f"run `chmod {PRIVATE:o} {path}`, unless you gave it to them",
        )
    busy = f", {len(state.open)} being sent" if state.open else ""
    return patient.ok("journal", f"{path} can be used: no change with an unknown outcome{busy}")


def permits(patient: Patient, account: Account, folder: Path | StorePlace | None) -> Finding:
    """Return what is found at the place of the account's permits.

    Args:
        patient: Whose finding it is.
        account: The account, by whose key the file is found.
        folder: The folder or URL, if the account has one.
    """
    if folder is None:
        return patient.ok("permits", "none: each process keeps the rate limit for itself")
    if isinstance(folder, StorePlace):
        return _reached(patient, "permits", folder, "what it holds was not looked at")
    from subhub.sending.ratelimit.shared import check_place  # noqa: PLC0415 - only for a folder

    try:
        there = check_place(folder, account.identity.of_key.name)
    except ConfigError as error:
        return patient.wrong("permits", str(error))
    state = "can be used" if there else "will be created by the first client"
    return patient.ok("permits", f"{folder} {state}")


def _reached(patient: Patient, check: str, store: StorePlace, more: str) -> Finding:
    """Return whether a store on another machine answers.

    Args:
        patient: Whose finding it is.
        check: What the store keeps.
        store: Where it is.
        more: What the check leaves open: using the store would create its tables.
    """
    try:
        tried = store.reach()
    except ConfigError as error:
        return patient.wrong(check, str(error), "check the address, the password and the server")
    if not tried:
        return patient.warning(check, f"{store.place} was not checked: its plugin has no way to")
    return patient.ok(check, f"{store.place} answers; {more}")
