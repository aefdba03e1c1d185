"""The synchronous client: every operation, as a call that returns when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

from subhub.client.account import open_account
from subhub.client.execution import Executor
from subhub.client.settings import Mode
from subhub.client.validation import belongs
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    Interval,
    Money,
    Plan,
    PlanDraft,
    PlanUpdate,
    Refund,
    SignupLink,
    Status,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.plugin.registry import provider_class

if TYPE_CHECKING:
    import datetime as dt
    import os
    from decimal import Decimal

    from subhub.plugin.provider import Provider
    from subhub.plugin.provider_options import ProviderOptions
    from subhub.plugin.rate_limits import RateLimit
    from subhub.sandbox import Fake
    from subhub.sending.attempts import Hook
    from subhub.sending.transport import SyncHttpClient, SyncTransport


class Client(Executor):
    """One account at one billing provider.

    *provider* is the name of an installed plugin, or a provider class. *api_key* is never shown.
    *base_url* replaces the provider's own; *timeout* is in seconds, for each step of connecting,
    sending and receiving. *mode*, `"live"` or `"test"`, is refused when the key says otherwise.
    *timezone* decides what "today" is. *sandbox* answers from a fake of the provider, without key
    and network: `True` for a fresh one, or one of your own. With *dry_run*, reads go through and
    the first request that would change something is raised as `WouldSend`. *clock* tells the
    present, with a time zone, in place of the machine's clock (in a sandbox, of the sandbox's).

    What provably was not carried out is tried again, *attempts* times in all, and an operation
    takes at most *deadline* seconds with its waiting (`None`: any time). Requests are paced so that
    the provider's *rate_limit* is never exceeded. When several processes of a machine use one key,
    give all of them the same folder for their *permits*; when several machines do, give each its
    *share* of the limit. In a sandbox nobody waits: its clock goes on instead.

    With a *journal*, the path of a file, every change is written down before it is sent and closed
    by its answer, so that a killed process loses nothing silently: see `open_intents`. A file that
    cannot be used is a `JournalError`, and then nothing is sent.

    Each of the *hooks* is called with an `Attempt` after every attempt at a request, in the thread
    or task that made it. One that fails is logged, and changes nothing.

    *transport* and *http_client* take an httpx transport or client; a client that was passed in
    is not closed. Wrong settings raise `ConfigError`, a missing plugin `PluginError`.

    The client may be shared among threads. Close it, or use it in a `with` block.
    """

    def __init__(
        self,
        provider: str | type[Provider],
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        mode: Mode | None = None,
        timeout: float = 30.0,
        timezone: str | None = None,
        sandbox: bool | Fake = False,
        dry_run: bool = False,
        clock: Callable[[], dt.datetime] | None = None,
        deadline: float | None = 120.0,
        attempts: int = 4,
        rate_limit: RateLimit | None = None,
        share: float = 1.0,
        permits: str | os.PathLike[str] | None = None,
        journal: str | os.PathLike[str] | None = None,
        hooks: Sequence[Hook] = (),
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> None:
        account = open_account(
            provider_class(provider),
            api_key=api_key,
            base_url=base_url,
            mode=mode,
            timeout=timeout,
            timezone=timezone,
            sandbox=sandbox,
            dry_run=dry_run,
            clock=clock,
            deadline=deadline,
            attempts=attempts,
            rate_limit=rate_limit,
            share=share,
            permits=permits,
            journal=journal,
            hooks=hooks,
        )
        self._connect(account, transport, http_client)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        account: str | None = None,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
        hooks: Sequence[Hook] = (),
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> Self:
        """The client of an account in `subhub.toml`.

        *path* is the file, or that of `SUBHUB_CONFIG`, or the nearest `subhub.toml` from the
        working folder upwards. *account* is its name, or that of `SUBHUB_ACCOUNT`, or the file's
        own choice. *journal* is for an account that names none. Raises `ConfigError` with file, key
        and remedy; `MissingNeed` when any account of the file lacks what the file says that the
        application needs.
        """
        from subhub.client.configuration import Configuration  # noqa: PLC0415 - TOML, and models of it

        self = cls.__new__(cls)
        configuration = Configuration.read(path, account)
        opened = configuration.open(dry_run=dry_run, journal=journal, hooks=hooks)
        self._connect(opened, transport, http_client)
        return self

    # Plans ----------------------------------------------------------------------------------------

    def create_plan(
        self, draft: PlanDraft, *, provider_options: ProviderOptions | None = None
    ) -> Plan:
        """Make a plan that customers can be subscribed to."""
        return self._run(self._operations.create_plan(draft, provider_options))

    def get_plan(self, plan_id: str) -> Plan:
        """Read one plan, by id or by its key in the configuration."""
        return self._run(self._operations.get_plan(plan_id))

    def list_plans(self, *, limit: int | None = None) -> Iterator[Plan]:
        """Read the plans, page by page as they are asked for; at most *limit* of them."""
        return self._walk(self._operations.list_plans, limit)

    def update_plan(
        self,
        plan_id: str,
        *,
        name: str | None = None,
        price: Money | None = None,
        interval: Interval | None = None,
        tax_rate: Decimal | int | str | None = None,
        description: str | None = None,
        public: bool | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Plan:
        """Change the fields of a plan that are given.

        Whether running subscriptions follow is the provider's rule.
        """
        changes = PlanUpdate(
            name=name,
            price=price,
            interval=interval,
            tax_rate=tax_rate,
            description=description,
            public=public,
        )
        return self._run(self._operations.update_plan(plan_id, changes, provider_options))

    # Customers ------------------------------------------------------------------------------------

    def create_customer(
        self, draft: CustomerDraft, *, provider_options: ProviderOptions | None = None
    ) -> Customer:
        """Make a customer."""
        return self._run(self._operations.create_customer(draft, provider_options))

    def get_customer(self, customer_id: str) -> Customer:
        """Read one customer."""
        return self._run(self._operations.get_customer(customer_id))

    def list_customers(self, *, limit: int | None = None) -> Iterator[Customer]:
        """Read the customers, page by page as they are asked for; at most *limit* of them."""
        return self._walk(self._operations.list_customers, limit)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Customer | None:
        """Find the one customer with this id of yours, or this e-mail address; `None` if none.

        Several that fit raise `Ambiguous`. A provider that cannot search walks all its pages; see
        the capability `find_customer:email`.
        """
        flow = self._operations.find_customer(external_id=external_id, email=email)
        return self._run(flow)

    def update_customer(
        self,
        customer_id: str,
        *,
        name: str | None = None,
        email: str | None = None,
        address: str | None = None,
        postal_code: str | None = None,
        city: str | None = None,
        country: str | None = None,
        phone: str | None = None,
        external_id: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Customer:
        """Change the fields of a customer that are given."""
        changes = CustomerUpdate(
            name=name,
            email=email,
            address=address,
            postal_code=postal_code,
            city=city,
            country=country,
            phone=phone,
            external_id=external_id,
        )
        return self._run(
            self._operations.update_customer(customer_id, changes, provider_options),
        )

    # The main job ---------------------------------------------------------------------------------

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
        provider_options: ProviderOptions | None = None,
    ) -> SignupLink:
        """Make a page on which *customer* signs up for *plan*.

        *plan* is a plan's id, or its key in the configuration. *customer* is a customer's id, or a
        draft of somebody new. After paying, the browser goes to *return_url*; the page's Back leads
        to *back_url*. With *replaces*, the id of a subscription, the new one takes its place:
        *when* says when the old one ends, and *refund* what becomes of what was paid for it.

        That a browser reached *return_url* proves nothing: look at the subscription.
        """
        flow = self._operations.create_signup_link(
            plan=plan,
            customer=customer,
            return_url=return_url,
            back_url=back_url,
            replaces=replaces,
            when=when,
            refund=refund,
            options=provider_options,
        )
        return self._run(flow)

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str | CustomerDraft,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Start billing *customer* for *plan*, without a page.

        *plan* is a plan's id, its key in the configuration, or, where the provider can bill without
        a stored plan, a draft of one. *customer* is a customer's id, or a draft of somebody new,
        who is made first: if the rest then fails, `error.completed` holds that customer.
        *starts_on* is a day in the account's time zone, today if left out. *payment_method* is the
        provider's id of the means to charge.
        """
        flow = self._operations.subscribe(
            plan=plan,
            customer=customer,
            starts_on=starts_on,
            payment_method=payment_method,
            options=provider_options,
        )
        return self._run(flow)

    # Subscriptions --------------------------------------------------------------------------------

    def get_subscription(self, subscription_id: str) -> Subscription:
        """Read one subscription."""
        return self._run(self._operations.get_subscription(subscription_id))

    def list_subscriptions(
        self,
        *,
        customer: str | None = None,
        status: Status | None = None,
        limit: int | None = None,
    ) -> Iterator[Subscription]:
        """Read the subscriptions, of one *customer* or in one *status*; at most *limit* of them.

        A provider that cannot filter sends all its pages, one request each, and the rest is sorted
        out here: at MijnKlantportaal that is 15 subscriptions a request, and 60 requests a minute.
        """
        return self._walk(
            lambda cursor: self._operations.list_subscriptions(cursor, customer),
            limit,
            belongs(customer, status),
        )

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund = "none",
        provider_options: ProviderOptions | None = None,
    ) -> SubscriptionChange:
        """Move a subscription to another plan, now or at the end of the period that is paid for.

        The id may change: go on with the one in `.new`.
        """
        flow = self._operations.change_subscription(
            subscription_id, plan=plan, when=when, refund=refund, options=provider_options
        )
        return self._run(flow)

    def update_subscription(
        self,
        subscription_id: str,
        *,
        price: Money | None = None,
        interval: Interval | None = None,
        description: str | None = None,
        tax_rate: Decimal | int | str | None = None,
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Change the terms of a subscription that are given."""
        changes = SubscriptionUpdate(
            price=price, interval=interval, description=description, tax_rate=tax_rate
        )
        return self._run(
            self._operations.update_subscription(subscription_id, changes, provider_options),
        )

    def cancel_subscription(
        self,
        subscription_id: str,
        *,
        when: When,
        refund: Refund = "none",
        provider_options: ProviderOptions | None = None,
    ) -> Subscription:
        """Stop a subscription, now or at the end of the period that is paid for.

        That the provider accepted it does not mean that it has ended: see `status` and `ends_at`.
        """
        flow = self._operations.cancel_subscription(
            subscription_id, when=when, refund=refund, options=provider_options
        )
        return self._run(flow)
