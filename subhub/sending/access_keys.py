"""Keys that change while a client is open: asked of the application, or access tokens of OAuth.

The key of each request is asked for right before it is sent. After a 401 it is asked for again, or
renewed, and the request is sent once more: a refusal had no effect. Nothing is logged here.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from subhub.errors import AuthenticationFailed, ConfigError, InvalidReply, NotSent, TransportError
from subhub.messages import PreparedRequest, Response, is_object
from subhub.plugin.decoding import json_of
from subhub.sending.steps import Exchange, Pause, Steps, StoreCall
from subhub.system.forks import Forkable

if TYPE_CHECKING:
    from subhub.plugin.token_endpoints import TokenEndpoint
    from subhub.sending.redaction import KeyRing
    from subhub.sending.transport import SyncTransport

UNAUTHORIZED: Final = 401
LEEWAY: Final = 60.0
"""Seconds before its end from which on a token is renewed: it must not end on the way."""
POLL: Final = 0.02
"""Seconds between two looks at whether another call has renewed the token."""
PATIENCE: Final = 30.0
"""Seconds in which a token endpoint has to answer."""
_WORD: Final = re.compile(r"[a-z_]{1,40}")
_USABLE: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class OAuthTokens:
    """The tokens of one authorization; they do not show in a repr.

    Args:
        access_token: What requests are authenticated with.
        refresh_token: What another access token is requested with.
        expires_at: When the access token ends, with a time zone; `None` if that is not known: then
            it is renewed after the provider has refused it.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        for name in ("access_token", "refresh_token"):
            value: object = getattr(self, name)
            if not isinstance(value, str) or not _USABLE.fullmatch(value):
                raise ConfigError(f"`{name}` must be printable ASCII without blanks")
        ends: Any = self.expires_at
        if ends is not None and (not isinstance(ends, dt.datetime) or ends.tzinfo is None):
            raise ConfigError(f"`expires_at` must be a datetime with a time zone, got {ends!r}")


@dataclass(frozen=True, slots=True)
class OAuth:
    """Access by OAuth, as the `api_key` of a client: the application keeps the tokens.

        Client("mijnklantportaal", lineage="shop", api_key=OAuth(
            client_id="...", client_secret="...", load=tokens_of_shop, save=store_tokens_of_shop))

    `AsyncClient` calls the two functions in threads. Several processes may use one authorization:
    before a token is renewed, *load* is asked whether another process did it.

    Args:
        client_id: The id of your application at the provider.
        client_secret: Its secret.
        load: Returns the tokens as they were saved last; at first, those that the provider sent
            when the owner of the account agreed.
        save: Stores renewed tokens; called before they are used.
        redirect_uri: Where the provider asks for it again, as Mollie does if the authorization was
            created with one.
        transport: An httpx transport of your own, to reach the token endpoint.
    """

    client_id: str
    client_secret: str = field(repr=False)
    load: Callable[[], OAuthTokens] = field(repr=False)
    save: Callable[[OAuthTokens], object] = field(repr=False)
    redirect_uri: str | None = None
    transport: SyncTransport | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        given: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        for name in ("client_id", "client_secret", "redirect_uri"):
            optional = name == "redirect_uri" and given[name] is None
            if not optional and (not isinstance(given[name], str) or not given[name]):
                raise ConfigError(f"`{name}` of OAuth must be text that is not empty")
        for name in ("load", "save"):
            if not callable(given[name]):
                raise ConfigError(f"`{name}` of OAuth must be a function")


ApiKey: TypeAlias = str | Callable[[], str] | OAuth
"""A key, a function that is asked for it before each request, or access by OAuth."""


class AccessKeys(ABC):
    """Where the keys of an account come from.

    Args:
        headers: Returns the headers that authenticate a request with a key.
        ring: Gets each key before it is used.
    """

    def __init__(self, headers: Callable[[str], Mapping[str, str]], ring: KeyRing) -> None:
        self._headers = headers
        self._ring = ring

    @abstractmethod
    def current(self, refused: str | None = None) -> Steps[str]:
        """Return the key of now; another than the one that was *refused*, if there is one."""

    def exchange(
        self, prepared: PreparedRequest, send: Callable[[PreparedRequest], Exchange]
    ) -> Exchange:
        """Send a request with the key of now; once more with the next one, if that is refused."""
        key = yield from self.current()
        response = yield from send(self._authenticated(prepared, key))
        if response.status != UNAUTHORIZED:
            return response
        fresh = yield from self.current(refused=key)
        if fresh == key:
            return response
        return (yield from send(self._authenticated(prepared, fresh)))

    def _authenticated(self, prepared: PreparedRequest, key: str) -> PreparedRequest:
        self._ring.remember(key)
        return replace(prepared, headers={**self._headers(key), **prepared.headers})


