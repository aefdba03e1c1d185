"""Findings: what the doctor found out about one account, one value for each check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "wrong"]
"""`wrong` means that calls fail, or that the account is not what the configuration says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of `diagnose`.

    `account` is the account's name, and empty for the configuration as a whole. `check` is what was
    looked at: `configuration`, `plugin`, `mode`, `lock`, `plans`, `journal`, `permits`, `webhooks`,
    `network`, `key`, `permissions`, `answer`, `clock` or `limit`. `message` is for people, and
    `remedy` says what to do, where there is something. None of them holds a secret.
    """

    account: str
    check: str
    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The account that findings are about."""

    name: str

    def ok(self, check: str, message: str) -> Finding:
        """Return that nothing is wrong."""
        return Finding(self.name, check, "ok", message)

    def warning(self, check: str, message: str, remedy: str = "") -> Finding:
        """Return what may become a problem, or could not be checked."""
        return Finding(self.name, check, "warning", message, remedy)

    def wrong(self, check: str, message: str, remedy: str = "") -> Finding:
        """Return what is wrong."""
        return Finding(self.name, check, "wrong", message, remedy)
