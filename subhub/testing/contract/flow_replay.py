"""One flow of a provider, run without a client on the responses of its rehearsal.

Without a client, a response can be changed a thousand times in little time, and a flow can get
arguments that a client would refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Final

from subhub.messages import Request, Response
from subhub.plugin.flows import Flow
from subhub.plugin.provider import Provider
from subhub.testing.contract.calls import call_of, changes_of, rehearsed
from subhub.testing.contract.harness import MOMENT, Harness

if TYPE_CHECKING:
    from subhub.testing.contract.config import ContractConfig

IDS: Final = frozenset({"plan", "customer", "replaces"})
ADDED: Final[Mapping[str, object]] = {"refund": "none", "now": MOMENT}
"""Arguments that a client adds where the flow requires them."""


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
    def of(cls, config: ContractConfig, capability: str, identity: str | None = None) -> FlowReplay:
        """Return the replay of *capability* as rehearsed.

        Args:
            config: The contract class.
            capability: What to call.
            identity: Replaces every id.
        """
        harness = Harness(config)
        call = call_of(capability, harness)
        args = [identity or arg if isinstance(arg, str) else arg for arg in call.args]
        kwargs = {
            name: identity or arg if name in IDS and isinstance(arg, str) else arg
            for name, arg in call.kwargs.items()
        }
        answers = [
            Response(exchange.reply.status, exchange.reply.headers, exchange.reply.content)
            for exchange in rehearsed(type(config), capability).heard
        ]
        return cls(
            call.operation, *_completed(config, call.operation, args, kwargs), answers=answers
        )

    def but(self, step: int, content: bytes) -> FlowReplay:
        """Return the same replay with another body in response *step*, counted from 1."""
        answers = list(self.answers)
        old = answers[step - 1]
        answers[step - 1] = Response(old.status, old.headers, content)
        return FlowReplay(self.operation, self.args, self.kwargs, answers)

    def play(self, plugin: Provider) -> None:
        """Run the flow on the responses as far as it goes; its errors are raised."""
        method: Callable[..., Flow[Any]] = getattr(plugin, self.operation)
        flow = method(*self.args, **self.kwargs)
        try:
            with suppress(StopIteration):
                self.asked.append(next(flow))
                for answer in self.answers:
                    self.asked.append(flow.send(answer))
        finally:
            flow.close()


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
