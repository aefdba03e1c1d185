"""The examples run as they are, and switch providers by one word.

Django and Celery are in the groups `frameworks` and `queues`; without one, its example is left out.
The shop in `examples/webshop` is tested in a browser, in test_sandbox_browser.py.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from subhub import Client
from subhub.client.configuration import Configuration
from subhub.plugin.registry import load
from subhub.sandbox import Fault
from subhub.server import Application, Sandbox, listen, origin_of, serving

EXAMPLES = Path(__file__).parents[1] / "examples"
EXAMPLE = EXAMPLES / "switch"
SERVED = "http://127.0.0.1:8420"
FORM = {
    "name": "Test Company BV",
    "email": "shopper@example.com",
    "address": "Teststreet 123",
    "postal_code": "1234AB",
    "city": "Amsterdam",
}


def needs(module: str, group: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"the group `{group}` is not installed")


@pytest.mark.parametrize("provider", ["mijnklantportaal", "afternoon"])
def test_the_shop_switches_by_one_word(tmp_path: Path, provider: str) -> None:
    shop = Path(shutil.copy(EXAMPLE / "shop.py", tmp_path))
    written = (EXAMPLE / "subhub.toml").read_text("utf-8")
    switched = written.replace('provider = "mijnklantportaal"', f'provider = "{provider}"')
    _ = (tmp_path / "subhub.toml").write_text(switched, "utf-8")

    ran = subprocess.run(
        [sys.executable, "-W", "error", str(shop)], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert f"billed by {provider}" in ran.stdout
    assert len(ran.stdout.splitlines()) == 4


@contextmanager
def copied(
    example: str, folder: Path, account: str | None = None
) -> Generator[tuple[Path, Sandbox]]:
    """A copy of an example, unchanged but for its account and the address of the sandbox."""
    home = Path(shutil.copytree(EXAMPLES / example, folder / example))
    file = home / "subhub.toml"
    written = file.read_text("utf-8")
    configuration = Configuration.read(file)
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        for name, settings in configuration.settings.accounts.items():
            _ = sandbox.add(load(settings.provider), name, dict(configuration.plans()))
        moved = written.replace(SERVED, sandbox.origin)
        if account:
            moved = re.sub(r'(?m)^account = ".*"$', f'account = "{account}"', moved)
        _ = file.write_text(moved, "utf-8")
        with serving(Application(sandbox), listening):
            yield home, sandbox


class Visitor(httpx.Client):
    """A browser without a screen: it keeps cookies, follows redirects and sends forms."""

    def order(self, **changed: str) -> httpx.Response:
        form = self.get("/", follow_redirects=True)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert token, form.text
        return self.post("/", data={**FORM, **changed, "csrfmiddlewaretoken": token[1]})


@needs("django", "frameworks")
@pytest.mark.parametrize("account", ["afternoon", "mijnklantportaal"])
class TestDjango:
    @pytest.fixture
    def site(self, account: str, folder: Path) -> Iterator[tuple[Callable[[], Visitor], Sandbox]]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with copied("django", folder, account) as (home, sandbox), ExitStack() as visitors:
            environment = {**os.environ, "SHOP_ADDRESS": address}
            command = [sys.executable, "-W", "error", "shop.py"]
            with subprocess.Popen(command, cwd=home, env=environment) as process:
                started(address, process)

                def visitor() -> Visitor:
                    return visitors.enter_context(Visitor(base_url=address, timeout=30))

                yield visitor, sandbox
                process.terminate()

    def test_sells_shows_what_is_wrong_and_keeps_orders_apart(
        self, site: tuple[Callable[[], Visitor], Sandbox], account: str, folder: Path
    ) -> None:
        visitor, sandbox = site
        fake = sandbox.accounts[f"{account}/{account}"].fake
        shopper, other = visitor(), visitor()

        refused = shopper.order(email="shopper")
        assert refused.status_code == 422
        assert "not an e-mail address" in refused.text
        assert 'value="Teststreet 123"' in refused.text

        page = shopper.order().headers["Location"]
        assert page.startswith(sandbox.origin)
        assert shopper.get("/").headers["Location"] == page
        assert "Not paid yet" in shopper.get("/order").text
        fake.pay(page)
        with Client.from_config(folder / "django" / "subhub.toml") as billing:
            (sold,) = billing.list_subscriptions()
        assert sold.id in shopper.get("/order").text
        assert other.get("/order").headers["Location"] == "/"

    def test_says_so_when_the_provider_cannot_be_reached(
        self, site: tuple[Callable[[], Visitor], Sandbox], account: str
    ) -> None:
        visitor, sandbox = site
        sandbox.accounts[f"{account}/{account}"].fake.faults.rule(Fault("server_error"))
        failed = visitor().order()
        assert failed.status_code == 503
        assert int(failed.headers["Retry-After"]) > 0
        assert "try again in a minute" in failed.text


def started(address: str, process: subprocess.Popen[bytes]) -> None:
    port = int(address.rpartition(":")[2])
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the example has ended"
        time.sleep(0.05)
    pytest.fail("the example did not start")


@needs("celery", "queues")
def test_a_queue_sells_each_order_once(folder: Path) -> None:
    with copied("celery", folder) as (home, _):
        environment = {
            **os.environ,
            "BROKER_URL": "filesystem://",
            "RESULT_URL": f"file://{home}/results",
        }
        for name in ("results", "queue"):
            (home / name).mkdir()
        setup = f"""
import sys
sys.path.insert(0, {str(home)!r})
import tasks
from celery.contrib.testing.worker import start_worker
tasks.app.conf.broker_transport_options = {{
    "data_folder_in": {str(home / "queue")!r}, "data_folder_out": {str(home / "queue")!r},
}}
company = {{"name": "Test Company BV", "email": "john.doe@test.com", "country": "NL"}}
with start_worker(tasks.app, pool="solo", perform_ping_check=False):
    sold = [tasks.sell.delay(order, company) for order in ("order-1", "order-1", "order-2")]
    print(*(one.get(timeout=60) for one in sold))
"""
        ran = subprocess.run(
            [sys.executable, "-c", setup],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        first, again, other = ran.stdout.split()
        assert first == again != other
        with Client.from_config(home / "subhub.toml") as billing:
            assert {found.id for found in billing.list_subscriptions()} == {first, other}
