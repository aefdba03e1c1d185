"""Access tokens: they name the profile and the mode where Mollie documents it, and are renewed."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import (
    AuthenticationFailed,
    Client,
    ConfigError,
    CustomerDraft,
    NotFound,
    OAuth,
    OAuthTokens,
    WouldSend,
)
from subhub.client.configuration import Configuration
from subhub.client.opening import open_account
from subhub.sandbox import Exchange, Reply
from subhub.sandbox.snapshot import restore, snapshot
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving
from subhub.testing.openapi import Document
from tests.mollie.conftest import PHONE, START, World
from tests.mollie.test_mollie_schema import sell

PROFILE = "pfl_QkEhN94Ba"
TOKEN = "access_0123456789abcdefghijABCDEFGHIJ"
API_KEY = "test_0123456789abcdefghijABCDEFGHIJ"
DOCUMENT = Document.of(Mollie)
NEEDS: dict[str, Any] = DOCUMENT.content["info"]["x-access-tokens"]
TEST_MODE = {"profile_id": PROFILE, "testmode": True}
APP = base64.b64encode(b"app_1:secret").decode()


class TestRequests:
    def test_each_has_what_is_documented_where_it_is_documented(self, fake: MollieFake) -> None:
        with Client(Mollie, sandbox=fake, settings=TEST_MODE) as client:
            sell(client, fake)
        assert {self.operation_of(exchange) for exchange in fake.exchanges} == {
            (method, path) for method, path in DOCUMENT.operations
        }
        for exchange in fake.exchanges:
            assert exchange.reply.status < 300
            assert organizational(exchange) == self.documented(exchange)

    def test_in_live_mode_the_profile_is_all(self, fake: MollieFake) -> None:
        with Client(Mollie, sandbox=fake, settings={"profile_id": PROFILE}) as client:
            sell(client, fake)
            assert {found["mode"] for found in fake.subscriptions.values()} == {"live"}
        for exchange in fake.exchanges:
            _, rest = self.documented(exchange)
            del rest["testmode"]
            assert organizational(exchange)[1] == rest

    def test_those_of_an_api_key_have_neither(self, fake: MollieFake) -> None:
        with Client(Mollie, sandbox=fake) as client:
            sell(client, fake)
        assert not any(organizational(exchange)[1] for exchange in fake.exchanges)

    def test_what_is_shown_is_what_would_be_sent(self) -> None:
        client = Client(Mollie, api_key=TOKEN, settings=TEST_MODE, dry_run=True)
        with client, pytest.raises(WouldSend) as caught:
            _ = client.delete_customer("cst_1")
        assert json.loads(caught.value.request.content) == {"testmode": True}

    def operation_of(self, exchange: Exchange) -> tuple[str, str]:
        found = DOCUMENT.operation(exchange.received.method, exchange.received.path)
        return found.method, found.path

    def documented(self, exchange: Exchange) -> tuple[str, dict[str, Any]]:
        """Return where the parameters are, and what they are, as the description has it."""
        method, path = self.operation_of(exchange)
        name = DOCUMENT.content["paths"][path][method.lower()]["operationId"]
        reads = method == "GET"
        expected: dict[str, Any] = {"testmode": "true" if reads else True}
        if name in NEEDS["profile-in-query" if reads else "profile-in-body"]:
            expected["profileId"] = PROFILE
        return ("query" if reads else "body"), expected


def organizational(exchange: Exchange) -> tuple[str, dict[str, Any]]:
    """Return where *exchange* has the parameters for access tokens, and which."""
    received = exchange.received
    body: dict[str, Any] = json.loads(received.content or b"{}")
    places: dict[str, Mapping[str, Any]] = {"query": received.query, "body": body}
    found = {
        place: {name: given[name] for name in ("testmode", "profileId") if name in given}
        for place, given in places.items()
    }
    other = "body" if received.method == "GET" else "query"
    assert not found.pop(other)
    return found.popitem()


# Settings -----------------------------------------------------------------------------------------


def refused(text: str, key: str = TOKEN, **given: Any) -> str:
    _ = Path("subhub.toml").write_text(
        f'[accounts.main]\nprovider = "mollie"\napi_key = "{key}"\n{text}\n'
    )
    with pytest.raises(ConfigError) as caught:
        _ = Configuration.read().open(**given)
    assert key not in str(caught.value)
    return str(caught.value).removeprefix(f"{Path.cwd()}/")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROFILE", PROFILE)


@pytest.mark.usefixtures("home")
class TestSettings:
    def test_an_access_token_needs_a_profile(self) -> None:
        said = refused("testmode = true")
        assert said == (
            "subhub.toml: accounts.main: `profile_id` is missing: an access token (`access_...`) "
            "is for all website profiles, so name the one that sells, such as "
            'profile_id = "pfl_QkEhN94Ba"'
        )

    @pytest.mark.parametrize("text", [f'profile_id = "{PROFILE}"', "testmode = true"])
    def test_an_api_key_takes_neither(self, text: str) -> None:
        name = text.partition(" ")[0]
        assert refused(text, API_KEY) == (
            f"subhub.toml: accounts.main: `{name}` goes with an access token (`access_...`), and "
            f"the `api_key` is one of a single profile and mode: leave `{name}` out, or give an "
            "access token"
        )

    def test_the_two_modes_have_to_agree(self) -> None:
        said = refused(f'profile_id = "{PROFILE}"\nmode = "test"')
        assert said.endswith(
            "`mode` is 'test', but by its own settings (`profile_id`, `testmode`) the account is "
            "in live mode: make them agree"
        )

    def test_production_is_not_test_mode(self) -> None:
        said = refused(f'profile_id = "{PROFILE}"\ntestmode = true\nproduction = true')
        assert "is in test mode" in said

    @pytest.mark.parametrize("text", ['profile_id = "QkEhN94Ba"', 'testmode = "perhaps"'])
    def test_a_value_of_another_form_is_refused(self, text: str) -> None:
        assert f"`{text.partition(' ')[0]}` is not as mollie needs it" in refused(text)

    @pytest.mark.parametrize(("settings", "mode"), [({}, "live"), ({"testmode": True}, "test")])
    def test_they_are_the_mode_of_the_account(self, settings: dict[str, Any], mode: str) -> None:
        own = {"profile_id": PROFILE, **settings}
        assert open_account(Mollie, api_key=TOKEN, settings=own).identity.mode == mode

    @pytest.mark.parametrize("absent", ["api_key", "profile_id"])
    def test_what_is_kept_elsewhere_is_not_missed(self, absent: str) -> None:
        """As in CI, which has no secrets."""
        kept = {"api_key": TOKEN, "profile_id": PROFILE, absent: "env:NO_SUCH_VARIABLE"}
        lines = [f'{name} = "{value}"' for name, value in kept.items()]
        head = ["[accounts.main]", 'provider = "mollie"', "testmode = true"]
        _ = Path("subhub.toml").write_text("\n".join([*head, *lines]))
        assert [*Configuration.read().check("main", secrets=False)] == [absent]

    def test_a_function_is_held_to_them_at_each_request(self) -> None:
        client = Client(Mollie, api_key=lambda: TOKEN, lineage="shop")
        with client, pytest.raises(ConfigError, match="`profile_id` is missing"):
            _ = client.get_customer("cst_1")

    def test_oauth_is_held_to_them_at_once(self) -> None:
        with pytest.raises(ConfigError, match="`profile_id` is missing"):
            _ = Client(Mollie, api_key=Shop().oauth(), lineage="shop")

    def test_the_embedded_sandbox_has_an_access_token_too(self) -> None:
        with Client(Mollie, sandbox=True, settings=TEST_MODE) as client:
            made = client.create_customer(CustomerDraft(name="Acme", email="a@acme.com"))
            assert [*client.list_customers()] == [made]


# The fake -----------------------------------------------------------------------------------------


def send(
    fake: MollieFake, method: str, target: str, body: object = None, key: str | None = None
) -> Reply:
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key or fake.access_token}"}
    return fake.handle(method, f"/v2{target}", headers, content)


TERMS = {
    "amount": {"currency": "EUR", "value": "12.50"},
    "interval": "1 month",
    "description": "Phone",
}


class TestTheFakeEnforces:
    @pytest.mark.parametrize(
        ("method", "target", "body"),
        [
            ("POST", "/payments", {}),
            ("POST", "/customers/CUSTOMER/subscriptions", TERMS),
            ("GET", "/customers/CUSTOMER/subscriptions/sub_1/payments?testmode=true", None),
        ],
    )
    def test_a_profile_where_it_is_required(
        self, world: World, method: str, target: str, body: Any
    ) -> None:
        place = target.replace("CUSTOMER", world.customer)
        reply = send(world.fake, method, place, body and {**body, "testmode": True})
        said = json.loads(reply.content)
        assert (reply.status, said["field"]) == (400 if method == "GET" else 422, "profileId")

    @pytest.mark.parametrize(
        ("method", "target", "body", "field"),
        [
            ("GET", "/customers?testmode=yes", None, "testmode"),
            ("GET", "/customers?profileId=pfl_1", None, "profileId"),
            ("GET", "/subscriptions?profileId=1", None, "profileId"),
            ("POST", "/customers", {"testmode": "true"}, "testmode"),
            ("POST", "/customers", {"profileId": PROFILE}, "profileId"),
            ("POST", "/payments", {"profileId": 1}, "profileId"),
        ],
    )
    def test_the_form_and_the_place_of_the_parameters(
        self, fake: MollieFake, method: str, target: str, body: Any, field: str
    ) -> None:
        reply = send(fake, method, target, body)
        assert reply.status in {400, 422}
        assert json.loads(reply.content)["field"] == field

    @pytest.mark.parametrize(
        ("method", "target", "body"),
        [
            ("POST", "/customers", {"testmode": True}),
            ("POST", "/payments", {"profileId": PROFILE}),
            ("DELETE", "/customers/CUSTOMER", {"testmode": True}),
            ("GET", "/customers?testmode=true", None),
        ],
    )
    def test_an_api_key_sends_neither(
        self, world: World, method: str, target: str, body: Any
    ) -> None:
        place = target.replace("CUSTOMER", world.customer)
        reply = send(world.fake, method, place, body, world.fake.api_key)
        assert reply.status in {400, 422}
        assert world.fake.customers.keys() == {world.customer}

    def test_one_mode_does_not_see_the_other(self, world: World) -> None:
        live = {"profile_id": PROFILE}
        subscribed = world.client.subscribe(plan=PHONE, customer=world.customer)
        place = f"/customers/{world.customer}"
        for target in (place, f"{place}/mandates", f"{place}/subscriptions"):
            assert send(world.fake, "GET", target).status == 404
            assert send(world.fake, "GET", f"{target}?testmode=true").status == 200
        (payment,) = world.fake.payments
        assert send(world.fake, "GET", f"/payments/{payment}").status == 404
        assert send(world.fake, "GET", f"/payments/{payment}?testmode=true").status == 200
        with Client(Mollie, sandbox=world.fake, settings=live) as client:
            assert [*client.list_customers()] == [*client.list_subscriptions()] == []
            with pytest.raises(NotFound):
                _ = client.get_subscription(subscribed.id)

    def test_a_profile_sees_its_own_subscriptions(self, world: World) -> None:
        first = world.client.subscribe(plan=PHONE, customer=world.customer)
        with Client(Mollie, sandbox=world.fake, settings=TEST_MODE) as client:
            other = PHONE.model_copy(update={"name": "Car"})
            second = client.subscribe(plan=other, customer=world.customer)
            assert [*client.list_subscriptions()] == [second]
            (payment,) = client.walk(Mollie.list_subscription_payments, subscription=second.id)
            assert payment.raw["profileId"] == PROFILE
        assert [*world.client.list_subscriptions()] == [first]
        every = json.loads(send(world.fake, "GET", "/subscriptions?testmode=true").content)
        assert every["count"] == 2

    def test_the_links_of_pages_can_be_followed_as_they_are(self, world: World) -> None:
        """As Mollie's own SDK does."""
        for name in ("Phone", "Car", "Boat"):
            plan = PHONE.model_copy(update={"name": name})
            with Client(Mollie, sandbox=world.fake, settings=TEST_MODE) as client:
                _ = client.subscribe(plan=plan, customer=world.customer)
        target = f"/subscriptions?limit=2&testmode=true&profileId={PROFILE}"
        found: list[str] = []
        while target:
            page = json.loads(send(world.fake, "GET", target).content)
            found += [each["description"] for each in page["_embedded"]["subscriptions"]]
            following = page["_links"]["next"]
            target = following and following["href"].partition("/v2")[2]
        assert found == ["Boat", "Car", "Phone"]

    def test_what_comes_due_keeps_its_mode_and_profile(self, world: World) -> None:
        with Client(Mollie, sandbox=world.fake, settings=TEST_MODE) as client:
            made = client.subscribe(plan=PHONE, customer=world.customer)
            _ = [*world.client.list_customers()]  # the latest request is of another profile
            _ = world.fake.clock.advance(days=31)
            found = client.walk(Mollie.list_subscription_payments, subscription=made.id)
            seen = [(payment.raw["mode"], payment.raw["profileId"]) for payment in found]
        assert seen == [("test", PROFILE)] * 2

    def test_a_body_that_is_not_an_object_is_refused_as_ever(self, fake: MollieFake) -> None:
        for content in (b"[]", b"{"):
            headers = {"Authorization": f"Bearer {fake.access_token}"}
            assert fake.handle("POST", "/v2/customers", headers, content).status == 400


