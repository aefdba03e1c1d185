"""The courier: a thread that delivers the webhooks of all accounts, and ends with the server.

A thread, because an application may ask the sandbox before it answers, and may answer slowly.
"""

from __future__ import annotations

import threading
from typing import Final

from subhub.server.accounts import Sandbox

EVERY: Final = 0.05
"""The seconds between two looks for webhooks."""


class Courier:
    """Delivers the webhooks of *sandbox* while it runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="subhub-courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def end(self, patience: float = 2.0) -> None:
        """Stop; a delivery that is under way has *patience* seconds to finish."""
        self._ended.set()
        self._thread.join(patience)

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            for account in tuple(self._sandbox.accounts.values()):
                outbox = account.fake.outbox
                while not self._ended.is_set() and (due := outbox.take()) is not None:
                    outbox.attempt(due)
