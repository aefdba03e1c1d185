"""One flow of a provider, run without a client on the responses of its rehearsal.

Without a client, a response can be changed a thousand times in little time, and a flow can get
arguments that a client would refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from subhub.errors import SubhubError
from subhub.messages import Request, Response
from subhub.models import Signup, SignupLink
from subhub.plugin.flows import Flow
from subhub.plugin.provider import Provider
from subhub.testing.contract.calls import call_of, changes_of, rehearsed
from subhub.testing.contract.harness import MOMENT, Harness
from subhub.testing.contract.replies import leaves, replaced

if TYPE_CHECKING:
    from subhub.testing.contract.config import ContractConfig

Identity: TypeAlias = "Callable[[str], str]"
IDS: Final = frozenset({"plan", "customer", "replaces"})
ADDED: Final[Mapping[str, object]] = {"refund": "none", "now": MOMENT}
"""Arguments that a client adds where the flow requires them."""
REFUSED: Final = 400
"""From this status on, a response is an error."""


@dataclass(frozen=True, slots=True)
class FlowReplay:
    """An operation of a provider, with its arguments and the responses that it gets.

    `asked` fills with requests while it is played.
    """

    operation: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    answers: Sequence[Response]
    asked: list[Request] = field(default_factory=list[Request])

    @classmethod
    def of(
        cls, config: ContractConfig, capability: str, identity: Identity = lambda value: value
    ) -> FlowReplay:
        """Return the replay of *capability* as rehearsed.

        Args:
            config: The contract class.
            capability: What to call.
            identity: Returns what to put in the place of each id.
        """
        harness = Harness(config)
        call = call_of(capability, harness)
        args = [_identified(arg, identity) for arg in call.args]
        kwargs = {
            name: identity(arg) if name in IDS and isinstance(arg, str) else arg
            for name, arg in call.kwargs.items()
        }
        answers = [
            Response(exchange.reply.status, exchange.reply.headers, exchange.reply.content)
            for exchange in rehearsed(type(config), capability).heard
        ]
        return cls(
            call.operation, *_completed(config, call.operation, args, kwargs), answers=answers
        )

    @property
    def steps(self) -> range:
        """The numbers of the responses, counted from 1."""
        return range(1, len(self.answers) + 1)

    def body(self, step: int) -> Any:
        """Return the decoded body of response *step*, `None` if it has none."""
        return json.loads(self.answers[step - 1].content or b"null")

    def but(self, step: int, body: object) -> FlowReplay:
        """Return the same replay with another body in response *step*; bytes are sent as is."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answers = list(self.answers)
        old = answers[step - 1]
        answers[step - 1] = Response(old.status, old.headers, content)
        return FlowReplay(self.operation, self.args, self.kwargs, answers)

    def reworded(self, step: int, words: Collection[object], new: str) -> FlowReplay:
        """Return the same replay with *new* in place of each of *words* in response *step*."""
        body = self.body(step)
        for place in [place for place, value in leaves(body) if value in words]:
            body = replaced(body, place, new)
        return self.but(step, body)

    def play(self, plugin: Provider) -> Any:
        """Run the flow on the responses, and return its result; its errors are raised.

        A flow that asks for more than there are responses returns `None`.
        """
        method: Callable[..., Flow[Any]] = getattr(plugin, self.operation)
        flow = method(*self.args, **self.kwargs)
        try:
            self.asked.append(next(flow))
            for answer in self.answers:
                self.asked.append(_answered(plugin, flow, answer))
        except StopIteration as end:
            return end.value
        finally:
            flow.close()
        return None

    def results(self, plugin: Provider) -> list[Any]:
        """Run the flow, and return its results: those of a page, both of a change, or one.

        Of a signup, they are the subscription and the customer that were found.
        """
        result = self.play(plugin)
        found: list[Any] = [*result.items] if hasattr(result, "next") else [result]  # of a page
        return [part for item in found for part in _parts(item) if part is not None]

    def accepted(self, plugin: Provider) -> list[Any]:
        """Run the flow, and return its results; none if it refuses a response, as it may."""
        try:
            return self.results(plugin)
        except SubhubError:
            return []


def _parts(result: Any) -> tuple[Any, Any]:
    if isinstance(result, Signup):
        return result.subscription, result.customer
    return getattr(result, "old", result), getattr(result, "new", None)


def _identified(arg: object, identity: Identity) -> object:
    """Return an argument with what *identity* puts in the place of its ids."""
    if isinstance(arg, SignupLink):
        ids = {name: getattr(arg, name) for name in ("id", "plan_id", "customer_id")}
        return arg.model_copy(update={name: id_ and identity(id_) for name, id_ in ids.items()})
    return identity(arg) if isinstance(arg, str) else arg


def _answered(plugin: Provider, flow: Flow[Any], answer: Response) -> Request:
    refused = answer.status >= REFUSED
    return flow.throw(plugin.error(answer)) if refused else flow.send(answer)


def _completed(
    config: ContractConfig, operation: str, args: list[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a flow: those of the call, and what a client adds."""
    changes = changes_of(config, operation)
    if changes is not None:
        return [*args, changes], {}
    parameters = signature(getattr(Provider, operation)).parameters
    added = {
        name: value
        for name, value in ADDED.items()
        if name in parameters and parameters[name].default is Parameter.empty
    }
    return args, {**added, **kwargs}