class AskedKeys(AccessKeys):
    """Keys that a function of the application returns.

    Args:
        ask: The function.
        check: Returns a key that fits the account, or raises `ConfigError`.
        headers: As for `AccessKeys`.
        ring: As for `AccessKeys`.
    """

    def __init__(
        self,
        ask: Callable[[], object],
        check: Callable[[str], str],
        headers: Callable[[str], Mapping[str, str]],
        ring: KeyRing,
    ) -> None:
        super().__init__(headers, ring)
        self._ask, self._check = ask, check

    def current(self, refused: str | None = None) -> Steps[str]:
        """Ask for the key."""
        del refused
        found: object = yield StoreCall(self._ask)
        if not isinstance(found, str) or not found:
            kind = "an empty text" if isinstance(found, str) else type(found).__name__
            raise ConfigError(f"the function in `api_key` must return the key as text, got {kind}")
        return self._check(found)


class OAuthKeys(AccessKeys, Forkable):
    """Access tokens, renewed in time by one call while the others wait for it.

    Args:
        oauth: What the application passed.
        endpoint: Where the provider renews tokens.
        now: The present, with a time zone.
        headers: As for `AccessKeys`.
        ring: As for `AccessKeys`.
    """

    def __init__(
        self,
        oauth: OAuth,
        endpoint: TokenEndpoint,
        now: Callable[[], dt.datetime],
        headers: Callable[[str], Mapping[str, str]],
        ring: KeyRing,
    ) -> None:
        AccessKeys.__init__(self, headers, ring)
        self._oauth, self._endpoint, self._now = oauth, endpoint, now
        self._tokens: OAuthTokens | None = None
        self._unsaved = False
        self._turn = threading.Lock()
        Forkable.__init__(self)

    def current(self, refused: str | None = None) -> Steps[str]:
        """Return a token that is valid for a while yet and was not *refused*."""
        while not self._usable(self._tokens, refused):
            turn = self._turn  # in a forked child, it is another one by the next look
            if not turn.acquire(blocking=False):
                yield Pause(POLL, real=True)
                continue
            try:
                # it looks at what is stored first, so that a renewal since is not repeated
                yield StoreCall(lambda: self._renew(refused))
                break
            finally:
                turn.release()
        assert self._tokens is not None  # noqa: S101 - the loop does not end before
        return self._tokens.access_token

    def after_fork_in_child(self) -> None:
        """Forget a renewal of the parent's."""
        self._turn = threading.Lock()

    def _usable(self, tokens: OAuthTokens | None, refused: str | None) -> bool:
        if tokens is None or self._unsaved or tokens.access_token == refused:
            return False
        ends = tokens.expires_at
        return ends is None or (ends - self._now()).total_seconds() > LEEWAY

    def _renew(self, refused: str | None) -> None:
        """Take over what is stored, or renew it; the result is stored before it is used."""
        if not self._unsaved:
            stored: Any = self._oauth.load()
            if not isinstance(stored, OAuthTokens):
                kind = type(stored).__name__
                raise ConfigError(f"`load` of OAuth must return OAuthTokens, got {kind}")
            if self._usable(stored, refused):
                self._tokens = stored
                return
            self._tokens, self._unsaved = self._requested(stored), True
        assert self._tokens is not None  # noqa: S101 - what could not be saved is kept
        _ = self._oauth.save(self._tokens)
        self._unsaved = False

    def _requested(self, stored: OAuthTokens) -> OAuthTokens:
        """Return what the provider answers to the refresh token."""
        from subhub.sending.transport import HttpSender  # noqa: PLC0415 - rarely, and it is large

        oauth, endpoint = self._oauth, self._endpoint
        kind, content = endpoint.encode(
            oauth.client_id,
            oauth.client_secret,
            {
                "grant_type": "refresh_token",
                "refresh_token": stored.refresh_token,
                "redirect_uri": oauth.redirect_uri,
            },
        )
        headers = {"Accept": "application/json", "Content-Type": kind}
        own = endpoint.headers(oauth.client_id, oauth.client_secret)
        prepared = PreparedRequest("POST", endpoint.url, {**headers, **own}, content, PATIENCE)
        sender = HttpSender(endpoint.url, oauth.transport)
        try:
            response = sender.send(prepared, PATIENCE)
        except TransportError as error:
            message = f"the access token could not be renewed, so nothing was sent: {error}"
            raise NotSent(message) from error
        finally:
            sender.close()
        return _read(response, stored, self._now())


def _read(response: Response, stored: OAuthTokens, now: dt.datetime) -> OAuthTokens:
    """Return the tokens in an answer; what it says is not repeated, because it may be secret."""
    body: Any = None
    with suppress(InvalidReply):
        body = json_of(response)
    fields: dict[str, Any] = body if is_object(body) else {}
    if response.status >= 400:  # noqa: PLR2004 - a refusal
        word = str(fields.get("error", ""))
        said = f" ({word})" if _WORD.fullmatch(word) else ""
        raise AuthenticationFailed(
            f"the access token could not be renewed{said}: check the client's id and secret, or "
            "let the owner of the account authorize your application again",
            status=response.status,
        )
    lasts = fields.get("expires_in")
    try:
        return OAuthTokens(
            fields["access_token"],
            fields.get("refresh_token") or stored.refresh_token,
            now + dt.timedelta(seconds=float(lasts)) if lasts is not None else None,
        )
    except (KeyError, TypeError, ValueError, OverflowError, ConfigError):
        pass
    raise InvalidReply("the token endpoint did not answer with an `access_token` and its time")
