"""The client of a command: an account that is open, which may send requests of any form too."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from subhub.client.account import Account
from subhub.client.sync_client import Client
from subhub.messages import Request, Response
from subhub.plugin.flows import Flow

OPERATION = "api"
"""The operation that a request of any form is called in logs and in the journal."""


class CommandClient(Client):
    """A client of *account*, which it closes."""

    def __init__(self, account: Account) -> None:
        self._connect(account, None, None)

    def exchange(self, request: Request) -> Response:
        """Send *request* as every other: paced, retried and journaled; a refusal is raised.

        Its path may repeat that of the account's address, as the provider's documents write it.
        """
        common = urlsplit(self._account.base_url).path
        if common and request.path.startswith(f"{common}/"):
            request = replace(request, path=request.path.removeprefix(common))
        return self._run(self._operations.change(OPERATION, _sent(request)))


def _sent(request: Request) -> Flow[Response]:
    return (yield request)