def renew(fake: MollieFake, app: str = f"Basic {APP}", **fields: str) -> tuple[int, Any]:
    given = {"grant_type": "refresh_token", "refresh_token": fake.renewal, **fields}
    content = json.dumps(given).encode()
    reply = fake.handle("POST", "/oauth2/tokens", {"Authorization": app}, content)
    return reply.status, json.loads(reply.content)


class TestTheTokenEndpoint:
    def test_it_answers_as_documented(self, fake: MollieFake) -> None:
        status, body = renew(fake)
        assert status == 200
        assert body["access_token"].startswith("access_")
        assert (body["expires_in"], body["token_type"]) == (3600, "bearer")
        assert body["refresh_token"] == fake.renewal

    @pytest.mark.parametrize(
        ("changed", "status", "word"),
        [
            ({"app": "Basic !"}, 401, "invalid_client"),
            ({"app": f"Basic {base64.b64encode(b'app_1:').decode()}"}, 401, "invalid_client"),
            ({"app": f"Bearer {APP}"}, 401, "invalid_client"),
            ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
            ({"refresh_token": "refresh_other"}, 400, "invalid_grant"),
        ],
    )
    def test_it_refuses_in_the_words_of_the_standard(
        self, fake: MollieFake, changed: dict[str, str], status: int, word: str
    ) -> None:
        assert renew(fake, **changed) == (status, {"error": word})

    def test_it_only_takes_posts(self, fake: MollieFake) -> None:
        headers = {"Authorization": f"Basic {APP}"}
        assert fake.handle("GET", "/oauth2/tokens", headers, b"").status == 404

    def test_a_token_ends_after_its_time_or_when_it_is_revoked(self, fake: MollieFake) -> None:
        first, second = (renew(fake)[1]["access_token"] for _ in range(2))
        assert send(fake, "GET", "/customers", key=first).status == 200
        fake.revoke_key(first)
        assert send(fake, "GET", "/customers", key=first).status == 401
        _ = fake.clock.advance(seconds=3599)
        assert send(fake, "GET", "/customers", key=second).status == 200
        _ = fake.clock.advance(seconds=1)
        assert send(fake, "GET", "/customers", key=second).status == 401

    def test_tokens_are_kept_with_the_state(self, fake: MollieFake) -> None:
        token = renew(fake)[1]["access_token"]
        again = restore(MollieFake, json.loads(json.dumps(snapshot(fake))))
        assert isinstance(again, MollieFake)
        assert send(again, "GET", "/customers", key=token).status == 200


