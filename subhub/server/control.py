"""The control API: what a test tells the sandbox beside the providers' APIs, in JSON.

It needs no key, and is for programs on this machine; see `origin`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subhub.sandbox.exchange import JsonObject
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.commands import FaultOrder, InvalidOrder, Step, planned

LONGEST: Final = 64 * 1024

Act = Callable[[ServedAccount, Request], Awaitable[object]]


def routes(sandbox: Sandbox) -> list[Route]:
    """Where the control API is."""

    def at(path: str, act: Act, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            place = f"{request.path_params['provider']}/{request.path_params['name']}"
            if place not in sandbox.accounts:
                known = ", ".join(sandbox.accounts)
                return _wrong(404, f"there is no account {place!r}; there are {known}")
            try:
                return JSONResponse(await act(sandbox.accounts[place], request))
            except InvalidOrder as error:
                return _wrong(400, str(error))

        return Route(f"/_sandbox/{{provider}}/{{name}}{path}", answer, methods=[method])

    async def accounts(_: Request) -> Response:
        return JSONResponse(sandbox.facts())

    return [
        Route("/_sandbox", accounts),
        at("/clock", _clock),
        at("/clock", _advance, "POST"),
        at("/faults", _faults),
        at("/faults", _add_fault, "POST"),
        at("/faults", _clear_faults, "DELETE"),
        at("/reset", _reset, "POST"),
        at("/exchanges", _exchanges),
    ]


async def _clock(account: ServedAccount, request: Request) -> JsonObject:
    del request
    return {"now": account.fake.clock.now().isoformat()}


async def _advance(account: ServedAccount, request: Request) -> JsonObject:
    Step.read(await _decoded(request)).carry_out(account)
    return await _clock(account, request)


async def _reset(account: ServedAccount, request: Request) -> JsonObject:
    account.reset()
    return {**await _clock(account, request), "plans": account.plan_ids}


async def _exchanges(account: ServedAccount, request: Request) -> JsonObject:
    number = request.query_params.get("after", "0")
    if not number.isdecimal():
        message = f"`after` is the number of an exchange, not {number!r}"
        raise InvalidOrder(message)
    entries = [asdict(each) for each in account.journal.after(int(number))]
    return {"total": account.journal.total, "exchanges": entries}


async def _faults(account: ServedAccount, request: Request) -> JsonObject:
    del request
    return {"planned": [planned(each) for each in account.fake.faults.planned]}


async def _add_fault(account: ServedAccount, request: Request) -> JsonObject:
    FaultOrder.read(await _decoded(request)).carry_out(account)
    return await _faults(account, request)


async def _clear_faults(account: ServedAccount, request: Request) -> JsonObject:
    account.fake.faults.clear()
    return await _faults(account, request)


async def _decoded(request: Request) -> object:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LONGEST:
            message = f"a request to the control API has at most {LONGEST} bytes"
            raise InvalidOrder(message)
    try:
        found: object = json.loads(content)
    except ValueError as error:
        message = f"send a JSON object: {error}"
        raise InvalidOrder(message) from error
    return found


def _wrong(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status)
