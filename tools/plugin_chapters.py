"""The chapters of docs/plugin-api.md: which name is in which, and what is said before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the page: a title, the module of its names, the names, and what is said first."""

    title: str
    module: str
    names: Sequence[str]
    about: str = ""


RAISED: Final = (
    (
        "the first request",
        'self._lacks("subscribe:starts_on", starts_on)',
        "what the evidence declares absent: an `Unsupported`",
    ),
    (
        "the first request",
        'InvalidRequest.of("tax_rate", "must be 21 or 9, got 20")',
        "an argument that the provider would get silently wrong",
    ),
    (
        "a change, after a read",
        'Conflict("the subscription has ended", provider=self.name, raw=found.raw)',
        "an object in whose state the change would fail or be wrong",
    ),
    (
        "a change, after a read",
        'NotFound("the invoice has no PDF", provider=self.name, raw=found.raw)',
        "what the answer shows to be missing",
    ),
    (
        "a change, after a read",
        'Ambiguous("two customers have this address", candidates=found)',
        "a choice that would be a guess",
    ),
    (
        "the end, after any answer",
        'InvalidReply("there is a next page, and no cursor", body=str(found.raw))',
        "an answer that cannot be true; decoding raises it by itself",
    ),
)
_ERRORS: Final = """\
An error response is raised inside the flow as the `ProviderError` of its status, and an answer that
is not the documented one as an `InvalidReply`: a flow catches neither, unless it means it, as with
`except NotFound`. What it raises itself depends on what was sent:

| before | raise | for |
| --- | --- | --- |
{rows}

An `InvalidRequest` after an answer becomes an `InvalidReply`, because it promises that nothing was
sent. An error after the request of a change gets a `token` from the client, since the change may
have been carried out; say with `completed` which objects exist.""".format(
    rows="\n".join(f"| {before} | `{error}` | {cause} |" for before, error, cause in RAISED)
)
_MODELS: Final = """\
Models are created with keyword arguments, except `Money` and `Interval`, and are frozen. The fields
have the types that a flow reads; `AwareDatetime` is a `datetime` that has a time zone. The client
creates drafts and updates, and a flow returns results."""
_FOLLOWING: Final = ("SignupMatch", "judge_signup", "signup_age")

CHAPTERS: Final = (
    Chapter("The provider", "subhub.plugin", ("API_VERSION", "Provider")),
    Chapter(
        "Declarations",
        "subhub.plugin",
        ("Evidence", "Absence", "RateLimit", "Idempotency", "Settings", "TokenEndpoint"),
    ),
    Chapter(
        "Flows",
        "subhub.plugin",
        ("Flow", "Request", "Response", "done", "completed", "unless_missing"),
    ),
    Chapter(
        "Requests",
        "subhub.plugin",
        (
            "path",
            "Path",
            "get",
            "post",
            "patch",
            "delete",
            "send",
            "Json",
            "Encoded",
            "as_form",
            "given",
            "moment_in",
        ),
    ),
    Chapter("Ids of several parts", "subhub.plugin", ("join_id", "split_id")),
    Chapter(
        "Wire models",
        "subhub.plugin",
        ("Wire", "Core", "Text", "Day", "Moment", "day_in", "is_object", "text_at"),
    ),
    Chapter(
        "Lists",
        "subhub.plugin",
        ("Page", "Records", "walk", "only_one", "cursor_from", "next_page_number"),
    ),
    Chapter("Likeness", "subhub.plugin", ("Likeness", "likeness_of")),
    Chapter("Following signup links", "subhub.plugin", _FOLLOWING),
    Chapter("Webhooks", "subhub.plugin", ("Webhooks", "Delivery", "json_body", "form_body")),
    Chapter(
        "Proofs of webhooks", "subhub.plugin", ("signed", "standard", "static_secret", "unsigned")
    ),
    Chapter(
        "Models",
        "subhub.models",
        ("Record", "Result", "Raw"),
        _MODELS,
    ),
    Chapter(
        "Money, intervals and time zones",
        "subhub.models",
        ("Money", "Currency", "ExactDecimal", "ARITHMETIC", "Interval", "Unit", "Tax", "time_zone"),
    ),
    Chapter("Plans", "subhub.models", ("PlanDraft", "PlanUpdate", "Plan")),
    Chapter(
        "Customers",
        "subhub.models",
        ("CustomerDraft", "CustomerUpdate", "Customer", "DeletedCustomer"),
    ),
    Chapter(
        "Subscriptions",
        "subhub.models",
        (
            "Subscription",
            "Status",
            "Scheduled",
            "When",
            "Refund",
            "SubscriptionUpdate",
            "SubscriptionChange",
        ),
    ),
    Chapter(
        "Pages for customers",
        "subhub.models",
        ("SignupLink", "Signup", "SignupState", "SetupLink", "PortalLink"),
    ),
    Chapter("Payment methods", "subhub.models", ("PaymentMethod", "PaymentMethodStatus")),
    Chapter("Invoices", "subhub.models", ("Invoice", "InvoiceStatus", "InvoicePdf")),
    Chapter("Events", "subhub.models", ("Event", "Change")),
    Chapter(
        "Errors",
        "subhub.errors",
        (
            "SubhubError",
            "Unsupported",
            "InvalidRequest",
            "ProviderError",
            "NotFound",
            "Conflict",
            "PreconditionFailed",
            "Rejected",
            "AuthenticationFailed",
            "PermissionDenied",
            "LicenseRequired",
            "RateLimited",
            "ProviderUnavailable",
            "Ambiguous",
            "InvalidReply",
            "WebhookRefused",
            "ConfigError",
        ),
        _ERRORS,
    ),
    Chapter("Fakes", "subhub.sandbox", ("Fake", "route", "Received", "Reply", "Refusal")),
    Chapter(
        "Parts of fakes",
        "subhub.sandbox",
        ("JsonObject", "form_tree", "Ids", "VirtualClock", "Agenda", "RateWindow", "Exchange"),
    ),
    Chapter(
        "Checkout pages of fakes",
        "subhub.sandbox",
        ("CheckoutPage", "CheckoutState", "PortalPage", "PortalPages", "PortalSubscription"),
    ),
    Chapter(
        "Periods",
        "subhub.sandbox",
        ("day_of_month", "length_of", "part_of", "period_start", "periods_begun"),
    ),
    Chapter(
        "Charges",
        "subhub.sandbox",
        ("Charge", "ChargeBook", "ChargePlan", "chargeable", "collect", "Collector", "attempts"),
    ),
    Chapter(
        "Webhooks of fakes",
        "subhub.sandbox",
        ("Webhook", "Outbox", "WebhookCall", "WebhookDelivery", "WebhookPlan", "Delivery"),
    ),
    Chapter("Faults", "subhub.sandbox", ("Fault", "FaultPlan", "NotLoopback")),
    Chapter("The contract class", "subhub.testing.contract.config", ("ContractConfig",)),
)
COMPLETE: Final = ("subhub.models", "subhub.plugin", "subhub.sandbox")
"""The modules whose every public name has a chapter."""
OF_APPLICATIONS: Final = frozenset({"Access", "Answer", "RefetchState", "Refetched", "access_at"})
"""The public names that no plugin uses."""