# OAuth on a served sandbox ------------------------------------------------------------------------


@dataclass
class Shop:
    """An application that keeps its tokens, and reaches the token endpoint of a served sandbox."""

    served: ServedAccount | None = None
    stored: OAuthTokens = field(
        default_factory=lambda: OAuthTokens("access_ended", MollieFake.renewal, START)
    )
    saved: list[OAuthTokens] = field(default_factory=list[OAuthTokens])
    asked: list[str] = field(default_factory=list[str])

    def save(self, tokens: OAuthTokens) -> None:
        self.saved.append(tokens)
        self.stored = tokens

    def oauth(self) -> OAuth:
        return OAuth(
            client_id="app_1",
            client_secret="secret",
            load=lambda: self.stored,
            save=self.save,
            transport=httpx.MockTransport(self.forwarded),
        )

    def forwarded(self, request: httpx.Request) -> httpx.Response:
        """Pass a request for Mollie's host on to the sandbox."""
        assert self.served is not None
        self.asked.append(str(request.url))
        headers = {
            name: request.headers[name] for name in ("authorization", "content-type", "accept")
        }
        place = self.served.site + request.url.path
        return httpx.request(request.method, place, headers=headers, content=request.content)


@pytest.fixture(scope="module")
def account() -> Iterator[ServedAccount]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(Mollie, "mollie", {})
        with serving(Application(sandbox), listening):
            yield sandbox.accounts["mollie/mollie"]


