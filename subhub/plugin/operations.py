"""The neutral operations: one table of what the rest of subhub has to know about each.

Capabilities, the check of `needs`, reconciliation and the contract suite read it. How an operation
is carried out is not here: docs/adding-an-operation.md names the places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from subhub.models import (
    Customer,
    CustomerDraft,
    DeletedCustomer,
    Invoice,
    InvoicePdf,
    PaymentMethod,
    Plan,
    PlanDraft,
    PortalLink,
    SetupLink,
    Signup,
    SignupLink,
    Subscription,
    SubscriptionChange,
)
from subhub.models.record import Record, Result

Kind = Literal["plan", "customer", "subscription"]
"""What can be created and then listed; also the words of `Provider.dated`."""


@dataclass(frozen=True, slots=True)
class NeutralOperation:
    """One neutral operation.

    Args:
        result: What it returns, or what the list that it returns holds.
        changes: Whether it changes something at the provider.
        sells: Whether it is new business, which an account may refuse: see `sells` of `Client`.
        by_id: Whether its first argument is the id of an existing object.
        creates: What it creates, if that can be listed.
        deletes: Whether it deletes the object: then `read_by` finds nothing.
        read_by: The operation that reads the object that it created, changed or deleted.
        listed_by: The operation that lists what it created.
        variants: What else it may be asked for, and a provider may lack.
        one_of: Every call is exactly one of these variants; the first is the usual one.
        method: The name of the clients' method, where it is another one.
    """

    result: type[Result]
    changes: bool = False
    sells: bool = False
    by_id: bool = False
    creates: Kind | None = None
    deletes: bool = False
    read_by: str = ""
    listed_by: str = ""
    variants: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    method: str = ""


OPERATIONS: Final[Mapping[str, NeutralOperation]] = {
    "create_plan": NeutralOperation(
        Plan,
        changes=True,
        sells=True,
        creates="plan",
        read_by="get_plan",
        listed_by="list_plans",
    ),
    "get_plan": NeutralOperation(Plan, by_id=True),
    "list_plans": NeutralOperation(Plan),
    "update_plan": NeutralOperation(Plan, changes=True, by_id=True, read_by="get_plan"),
    "create_customer": NeutralOperation(
        Customer,
        changes=True,
        sells=True,
        creates="customer",
        read_by="get_customer",
        listed_by="list_customers",
    ),
    "get_customer": NeutralOperation(Customer, by_id=True),
    "list_customers": NeutralOperation(Customer),
    "find_customer": NeutralOperation(
        Customer, variants=("external_id", "email"), one_of=("external_id", "email")
    ),
    "update_customer": NeutralOperation(Customer, changes=True, by_id=True, read_by="get_customer"),
    "delete_customer": NeutralOperation(
        DeletedCustomer, changes=True, by_id=True, deletes=True, read_by="get_customer"
    ),
    "create_signup_link": NeutralOperation(  # no provider lists or reads its links
        SignupLink,
        changes=True,
        sells=True,
        variants=(
            "new_customer",
            "existing_customer",
            "return_url",
            "back_url",
            "replaces",
            "period_end",
            "prorated",
            "credit",
            "trial_days",
            "quantity",
        ),
        one_of=("existing_customer", "new_customer"),
    ),
    "follow_signup_link": NeutralOperation(Signup, method="follow"),
    "create_setup_link": NeutralOperation(  # also for a customer whose card has changed
        SetupLink, changes=True, variants=("return_url", "back_url")
    ),
    "payment_methods": NeutralOperation(PaymentMethod),
    "create_portal_link": NeutralOperation(  # no provider lists or reads them
        PortalLink, changes=True, variants=("return_url",)
    ),
    "subscribe": NeutralOperation(
        Subscription,
        changes=True,
        sells=True,
        creates="subscription",
        read_by="get_subscription",
        listed_by="list_subscriptions",
        variants=(
            "plan_id",
            "inline_plan",
            "starts_on",
            "payment_method",
            "trial_days",
            "quantity",
        ),
        one_of=("plan_id", "inline_plan"),
    ),
    "get_subscription": NeutralOperation(Subscription, by_id=True),
    "list_subscriptions": NeutralOperation(Subscription),
    "change_subscription": NeutralOperation(  # the id may change, so nothing reads it again
        SubscriptionChange,
        changes=True,
        by_id=True,
        variants=("now", "period_end", "prorated", "credit", "quantity"),
        one_of=("now", "period_end"),
    ),
    "update_subscription": NeutralOperation(
        Subscription, changes=True, by_id=True, read_by="get_subscription"
    ),
    "cancel_subscription": NeutralOperation(
        Subscription,
        changes=True,
        by_id=True,
        read_by="get_subscription",
        variants=("now", "period_end", "prorated", "credit"),
        one_of=("now", "period_end"),
    ),
    "uncancel_subscription": NeutralOperation(
        Subscription, changes=True, by_id=True, read_by="get_subscription"
    ),
    "pause_subscription": NeutralOperation(
        Subscription, changes=True, by_id=True, read_by="get_subscription"
    ),
    "resume_subscription": NeutralOperation(
        Subscription, changes=True, by_id=True, read_by="get_subscription"
    ),
    "list_invoices": NeutralOperation(Invoice, variants=("subscription",)),
    "get_invoice": NeutralOperation(Invoice, by_id=True),
    "get_invoice_pdf": NeutralOperation(InvoicePdf, by_id=True),
}
"""The operations by name, in the order of the main job."""

BY_DEFAULT: Final = frozenset({"subscribe:plan_id"})
"""The variants that go without saying: a plugin declares only that the provider lacks them."""

METHODS: Final[Mapping[str, str]] = {name: row.method or name for name, row in OPERATIONS.items()}
"""How each operation is called on a client."""

SELLING: Final = tuple(name for name, row in OPERATIONS.items() if row.sells)
"""The operations that are new business."""

NEUTRAL: Final = (
    *OPERATIONS,
    *(f"{name}:{variant}" for name, row in OPERATIONS.items() for variant in row.variants),
)
"""The names of all neutral capabilities: the operations, then `operation:variant`."""


def _optional(draft: type[Record], *left_out: str) -> tuple[str, ...]:
    fields = draft.model_fields.items()
    return tuple(name for name, of in fields if not of.is_required() and name not in left_out)


DRAFTS: Final[Mapping[str, type[PlanDraft | CustomerDraft]]] = {
    "create_plan": PlanDraft,
    "create_customer": CustomerDraft,
    "create_signup_link": CustomerDraft,
    "subscribe": PlanDraft,
}
"""The operations that are given a draft: a link for a new customer, a subscription without a stored
plan."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{operation: _optional(draft) for operation, draft in DRAFTS.items()},
    "subscribe": _optional(PlanDraft, "public"),  # no one else sees that plan
}
"""The fields that a draft may leave out, and a provider may keep, require or refuse."""

FIELD_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    f"{operation}:{field}": (operation, field)
    for operation, fields in FIELDS.items()
    for field in fields
}
"""Operation and field of each capability that is about a field, by its name."""

WEBHOOKS: Final = "webhooks"
"""The capability of a provider that calls the application: it is declared, and not called."""

KNOWN: Final = (*NEUTRAL, WEBHOOKS, *FIELD_NAMES)
"""The names of all capabilities that every provider is asked for."""
