"""One interface for subscription billing, over any billing provider.

Importing this package loads no third-party module: each name is loaded when it is first used.
"""

from __future__ import annotations

from subhub._version import __version__ as __version__

TYPE_CHECKING = False  # type checkers know the name; importing `typing` for it takes 5 ms


if TYPE_CHECKING:
    from subhub.client.async_client import AsyncClient
    from subhub.client.bulk import BulkResult
    from subhub.client.clients import AsyncClients, Clients
    from subhub.client.doctor import Finding, diagnose
    from subhub.client.once import Once
    from subhub.client.paginator import AsyncPaginator, Paginator, ResultPage
    from subhub.client.sync_client import Client
    from subhub.errors import (
        Ambiguous,
        AuthenticationFailed,
        ConfigError,
        Conflict,
        InProgress,
        InvalidReply,
        InvalidRequest,
        JournalError,
        LicenseRequired,
        MissingNeed,
        NotFound,
        NotSent,
        OutcomeUnknown,
        PermissionDenied,
        PluginError,
        PreconditionFailed,
        ProviderError,
        ProviderUnavailable,
        RateLimited,
        Rejected,
        SubhubError,
        TransportError,
        UnknownAccount,
        Unsupported,
        WebhookRefused,
        WouldSend,
    )
    from subhub.models import (
        Access,
        Answer,
        Customer,
        CustomerDraft,
        DeletedCustomer,
        Event,
        Interval,
        Invoice,
        InvoicePdf,
        InvoiceStatus,
        Money,
        PaymentMethod,
        PaymentMethodStatus,
        Plan,
        PlanDraft,
        PortalLink,
        Refetched,
        Scheduled,
        SetupLink,
        Signup,
        SignupLink,
        Status,
        Subscription,
        SubscriptionChange,
        access_at,
    )
    from subhub.plugin.capabilities import Absence, Capabilities, Capability, Evidence
    from subhub.plugin.rate_limits import RateLimit
    from subhub.recovery.journal import OpenIntent
    from subhub.recovery.judgement import Resolution
    from subhub.sending.access_keys import OAuth, OAuthTokens
    from subhub.sending.attempts import Attempt
else:  # a checker that saw this would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOME_OF:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        from importlib import import_module  # noqa: PLC0415 - a bare interpreter has not loaded it

        found: object = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = found
        return found


_HOMES = {
    "subhub.client.async_client": ("AsyncClient",),
    "subhub.client.bulk": ("BulkResult",),
    "subhub.client.clients": ("AsyncClients", "Clients"),
    "subhub.client.doctor": ("Finding", "diagnose"),
    "subhub.client.once": ("Once",),
    "subhub.client.paginator": ("AsyncPaginator", "Paginator", "ResultPage"),
    "subhub.client.sync_client": ("Client",),
    "subhub.plugin.capabilities": ("Absence", "Capabilities", "Capability", "Evidence"),
    "subhub.plugin.rate_limits": ("RateLimit",),
    "subhub.recovery.journal": ("OpenIntent",),
    "subhub.recovery.judgement": ("Resolution",),
    "subhub.sending.access_keys": ("OAuth", "OAuthTokens"),
    "subhub.sending.attempts": ("Attempt",),
    "subhub.errors": (
        "Ambiguous",
        "AuthenticationFailed",
        "ConfigError",
        "Conflict",
        "InProgress",
        "InvalidReply",
        "InvalidRequest",
        "JournalError",
        "LicenseRequired",
        "MissingNeed",
        "NotFound",
        "NotSent",
        "OutcomeUnknown",
        "PermissionDenied",
        "PluginError",
        "PreconditionFailed",
        "ProviderError",
        "ProviderUnavailable",
        "RateLimited",
        "Rejected",
        "SubhubError",
        "TransportError",
        "UnknownAccount",
        "Unsupported",
        "WebhookRefused",
        "WouldSend",
    ),
    "subhub.models": (
        "Access",
        "Answer",
        "Customer",
        "CustomerDraft",
        "DeletedCustomer",
        "Event",
        "Interval",
        "Invoice",
        "InvoicePdf",
        "InvoiceStatus",
        "Money",
        "PaymentMethod",
        "PaymentMethodStatus",
        "Plan",
        "PlanDraft",
        "PortalLink",
        "Refetched",
        "Scheduled",
        "SetupLink",
        "Signup",
        "SignupLink",
        "Status",
        "Subscription",
        "SubscriptionChange",
        "access_at",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Absence",
    "Access",
    "Ambiguous",
    "Answer",
    "AsyncClient",
    "AsyncClients",
    "AsyncPaginator",
    "Attempt",
    "AuthenticationFailed",
    "BulkResult",
    "Capabilities",
    "Capability",
    "Client",
    "Clients",
    "ConfigError",
    "Conflict",
    "Customer",
    "CustomerDraft",
    "DeletedCustomer",
    "Event",
    "Evidence",
    "Finding",
    "InProgress",
    "Interval",
    "InvalidReply",
    "InvalidRequest",
    "Invoice",
    "InvoicePdf",
    "InvoiceStatus",
    "JournalError",
    "LicenseRequired",
    "MissingNeed",
    "Money",
    "NotFound",
    "NotSent",
    "OAuth",
    "OAuthTokens",
    "Once",
    "OpenIntent",
    "OutcomeUnknown",
    "Paginator",
    "PaymentMethod",
    "PaymentMethodStatus",
    "PermissionDenied",
    "Plan",
    "PlanDraft",
    "PluginError",
    "PortalLink",
    "PreconditionFailed",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimit",
    "RateLimited",
    "Refetched",
    "Rejected",
    "Resolution",
    "ResultPage",
    "Scheduled",
    "SetupLink",
    "Signup",
    "SignupLink",
    "Status",
    "SubhubError",
    "Subscription",
    "SubscriptionChange",
    "TransportError",
    "UnknownAccount",
    "Unsupported",
    "WebhookRefused",
    "WouldSend",
    "access_at",
    "diagnose",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
