"""The main job, which is recorded without a test, cut to what a provider can do.

It sends only what subhub's examples say, so that a recording of a real provider still fits it after
scrubbing; it starts nothing before ten days from now, and ends what it started.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from subhub.client.sync_client import Client
from subhub.errors import (
    AuthenticationFailed,
    InvalidReply,
    InvalidRequest,
    ProviderError,
    SubhubError,
    Unsupported,
)
from subhub.models import CustomerDraft, Interval, Money, PlanDraft, When
from subhub.models.record import Result

R = TypeVar("R", bound=Result)

MAIN_JOB: Final = "main-job"
NAMES: Final = (MAIN_JOB,)
PLAN_KEY: Final = "phone"
PLAN: Final = PlanDraft(
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "month"),
    tax_rate=21,
    description="1GB per month, 300min per month",
)
COMPANY: Final = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)
LEAD: Final = dt.timedelta(days=10)
"""How long before its first day a subscription is created, and ended again."""


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One operation of a scenario, and its outcome."""

    operation: str
    outcome: str
    object_id: str = ""


class MainJob:
    """Plan, customer, signup link, subscription and its end, as far as the provider can.

    A refusal belongs to the recording: the steps that need what was refused are left out. `steps`
    is what was done so far, also when the job broke off. *plan* is the id of one that exists.
    """

    def __init__(self, client: Client, plan: str | None = None) -> None:
        self.steps: list[ScenarioStep] = []
        self._client = client
        self._given = plan
        self._terms = client.capabilities.sellable(PLAN)
        self._created: dict[str, str] = {}
        self._ended = False

    def play(self, today: dt.date) -> None:
        """Run all the steps."""
        client = self._client
        plan = self._given or self._create("create_plan", lambda: client.create_plan(self._terms))
        customer = self._create("create_customer", lambda: client.create_customer(COMPANY))
        if customer:
            _ = self._try("get_customer", lambda: client.get_customer(customer))
        if plan:
            self._link(plan, customer)
        self._subscribe(plan, customer, today + LEAD)

    def tidy(self) -> list[str]:
        """End what still runs, and return what is left at the provider, by kind and id."""
        subscription = self._created.get("subscribe")
        # a cancellation at period end would leave it running, and billing, for a while
        if subscription and not self._ended and self._can("cancel_subscription:now"):
            try:
                self._end(subscription, "now")
            except SubhubError as error:  # the list of what is left then says that it still runs
                self._note("cancel_subscription", f"{type(error).__name__}: {error}")
        states = {"subscribe": "its subscription, ended" if self._ended else "a subscription"}
        kinds = {"create_plan": "a plan", "create_customer": "a customer", **states}
        kinds["create_signup_link"] = "a signup link"
        return [f"{kinds[operation]}: {id_}" for operation, id_ in self._created.items()]

    def _link(self, plan: str, customer: str) -> None:
        existing = bool(customer) and self._can("create_signup_link:existing_customer")
        who = customer if existing else COMPANY
        _ = self._create(
            "create_signup_link", lambda: self._client.create_signup_link(plan=plan, customer=who)
        )

    def _subscribe(self, plan: str, customer: str, day: dt.date) -> None:
        client = self._client
        what = self._terms if not plan and self._can("subscribe:inline_plan") else plan
        if not (what and customer):
            self._note("subscribe", "left out: there is no plan, or no customer")
            return
        # days ahead, so that a live recording ends it before the first charge
        starts_on = day if self._can("subscribe:starts_on") else None
        subscription = self._create(
            "subscribe",
            lambda: client.subscribe(plan=what, customer=customer, starts_on=starts_on),
        )
        if subscription:
            _ = self._try("get_subscription", lambda: client.get_subscription(subscription))
            _ = self._try(
                "list_subscriptions",
                lambda: next(client.list_subscriptions(customer=customer, limit=1), None),
            )
            self._end(subscription, "now" if self._can("cancel_subscription:now") else "period_end")

    def _end(self, subscription: str, when: When) -> None:
        ended = self._try(
            "cancel_subscription",
            lambda: self._client.cancel_subscription(subscription, when=when),
        )
        self._ended = ended is not None and when == "now"

    def _create(self, operation: str, act: Callable[[], Result]) -> str:
        id_ = str(getattr(self._try(operation, act), "id", None) or "")
        if id_:
            self._created[operation] = id_
        return id_

    def _try(self, operation: str, act: Callable[[], R | None]) -> R | None:
        if not self._can(operation):
            self._note(operation, "left out: the provider has no way to do it")
            return None
        try:
            found = act()
        except AuthenticationFailed:
            raise  # with a wrong key there is nothing to record
        except (ProviderError, InvalidRequest, InvalidReply, Unsupported) as error:
            self._note(operation, f"{type(error).__name__}: {error}")
            return None
        self._note(operation, "done", str(getattr(found, "id", None) or ""))
        return found

    def _note(self, operation: str, outcome: str, object_id: str = "") -> None:
        self.steps.append(ScenarioStep(operation, outcome, object_id))

    def _can(self, capability: str) -> bool:
        return self._client.supports(capability)
