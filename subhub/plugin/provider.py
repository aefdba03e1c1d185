"""The contract of a provider: one class, with a flow for each operation.

Subclass `Provider` and override what the provider can do; other operations raise `Unsupported`. A
plugin may add keyword parameters with defaults to an operation: these are its `provider_options`,
under the provider's own field names in snake_case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from subhub.errors import (
    PluginError,
)
from subhub.messages import Encoded, as_json
from subhub.models import Status, time_zone
from subhub.plugin.account_settings import Settings, stand_in
from subhub.plugin.capabilities import Absence, Capabilities, Evidence
from subhub.plugin.collecting import Collecting
from subhub.plugin.error_reading import ErrorReading
from subhub.plugin.invoicing import Invoicing
from subhub.plugin.lifecycle import Lifecycle

if TYPE_CHECKING:
    from subhub.messages import Json
    from subhub.models import (
        Customer,
        CustomerDraft,
        CustomerUpdate,
        DeletedCustomer,
        Plan,
        PlanDraft,
        PlanUpdate,
        Refund,
        Signup,
        SignupLink,
        Subscription,
        SubscriptionChange,
        SubscriptionUpdate,
        When,
    )
    from subhub.plugin.flows import Flow, Page
    from subhub.plugin.idempotency import Idempotency
    from subhub.plugin.rate_limits import RateLimit
    from subhub.plugin.token_endpoints import TokenEndpoint
    from subhub.sandbox import Fake
    from subhub.webhooks import Webhooks

API_VERSION: Final = 1
"""The version of this contract; a core accepts plugins of its own version and the one before."""


class Provider(ErrorReading, Lifecycle, Collecting, Invoicing):
    """A billing provider.

    Ids that reach a flow have been checked: they are not empty and hold no slash. *now* is the
    present in the account's time zone. Drafts and updates have been validated; refuse here, with
    `InvalidRequest`, what the provider documents as a limit and would get silently wrong.
    """

    name: ClassVar[str] = ""
    """The name of the entry point, and the key of `provider_options`."""
    base_url: ClassVar[str] = ""
    """Scheme, host and common path, without a slash at the end. It may name settings of the
    account: `https://{site}.example.com/api`."""
    settings_model: ClassVar[type[Settings]] = Settings
    """What an account has besides its key: the fields of this model, as keys in its table."""
    stand_in_settings: ClassVar[Mapping[str, object]] = {}
    """The settings of the account that the sandbox simulates; a required one must be there."""
    api_version: ClassVar[int] = API_VERSION
    documentation: ClassVar[str] = ""
    """The address of the provider's API documentation."""
    timezone: ClassVar[str] = "UTC"
    """The zone of "today" when the account names none."""
    key_prefixes: ClassVar[Mapping[str, str]] = {}
    """How an API key begins, by mode (`"live"`, `"test"`; `"any"` for keys of both), where the
    provider documents it. Several kinds of keys are separated by blanks: `"sk_live_ rk_live_"`."""
    id_prefixes: ClassVar[Mapping[str, str]] = {}
    """How an id begins, by kind (`"plan"`, `"customer"`, `"subscription"`, `"payment method"`,
    `"invoice"`), where documented."""
    plan_codes: ClassVar[bool] = False
    """Whether the id of a plan is a code that its owner chose: then a key of the configuration that
    is linked to no other plan is the code of one."""
    rate_limit: ClassVar[RateLimit | None] = None
    """How many requests an account may send, where it is documented; clients keep within it."""
    idempotency: ClassVar[Idempotency | None] = None
    """How a request that is sent twice is recognized, where the provider documents it. A change
    whose answer was lost is then repeated; otherwise never."""
    subscription_reference: ClassVar[tuple[str, ...] | None] = None
    """Where in the body of `subscribe` the client keeps a text of its own, which lists show too:
    `("metadata", "subhub_reference")`. The client always writes it, unless the application passes
    an idempotency key of its own, so a flow leaves it out of the body. It reads it into
    `Subscription.reference`. By it, a subscription is recognized whose answer was lost."""
    end_field: ClassVar[str] = ""
    """The field of a subscription in which the provider shows when it ends, where it is ended at a
    moment that is sent. While the provider's clock is behind ours, one that is canceled now still
    runs, and only this field says that it was; so a lost cancellation is not taken for undone."""
    oauth: ClassVar[TokenEndpoint | None] = None
    """Where access tokens of OAuth are renewed, where the provider has them."""
    repeatable: ClassVar[frozenset[str]] = frozenset()
    """Which changes of an existing object may be asked for twice with the effect of one, such as
    `cancel_subscription`: one whose outcome stays unknown may be repeated."""
    billing_day_option: ClassVar[str] = ""
    """The option of `subscribe` for the day of the month on which it is billed, where that does not
    follow from `starts_on`."""
    dated: ClassVar[frozenset[str]] = frozenset()
    """Which objects have a `created_at`: `"customer"`, `"subscription"`; a `Plan` has none. By it,
    the result of a change whose answer was lost is distinguished from an older object."""
    statuses: ClassVar[Mapping[str, Status]] = {}
    """What the provider's documented words for the status of a subscription mean. A flow looks a
    word up in `status_words`, because the owner of an account can add words."""
    stand_in_id: ClassVar[str] = "nobody"
    """A well-formed id that does not exist, to try the checks of a flow with."""
    request_id_header: ClassVar[str] = "x-request-id"
    """The header, in lower case, that holds the id which the provider's support asks for. Where a
    body holds it, a flow passes `request_id=` to its result."""
    webhooks: ClassVar[Webhooks | None] = None
    """How the provider's calls are verified and read; `None` if it makes none."""
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {}
    """Per operation, variant and extension: how well it is known, or why it is lacking."""

    _capabilities: ClassVar[Capabilities]

    def __init__(self) -> None:
        settings, address = stand_in(type(self))
        self.settings: Any = settings
        """The settings of the account, of the class in `settings_model`. Say which, and checkers
        know its fields: `settings: SiteSettings`."""
        self.address: str = address
        """The base URL of the account, which may be another than the provider's own."""
        self.zone: dt.tzinfo = time_zone(self.timezone)
        """The time zone of the account."""
        self.status_words: Mapping[str, Status] = self.statuses
        """What a word means at the account: `statuses`, and what its configuration adds. Any other
        word is `Status.UNKNOWN`."""

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what the provider can do and what it lacks; it is derived once for each class."""
        known = cls.__dict__.get("_capabilities")
        if isinstance(known, Capabilities):
            return known
        cls._capabilities = Capabilities(cls)
        return cls._capabilities

    @classmethod
    def stand_in_address(cls) -> str:
        """Return the base URL of the account that the sandbox simulates."""
        return stand_in(cls)[1]

    @classmethod
    def prefixes_of(cls, mode: str) -> tuple[str, ...]:
        """Return how the API keys of *mode* begin; nothing where that is not documented."""
        return tuple(cls.key_prefixes.get(mode, "").split())

    @classmethod
    def sandbox(cls) -> Fake:
        """Create a fresh fake of the provider; import its module inside this method."""
        message = f"the plugin of {cls.name!r} ships no sandbox: it does not override `sandbox()`"
        raise PluginError(message)

    def credentials(self, api_key: str) -> Mapping[str, str]:
        """Return the headers that authenticate a request.

        The key may be another for each request, where the application passes a function or OAuth.
        """
        return {"Authorization": f"Bearer {api_key}"}

    def encode(self, body: Json) -> Encoded:
        """Return the content type and the bytes of a body; JSON unless the provider differs."""
        return as_json(body)

    # The operations -------------------------------------------------------------------------------

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        """Create a plan."""
        self._lacks("create_plan", draft)

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        """Read one plan."""
        self._lacks("get_plan", plan_id)

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        """Read one page of the plans."""
        self._lacks("list_plans", cursor)

    def update_plan(self, plan_id: str, changes: PlanUpdate) -> Flow[Plan]:
        """Change a plan."""
        self._lacks("update_plan", plan_id, changes)

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        """Create a customer."""
        self._lacks("create_customer", draft)

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read one customer."""
        self._lacks("get_customer", customer_id)

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """Read one page of the customers."""
        self._lacks("list_customers", cursor)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find the one customer with this id of yours or this address; exactly one is given."""
        self._lacks("find_customer", external_id, email)

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        """Change a customer."""
        self._lacks("update_customer", customer_id, changes)

    def delete_customer(self, customer_id: str) -> Flow[DeletedCustomer]:
        """Delete a customer; reading them raises `NotFound` from then on."""
        self._lacks("delete_customer", customer_id)

    def create_signup_link(
        self,
        *,
        plan: str,
        customer: str | CustomerDraft,
        return_url: str | None = None,
        back_url: str | None = None,
        replaces: str | None = None,
        when: When | None = None,
        refund: Refund | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[SignupLink]:
        """Create a page on which the customer signs up for the plan; see `Client`.

        Args:
            plan: The id of a plan.
            customer: The id of a customer, or a new customer.
            return_url: Where the browser goes after paying.
            back_url: Where the page's Back leads to.
            replaces: The id of the subscription that ends with the signup; *when* and *refund* are
                given only with it.
            when: When that one ends.
            refund: What the customer gets for the paid rest of its period.
            trial_days: For how many days nothing is charged.
            quantity: How many units of the plan are billed, such as seats.
        """
        given = (plan, customer, return_url, back_url, replaces, when, refund, trial_days)
        self._lacks("create_signup_link", given, quantity)

    def follow_signup_link(
        self, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        """Look once for what came of a signup link; see `Client.follow`.

        An open link may be one that has expired: the client knows the time. Where the provider
        cannot be asked about the link, `judge_signup` decides by the subscriptions since.

        Args:
            link: It has a `plan_id` and a `created_at`; of the rest, what the application stored.
                Refuse a link that lacks what is needed here.
            known: The ids of the subscriptions that the customer had before; `None` if that is not
                known.
        """
        self._lacks("follow_signup_link", link, known)

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[Subscription]:
        """Start billing an existing customer, without a page; see `Client`.

        Args:
            plan: The id of a plan, or the terms of one that only this subscription has.
            customer: The id of a customer; the client creates a new customer first.
            now: The present, in the account's time zone.
            starts_on: The first day; otherwise today.
            payment_method: The provider's id of what to charge.
            trial_days: For how many days nothing is charged.
            quantity: How many units of the plan are billed, such as seats.
        """
        given = (plan, customer, now, starts_on, payment_method, trial_days, quantity)
        self._lacks("subscribe", given)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read one subscription."""
        self._lacks("get_subscription", subscription_id)

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        """Read one page of the subscriptions.

        The client filters what it is given, so a provider that cannot filter ignores *customer*.
        Where the provider filters by status, add `status: str | None = None`, its own word: the
        client passes it.
        """
        self._lacks("list_subscriptions", cursor, customer)

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        now: dt.datetime,
        quantity: int | None = None,
    ) -> Flow[SubscriptionChange]:
        """Move a subscription to another plan; see `Client`.

        Args:
            subscription_id: The id of the subscription.
            plan: The id of the new plan.
            when: Now, or at the end of the period that is paid for.
            refund: What the customer gets for the paid rest of it: nothing, money, or credit.
            now: The present, in the account's time zone.
            quantity: How many units of the plan are billed from then on.
        """
        self._lacks("change_subscription", subscription_id, plan, when, refund, now, quantity)

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate
    ) -> Flow[Subscription]:
        """Change the terms of a subscription."""
        self._lacks("update_subscription", subscription_id, changes)

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        """Stop a subscription; see `Client`.

        Args:
            subscription_id: The id of the subscription.
            when: Now, or at the end of the period that is paid for.
            refund: What the customer gets for the paid rest of it: nothing, money, or credit.
            now: The present, in the account's time zone.
        """
        self._lacks("cancel_subscription", subscription_id, when, refund, now)

    def _lacks(self, operation: str, *_: object) -> NoReturn:
        """Raise `Unsupported` for an operation or variant that `evidence` does not say it has.

        Only for these: for a variant that the table claims, it is a `PluginError`. A combination of
        arguments that cannot be expressed is an `InvalidRequest`.

        Args:
            operation: The row of the table, such as `"subscribe:starts_on"`.
            _: The arguments that would be ignored, so that linters see them used.
        """
        self.capabilities().require(operation)
        message = (
            f"{self.name}: `{operation}` is overridden, and calls its default or `_lacks`, but "
            "`evidence` does not call it absent. Declare an `Absence` of it, or raise "
            "`InvalidRequest.of(...)` for these arguments, after an answer `Conflict(...)`"
        )
        raise PluginError(message)
