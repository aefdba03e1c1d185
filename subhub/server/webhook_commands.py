"""Webhooks in the control API: the deliveries, a resend, and how webhooks arrive."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field

from subhub.sandbox.exchange import JsonObject
from subhub.sandbox.webhook_plan import WebhookPlan
from subhub.server.accounts import ServedAccount
from subhub.server.commands import LARGEST, Command, Count, InvalidCommand


class ListDeliveries(Command):
    """List the deliveries after the one with this number."""

    after: int = Field(default=0, ge=0, le=LARGEST)


class Resend(Command):
    """Deliver a webhook once more."""

    webhook: Count

    def carry_out(self, account: ServedAccount) -> None:
        """Deliver it in *account*."""
        try:
            account.fake.outbox.resend(self.webhook)
        except LookupError as error:
            raise InvalidCommand(str(error), 404) from error


class PlanWebhooks(Command):
    """Say how webhooks arrive; what is left out is as usual."""

    duplicated: float = 0.0
    late: float = 0.0
    lost: float = 0.0
    late_by: float = 86_400.0
    shuffled: float = 0.0
    seed: Count = 0

    def carry_out(self, account: ServedAccount) -> None:
        """Say so in *account*."""
        try:
            account.fake.outbox.plan = WebhookPlan(**self.model_dump())
        except ValueError as error:
            raise InvalidCommand(str(error)) from error


def deliveries(account: ServedAccount, command: ListDeliveries) -> JsonObject:
    """Return the latest deliveries of *account*."""
    outbox = account.fake.outbox
    found = [one.as_json() for one in tuple(outbox.deliveries) if one.number > command.after]
    return {"total": outbox.total, "waiting": outbox.waiting, "deliveries": found}


def resend(account: ServedAccount, command: Resend) -> JsonObject:
    """Deliver a webhook of *account* once more."""
    command.carry_out(account)
    return {"waiting": account.fake.outbox.waiting}


def webhook_plan(account: ServedAccount, command: Command) -> JsonObject:
    """Return how webhooks of *account* arrive."""
    del command
    return asdict(account.fake.outbox.plan)


def plan_webhooks(account: ServedAccount, command: PlanWebhooks) -> JsonObject:
    """Say how webhooks of *account* arrive."""
    command.carry_out(account)
    return webhook_plan(account, command)
