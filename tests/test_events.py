"""Events in the clients: the account's secrets, and the state of what an event is about."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    CustomerDraft,
    Event,
    Interval,
    InvalidRequest,
    MissingNeed,
    Money,
    PlanDraft,
    ProviderUnavailable,
    Subscription,
    Unsupported,
    WebhookRefused,
)
from subhub.client.configuration import Configuration
from subhub.plugin import Provider
from subhub.webhooks import Webhooks
from tests.conftest import Desk, Toy
from tests.served import Serve, serving
from tests.webhooks.shop import BODY, NOW, PATH, STRIPE, read

HOOK, NEXT_HOOK = "OUJX2prdBbJxR77BZlGz", "a-second-secret-of-20"
HEADERS = {"X-Webhook-Signature": HOOK}
PORTAL = "mijnklantportaal"
PHONE = PlanDraft(name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"))


class Shop(Toy):
    """The toy, whose calls are signed as Stripe's are."""

    name = "shop"
    webhooks = Webhooks(STRIPE, read)


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as start:
        yield start


@pytest.fixture
def configured(folder: Path) -> Callable[[str], Path]:
    """Write a configuration file with one portal account, and these further settings."""

    def write(settings: str) -> Path:
        toml = folder / "subhub.toml"
        head = f"[accounts.main]\nprovider = '{PORTAL}'\napi_key = 'a-key-of-the-portal'\n"
        _ = toml.write_text(head + settings)
        return toml

    return write


def event(about: str, object_id: str | None, **more: Any) -> Event:
    fields: dict[str, Any] = {
        "provider": "toy",
        "account": "toy",
        "change": "changed",
        "key": "evt_1",
        **more,
    }
    return Event(about=about, object_id=object_id, **fields)


def refusal(client: Client, headers: dict[str, str]) -> str:
    """Return why the call of the shop is refused; nothing if it is read."""
    try:
        return "" if client.webhooks.read(PATH, headers, BODY) else "no event"
    except WebhookRefused as refused:
        return refused.reason


# Reading -----------------------------------------------------------------------------------------


class TestReading:
    def test_a_call_with_any_of_the_secrets_is_read(self, connect: Callable[..., Any]) -> None:
        client = connect(PORTAL, api_key="a-key", webhook_secrets=[NEXT_HOOK, HOOK]).client

        (found,) = client.webhooks.read("/hooks/subscription-updated", HEADERS, b"{}")

        assert (found.provider, found.account) == (PORTAL, PORTAL)
        assert (found.about, found.change) == ("subscription", "changed")
        assert client.webhooks.proof == "secret"

    @pytest.mark.parametrize("client", [Client, AsyncClient])
    def test_without_a_secret_every_call_is_refused(
        self, client: type[Client | AsyncClient]
    ) -> None:
        webhooks = client(PORTAL, api_key="a-key").webhooks

        with pytest.raises(WebhookRefused, match="set `webhook_secrets` of the account") as refused:
            _ = webhooks.read("/hooks/customer-created", HEADERS, b"{}")

        assert refused.value.status == 500

    @pytest.mark.parametrize(("late", "accepted"), [(300, True), (301, False), (-301, False)])
    def test_the_clock_is_that_of_the_client(self, late: int, accepted: bool) -> None:  # noqa: FBT001
        headers = STRIPE.sign(BODY, HOOK, at=NOW)
        present = NOW + dt.timedelta(seconds=late)
        with Client(
            Shop, api_key="test_1", webhook_secrets=[HOOK], clock=lambda: present
        ) as client:
            assert (not refusal(client, headers)) == accepted

    def test_calls_of_a_sandbox_are_judged_by_its_clock(self) -> None:
        with Client(Shop, sandbox=True, webhook_secrets=[HOOK]) as client:
            assert client.sandbox is not None
            client.sandbox.clock.set(NOW)
            headers = STRIPE.sign(BODY, HOOK, at=NOW)

            assert client.webhooks.read(PATH, headers, BODY)[0].object_id == "sub_1"
            _ = client.sandbox.clock.advance(seconds=301)
            with pytest.raises(WebhookRefused, match="301 s ago"):
                _ = client.webhooks.read(PATH, headers, BODY)

    def test_a_provider_without_webhooks_says_what_to_do(self) -> None:
        with (
            Client(Afternoon, api_key="ak_test_1", webhook_secrets=[HOOK]) as client,
            pytest.raises(Unsupported) as refused,
        ):
            _ = client.webhooks

        assert refused.value.operation == "webhooks"
        assert "changes(since=" in refused.value.alternative
        assert not client.supports("webhooks")

    def test_a_plugin_that_declares_none_says_so(self, desk: Desk) -> None:
        with Client(Toy, api_key="test_1", transport=desk.transport) as client:
            found = client.capabilities["webhooks"].found

        assert "the plugin does not declare them" in repr(found)

    def test_a_plugin_that_declares_them_without_evidence_can_read_them(self) -> None:
        with Client(Shop, api_key="test_1") as client:
            assert "not stated" in repr(client.capabilities["webhooks"].found)

    def test_no_repr_holds_a_secret(self, connect: Callable[..., Any]) -> None:
        client = connect(PORTAL, api_key="a-key", webhook_secrets=[HOOK]).client

        assert HOOK not in repr((client, client.webhooks, client._account))


