"""The control API: JSON endpoints with which a test controls the sandbox.

It needs no key; `origin_guard` keeps web sites out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subhub.sandbox.exchange import JsonObject
from subhub.sandbox.json_input import decode_json
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.commands import (
    SHOWN,
    AdvanceClock,
    InvalidCommand,
    PlanCharges,
    ScheduleFault,
    planned,
    planned_charges,
)
from subhub.server.forms import LONGEST, number_in, read_body

Handler = Callable[[ServedAccount, Request], Awaitable[object]]


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the control API."""

    def at(path: str, handler: Handler, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            account = "{provider}/{name}".format_map(request.path_params)
            if account not in sandbox.accounts:
                known = ", ".join(sandbox.accounts)
                return _error(404, f"unknown account {account!r}: known are {known}")
            try:
                return JSONResponse(await handler(sandbox.accounts[account], request))
            except InvalidCommand as error:
                return _error(400, str(error))

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
        at("/charges", _charges),
        at("/charge-plan", _charge_plan),
        at("/charge-plan", _plan_charges, "POST"),
        at("/charge-plan", _clear_charge_plan, "DELETE"),
    ]


async def _clock(account: ServedAccount, request: Request) -> JsonObject:
    del request
    return {"now": account.fake.clock.now().isoformat()}


async def _advance(account: ServedAccount, request: Request) -> JsonObject:
    AdvanceClock.read(await _json(request)).carry_out(account)
    return await _clock(account, request)


async def _reset(account: ServedAccount, request: Request) -> JsonObject:
    account.reset()
    return {**await _clock(account, request), "plans": account.plan_ids}


async def _exchanges(account: ServedAccount, request: Request) -> JsonObject:
    entries = account.request_log.after(_after(request, "an exchange"))
    return {"total": account.request_log.total, "exchanges": [asdict(entry) for entry in entries]}


async def _charges(account: ServedAccount, request: Request) -> JsonObject:
    charges = account.fake.charges.after(_after(request, "a charge"))
    return {
        "total": len(account.fake.charges),
        "charges": [charge.as_json() for charge in charges],
    }


async def _charge_plan(account: ServedAccount, request: Request) -> JsonObject:
    del request
    return {"planned": [planned_charges(rule) for rule in account.fake.charge_plan.planned]}


async def _plan_charges(account: ServedAccount, request: Request) -> JsonObject:
    PlanCharges.read(await _json(request)).carry_out(account)
    return await _charge_plan(account, request)


async def _clear_charge_plan(account: ServedAccount, request: Request) -> JsonObject:
    account.fake.charge_plan.clear()
    return await _charge_plan(account, request)


def _after(request: Request, kind: str) -> int:
    after = request.query_params.get("after", "0")
    number = number_in(after)
    if number is None:
        message = f"`after` must be the number of {kind}, got {after[:SHOWN]!r}"
        raise InvalidCommand(message)
    return number


async def _faults(account: ServedAccount, request: Request) -> JsonObject:
    del request
    return {"planned": [planned(rule) for rule in account.fake.faults.planned]}


async def _add_fault(account: ServedAccount, request: Request) -> JsonObject:
    ScheduleFault.read(await _json(request)).carry_out(account)
    return await _faults(account, request)


async def _clear_faults(account: ServedAccount, request: Request) -> JsonObject:
    account.fake.faults.clear()
    return await _faults(account, request)


async def _json(request: Request) -> object:
    content = await read_body(request)
    if content is None:
        message = f"the body must be at most {LONGEST} bytes"
        raise InvalidCommand(message)
    try:
        decoded: object = decode_json(content)
    except ValueError as error:
        message = f"send a JSON object: {error}"
        raise InvalidCommand(message) from error
    return decoded


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status)
