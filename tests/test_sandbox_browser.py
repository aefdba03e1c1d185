"""Checkout pages, the dashboard and the example shop, as users see and use them in Chromium.

With the variable `SUBHUB_SCREENSHOTS`, screenshots are saved to that folder; `tools/screenshots.py`
takes those of the documentation.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, ProviderUnavailable
from subhub.plugin.registry import load, names
from subhub.sandbox import Fault
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of, serving

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = os.environ.get("SUBHUB_SCREENSHOTS")
PROVIDERS = ("afternoon", "mijnklantportaal")
SHOPS = (*PROVIDERS, "stripe")
"""The providers that the web shop can work with; Stripe takes no tax rate."""
SHOP = Path(__file__).parents[1] / "examples" / "webshop"
PLAN = PlanDraft(
    code="phone",
    name="Phone <subscription> & more",
    price=Money.parse("12.95 EUR"),
    interval=Interval.parse("1 year"),
    tax_rate=21,
)
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no `chromium` is installed: apt-get install chromium"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with listen("127.0.0.1", 8420 if PICTURES else 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        for name in SHOPS:
            plan = PLAN if name in PROVIDERS else PLAN.model_copy(update={"tax_rate": None})
            _ = sandbox.add(load(name), "main", {"phone": plan})
        with serving(Application(sandbox), listening):
            yield sandbox


@pytest.fixture(scope="module")
def open_page() -> Iterator[Callable[..., Page]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def make(
            *,
            java_script_enabled: bool = True,
            width: int = 1200,
            color_scheme: Literal["light", "dark"] = "light",
        ) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 560},
                java_script_enabled=java_script_enabled,
                color_scheme=color_scheme,
            )
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            return context.new_page()

        yield make
        browser.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Iterator[Page]:
    opened = open_page()
    yield opened
    opened.context.close()


@pytest.fixture(params=PROVIDERS)
def account(request: pytest.FixtureRequest, server: Sandbox) -> ServedAccount:
    found = server.accounts[f"{request.param}/main"]
    found.reset()
    return found


@pytest.fixture
def billing(account: ServedAccount) -> Iterator[Client]:
    with Client(
        account.provider, api_key=account.fake.api_key, base_url=account.base_url
    ) as client:
        yield client


def signup(
    account: ServedAccount,
    billing: Client,
    return_url: str | None = None,
    back_url: str | None = None,
) -> str:
    link = billing.create_signup_link(
        plan=account.plan_ids["phone"],
        customer=COMPANY,
        return_url=return_url,
        back_url=back_url,
    )
    return link.url


def take(page: Page, name: str, account: ServedAccount, of: str = PROVIDERS[0]) -> None:
    if PICTURES and account.provider.name == of:
        _ = page.screenshot(path=Path(PICTURES) / f"sandbox-{name}.png", full_page=True)


@pytest.mark.parametrize(
    "account",
    ["afternoon", pytest.param("mijnklantportaal", marks=pytest.mark.slow)],
    indirect=True,
)
def test_a_checkout_page_can_be_paid_with_the_keyboard_alone(
    page: Page, account: ServedAccount, billing: Client
) -> None:
    _ = page.goto(signup(account, billing))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pay 12.95 EUR")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Paid.")
    expect(page.get_by_role("status")).to_contain_text("is not documented")
    expect(page.get_by_role("button")).to_have_count(0)
    assert len(list(billing.list_subscriptions())) == 1


@pytest.mark.slow
class TestCheckoutPage:
    def test_shows_the_plan_as_text(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        _ = page.goto(signup(account, billing))

        expect(page.get_by_role("heading", name="Sign up")).to_be_visible()
        main = page.get_by_role("main")
        for text in ("Phone <subscription> & more", "12.95 EUR", "1 year", "Test Company BV"):
            expect(main).to_contain_text(text)
        take(page, "signup", account)

    def test_can_be_declined_and_paid_later(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        _ = page.goto(signup(account, billing))
        page.get_by_role("button", name="Decline").click()

        expect(page.get_by_role("status")).to_contain_text("was declined")
        take(page, "declined", account)
        assert list(billing.list_subscriptions()) == []

        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("status")).to_contain_text("Paid.")
        assert len(list(billing.list_subscriptions())) == 1

    def test_can_be_left_without_paying(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        _ = page.goto(signup(account, billing))
        page.get_by_role("link", name="Go back").click()

        expect(page.get_by_role("status")).to_contain_text("Nothing was paid.")
        assert list(billing.list_subscriptions()) == []

    def test_works_without_javascript(
        self, open_page: Callable[..., Page], account: ServedAccount, billing: Client
    ) -> None:
        page = open_page(java_script_enabled=False)
        _ = page.goto(signup(account, billing))
        page.get_by_role("button", name="Pay").click()

        expect(page.get_by_role("status")).to_contain_text("Paid.")
        page.context.close()

    def test_says_that_a_page_does_not_exist(self, page: Page, account: ServedAccount) -> None:
        answer = page.goto(f"{account.site}/pages/subscribe/nothing")

        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name="Page not found")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("account", ["afternoon"], indirect=True)
class TestRedirects:
    @pytest.mark.parametrize(("name", "target"), [("Pay", "success"), ("Go back", "back")])
    def test_go_to_the_applications_urls(
        self, page: Page, account: ServedAccount, billing: Client, name: str, target: str
    ) -> None:
        origin = account.site.removesuffix(account.path)
        url = signup(account, billing, f"{origin}?at=success", f"{origin}?at=back")
        _ = page.goto(url)
        page.locator("main").get_by_text(name).click()

        page.wait_for_url(f"{origin}?at={target}")


@pytest.mark.slow
class TestDashboard:
    def test_shows_every_account_with_what_a_client_needs(
        self, page: Page, server: Sandbox
    ) -> None:
        _ = page.goto(server.origin)

        for account in server.accounts.values():
            row = page.get_by_role("row").filter(has_text=account.path)
            expect(row).to_contain_text(account.base_url)
            expect(row).to_contain_text(account.fake.api_key)
        take(page, "dashboard", next(iter(server.accounts.values())))

    def test_breaks_no_id_key_or_url(
        self, page: Page, server: Sandbox, account: ServedAccount, billing: Client
    ) -> None:
        """A table that is too wide for them scrolls, and the page does not."""
        account.fake.pay(signup(account, billing))
        _ = account.fake.clock.advance(days=400)
        for url, least in ((server.origin, 9), (board(account), 5)):
            _ = page.goto(url)
            found = page.locator("code.whole").all()
            lines = [code.evaluate("one => one.getClientRects().length") for code in found]

            assert len(lines) >= least
            assert set(lines) == {1}, url
            assert page.evaluate("document.documentElement.scrollWidth") <= 1200

    def test_shows_requests_as_they_happen(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        _ = page.goto(board(account))
        expect(page.get_by_label("Live updates")).to_be_checked()

        customer = billing.create_customer(COMPANY)

        row = page.locator("#exchanges tbody tr").first
        expect(row).to_contain_text("/customers", timeout=5000)
        expect(row).to_contain_text("201")
        row.locator("summary").click()
        expect(row).to_contain_text(customer.id)
        expect(page.locator("#state")).to_contain_text("customers (1)", timeout=5000)
        _ = signup(account, billing)
        expect(row).to_contain_text("sign", timeout=5000)
        take(page, "account", account)

    def test_can_stop_updating(self, page: Page, account: ServedAccount, billing: Client) -> None:
        _ = page.goto(board(account))
        page.get_by_label("Live updates").uncheck()
        _ = billing.create_customer(COMPANY)
        page.wait_for_timeout(1500)

        expect(page.locator("#exchanges tbody tr")).to_have_count(0)

    def test_its_forms_work_without_javascript(
        self, open_page: Callable[..., Page], account: ServedAccount, billing: Client
    ) -> None:
        page = open_page(java_script_enabled=False)
        before = account.fake.clock.now()
        _ = billing.create_customer(COMPANY)
        _ = page.goto(board(account))

        page.get_by_label("Advance by (days)").fill("40")
        page.get_by_role("button", name="Advance").click()
        assert (account.fake.clock.now() - before).days == 40

        _ = page.get_by_label("Fault").select_option("dropped")
        page.get_by_role("button", name="Schedule").click()
        expect(page.get_by_text("dropped: next 1")).to_be_visible()
        page.get_by_role("button", name="Clear all").click()
        expect(page.get_by_text("No faults scheduled.")).to_be_visible()

        page.get_by_role("button", name="Reset this account").click()
        expect(page.locator("#total")).to_contain_text("0 requests")
        page.context.close()

    def test_labels_every_control_and_has_landmarks(
        self, page: Page, account: ServedAccount
    ) -> None:
        _ = page.goto(board(account))

        expect(page.get_by_role("main")).to_have_count(1)
        expect(page.get_by_role("banner")).to_have_count(1)
        expect(page.get_by_role("navigation", name="Accounts")).to_have_count(1)
        assert page.locator("html").get_attribute("lang") == "en"
        for control in page.locator("input, select").all():
            assert page.locator(f"label[for={control.get_attribute('id')}]").count() or (
                control.locator("xpath=ancestor::label").count()
            )


def board(account: ServedAccount, query: str = "") -> str:
    """Return the URL of the account's dashboard."""
    return account.site.replace(account.path, f"_dashboard/{account.path}") + query


CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * light(r / 255) + 0.7152 * light(g / 255) + 0.0722 * light(b / 255);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length < 4 || color[3]) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [parse(getComputedStyle(element).color), ground(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${element.tagName} ${element.className}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""
"""What is harder to read than WCAG's level AA allows: 4.5 to 1."""


@pytest.mark.parametrize("account", ["afternoon"], indirect=True)
class TestRequests:
    def test_come_first_and_a_link_in_a_response_leads_to_its_page(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        url = signup(account, billing)
        _ = page.goto(board(account))
        expect(page.get_by_role("heading", level=2).first).to_have_text("Requests")

        row = page.locator("#exchanges tbody tr").first
        row.locator("summary").click()
        with page.expect_popup() as opened:
            row.get_by_role("link", name=urlsplit(url).path).click()

        expect(opened.value.get_by_role("button", name="Pay 12.95 EUR")).to_be_visible()

    @pytest.mark.slow
    def test_are_copied_as_curl_and_replayed(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        customer = billing.create_customer(COMPANY)
        _ = page.goto(board(account))
        row = page.locator("#exchanges tbody tr").first
        row.locator("summary").click()
        expect(row).to_contain_text(f'"id": "{customer.id}"')
        row.get_by_role("button", name="Copy as curl").click()
        expect(row.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"curl --request POST {account.site}/v1/customers ")
        assert '"Authorization: Bearer $SUBHUB_API_KEY"' in copied

        row.get_by_role("button", name="Replay").click()

        expect(page.locator("#exchanges tbody tr")).to_have_count(2)
        expect(page.locator("#exchanges tbody tr").first).to_contain_text("replay of 1")
        expect(page.locator("#exchanges tbody tr").first).to_contain_text("ms")

    @pytest.mark.slow
    def test_are_selected_where_nothing_can_be_copied(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        _ = billing.create_customer(COMPANY)
        _ = page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
        )
        _ = page.goto(board(account))
        page.locator("#exchanges summary").first.click()
        page.get_by_role("button", name="Copy as curl").click()

        assert page.evaluate("getSelection().toString()").startswith("curl --request POST")

    @pytest.mark.slow
    @pytest.mark.parametrize("java_script_enabled", [True, False])
    def test_are_filtered_and_stay_filtered_while_new_ones_come(
        self,
        open_page: Callable[..., Page],
        account: ServedAccount,
        billing: Client,
        *,
        java_script_enabled: bool,
    ) -> None:
        _ = billing.create_customer(COMPANY)
        _ = list(billing.list_customers())
        page = open_page(java_script_enabled=java_script_enabled)
        _ = page.goto(board(account))
        _ = page.get_by_label("Method").select_option("GET")
        _ = page.get_by_label("Status").select_option("2xx")
        page.get_by_label("Path contains").fill("/customers")
        page.get_by_role("button", name="Filter").click()

        rows = page.locator("#exchanges tbody tr")
        expect(rows).to_have_count(1)
        expect(page.locator("#total")).to_contain_text("2 requests, newest first; 1 shown.")
        if java_script_enabled:
            _ = billing.create_customer(COMPANY.model_copy(update={"email": "b@test.com"}))
            _ = list(billing.list_customers())
            expect(rows).to_have_count(2, timeout=5000)
            expect(page.locator("#total")).to_contain_text("4 requests, newest first; 2 shown.")
        page.get_by_role("link", name="Show all").click()
        expect(rows).to_have_count(account.request_log.total)
        page.context.close()

    @pytest.mark.slow
    def test_that_are_running_get_their_duration_at_the_end(
        self, page: Page, account: ServedAccount, billing: Client
    ) -> None:
        account.fake.faults.next(Fault("slow", seconds=2.5))
        _ = page.goto(board(account))
        asking = threading.Thread(target=lambda: list(billing.list_customers()))
        asking.start()
        row = page.locator("#exchanges tbody tr")
        expect(row).to_contain_text("running", timeout=5000)
        row.locator("summary").click()
        asking.join()

        expect(row).to_contain_text("2.5 s", timeout=5000)
        expect(row.locator("details")).to_have_attribute("open", "")
        expect(row).to_have_count(1)


@pytest.mark.slow
@pytest.mark.parametrize("account", ["afternoon"], indirect=True)
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_and_can_be_read(
    open_page: Callable[..., Page],
    account: ServedAccount,
    billing: Client,
    width: int,
    color_scheme: Literal["light", "dark"],
) -> None:
    link = signup(account, billing)
    account.fake.faults.next("server_error")
    with pytest.raises(ProviderUnavailable):
        _ = billing.create_customer(COMPANY)
    _ = account.fake.clock.advance(days=400)
    page = open_page(width=width, color_scheme=color_scheme)
    origin = account.site.removesuffix(account.path)
    for url in (origin, board(account), f"{origin}_sandbox/api", link, board(account, "?status=x")):
        _ = page.goto(url)
        for summary in page.locator("summary").all():
            summary.click()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, url
        assert page.evaluate(CONTRASTS) == [], url
    _ = page.goto(board(account))
    if width < 400:
        summaries = page.locator("#exchanges summary")
        assert all(box.evaluate("one => one.clientWidth") > 300 for box in summaries.all())
    take(page, f"{width}-{color_scheme}", account)
    page.context.close()


ORDER = {
    "Company": "Shopper & Sons",
    "E-mail address": "shopper@test.com",
    "Street and number": "Teststreet 1",
    "Postal code": "1234AB",
    "City": "Amsterdam",
}


def _order(page: Page, **others: str) -> None:
    for label, text in {**ORDER, **others}.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Subscribe").click()


def test_the_shop_is_tested_with_every_provider_that_it_can_work_with() -> None:
    needs = tomllib.loads((SHOP / "subhub.toml").read_text("utf-8"))["needs"]
    able = {name for name in names() if all(map(load(name).capabilities().supports, needs))}
    assert able == set(SHOPS)


@pytest.mark.slow
@pytest.mark.parametrize("account", SHOPS, indirect=True)
class TestShop:
    def test_sells_through_the_provider_in_its_configuration(
        self, page: Page, account: ServedAccount, billing: Client, tmp_path: Path
    ) -> None:
        address = f"http://127.0.0.1:{_free_port()}"
        with _shop(tmp_path, account, address):
            _ = page.goto(address)
            _order(page)
            page.get_by_role("button", name="Pay").click()
            if not account.provider.capabilities().supports("create_signup_link:return_url"):
                expect(page.get_by_role("status")).to_contain_text("Paid.")
                _ = page.goto(address)
            page.wait_for_url(f"{address}/order")
            (subscription,) = billing.list_subscriptions()
            expect(page.get_by_text(subscription.id)).to_be_visible()
            take(page, "shop-order", account, PROVIDERS[1])

    def test_asks_again_for_what_is_wrong_and_forgets_nothing(
        self, page: Page, account: ServedAccount, billing: Client, tmp_path: Path
    ) -> None:
        address = f"http://127.0.0.1:{_free_port()}"
        with _shop(tmp_path, account, address):
            _ = page.goto(address)
            _order(page, **{"E-mail address": "shopper"})

            expect(page.get_by_label("E-mail address")).to_have_attribute("aria-invalid", "true")
            expect(page.get_by_label("Company")).to_have_value(ORDER["Company"])
            assert list(billing.list_customers()) == []
            take(page, "shop-form", account)

    def test_a_second_click_leads_to_the_same_link_and_makes_no_second_customer(
        self, page: Page, account: ServedAccount, billing: Client, tmp_path: Path
    ) -> None:
        address = f"http://127.0.0.1:{_free_port()}"
        with _shop(tmp_path, account, address):
            _ = page.goto(address)
            again = page.context.new_page()
            _ = again.goto(address)
            _order(page)
            _order(again)

            assert again.url == page.url
            page.get_by_role("button", name="Pay").click()
            page.wait_for_timeout(300)
            assert len(list(billing.list_customers())) == 1

    def test_shows_nobody_the_order_of_another(
        self, page: Page, account: ServedAccount, tmp_path: Path, open_page: Callable[..., Page]
    ) -> None:
        address = f"http://127.0.0.1:{_free_port()}"
        with _shop(tmp_path, account, address):
            _ = page.goto(address)
            _order(page)
            page.get_by_role("button", name="Pay").click()
            other = open_page()
            _ = other.goto(f"{address}/order")

            expect(other.get_by_role("button", name="Subscribe")).to_be_visible()
            other.context.close()

    def test_says_so_when_the_provider_refuses(
        self, page: Page, account: ServedAccount, tmp_path: Path
    ) -> None:
        address = f"http://127.0.0.1:{_free_port()}"
        with _shop(tmp_path, account, address):
            _ = page.goto(address)
            account.fake.faults.next("server_error", times=9)
            _order(page)

            expect(page.get_by_role("alert")).to_contain_text("try again in a minute")

    def test_does_not_say_that_nothing_was_charged_to_someone_who_has_paid(
        self, page: Page, account: ServedAccount, tmp_path: Path
    ) -> None:
        address = f"http://127.0.0.1:{_free_port()}"
        with _shop(tmp_path, account, address):
            _ = page.goto(address)
            _order(page)
            account.fake.pay(page.url)
            account.fake.faults.next("server_error", times=9)
            _ = page.goto(f"{address}/order")

            expect(page.get_by_role("alert")).to_contain_text("your payment is not lost")
            expect(page.get_by_role("alert")).not_to_contain_text("Nothing was charged")


class _shop:  # noqa: N801 - used as a function
    """The example, unchanged except for its URLs."""

    def __init__(self, folder: Path, account: ServedAccount, address: str) -> None:
        home = shutil.copytree(SHOP, folder / "shop")
        written = (SHOP / "subhub.toml").read_text("utf-8")
        name = account.provider.name
        moved = written.replace(
            "http://127.0.0.1:8420", account.site.removesuffix(f"/{account.path}")
        )
        chosen = moved.replace('account = "afternoon"', f'account = "{name}"')
        _ = (home / "subhub.toml").write_text(chosen, "utf-8")
        self.address = address
        environment = {**os.environ, "SHOP_ADDRESS": address}
        self.log = (folder / "log.txt").open("w")
        self.process = subprocess.Popen(
            [sys.executable, home / "shop.py"], env=environment, stderr=self.log
        )

    def __enter__(self) -> None:
        port = int(self.address.rpartition(":")[2])
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail("the shop did not start")

    def __exit__(self, *failed: object) -> None:
        self.process.terminate()
        _ = self.process.wait(10)
        self.log.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
