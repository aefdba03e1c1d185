"""The organization to which the profile belongs: its access tokens, and what they have to say.

https://docs.mollie.com/reference/authentication and
https://docs.mollie.com/reference/oauth-generate-tokens. A request with an access token is checked
and reduced here to what an API key of that profile and mode would send, so endpoints know no
tokens.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

from subhub.plugin import is_object
from subhub.sandbox import JsonObject, Received, Reply
from subhub_mollie.sandbox.profile import Profile

TOKENS: Final = "/oauth2/tokens"
LASTS: Final = 3600
"""The seconds of an access token of OAuth."""
NEEDS_PROFILE: Final = (
    re.compile(r"POST /v2/payments"),
    re.compile(r"POST /v2/customers/[^/]+/subscriptions"),
    re.compile(r"GET /v2/customers/[^/]+/subscriptions/[^/]+/payments"),
)
TAKES_PROFILE: Final = (*NEEDS_PROFILE, re.compile(r"GET /v2/subscriptions"))
ORGANIZATIONAL: Final = ("testmode", "profileId")
"""The parameters that only access tokens go with."""


class Organization(Profile):
    """Access tokens, and the mode and profile of each request."""

    renewal: ClassVar[str] = "refresh_sandboxsandboxsandboxsandbox"
    """The refresh token, which does not end."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.own_mode: str = self.mode
        self.own_profile: str = self.profile_id
        self.listed_profile: str | None = self.profile_id
        """The profile whose objects a request sees; `None` for those of all."""
        self.tokens: dict[str, str] = {}
        """The access tokens of OAuth, and when each ends."""

    @property
    def access_token(self) -> str:
        """The access token of the organization, which does not end."""
        return f"access_{self.api_key.partition('_')[2]}"

    def authenticate(self, received: Received) -> None:
        """Accept an access token as well; the token endpoint needs the id and secret of an app."""
        if received.path == TOKENS:
            if not _is_app(received.headers.get("authorization", "")):
                raise self.oauth_error(401, "invalid_client")
        elif not self._has_token(received):
            super().authenticate(received)

    def respond(self, received: Received) -> Reply:
        """Renew a token, or answer within the mode and profile that the request is for."""
        if received.path == TOKENS and received.method == "POST":
            return self._renewed(received)
        if not self._has_token(received):
            self._refuse_in_body(received)
            self._scope(self.own_mode, self.own_profile)
            self.kept_query, self.listed_for = {}, {}
            return super().respond(received)
        return super().respond(self._reduced(received))

    def sees(self, found: Mapping[str, Any]) -> bool:
        """Return whether an object is of the mode that the request is for."""
        return bool(found["mode"] == self.mode)

    def _has_token(self, received: Received) -> bool:
        scheme, _, key = received.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self.is_revoked(key):
            return False
        ends = self.tokens.get(key)
        if ends is not None:
            return self.clock.now() < dt.datetime.fromisoformat(ends)
        return key == self.access_token

    def _refuse_in_body(self, received: Received) -> None:
        for name in ORGANIZATIONAL:
            if name in _object_in(received):
                raise self.refused(422, f"Non-existent body parameter {name!r}", name)

    def _reduced(self, received: Received) -> Received:
        """Return the request without what is for its token, which is checked and kept."""
        reads = received.method == "GET"
        given: JsonObject = dict(received.query) if reads else _object_in(received)
        status = 400 if reads else 422
        flag = given.pop("testmode", False)
        if flag not in (("true", "false", False) if reads else (True, False)):
            raise self.refused(status, "The testmode is invalid", "testmode")
        asked = f"{received.method} {received.path}"
        profile = None
        if any(pattern.fullmatch(asked) for pattern in TAKES_PROFILE):
            profile = given.pop("profileId", None)
            needed = any(pattern.fullmatch(asked) for pattern in NEEDS_PROFILE)
            if profile is None and needed:
                raise self.refused(status, "The profileId is required", "profileId")
            if profile is not None and not re.fullmatch(r"pfl_\w+", str(profile)):
                raise self.refused(status, "The profileId is invalid", "profileId")
        self._scope("test" if flag in {True, "true"} else "live", profile)
        self.kept_query = {"testmode": "true"} if self.mode == "test" else {}
        self.listed_for = {"profileId": profile} if reads and profile else {}
        if reads:
            return replace(received, query=given)
        if not _object_in(received):
            return received  # without a body, or with one that its endpoint refuses
        return replace(received, content=json.dumps(given).encode())

    def _scope(self, mode: str, profile: str | None) -> None:
        self.mode, self.listed_profile = mode, profile
        self.profile_id = profile or self.own_profile

    def _renewed(self, received: Received) -> Reply:
        """Return another access token for the refresh token, which stays."""
        given = _object_in(received) or dict(parse_qsl(received.content.decode(errors="replace")))
        if given.get("grant_type") != "refresh_token":
            raise self.oauth_error(400, "unsupported_grant_type")
        if given.get("refresh_token") != self.renewal:
            raise self.oauth_error(400, "invalid_grant")
        token = f"access_{self.ids.text(30)}"
        self.tokens[token] = (self.clock.now() + dt.timedelta(seconds=LASTS)).isoformat()
        body = {
            "access_token": token,
            "refresh_token": self.renewal,
            "expires_in": LASTS,
            "token_type": "bearer",
            "scope": "payments.read payments.write customers.read customers.write mandates.read "
            "mandates.write subscriptions.read subscriptions.write",
        }
        return Reply.json(200, body)


def _object_in(received: Received) -> JsonObject:
    """Return the JSON object in a body; an empty one where there is none."""
    try:
        found = received.json()
    except (ValueError, RecursionError):
        return {}
    return dict(found) if is_object(found) else {}


def _is_app(authorization: str) -> bool:
    """Return whether it is HTTP Basic with a client id and a secret; any will do."""
    scheme, _, pair = authorization.partition(" ")
    try:
        client, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    except ValueError:
        return False
    return scheme == "Basic" and bool(client and secret)
