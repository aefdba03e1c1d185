"""What the shop remembers of each visitor: the link that was made, and the subscription."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from subhub import SignupLink


class Orders:
    """The orders, in a file that processes may share; a visitor is known by a secret id.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._connect()) as database:
            _ = database.execute(
                "CREATE TABLE IF NOT EXISTS orders (visitor PRIMARY KEY, link, subscription)"
            )

    def begin(self) -> str:
        """Return the id of a new visitor, which nobody can guess."""
        visitor = secrets.token_urlsafe(24)
        _ = self._run("INSERT INTO orders (visitor) VALUES (?)", visitor)
        return visitor

    def exists(self, visitor: str) -> bool:
        """Return whether *visitor* is one of the shop's."""
        return self._run("SELECT 1 FROM orders WHERE visitor = ?", visitor) is not None

    def link(self, visitor: str) -> SignupLink | None:
        """Return the link on which *visitor* can pay."""
        stored = self._run("SELECT link FROM orders WHERE visitor = ?", visitor)
        return SignupLink.model_validate_json(stored) if stored else None

    def keep_link(self, visitor: str, link: SignupLink) -> SignupLink:
        """Remember *link*, and return the one to pay on: after two clicks, both get the first."""
        _ = self._run(
            "UPDATE orders SET link = ? WHERE visitor = ? AND link IS NULL",
            link.model_dump_json(),
            visitor,
        )
        return self.link(visitor) or link

    def forget_link(self, visitor: str, link: SignupLink) -> None:
        """Forget *link*, which has expired."""
        _ = self._run(
            "UPDATE orders SET link = NULL WHERE visitor = ? AND link = ?",
            visitor,
            link.model_dump_json(),
        )

    def subscription(self, visitor: str) -> str | None:
        """Return the id of the subscription of *visitor*."""
        return self._run("SELECT subscription FROM orders WHERE visitor = ?", visitor)

    def keep_subscription(self, visitor: str, subscription: str) -> None:
        """Remember the id of the subscription of *visitor*."""
        _ = self._run("UPDATE orders SET subscription = ? WHERE visitor = ?", subscription, visitor)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None)

    def _run(self, statement: str, *values: str) -> str | None:
        with closing(self._connect()) as database:
            row = database.execute(statement, values).fetchone()
        return row[0] if row else None
