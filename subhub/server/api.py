"""The providers' APIs on the wire: a request is passed to the fake, and its reply is sent.

A live key is refused at every account, and is never stored.
"""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Final

from starlette.requests import ClientDisconnect

from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.connection import Receive, Scope, Send
from subhub.server.responses import send_reply

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

log = logging.getLogger("subhub.sandbox")


async def answer(
    sandbox: Sandbox, account: ServedAccount, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request to the API of *account*.

    Args:
        sandbox: The sandbox, whose changes are counted.
        account: The account.
        scope: The ASGI scope.
        receive: The ASGI receive function.
        send: The ASGI send function.
    """
    body = await _body(receive, account.fake.longest_body)
    method: str = scope["method"]
    # HTTP headers are bytes; latin-1 decodes every one of them
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    _warn_of_live_key(account, headers.get("authorization", ""))
    if method not in READING:
        sandbox.changes += 1
    began = perf_counter()
    reply = account.handle(method, _target(account, scope), headers, body)
    logged = account.request_log.newest()
    try:
        return await send_reply(reply, scope, receive, send)
    finally:  # a client may leave before the end
        logged.seconds = perf_counter() - began


def _target(account: ServedAccount, scope: Scope) -> str:
    """Return the path below the account, still quoted, with its query."""
    path: str = scope["raw_path"].decode("latin-1")[len(account.path) + 1 :]
    query: str = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


async def _body(receive: Receive, longest: int) -> bytes:
    """Return the body. Of one that is too long, the rest is not read; the fake refuses it.

    Raises `ClientDisconnect` if the client leaves before the end: half a request changes nothing.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > longest or not message.get("more_body", False):
            return body


def _warn_of_live_key(account: ServedAccount, authorization: str) -> None:
    """Tell the user that a live key was sent; the fake refuses it, as any key but its own."""
    if any(prefix in authorization for prefix in account.live_prefixes):
        log.warning(
            "a live key of %s was sent to the sandbox. It was refused and not stored. "
            "Use the sandbox's key: %s",
            account.provider.name,
            account.fake.api_key,
        )
