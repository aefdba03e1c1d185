"""The state file, which keeps the state of a served sandbox for the next run."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from subhub import Client, ConfigError, CustomerDraft
from subhub.plugin.registry import load
from subhub.sandbox.snapshot import restore, snapshot
from subhub.server import Application, Sandbox, ServedAccount, StateFile, listen, origin_of
from subhub.server.program import serving

PROVIDERS = ("afternoon", "mijnklantportaal")
Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]


@pytest.fixture
def opened(add_accounts: Callable[[Sandbox], None]) -> Callable[..., Sandbox]:
    def make(path: Path, origin: str = "http://127.0.0.1:1") -> Sandbox:
        sandbox = Sandbox(origin, StateFile(path))
        add_accounts(sandbox)
        return sandbox

    return make


def connected(account: ServedAccount) -> Client:
    return Client(account.provider, api_key=account.fake.api_key, base_url=account.base_url)


class TestStateFile:
    @pytest.mark.parametrize("name", PROVIDERS)
    def test_the_next_run_continues_from_it(
        self,
        tmp_path: Path,
        name: str,
        control: Control,
        signup: Signup,
        opened: Callable[..., Sandbox],
    ) -> None:
        with listen("127.0.0.1", 0) as listening:
            first = opened(tmp_path / "state.json", origin_of(listening))
            account = first.accounts[f"{name}/main"]
            with serving(Application(first), listening), connected(account) as billing:
                _ = httpx.post(signup(account, billing), data={"do": "pay"})
                waiting = signup(account, billing)
                _ = httpx.post(control(account, "/clock"), json={"hours": 0.5})
                ids = [item.id for item in billing.list_subscriptions()]

        with listen("127.0.0.1", 0) as listening:
            second = opened(tmp_path / "state.json", origin_of(listening))
            again = second.accounts[f"{name}/main"]
            with serving(Application(second), listening), connected(again) as billing:
                assert [item.id for item in billing.list_subscriptions()] == ids
                moved = waiting.replace(account.site, again.site)
                assert httpx.post(moved, data={"do": "pay"}).status_code == 303
                assert len(list(billing.list_subscriptions())) == 2

        assert again.fake.clock.now() == account.fake.clock.now()
        assert again.plan_ids == account.plan_ids
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"]

    def test_accounts_that_are_not_served_are_kept(
        self, tmp_path: Path, opened: Callable[..., Sandbox]
    ) -> None:
        path = tmp_path / "state.json"
        first = opened(path)
        first.changes += 1
        first.save()
        some = Sandbox(first.origin, StateFile(path))
        _ = some.add(load("afternoon"), "main", {})
        some.changes += 1
        some.save()

        assert StateFile(path).load().keys() == first.accounts.keys()

    def test_it_is_not_written_without_changes(
        self, tmp_path: Path, opened: Callable[..., Sandbox]
    ) -> None:
        sandbox = opened(tmp_path / "state.json")
        sandbox.save()

        assert not (tmp_path / "state.json").exists()

    @pytest.mark.parametrize(
        "content",
        [
            "{",
            "[]",
            '{"version": 0}',
            '{"version": 1}',
            '{"version": 2, "accounts": {"afternoon/main": []}}',
            '{"version": 2, "accounts": {"afternoon/main": {}}}',
            "[" * 100_000,
            '{"version": 2, "accounts": {"afternoon/main": {"site": "x", "plans": {}}}}',
        ],
    )
    def test_an_invalid_file_is_an_error_with_its_path(
        self, tmp_path: Path, content: str, opened: Callable[..., Sandbox]
    ) -> None:
        path = tmp_path / "state.json"
        _ = path.write_text(content, "utf-8")

        with pytest.raises(ConfigError, match=r"cannot use the state file .*state\.json"):
            _ = opened(path)

    def test_only_classes_of_the_fake_are_created_from_it(
        self, tmp_path: Path, opened: Callable[..., Sandbox]
    ) -> None:
        path = tmp_path / "state.json"
        sandbox = opened(path)
        sandbox.changes += 1
        sandbox.save()
        document = json.loads(path.read_text("utf-8"))
        state = document["accounts"]["afternoon/main"]["state"]
        state["planned"] = {"x": {"$": "subprocess:Popen", "value": {"args": "true"}}}
        _ = path.write_text(json.dumps(document), "utf-8")

        with pytest.raises(ConfigError, match="not a class of subhub_afternoon"):
            _ = opened(path)

    @pytest.mark.parametrize(
        "change",
        [
            {"clock": "yesterday"},
            {"ids": "x"},
            {"ids": None},
            {"state": []},
            {"state": {"planned": {"$": "nothing", "value": 1}}},
            {"state": {"planned": {"$": "decimal", "value": "x"}}},
            {"state": {"planned": {"$": "decimal"}}},
        ],
        ids=str,
    )
    def test_a_changed_state_is_an_error_with_its_path(
        self, tmp_path: Path, change: dict[str, Any], opened: Callable[..., Sandbox]
    ) -> None:
        path = tmp_path / "state.json"
        sandbox = opened(path)
        sandbox.changes += 1
        sandbox.save()
        document = json.loads(path.read_text("utf-8"))
        document["accounts"]["afternoon/main"].update(change)
        _ = path.write_text(json.dumps(document), "utf-8")

        with pytest.raises(ConfigError, match=r"state\.json.*accounts\.afternoon/main"):
            _ = opened(path)

    def test_a_path_that_cannot_be_written_is_an_error(self, tmp_path: Path) -> None:
        file = StateFile(tmp_path / "nowhere" / "state.json")

        with pytest.raises(ConfigError, match="cannot write the state file"):
            file.save({})
        with pytest.raises(ConfigError, match="cannot lock the state file"), file.locked():
            pass

    def test_it_is_used_by_one_server_at_a_time(self, tmp_path: Path) -> None:
        file = StateFile(tmp_path / "state.json")
        (tmp_path / "other.json").symlink_to(file.path)

        with (
            file.locked(),
            pytest.raises(ConfigError, match="another server uses"),
            StateFile(tmp_path / "other.json").locked(),
        ):
            pass
        with file.locked():
            pass
        assert [path.name for path in tmp_path.iterdir()] == ["other.json"]

    def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        path = tmp_path / "state.json"
        path.touch(0o644)
        StateFile(path).save({})

        assert path.stat().st_mode & 0o777 == 0o600

    def test_writing_is_tried_again_after_it_failed(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with listen("127.0.0.1", 0) as listening:
            path = tmp_path / "later" / "state.json"
            sandbox = Sandbox(origin_of(listening), StateFile(path))
            account = sandbox.add(load("afternoon"), "main", {})
            with serving(Application(sandbox), listening), connected(account) as billing:
                customer = billing.create_customer(CustomerDraft(name="A", email="a@example.nl"))
                while "the state is not saved" not in caplog.text:
                    time.sleep(0.05)
        assert caplog.text.count("the state is not saved") == 1  # nor again when it ended

        path.parent.mkdir()
        sandbox.save()
        assert customer.id in path.read_text("utf-8")


class TestSnapshot:
    def test_keeps_every_kind_of_value(self) -> None:
        fake = load("afternoon").sandbox()
        values: dict[str, Any] = {
            "amount": Decimal("1.50"),
            "day": dt.date(2026, 1, 31),
            "pair": (1, {"$": "not a tag"}),
            "numbers": {1: {"a"}},
            "several": [None, True, 1.5, "x"],
        }
        vars(fake).update(values)

        again = restore(type(fake), json.loads(json.dumps(snapshot(fake))))

        assert {name: vars(again)[name] for name in values} == values

    def test_keeps_what_a_fake_has_answered(self) -> None:
        """Stripe's fake remembers its answers, to give them again for the same key."""
        with Client("stripe", sandbox=True) as client:
            _ = client.create_customer(CustomerDraft(name="A", email="a@b.nl"))
            fake = client.sandbox
        assert fake is not None
        state = json.loads(json.dumps(snapshot(fake)))

        assert snapshot(restore(type(fake), state)) == state

    def test_names_an_attribute_that_cannot_be_written(self) -> None:
        fake = load("afternoon").sandbox()
        vars(fake)["thread"] = object()

        with pytest.raises(TypeError, match="cannot write the attribute 'thread'"):
            _ = snapshot(fake)
