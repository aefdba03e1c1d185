"""The provider's side: one harmless read, and one for each linked plan.

The read is the first page of a list, which is not kept. It is sent once: a retry would hide that
something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from subhub.client.execution import Executor
from subhub.client.plan_links import how_to_link
from subhub.errors import (
    AuthenticationFailed,
    ConfigError,
    InvalidReply,
    LicenseRequired,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RateLimited,
    SubhubError,
    TransportError,
)
from subhub.plugin.capabilities import Absence
from subhub.plugin.decoding import json_of
from subhub.plugin.rate_limits import read
from subhub.sending.engine import steps
from subhub.sending.retries import LONGEST_WINDOW
from subhub.sending.transport.environment import variables_in_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subhub.client.account import Account
    from subhub.client.doctor.findings import Finding, Patient
    from subhub.messages import Response
    from subhub.plugin.flows import Flow
    from subhub.plugin.provider import Provider
    from subhub.plugin.rate_limits import RateLimit
    from subhub.sending.transport import SyncTransport

SKEW: Final = 30.0
"""Seconds by which the clocks may be apart before it is a warning."""
FORBIDDEN: Final = (PermissionDenied, LicenseRequired, PreconditionFailed)
"""The refusals of a key that is valid."""
_LISTS: Final = ("list_plans", "list_customers", "list_subscriptions")
_BY_ID: Final = ("get_plan", "get_customer", "get_subscription")


class Probe(Executor):
    """A client of an account that is open; it sends each request once."""

    def __init__(self, account: Account, transport: SyncTransport | None) -> None:
        self._connect(account.with_options(attempts=1), transport, None)

    def first(self, operation: str, answers: list[Response]) -> SubhubError | None:
        """Send the first request of an operation alone; return how it failed, if it did.

        Args:
            operation: The operation's name; it begins with a read.
            answers: Gets the answer, unless it is a refusal or a redirect.
        """
        rules = self._operations.rules
        flow = _first(_flow(self._account.provider, operation), answers)
        try:
            self._run(steps(rules.begin(operation), flow, None, rules))
        except SubhubError as error:
            return error
        return None

    def read_plan(self, key: str) -> None:
        """Read the plan that a key of the configuration means."""
        _ = self._run(self._operations.get_plan(key))

    @property
    def last_headers(self) -> Mapping[str, str]:
        """The headers of the last answer that had a `Date`."""
        answer = self._account.retries.server_clock.answer
        return {} if answer is None else answer[0]


def online(
    patient: Patient,
    account: Account,
    limit: RateLimit | None,
    transport: SyncTransport | None,
) -> Iterator[Finding]:
    """Yield what is found at the provider, and close *account*.

    Args:
        patient: Whose findings they are.
        account: The account; one in an embedded sandbox sends nothing.
        limit: The rate limit that it keeps.
        transport: An httpx transport of the caller's.
    """
    if account.fake is not None:
        account.close()
        return
    try:
        probe = Probe(account, transport)
    except ConfigError as error:  # a proxy or a certificate that cannot be used
        account.close()
        yield patient.wrong("network", str(error))
        return
    with probe:
        read_as = _harmless(account.provider)
        if read_as is None:
            yield patient.warning(
                "key", f"not checked: {account.provider.name} has no read that changes nothing"
            )
            return
        answers: list[Response] = []
        failure = probe.first(read_as, answers)
        yield from _outcome(patient, account, read_as, failure, answers)
        if isinstance(failure, TransportError):
            return
        yield _clock(patient, account)
        if not isinstance(failure, RateLimited):
            yield _limit(patient, answers[0].headers if answers else probe.last_headers, limit)
        if not isinstance(failure, (AuthenticationFailed, RateLimited)):
            yield from _plans(patient, account, probe)


def _harmless(provider: Provider) -> str | None:
    """Return the operation to ask the provider with: the first that begins with a read."""
    supports = provider.capabilities().supports
    for name in filter(supports, (*_LISTS, *_BY_ID)):
        with suppress(SubhubError), closing(_flow(provider, name)) as flow:
            request = next(flow, None)
            if request is not None and not request.mutating:
                return name
    return None


def _flow(provider: Provider, name: str) -> Flow[object]:
    arguments = (provider.stand_in_id,) if name in _BY_ID else ()
    flow: Flow[object] = getattr(provider, name)(*arguments)
    return flow


def _first(flow: Flow[object], answers: list[Response]) -> Flow[None]:
    with closing(flow):
        response = yield next(flow)
        answers.append(response)
        with suppress(StopIteration):
            _ = flow.send(response)


def _outcome(
    patient: Patient,
    account: Account,
    name: str,
    error: SubhubError | None,
    answers: list[Response],
) -> Iterator[Finding]:
    """Yield what the read says about the network, the key and its permissions.

    Args:
        patient: Whose findings they are.
        account: The account.
        name: The operation that was asked with.
        error: How it ended, if it was not answered as documented.
        answers: The answer, if it was neither a refusal nor a redirect.
    """
    if isinstance(error, TransportError):
        yield patient.wrong("network", str(error), _network_remedy())
        yield patient.warning("key", "not checked: no answer came")
        return
    used = variables_in_use()
    through = f" ({', '.join(used)} set)" if used else ""
    yield patient.ok("network", f"{account.base_url} answers{through}")
    if error is None or isinstance(error, FORBIDDEN) or _is_json(answers):
        yield patient.ok("key", f"{account.provider.name} accepts it (`{name}`)")
    if error is None:
        yield patient.ok("permissions", f"`{name}` is allowed; others show when they are used")
    elif isinstance(error, FORBIDDEN):
        yield patient.wrong(
            "permissions",
            str(error),
            f"give the key the permission for `{name}` at {account.provider.name}, or use another",
        )
    else:
        yield _refused(patient, name, error, answers)


def _refused(patient: Patient, name: str, error: SubhubError, answers: list[Response]) -> Finding:
    """Return what an answer means that was not the one that is documented."""
    match error:
        case AuthenticationFailed():
            remedy = "check that `api_key` is whole, not revoked, and of this provider and address"
            return patient.wrong("key", str(error), remedy)
        case RateLimited():
            return patient.warning(
                "limit", f"the key was not checked: {error}", "wait, and check again"
            )
        case NotFound() if name in _BY_ID:
            return patient.warning(
                "key", f"accepted by `{name}` of an id that does not exist, or the address is wrong"
            )
        case InvalidReply() if _is_json(answers):
            return patient.warning(
                "answer", str(error), "the provider has changed, or its documents are wrong here"
            )
        case InvalidReply() | NotFound():
            remedy = "check `base_url`: what answers there does not look like this provider"
            return patient.wrong("answer", str(error), remedy)
        case _:
            return patient.wrong("answer", str(error), "the key was not checked: try again later")


def _is_json(answers: list[Response]) -> bool:
    """Return whether an answer came that is JSON, and so not the page of another server."""
    with suppress(InvalidReply):
        return any(json_of(answer) is not None for answer in answers)
    return False


def _network_remedy() -> str:
    used = variables_in_use()
    if not used:
        return "no variable names a proxy or certificates (HTTPS_PROXY, SSL_CERT_FILE and others)"
    return f"check the proxy and the certificates that are named by {' and '.join(used)}"


def _clock(patient: Patient, account: Account) -> Finding:
    ahead = account.clock_ahead()
    if ahead is None:
        return patient.ok("clock", "not known: the answer has no `Date`")
    least, most = ahead
    apart = max(least, -most)
    if apart <= SKEW:
        return patient.ok("clock", f"at most {max(-least, most):.0f} s from the provider's")
    return patient.warning(
        "clock",
        f"the provider's is {apart:.0f} s {'ahead' if least > 0 else 'behind'}",
        "set the clock of this machine, for example by NTP",
    )


def _limit(patient: Patient, headers: Mapping[str, str], limit: RateLimit | None) -> Finding:
    kept = "no limit is kept" if limit is None else f"{limit.requests} per {limit.per:g} s are kept"
    left = read(headers, LONGEST_WINDOW).remaining
    if left is None:
        return patient.ok("limit", f"{kept}; the answer does not say how many requests are left")
    if left:
        return patient.ok("limit", f"{left} requests left; {kept}")
    return patient.warning("limit", f"no request is left; {kept}", "wait until the limit resets")


def _plans(patient: Patient, account: Account, probe: Probe) -> Iterator[Finding]:
    """Yield whether the linked plans exist at the provider."""
    linked = {key: account.plan_ids[key] for key in account.plans if key in account.plan_ids}
    name = account.provider.name
    if not linked:
        return
    reads = account.provider.capabilities()["get_plan"].found
    if isinstance(reads, Absence):
        yield patient.ok("plans", f"whether they exist cannot be read: {reads.reason}")
        return
    existing: list[str] = []
    for key, plan_id in linked.items():
        try:
            probe.read_plan(key)
        except NotFound:
            problem = f"{key}: {name} has no plan {plan_id!r}, to which it is linked"
            yield patient.wrong("plans", problem, how_to_link(key))
        except InvalidReply:
            existing.append(key)  # an odd plan, but one that exists
        except SubhubError as error:
            yield patient.warning("plans", f"{key}: not read: {error}")
        else:
            existing.append(key)
    if existing:
        yield patient.ok("plans", f"exist at {name}: {', '.join(existing)}")
