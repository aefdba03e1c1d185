"""docs/recipes.md: its programs run, with the frameworks that they name.

Django and Celery are in the groups `frameworks` and `queues`; without one, its recipe is left out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest

from subhub import Client, InvalidRequest, NotFound, RateLimited, SubhubError
from subhub.client.configuration import Configuration
from subhub.plugin.registry import load
from subhub.sandbox import Fault
from subhub.server import Application, Sandbox, listen, origin_of, serving

PAGE = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text("utf-8")
CONFIGURATION = """
[accounts.main]
provider = "afternoon"
sandbox = true
journal = "journal.db"

[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21
"""
COMPANY = {"name": "Test Company BV", "email": "john.doe@test.com", "country": "NL"}


def recipe(name: str) -> ModuleType:
    (block,) = re.findall(rf"^```python {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    module = ModuleType(f"recipe_{name}")
    exec(compile(block, f"docs/recipes.md ({name})", "exec"), module.__dict__)  # noqa: S102 - ours
    return module


@pytest.fixture(autouse=True)
def configured(folder: Path) -> None:
    _ = (folder / "subhub.toml").write_text(CONFIGURATION, "utf-8")


def posted(app: Any, *bodies: object, before: Callable[[], None] | None = None) -> list[Any]:
    """Return the answers of a FastAPI application, whose lifespan is that of this call."""

    async def main() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://shop.test") as web,
        ):
            if before:
                before()
            return [await web.post("/links", json=body) for body in bodies]

    return anyio.run(main)


class TestFastAPI:
    @pytest.fixture
    def app(self) -> Any:
        return recipe("fastapi").app

    def test_links_are_made_by_one_client(self, app: Any) -> None:
        answers = posted(app, COMPANY, COMPANY | {"email": "jane.doe@test.com"})
        assert [answer.status_code for answer in answers] == [200, 200]
        assert all(answer.json()["url"].startswith("https://") for answer in answers)
        assert app.state.billing._account.retries.deadline == 10

    @pytest.mark.parametrize("wrong", [{"email": "shopper"}, {"surname": "?"}])
    def test_wrong_values_are_shown_with_their_fields(
        self, app: Any, wrong: dict[str, str]
    ) -> None:
        (answer,) = posted(app, COMPANY | wrong)
        assert answer.status_code == 422
        assert next(iter(wrong)) in answer.text

    @pytest.mark.parametrize(
        ("error", "status", "detail"),
        [
            (InvalidRequest.of("country", "must be NL"), 422, {"country": "must be NL"}),
            (NotFound("gone", provider="afternoon", status=404), 404, "not found"),
            (RateLimited("wait", status=429, retry_after=7.2), 503, "try again"),
        ],
    )
    def test_one_handler_answers_every_error(
        self, error: SubhubError, status: int, detail: object
    ) -> None:
        answer = recipe("fastapi").billing_failed(None, error)
        assert answer.status_code == status
        assert json.loads(answer.body) == {"detail": detail}
        assert answer.headers.get("Retry-After") == ("7" if status == 503 else None)

    def test_what_the_provider_fails_at_is_asked_for_again(self, app: Any) -> None:
        def fail() -> None:
            app.state.billing.sandbox.faults.rule(Fault("server_error"))

        (answer,) = posted(app, COMPANY, before=fail)
        assert (answer.status_code, answer.json()) == (503, {"detail": "try again"})
        assert int(answer.headers["Retry-After"]) > 0


def test_django_answers_with_a_link_and_every_error(monkeypatch: pytest.MonkeyPatch) -> None:
    django = pytest.importorskip("django", reason="the group `frameworks` is not installed")
    settings = import_module("django.conf").settings
    testing = import_module("django.test")
    module = recipe("django")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="x")
        django.setup()
    middleware = [f"{module.__name__}.BillingErrors"]
    with testing.override_settings(
        ROOT_URLCONF=module.__name__, MIDDLEWARE=middleware, ALLOWED_HOSTS=["*"]
    ):
        web = testing.Client()
        assert web.post("/links", COMPANY).json()["url"].startswith("https://")
        refused = web.post("/links", COMPANY | {"email": "shopper"})
        assert refused.status_code == 422
        assert "email" in refused.json()["detail"]
        module.billing().sandbox.faults.rule(Fault("server_error"))
        failed = web.post("/links", COMPANY)
        assert (failed.status_code, failed.headers["Retry-After"]) == (503, "30")
    module.billing().close()


def test_celery_sells_an_order_once(folder: Path) -> None:
    _ = pytest.importorskip("celery", reason="the group `queues` is not installed")
    worker = import_module("celery.contrib.testing.worker")
    module = recipe("celery")
    module.app.conf.update(broker_url="memory://", result_backend="cache+memory://")
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(load("afternoon"), "main", dict(Configuration.read().plans()))
        served = CONFIGURATION.replace("true", f'"{sandbox.origin}"')
        _ = (folder / "subhub.toml").write_text(served, "utf-8")
        with serving(Application(sandbox), listening):
            with worker.start_worker(module.app, pool="solo", perform_ping_check=False):
                results = [module.subscribe.delay("order-1", COMPANY) for _ in range(2)]
                ids = [result.get(timeout=30) for result in results]
            with Client.from_config() as billing:
                sold = [found.id for found in billing.list_subscriptions()]
    assert ids == [sold[0], sold[0]]
    assert len(sold) == 1


def test_each_tenant_has_one_client_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    module = recipe("tenants")
    assert capsys.readouterr().out == "afternoon\n"
    assert module.tenants["acme"] is module.tenants["acme"]
    module.KEYS["other"] = ("afternoon", "ak_test_another0123456789abcdef")
    assert module.tenants["other"] is not module.tenants["acme"]
    module.tenants.close()
