"""Keys that change: asked for before each request, renewed once, and never shown."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import httpx
import pytest

from subhub import (
    AsyncClient,
    AuthenticationFailed,
    Client,
    ConfigError,
    InvalidReply,
    NotSent,
    OAuth,
    OAuthTokens,
)
from subhub.client.opening import open_account
from subhub.messages import Response
from subhub.plugin import TokenEndpoint
from subhub.sending.access_keys import OAuthKeys
from subhub.sending.redaction import REMEMBERED, KeyRing
from subhub.sending.steps import Pause, StoreCall
from tests.conftest import Toy

NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
SECRET = "client_secret_0123456789"
OLD = OAuthTokens("old_access_0123456789", "old_refresh_0123456789", NOW + dt.timedelta(hours=1))
CUSTOMER = {"id": "cst_1", "name": "Ann"}


class Tokened(Toy):
    """A toy with OAuth, whose endpoint takes forms."""

    name = "tokened"
    oauth = TokenEndpoint("https://login.toy.test/tokens")


class Bodied(Tokened):
    """The same with everything in a JSON body."""

    name = "bodied"
    oauth = TokenEndpoint("https://login.toy.test/tokens", client="body", body="json")


@dataclass
class World:
    """A provider with a token endpoint, and an application that stores its tokens."""

    stored: OAuthTokens = OLD
    valid: set[str] = field(default_factory=lambda: {OLD.access_token})
    answer: Callable[[], httpx.Response] | None = None
    renewals: list[httpx.Request] = field(default_factory=list[httpx.Request])
    asked: list[str] = field(default_factory=list[str])
    saved: list[OAuthTokens] = field(default_factory=list[OAuthTokens])
    pause: float = 0.0
    broken_saves: int = 0

    def load(self) -> OAuthTokens:
        return self.stored

    def save(self, tokens: OAuthTokens) -> None:
        if self.broken_saves:
            self.broken_saves -= 1
            raise OSError("the database is away")
        self.saved.append(tokens)
        self.stored = tokens

    def oauth(self, **changed: Any) -> OAuth:
        given: dict[str, Any] = {
            "client_id": "app_1",
            "client_secret": SECRET,
            "load": self.load,
            "save": self.save,
            "transport": httpx.MockTransport(self.renewed),
        }
        return OAuth(**{**given, **changed})

    def renewed(self, request: httpx.Request) -> httpx.Response:
        self.renewals.append(request)
        time.sleep(self.pause)
        if self.answer is not None:
            return self.answer()
        token = f"new_access_{len(self.renewals)}_0123456789"
        self.valid.add(token)
        return httpx.Response(200, json={"access_token": token, "expires_in": 3600})

    def answered(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append(key)
        if key in self.valid:
            return httpx.Response(200, json=CUSTOMER)
        return httpx.Response(401, json={"message": f"{key} is not valid"})

    async def answered_later(self, request: httpx.Request) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        return self.answered(request)

    def client(self, **settings: Any) -> Client:
        given: dict[str, Any] = {
            "api_key": self.oauth(),
            "lineage": "shop",
            "clock": lambda: NOW,
            "transport": httpx.MockTransport(self.answered),
            **settings,
        }
        return Client(given.pop("provider", Tokened), **given)


@pytest.fixture
def world() -> World:
    return World()


class TestAFunction:
    def test_it_is_asked_before_each_request(self, world: World) -> None:
        keys = ["test_first_123456", "test_second_12345"]
        world.valid |= {*keys}
        waiting = iter(keys)
        with world.client(api_key=lambda: next(waiting)) as client:
            _ = client.get_customer("cst_1")
            _ = client.get_customer("cst_1")
        assert world.asked == keys

    def test_after_a_401_it_is_asked_once_more(self, world: World) -> None:
        world.valid = {"test_second_12345"}
        waiting = iter(["test_first_123456", "test_second_12345"])
        with world.client(api_key=lambda: next(waiting)) as client:
            assert client.update_customer("cst_1", name="Ann").id == "cst_1"
        assert world.asked == ["test_first_123456", "test_second_12345"]

    def test_the_same_key_again_is_not_tried_again(self, world: World) -> None:
        with (
            world.client(api_key=lambda: "test_wrong_123456") as client,
            pytest.raises(AuthenticationFailed) as caught,
        ):
            _ = client.get_customer("cst_1")
        assert world.asked == ["test_wrong_123456"]
        assert "test_wrong" not in f"{caught.value} {caught.value.raw} {caught.value.request}"

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            ("", "the function in `api_key` must return the key as text, got an empty text"),
            (None, "must return the key as text, got NoneType"),
            ("live_0123456789", "`mode` is 'test', but the `api_key` is a live key"),
            ("sk_0123456789", "`api_key` must be a key of tokened: those begin with"),
        ],
    )
    def test_what_it_returns_is_checked(self, world: World, key: Any, said: str) -> None:
        with world.client(api_key=lambda: key, mode="test") as client:
            with pytest.raises(ConfigError) as caught:
                _ = client.get_customer("cst_1")
            assert said in str(caught.value)
        assert world.asked == []

    def test_a_sandbox_has_its_own_key(self) -> None:
        def never() -> str:
            raise AssertionError

        assert open_account(Tokened, sandbox=True, api_key=never).api_key == "test_sandbox_key"

    def test_an_async_client_asks_in_a_thread(self, world: World) -> None:
        threads: list[int] = []

        def ask() -> str:
            threads.append(threading.get_ident())
            return OLD.access_token

        world.valid = {"test_0123456789"}

        def key() -> str:
            _ = ask()
            return "test_0123456789"

        async def main() -> None:
            transport = httpx.MockTransport(world.answered_later)
            async with AsyncClient(
                Tokened, api_key=key, lineage="shop", transport=transport
            ) as client:
                _ = await client.get_customer("cst_1")

        anyio.run(main)
        assert threads != [threading.get_ident()]


class TestOAuthTokensAreRenewed:
    def test_before_they_end(self, world: World) -> None:
        world.stored = replace(OLD, expires_at=NOW + dt.timedelta(seconds=59))
        with world.client() as client:
            _ = client.get_customer("cst_1")
            _ = client.get_customer("cst_1")
        (request,) = world.renewals
        assert str(request.url) == "https://login.toy.test/tokens"
        assert request.headers["authorization"] == (
            "Basic YXBwXzE6Y2xpZW50X3NlY3JldF8wMTIzNDU2Nzg5"
        )
        assert parse_qs(request.content.decode()) == {
            "grant_type": ["refresh_token"],
            "refresh_token": [OLD.refresh_token],
        }
        (saved,) = world.saved
        assert world.asked == [saved.access_token] * 2
        assert saved.refresh_token == OLD.refresh_token
        assert saved.expires_at == NOW + dt.timedelta(hours=1)

    def test_with_everything_in_a_json_body(self, world: World) -> None:
        world.valid.clear()
        oauth = world.oauth(redirect_uri="https://shop.test/back")
        with world.client(provider=Bodied, api_key=oauth) as client:
            _ = client.get_customer("cst_1")
        (request,) = world.renewals
        assert "authorization" not in request.headers
        assert json.loads(request.content) == {
            "grant_type": "refresh_token",
            "refresh_token": OLD.refresh_token,
            "redirect_uri": "https://shop.test/back",
            "client_id": "app_1",
            "client_secret": SECRET,
        }

    def test_once_after_a_401_also_for_a_change(self, world: World) -> None:
        world.valid.clear()
        with world.client() as client:
            assert client.update_customer("cst_1", name="Ann").id == "cst_1"
        assert len(world.renewals) == 1
        assert world.asked == [OLD.access_token, world.saved[0].access_token]

    def test_and_a_second_401_is_the_answer(self, world: World) -> None:
        world.valid.clear()
        world.answer = lambda: httpx.Response(200, json={"access_token": "useless_123456"})
        with world.client() as client, pytest.raises(AuthenticationFailed):
            _ = client.get_customer("cst_1")
        assert world.asked == [OLD.access_token, "useless_123456"]
        assert world.saved == [OAuthTokens("useless_123456", OLD.refresh_token)]

    def test_unless_another_process_did_it(self, world: World) -> None:
        world.valid = {"others_0123456789"}
        with world.client() as client:
            world.stored = OLD
            _ = _refused_once(client, world)
        assert world.renewals == []
        assert world.asked == [OLD.access_token, "others_0123456789"]

    def test_and_a_new_refresh_token_replaces_the_old_one(self, world: World) -> None:
        world.valid = {"next_0123456789"}
        fields = {"access_token": "next_0123456789", "refresh_token": "r2", "expires_in": "60"}
        world.answer = lambda: httpx.Response(200, json=fields)
        with world.client() as client:
            _ = client.get_customer("cst_1")
        ends = NOW + dt.timedelta(seconds=60)
        assert world.saved == [OAuthTokens("next_0123456789", "r2", ends)]

    def test_by_one_of_many_threads(self, world: World) -> None:
        world.stored, world.pause = replace(OLD, expires_at=NOW), 0.1
        with world.client() as client:
            threads = [
                threading.Thread(target=client.get_customer, args=("cst_1",)) for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert (len(world.renewals), len(world.asked)) == (1, 8)

    def test_by_one_of_many_tasks(self, world: World) -> None:
        world.stored, world.pause = replace(OLD, expires_at=NOW), 0.1

        async def main() -> None:
            transport = httpx.MockTransport(world.answered_later)
            async with (
                AsyncClient(
                    Tokened,
                    api_key=world.oauth(),
                    lineage="shop",
                    clock=lambda: NOW,
                    transport=transport,
                ) as client,
                anyio.create_task_group() as tasks,
            ):
                for _ in range(8):
                    _ = tasks.start_soon(client.get_customer, "cst_1")

        anyio.run(main)
        assert (len(world.renewals), len(world.asked)) == (1, 8)

    def test_and_what_could_not_be_saved_is_saved_with_the_next_call(self, world: World) -> None:
        world.stored, world.broken_saves = replace(OLD, expires_at=NOW), 1
        with world.client() as client:
            with pytest.raises(OSError, match="the database is away"):
                _ = client.get_customer("cst_1")
            assert world.asked == []
            _ = client.get_customer("cst_1")
        assert (len(world.renewals), len(world.saved)) == (1, 1)

    def test_at_mijnklantportaal(self, world: World) -> None:
        world.valid.clear()
        with world.client(provider="mijnklantportaal") as client:
            assert client.get_customer("cst_1").id == "cst_1"
        (request,) = world.renewals
        assert str(request.url) == "https://manage.mijnklantportaal.nl/oauth/tokens"
        assert json.loads(request.content)["client_secret"] == SECRET


def _refused_once(client: Client, world: World) -> object:
    """Let another process renew the token after the first request went out with the old one."""
    transport = world.answered

    def answered(request: httpx.Request) -> httpx.Response:
        response = transport(request)
        world.stored = OAuthTokens("others_0123456789", "others_refresh")
        return response

    with world.client(transport=httpx.MockTransport(answered)) as second:
        del client
        return second.get_customer("cst_1")


class TestARenewalFails:
    @pytest.mark.parametrize(
        ("response", "error", "said"),
        [
            (
                httpx.Response(400, json={"error": "invalid_grant", "error_description": SECRET}),
                AuthenticationFailed,
                "could not be renewed (invalid_grant): check the client's id and secret",
            ),
            (httpx.Response(500, text="down"), AuthenticationFailed, "could not be renewed: check"),
            (httpx.Response(400, json={"error": SECRET}), AuthenticationFailed, "renewed: check"),
            (httpx.Response(200, json={}), InvalidReply, "did not answer with an `access_token`"),
            (httpx.Response(200, json=[]), InvalidReply, "did not answer with an `access_token`"),
            (
                httpx.Response(200, json={"access_token": "a b"}),
                InvalidReply,
                "did not answer with an `access_token`",
            ),
            (
                httpx.Response(200, json={"access_token": "a", "expires_in": "soon"}),
                InvalidReply,
                "did not answer with an `access_token`",
            ),
        ],
    )
    def test_nothing_is_sent(
        self, world: World, response: httpx.Response, error: type[Exception], said: str
    ) -> None:
        world.stored, world.answer = replace(OLD, expires_at=NOW), lambda: response
        with world.client() as client, pytest.raises(error) as caught:
            _ = client.update_customer("cst_1", name="Ann")
        assert said in str(caught.value)
        assert SECRET not in str(caught.value)
        assert (world.asked, world.saved) == ([], [])

    def test_an_endpoint_that_is_away_is_not_sent(self, world: World) -> None:
        def away() -> httpx.Response:
            raise httpx.ConnectError("no route")

        world.stored, world.answer = replace(OLD, expires_at=NOW), away
        with world.client() as client, pytest.raises(NotSent, match="so nothing was sent"):
            _ = client.update_customer("cst_1", name="Ann")
        assert world.asked == []

    def test_load_must_return_tokens(self, world: World) -> None:
        oauth = world.oauth(load=lambda: "token")
        with world.client(api_key=oauth) as client, pytest.raises(ConfigError, match="got str"):
            _ = client.get_customer("cst_1")

    def test_a_forked_child_does_not_wait_for_its_parent(self, world: World) -> None:
        endpoint = TokenEndpoint("https://login.toy.test/tokens")
        keys = OAuthKeys(world.oauth(), endpoint, lambda: NOW, Tokened().credentials, KeyRing())
        renewing, waiting = keys.current(), keys.current()
        assert isinstance(next(renewing), StoreCall)
        assert isinstance(next(waiting), Pause)
        keys.after_fork_in_child()
        assert isinstance(next(waiting), StoreCall)


class TestWhatIsPassed:
    def test_a_lineage_is_needed(self, world: World) -> None:
        with pytest.raises(ConfigError, match="`lineage` is missing: give the account a name"):
            _ = world.client(lineage=None)

    def test_a_provider_without_oauth_says_so(self, world: World, toy: type[Toy]) -> None:
        with pytest.raises(ConfigError, match="toy documents no OAuth that renews tokens"):
            _ = world.client(provider=toy)

    def test_anything_else_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="`api_key` must be text"):
            _ = Client(Tokened, api_key=7)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"access_token": ""}, "`access_token` must be printable ASCII"),
            ({"access_token": 7}, "`access_token` must be printable ASCII"),
            ({"refresh_token": "a b"}, "`refresh_token` must be printable ASCII"),
            ({"expires_at": 7}, "`expires_at` must be a datetime with a time zone, got 7"),
            ({"expires_at": dt.datetime(2026, 1, 1)}, "`expires_at` must be"),  # noqa: DTZ001
        ],
    )
    def test_tokens_are_checked(self, change: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigError) as caught:
            _ = replace(OLD, **change)
        assert said in str(caught.value)

    def test_the_identity_is_that_of_the_lineage(self, world: World) -> None:
        def identity(lineage: str, key: Any) -> Any:
            return open_account(Tokened, api_key=key, lineage=lineage).identity

        assert identity("a", lambda: "x") == identity("a", world.oauth())
        assert identity("a", lambda: "x").of_key != identity("b", lambda: "x").of_key


def test_the_file_leaves_the_key_to_the_program(
    world: World, folder: Any, offer: Callable[..., None]
) -> None:
    offer(Tokened)
    _ = (folder / "subhub.toml").write_text("[accounts.main]\nprovider='tokened'\nlineage='shop'")
    world.stored = replace(OLD, expires_at=None)
    transport = httpx.MockTransport(world.answered)
    with Client.from_config(api_key=world.oauth(), transport=transport) as client:
        _ = client.get_customer("cst_1")
    assert world.asked == [OLD.access_token]


def test_no_token_is_shown_or_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.valid.clear()
    oauth = world.oauth()
    with world.client(api_key=oauth) as client:
        _ = client.get_customer("cst_1")
    account = open_account(Tokened, api_key=oauth, lineage="shop")
    shown = f"{oauth!r} {world.stored!r} {account!r} {account.rules()!r} {caplog.text}"
    for secret in (SECRET, OLD.access_token, OLD.refresh_token, world.stored.access_token):
        assert secret not in shown


def test_the_newest_keys_are_taken_out_of_answers() -> None:
    ring = KeyRing()
    keys = [f"key{number}number0123" for number in range(REMEMBERED + 1)]
    for key in (*keys, keys[-1]):
        ring.remember(key)
    text = " ".join(keys).encode()
    found = ring(Response(200, {}, text)).content.decode()
    assert [key for key in keys if key in found] == keys[:1]
    assert ring.finds(text)
    assert not ring.finds(keys[0].encode())


def test_the_program_of_the_page_runs(world: World) -> None:
    page = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text("utf-8")
    section = page.split("## Keys that change\n")[1].split("```python\n")[1].split("```")[0]
    stored: list[tuple[Any, ...]] = []

    class Database:
        def tokens(self, name: str) -> OAuthTokens:
            assert name == "shop"
            return world.stored

        def store(self, *row: Any) -> None:
            stored.append(row)

    database = Database()
    names: dict[str, Any] = {"database": database, "secret": SECRET}

    exec(section, names)  # noqa: S102 - our own page

    assert names["load"]() == world.stored
    names["save"](OLD)
    assert stored == [("shop", OLD.access_token, OLD.refresh_token, OLD.expires_at)]
    names["client"].close()
