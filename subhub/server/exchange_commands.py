"""Requests in the control API and the dashboard: the log, a replay, and a request for a shell."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field

from subhub.messages import REDACTED, PreparedRequest
from subhub.sandbox.exchange import JsonObject
from subhub.server.accounts import ServedAccount
from subhub.server.commands import LARGEST, Command, Count, InvalidCommand, ShortText
from subhub.server.request_log import KEPT, LogEntry, LogFilter

KEY_VARIABLE = "SUBHUB_API_KEY"
"""The variable of the shell that has the key of the account."""


class ListExchanges(Command):
    """List the requests after the one with this number, of a method, a status and a path."""

    after: int = Field(default=0, ge=0, le=LARGEST)
    method: ShortText = ""
    status: str = Field(default="", pattern=r"^([1-5]xx|[1-5]\d\d|none|)$")
    path: ShortText = ""

    def found(self, account: ServedAccount) -> list[LogEntry]:
        """Return the requests to *account*, oldest first."""
        return account.request_log.select(LogFilter(**self.model_dump()))


class Replay(Command):
    """Send a request once more, with the sandbox's key."""

    number: Count

    def carry_out(self, account: ServedAccount) -> LogEntry:
        """Send it to *account*, and return the new entry of its log."""
        found = [entry for entry in account.request_log if entry.number == self.number]
        if not found:
            message = f"there is no request {self.number}: the latest {KEPT} are kept"
            raise InvalidCommand(message, 404)
        if not found[0].complete:
            message = f"request {self.number} cannot be replayed: it is too long, or not text"
            raise InvalidCommand(message, 409)
        account.replay(found[0])
        return account.request_log.newest()


def curl_command(account: ServedAccount, entry: LogEntry) -> str:
    """Return a request as a curl command, with the variable of its key in place of the key."""
    headers = {**account.provider().credentials(REDACTED)}
    if entry.content_type:
        headers["Content-Type"] = entry.content_type
    url, content = account.site + entry.path, entry.request.encode()
    return PreparedRequest(entry.method, url, headers, content, key_variable=KEY_VARIABLE).curl()


def exchanges(account: ServedAccount, command: ListExchanges) -> JsonObject:
    """Return the latest requests to *account*."""
    entries = [asdict(entry) for entry in command.found(account)]
    return {"total": account.request_log.total, "exchanges": entries}


def replay(account: ServedAccount, command: Replay) -> JsonObject:
    """Send a request to *account* once more."""
    return {"exchange": asdict(command.carry_out(account))}