# Secrets -----------------------------------------------------------------------------------------


class TestSecrets:
    @pytest.mark.parametrize(
        ("secrets", "message"),
        [
            (HOOK, "must be a list"),
            ([""], r"`webhook_secrets\[0\]` is empty"),
            ([HOOK, " "], r"`webhook_secrets\[1\]` is empty"),
            ([f"{HOOK}\n"], "ends with white space"),
            ([b"secret"], "must be a list of text"),
            (["env:HOOK_NEW"], "write env:HOOK_NEW in subhub.toml, and pass the secret itself"),
            (["${HOOK_NEW}"], "write env:HOOK_NEW in subhub.toml"),
        ],
    )
    def test_an_unusable_one_is_refused_at_once(self, secrets: Any, message: str) -> None:
        with pytest.raises(ConfigError, match=message) as refused:
            _ = Client(PORTAL, api_key="a-key", webhook_secrets=secrets)

        assert HOOK not in str(refused.value)

    def test_they_stand_in_variables_and_files(
        self, configured: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        toml = configured('webhook_secrets = ["env:HOOK_NEW", "file:old.txt", "literal"]')
        monkeypatch.setenv("HOOK_NEW", HOOK)
        _ = (toml.parent / "old.txt").write_text(f"{NEXT_HOOK}\n")

        with Client.from_config() as client:
            assert client.webhooks.secrets == (HOOK, NEXT_HOOK, "literal")
            assert client.webhooks.account == "main"

    def test_a_variable_sets_them(
        self, configured: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _ = configured("")
        monkeypatch.setenv("SUBHUB_WEBHOOK_SECRETS", f"{HOOK} {NEXT_HOOK}")

        with Client.from_config() as client:
            assert client.webhooks.secrets == (HOOK, NEXT_HOOK)

    def test_a_missing_variable_is_named(self, configured: Callable[[str], Path]) -> None:
        _ = configured('webhook_secrets = ["literal-secret", "env:HOOK_OLD"]')

        with pytest.raises(ConfigError) as refused:
            _ = Client.from_config()

        assert "accounts.main.webhook_secrets: the variable HOOK_OLD is not set" in str(
            refused.value
        )
        assert "literal-secret" not in str(refused.value)
        assert refused.value.__cause__ is not None

    def test_a_wrong_kind_is_named_without_the_value(
        self, configured: Callable[[str], Path]
    ) -> None:
        _ = configured("webhook_secrets = [7777]")

        with pytest.raises(ConfigError, match=r"accounts.main.webhook_secrets") as refused:
            _ = Client.from_config()

        assert "7777" not in str(refused.value)

    def test_a_check_without_secrets_names_what_is_missing(
        self, configured: Callable[[str], Path]
    ) -> None:
        toml = configured('webhook_secrets = ["env:HOOK_NEW"]')

        found = Configuration.read(toml).check("main", secrets=False)

        assert dict(found) == {
            "webhook_secrets": "the variable HOOK_NEW is not set: export HOOK_NEW=..."
        }

    def test_the_need_of_webhooks_is_a_need_of_secrets(
        self, configured: Callable[[str], Path]
    ) -> None:
        toml = configured("")
        _ = toml.write_text('needs = ["webhooks"]\n' + toml.read_text())

        with pytest.raises(MissingNeed, match="`webhooks` needs `webhook_secrets`"):
            _ = Client.from_config()
        _ = toml.write_text(f"{toml.read_text()}webhook_secrets = '{HOOK}'\n")
        Client.from_config().close()
        _ = toml.write_text(
            toml.read_text() + "[accounts.try]\nprovider = 'mollie'\n"
            "[accounts.play]\nprovider = 'mijnklantportaal'\nsandbox = true\n"
        )
        Client.from_config(account="main").close()  # Mollie needs none, and a sandbox either


# Refetching --------------------------------------------------------------------------------------


class TestRefetching:
    @pytest.mark.parametrize("about", ["plan", "customer", "subscription"])
    def test_the_object_is_read(self, billing: Any, desk: Desk, about: str) -> None:
        desk.answer(200, {"id": "x_1", "status": "active"})

        refetched = billing.refetch(event(about, "x_1"))

        assert desk.asked == [f"GET /v1/{about}s/x_1"]
        assert (refetched.state, refetched.found.id) == ("found", "x_1")
        assert type(refetched.found).__name__ == about.capitalize()
        assert (refetched.subscription is refetched.found) == (about == "subscription")
        assert refetched.account == "toy"
        assert refetched.raw == {"id": "x_1", "status": "active"}

    @pytest.mark.parametrize("about", ["plan", "customer", "subscription"])
    def test_a_deleted_one_says_so(self, billing: Any, desk: Desk, about: str) -> None:
        desk.answer(404, {"message": "nothing here"})

        refetched = billing.refetch(event(about, "x_1"))

        assert (refetched.state, refetched.found) == ("deleted", None)
        assert f"has no {about} with this id" in refetched.reason

    def test_what_the_event_claims_does_not_count(self, billing: Any, desk: Desk) -> None:
        desk.answer(200, {"id": "sub_1"})

        assert billing.refetch(event("subscription", "sub_1", change="deleted")).state == "found"

    def test_another_failure_is_none_of_the_state(self, billing: Any, desk: Desk) -> None:
        desk.answer(503, {"message": "later"})

        with pytest.raises(ProviderUnavailable):
            _ = billing.refetch(event("subscription", "sub_1"))

    @pytest.mark.parametrize(
        ("about", "object_id", "reason"),
        [
            ("subscription", None, "does not say which subscription it is about: `changes("),
            ("unknown", None, "does not say which object it is about"),
            ("payment_link", "plk_1", "no operation reads this kind of object (payment_link)"),
        ],
    )
    def test_what_cannot_be_read_is_unknown(
        self, billing: Any, desk: Desk, about: str, object_id: str | None, reason: str
    ) -> None:
        refetched = billing.refetch(event(about, object_id))

        assert (refetched.state, refetched.found, desk.asked) == ("unknown", None, [])
        assert reason in refetched.reason

    def test_a_provider_that_cannot_read_it_leaves_it_unknown(
        self, connect: Callable[..., Any]
    ) -> None:
        client = connect(Afternoon, api_key="ak_test_1")

        refetched = client.refetch(event("plan", "p", provider="afternoon", account="afternoon"))

        assert refetched.state == "unknown"
        assert "has no `get_plan`" in refetched.reason

    @pytest.mark.parametrize("other", [{"provider": "mollie"}, {"account": "next"}])
    def test_an_event_of_another_account_is_refused(
        self, billing: Any, desk: Desk, other: dict[str, str]
    ) -> None:
        with pytest.raises(InvalidRequest, match="use the client of that account"):
            _ = billing.refetch(event("subscription", "sub_1", **other))

        assert desk.asked == []

    def test_what_is_not_an_event_is_refused(self, billing: Any) -> None:
        with pytest.raises(InvalidRequest, match="must be a Event, got dict"):
            _ = billing.refetch({"id": "evt_1"})

    def test_an_event_survives_a_queue(self, billing: Any, desk: Desk) -> None:
        desk.answer(200, {"id": "sub_1"})
        sent = event("subscription", "sub_1")
        text = json.dumps({**sent.model_dump(mode="json"), "account": sent.account})

        assert billing.refetch(Event.model_validate_json(text)).state == "found"


class TestAtAServedMollie:
    """With a key and an address, as in production."""

    @pytest.fixture
    def mollie(self, connect: Callable[..., Any], serve: Serve) -> tuple[Any, MollieFake]:
        server = serve(Mollie, 14)
        assert isinstance(server.fake, MollieFake)
        key = server.fake.api_key
        return connect(Mollie, api_key=key, base_url=server.address, attempts=1), server.fake

    def call(self, client: Any, payment: str) -> Event:
        (found,) = client.client.webhooks.read("/hooks", {}, f"id={payment}".encode())
        assert isinstance(found, Event)
        return found

    def test_a_call_leads_to_payment_and_subscription(self, mollie: tuple[Any, MollieFake]) -> None:
        client, fake = mollie
        customer = client.create_customer(CustomerDraft(name="Acme", email="a@acme.com")).id
        _ = fake.add_mandate(customer)
        subscription: Subscription = client.subscribe(plan=PHONE, customer=customer)
        _ = fake.clock.advance(days=1)
        (payment,) = fake.payments

        sent = self.call(client, payment)
        refetched = client.refetch(sent)

        assert (sent.about, sent.object_id, client.client.webhooks.proof) == (
            "payment",
            payment,
            "refetch",
        )
        assert refetched.state == "found"
        assert refetched.found.id == payment
        assert refetched.subscription == client.get_subscription(subscription.id)
        _ = client.cancel_subscription(subscription.id, when="now")
        assert client.refetch(sent).subscription.status == "canceled"

    def test_a_forged_call_leads_to_nothing(self, mollie: tuple[Any, MollieFake]) -> None:
        client, _ = mollie

        refetched = client.refetch(self.call(client, "tr_forged00"))

        assert (refetched.state, refetched.subscription) == ("deleted", None)

    def test_a_first_payment_has_no_subscription(self, mollie: tuple[Any, MollieFake]) -> None:
        client, _ = mollie
        customer = client.create_customer(CustomerDraft(name="Acme", email="a@acme.com")).id
        link = client.call(
            Mollie.create_first_payment,
            customer,
            amount=Money("12.50", "EUR"),
            description="First",
            redirect_url="https://shop.test/done",
        )

        refetched = client.refetch(self.call(client, link.id))

        assert (refetched.found.status, refetched.subscription) == ("open", None)

    def test_a_payment_outlives_its_subscription(self, desk: Desk) -> None:
        """As far as is documented; only the payment is certain to be there."""
        amount = {"value": "12.50", "currency": "EUR"}
        payment = {"id": "tr_1", "status": "paid", "amount": amount, "_links": {}}
        desk.answer(200, {**payment, "customerId": "cst_1", "subscriptionId": "sub_1"})
        desk.answer(404, {"status": 404, "title": "Not Found", "detail": "gone"})
        with Client(Mollie, api_key="test_" + 30 * "a", transport=desk.transport) as client:
            (sent,) = client.webhooks.read("/hooks", {}, b"id=tr_1")
            refetched = client.refetch(sent)

        assert (refetched.state, refetched.subscription) == ("found", None)
        assert "its subscription is deleted" in refetched.reason

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (b"id=", 400),
            (b"id=tr_1&id=tr_2", 400),
            (b"payment=tr_1", 400),
            (b"id=../../customers", 400),
            (b'{"id": "tr_1"}', 400),
            (b"id=tr_\xff", 400),
            (b"id=tr_" + b"a" * 1_000_000, 400),
        ],
    )
    def test_a_body_without_an_id_is_refused(self, body: bytes, status: int) -> None:
        with (
            Client(Mollie, sandbox=True) as client,
            pytest.raises(WebhookRefused) as refused,
        ):
            _ = client.webhooks.read("/hooks", {}, body)

        assert refused.value.status == status

    def test_an_id_of_another_kind_is_an_event_all_the_same(self) -> None:
        with Client(Mollie, sandbox=True) as client:
            (sent,) = client.webhooks.read("/hooks", {}, b"id=ord_8wmqcHMN4U")

            assert (sent.about, sent.change, sent.object_id) == (
                "unknown",
                "unknown",
                "ord_8wmqcHMN4U",
            )
            assert "this kind of object (unknown)" in client.refetch(sent).reason


def test_the_declaration_is_part_of_the_plugin_interface() -> None:
    assert Provider.webhooks is None
    assert {Mollie.webhooks is None, MijnKlantportaal.webhooks is None} == {False}
    assert {field.name for field in dataclasses.fields(Webhooks)} == {
        "scheme",
        "read",
        "decode",
        "reads",
        "events",
        "typed_by_path",
        "registering",
    }
