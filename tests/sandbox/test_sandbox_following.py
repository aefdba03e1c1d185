"""Following signup links at accounts with a key and an address, from Python and from a shell."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from subhub import AsyncClient, Client, CustomerDraft, SignupLink
from subhub.cli.app import app
from subhub.server import ServedAccount

Connect = Callable[..., Client]


@pytest.fixture
def link(account: ServedAccount, connect: Connect, company: CustomerDraft) -> SignupLink:
    """Return a link of an account, not paid yet, as its client returned it."""
    plan = account.plan_ids["phone"]
    return connect(account).create_signup_link(plan=plan, customer=company)


def parts_of(link: SignupLink) -> dict[str, str]:
    """Return what an application stores in columns of text."""
    stored = json.loads(link.model_dump_json())
    names = {"plan": "plan_id", "customer": "customer_id"}
    wanted = ("plan", "customer", "email", "created_at", "expires_at")
    parts = {name: stored[names.get(name, name)] for name in wanted}
    return {name: value for name, value in parts.items() if value is not None}


class TestAClient:
    def test_follows_a_link_until_it_is_paid(
        self, account: ServedAccount, connect: Connect, link: SignupLink
    ) -> None:
        billing = connect(account)
        assert billing.follow(link).state == "open"

        account.fake.pay(link.url)

        found = billing.follow(link)
        assert found.state == "completed"
        assert found.subscription == next(billing.list_subscriptions())
        assert found.customer is not None
        assert found.customer.email == link.email

    def test_follows_a_link_from_columns_of_text(
        self, account: ServedAccount, connect: Connect, link: SignupLink
    ) -> None:
        parts: dict[str, Any] = parts_of(link)
        account.fake.pay(link.url)

        assert connect(account).follow(link.id, **parts, known=[]).state == "completed"

    def test_can_be_async(self, account: ServedAccount, link: SignupLink) -> None:
        account.fake.pay(link.url)

        async def follow() -> str:
            async with AsyncClient(
                account.provider, api_key=account.fake.api_key, base_url=account.base_url
            ) as billing:
                return (await billing.follow(link)).state

        assert asyncio.run(follow()) == "completed"

    @pytest.mark.parametrize("days", [0, 400])
    def test_goes_by_the_clock_of_the_provider(
        self, account: ServedAccount, connect: Connect, company: CustomerDraft, days: int
    ) -> None:
        """Whatever ours shows."""
        now = account.fake.clock.now
        _ = account.fake.clock.advance(days=days)
        billing = connect(account)
        plan = account.plan_ids["phone"]
        link = billing.create_signup_link(plan=plan, customer=company)
        assert link.created_at is not None
        assert abs((now() - link.created_at).total_seconds()) <= 1
        assert billing.follow(link).state == "open"

        account.fake.pay(link.url)

        assert billing.follow(link).state == "completed"

    def test_says_when_a_link_has_expired(
        self, account: ServedAccount, connect: Connect, link: SignupLink
    ) -> None:
        _ = account.fake.clock.advance(hours=24)
        assert link.expires_at is not None
        late = account.fake.clock.now() - link.expires_at
        assert (connect(account).follow(link).state == "open") is (late.total_seconds() < 3600)
        _ = account.fake.clock.advance(hours=1)

        assert connect(account).follow(link).state == "expired"


class TestTheCommand:
    @pytest.fixture
    def run(self, account: ServedAccount, folder: Path) -> Callable[..., Result]:
        """Run the program with the account configured."""
        text = (
            f'[accounts.main]\nprovider = "{account.provider.name}"\n'
            f'base_url = "{account.base_url}"\napi_key = "{account.fake.api_key}"\n'
        )
        _ = (folder / "subhub.toml").write_text(text, "utf-8")

        def invoke(*words: str, stdin: str | bytes | None = None) -> Result:
            command = ["signup-link", "follow", *words]
            return CliRunner().invoke(app, command, input=stdin, catch_exceptions=False)

        return invoke

    def test_follows_what_create_has_printed(
        self, account: ServedAccount, run: Callable[..., Result], link: SignupLink, folder: Path
    ) -> None:
        printed = link.model_dump_json()
        _ = (folder / "link.json").write_text(printed, "utf-8")
        first = run("@link.json")
        assert (first.exit_code, first.stdout.split()[2:4]) == (0, ["state", "open"])

        account.fake.pay(link.url)

        for result in (run("@link.json", "--json"), run("-", "--json", stdin=printed)):
            assert result.exit_code == 0, result.output
            assert json.loads(result.stdout)["state"] == "completed"

    def test_follows_an_id_with_options(
        self, account: ServedAccount, run: Callable[..., Result], link: SignupLink
    ) -> None:
        account.fake.pay(link.url)
        parts = [(f"--{name.replace('_', '-')}", value) for name, value in parts_of(link).items()]
        words = [word for part in parts for word in part]
        found = run(link.id, *words, "--known", account.provider.stand_in_id, "--json")

        assert found.exit_code == 0, found.output
        assert json.loads(found.stdout)["state"] == "completed"

    @pytest.mark.parametrize(
        ("words", "stdin", "problem"),
        [
            (("@missing.json",), None, "must be an id, @FILE or -"),
            (("-",), "{}", "must be what `subhub signup-link create --json` prints"),
            (("-",), b"\xe9", "must be an id, @FILE or -"),
            (("lnk_1", "--created-at", "now"), None, r"`--created-at`.*got 'now'"),
            (("lnk_1", "--created-at", "2026-12-01T12:00Z"), None, "`--plan`: is required"),
        ],
    )
    def test_refuses_what_cannot_be_followed(
        self,
        run: Callable[..., Result],
        afternoon: ServedAccount,
        words: tuple[str, ...],
        stdin: str | bytes | None,
        problem: str,
    ) -> None:
        refused = run(*words, stdin=stdin)

        assert refused.exit_code == 2
        assert re.search(problem, refused.stderr), refused.stderr
        assert not afternoon.request_log.total
