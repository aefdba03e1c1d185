"""Scripts: one flow of a provider, driven without a client by the answers of its rehearsal.

It is what a client does and nothing else, so that an answer can be changed a thousand times and a
flow be asked what no client would let through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from subhub.messages import Request, Response
from subhub.plugin.flows import Flow
from subhub.testing.contract.calls import call_of, rehearsed
from subhub.testing.contract.harness import MOMENT, Harness

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.config import ContractConfig

CHANGES: Final[Mapping[str, str]] = {
    "update_plan": "plan_changes",
    "update_customer": "customer_changes",
    "update_subscription": "subscription_changes",
}
IDS: Final = frozenset({"plan", "customer", "replaces"})


@dataclass(frozen=True, slots=True)
class Script:
    """An operation of a provider, with its own arguments, and the answers to be given.

    `asked` is filled while it is played.
    """

    operation: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    answers: Sequence[Response]
    asked: list[Request] = field(default_factory=list[Request])

    @classmethod
    def of(cls, terms: ContractConfig, capability: str, identity: str | None = None) -> Script:
        """The script of *capability* as rehearsed; an *identity* stands in place of every id."""
        desk = Harness(terms)
        call = call_of(capability, desk)
        args = [identity or each if isinstance(each, str) else each for each in call.args]
        kwargs = {
            name: identity or each if name in IDS and isinstance(each, str) else each
            for name, each in call.kwargs.items()
        }
        answers = [
            Response(each.reply.status, each.reply.headers, each.reply.content)
            for each in rehearsed(type(terms), capability).heard
        ]
        return cls(
            call.operation, *_completed(terms, call.operation, args, kwargs), answers=answers
        )

    def but(self, step: int, content: bytes) -> Script:
        """The same, with another body in one of the answers, which are counted from 1."""
        answers = list(self.answers)
        old = answers[step - 1]
        answers[step - 1] = Response(old.status, old.headers, content)
        return Script(self.operation, self.args, self.kwargs, answers)

    def play(self, connector: Provider) -> None:
        """Drive the flow through the answers, as far as it goes; what it raises is raised."""
        method: Callable[..., Flow[Any]] = getattr(connector, self.operation)
        flow = method(*self.args, **self.kwargs)
        try:
            with suppress(StopIteration):
                self.asked.append(next(flow))
                for answer in self.answers:
                    self.asked.append(flow.send(answer))
        finally:
            flow.close()


def _completed(
    terms: ContractConfig, operation: str, args: list[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments as a flow gets them, with what a client adds to those of a call."""
    if operation in CHANGES:
        return [*args, getattr(terms, CHANGES[operation])], {}
    if operation in {"cancel_subscription", "change_subscription"}:
        kwargs = {"refund": "none", **kwargs}
    if operation in {"subscribe", "cancel_subscription", "change_subscription"}:
        kwargs = {**kwargs, "now": MOMENT}
    return args, kwargs