@pytest.fixture
def served(account: ServedAccount) -> ServedAccount:
    account.reset()
    return account


@pytest.mark.usefixtures("home")
class TestServed:
    def test_a_whole_sale_with_tokens_that_end(self, served: ServedAccount) -> None:
        _ = Path("subhub.toml").write_text(
            f'[accounts.main]\nprovider = "mollie"\nlineage = "shop"\n'
            f'base_url = "{served.base_url}"\nprofile_id = "env:PROFILE"\ntestmode = true\n'
        )
        shop = Shop(served)
        fake = served.fake
        assert isinstance(fake, MollieFake)
        with Client.from_config(api_key=shop.oauth()) as client:
            sell_once(client, fake)
            assert shop.asked == ["https://api.mollie.com/oauth2/tokens"]
            (renewed,) = shop.saved
            assert renewed.expires_at is not None
            assert renewed.expires_at > dt.datetime.now(dt.UTC) + dt.timedelta(minutes=55)

            fake.revoke_key(renewed.access_token)
            assert len([*client.list_customers()]) == 1
            _ = fake.clock.advance(days=1)
            assert len([*client.list_customers()]) == 1
        assert len(shop.saved) == 3
        assert len({tokens.access_token for tokens in shop.saved}) == 3

    def test_a_refresh_token_that_is_not_known(self, served: ServedAccount) -> None:
        shop = Shop(served, OAuthTokens("access_ended", "refresh_other", START))
        settings: dict[str, Any] = {"base_url": served.base_url, "settings": TEST_MODE}
        client = Client(Mollie, api_key=shop.oauth(), lineage="shop", **settings)
        problem = r"could not be renewed \(invalid_grant"
        with client, pytest.raises(AuthenticationFailed, match=problem):
            _ = client.get_customer("cst_1")
        assert not shop.saved

    def test_the_same_table_works_in_a_sandbox(self, served: ServedAccount) -> None:
        where = served.site.partition("/mollie/")[0]
        _ = Path("subhub.toml").write_text(
            f'[accounts.mollie]\nprovider = "mollie"\nsandbox = "{where}"\n'
            f'profile_id = "{PROFILE}"\ntestmode = true\n'
        )
        assert isinstance(served.fake, MollieFake)
        with Client.from_config() as client:
            sell_once(client, served.fake)
        served.reset()
        with Client(Mollie, sandbox=where, settings=TEST_MODE) as client:
            sell_once(client, served.fake)


def sell_once(client: Client, fake: MollieFake) -> None:
    """Sell a subscription to a customer who pays on the page, and find it in the list."""
    customer = client.create_customer(CustomerDraft(name="Acme", email="a@acme.com"))
    link = client.call(
        Mollie.create_first_payment,
        customer.id,
        amount=PHONE.price,
        description="First month",
        redirect_url="https://shop.example/thanks",
    )
    fake.pay(link.url)
    paid = client.call(Mollie.get_payment, link.id)
    assert paid.raw["profileId"] == PROFILE
    made = client.subscribe(plan=PHONE, customer=customer.id, payment_method=paid.mandate_id)
    assert [*client.list_subscriptions()] == [made]
