"""The control API: JSON endpoints with which a test controls the sandbox.

It needs no key; `origin_guard` keeps web sites out. `control_description` describes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subhub._version import __version__
from subhub.sandbox.description import json_value
from subhub.sandbox.exchange import JsonObject
from subhub.sandbox.json_input import decode_json
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.charge_commands import (
    ListCharges,
    PlanCharges,
    charge_plan,
    charges,
    clear_charge_plan,
    plan_charges,
)
from subhub.server.commands import (
    AddPlan,
    AdvanceClock,
    Assume,
    Command,
    Decline,
    InvalidCommand,
    Pay,
    RestoreState,
    ScheduleFault,
    planned,
)
from subhub.server.exchange_commands import ListExchanges, Replay, exchanges, replay
from subhub.server.forms import read_body
from subhub.server.webhook_commands import (
    ListDeliveries,
    PlanWebhooks,
    Resend,
    deliveries,
    plan_webhooks,
    resend,
    webhook_plan,
)

READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of one account.

    Args:
        method: The HTTP method.
        path: The path below that of the account.
        what: What it does, in a sentence.
        answer: Returns what is sent as JSON.
        command: What is read: from the body, or with GET from the query.
    """

    method: str
    path: str
    what: str
    answer: Callable[[ServedAccount, Any], object]
    command: type[Command] = Command


def _clock(account: ServedAccount, command: Command) -> JsonObject:
    del command
    return {"now": account.fake.clock.now().isoformat()}


def _advance(account: ServedAccount, command: AdvanceClock) -> JsonObject:
    command.carry_out(account)
    return _clock(account, command)


def _plans(account: ServedAccount, command: Command) -> JsonObject:
    del command
    return {"plans": account.plan_ids}


def _add_plan(account: ServedAccount, command: AddPlan) -> JsonObject:
    command.carry_out(account)
    return _plans(account, command)


def _pay(account: ServedAccount, command: Pay) -> JsonObject:
    command.carry_out(account)
    return _clock(account, command)


def _assumptions(account: ServedAccount, command: Command) -> JsonObject:
    del command
    values = account.fake.assumed_values()
    return {
        "assumptions": [
            {
                "name": name,
                "value": json_value(values.get(name)),
                "assumed": text,
                "changeable": name in values,
            }
            for name, text in account.fake.assumptions.items()
        ]
    }


def _assume(account: ServedAccount, command: Assume) -> JsonObject:
    command.carry_out(account)
    return _assumptions(account, command)


def _state(account: ServedAccount, command: Command) -> JsonObject:
    del command
    return {"state": account.snapshot()}


def _restore(account: ServedAccount, command: RestoreState) -> JsonObject:
    command.carry_out(account)
    return {**_clock(account, command), **_plans(account, command)}


def _reset(account: ServedAccount, command: Command) -> JsonObject:
    account.reset()
    return {**_clock(account, command), **_plans(account, command)}


def _faults(account: ServedAccount, command: Command) -> JsonObject:
    del command
    return {"planned": [planned(rule) for rule in account.fake.faults.planned]}


def _add_fault(account: ServedAccount, command: ScheduleFault) -> JsonObject:
    command.carry_out(account)
    return _faults(account, command)


def _clear_faults(account: ServedAccount, command: Command) -> JsonObject:
    account.fake.faults.clear()
    return _faults(account, command)


ENDPOINTS: Final = (
    Endpoint("GET", "/clock", "Read the clock.", _clock),
    Endpoint("POST", "/clock", "Advance the clock.", _advance, AdvanceClock),
    Endpoint("GET", "/plans", "List the ids of the plans, by key.", _plans),
    Endpoint("POST", "/plans", "Create a plan, as in the dashboard.", _add_plan, AddPlan),
    Endpoint("POST", "/pay", "Pay on a checkout page, as a customer does.", _pay, Pay),
    Endpoint("POST", "/decline", "Decline on a checkout page.", _pay, Decline),
    Endpoint("GET", "/assumptions", "List what the provider leaves open.", _assumptions),
    Endpoint("POST", "/assumptions", "Decide one of them.", _assume, Assume),
    Endpoint("GET", "/faults", "List the scheduled faults.", _faults),
    Endpoint("POST", "/faults", "Schedule a fault.", _add_fault, ScheduleFault),
    Endpoint("DELETE", "/faults", "Clear all faults.", _clear_faults),
    Endpoint("GET", "/state", "Read the whole state, to restore it later.", _state),
    Endpoint("PUT", "/state", "Restore a state that was read here.", _restore, RestoreState),
    Endpoint("POST", "/reset", "Delete everything except the plans.", _reset),
    Endpoint("GET", "/charges", "List the charges.", charges, ListCharges),
    Endpoint("GET", "/charge-plan", "List what goes wrong with charges.", charge_plan),
    Endpoint("POST", "/charge-plan", "Let charges go wrong.", plan_charges, PlanCharges),
    Endpoint("DELETE", "/charge-plan", "Let no charges go wrong.", clear_charge_plan),
    Endpoint("GET", "/deliveries", "List the latest webhooks.", deliveries, ListDeliveries),
    Endpoint("POST", "/deliveries", "Deliver a webhook once more.", resend, Resend),
    Endpoint("GET", "/webhook-plan", "Read how webhooks arrive.", webhook_plan),
    Endpoint("POST", "/webhook-plan", "Say how webhooks arrive.", plan_webhooks, PlanWebhooks),
    Endpoint("GET", "/exchanges", "List the latest requests.", exchanges, ListExchanges),
    Endpoint("POST", "/exchanges", "Send one of them once more.", replay, Replay),
)
"""The endpoints of each account, below `/_sandbox/PROVIDER/NAME`."""


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the control API."""

    def at(endpoint: Endpoint) -> Route:
        async def answer(request: Request) -> Response:
            account = "{provider}/{name}".format_map(request.path_params)
            if account not in sandbox.accounts:
                known = ", ".join(sandbox.accounts)
                return _error(404, f"unknown account {account!r}: known are {known}")
            try:
                command = await _command(endpoint, request)
                return JSONResponse(endpoint.answer(sandbox.accounts[account], command))
            except InvalidCommand as error:
                return _error(error.status, str(error))

        path = f"/_sandbox/{{provider}}/{{name}}{endpoint.path}"
        return Route(path, answer, methods=[endpoint.method])

    async def accounts(_: Request) -> Response:
        return JSONResponse(sandbox.facts())

    async def health(_: Request) -> Response:
        served = {"status": "ok", "version": __version__, "accounts": list(sandbox.accounts)}
        return JSONResponse(served)

    return [Route("/health", health), Route("/_sandbox", accounts), *map(at, ENDPOINTS)]


async def _command(endpoint: Endpoint, request: Request) -> Command:
    if request.method in READING:
        return endpoint.command.read(dict(request.query_params))
    content = await read_body(request, endpoint.command.longest)
    if content is None:
        message = f"the body must be at most {endpoint.command.longest} bytes"
        raise InvalidCommand(message)
    if not content and endpoint.command is Command:
        return Command()
    try:
        decoded: object = decode_json(content)
    except ValueError as error:
        message = f"send a JSON object: {error}"
        raise InvalidCommand(message) from error
    return endpoint.command.read(decoded)


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status)
