"""Access tokens: what requests need with them that an API key says by itself.

An API key belongs to one website profile and one mode. An access token, of an organization or of
OAuth, belongs to neither: the profile is sent with what needs one, and `testmode` with every
request of test mode. See https://docs.mollie.com/reference/authentication.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from subhub.errors import ConfigError
from subhub.plugin import Request, Settings

PREFIX: Final = "access_"
WITH_PROFILE: Final = frozenset(
    {
        ("POST", "/payments"),
        ("POST", "/customers/{}/subscriptions"),
        ("GET", "/subscriptions"),  # without it, the list is that of all profiles
        ("GET", "/customers/{}/subscriptions/{}/payments"),
    }
)
"""The requests that name the profile; customers and mandates belong to the organization."""


class AccessSettings(Settings):
    """What an account with an access token has besides; one with an API key has neither.

    Attributes:
        profile_id: The website profile that sells.
        testmode: Whether nothing is really charged.
    """

    profile_id: Annotated[str, Field(pattern=r"^pfl_\w+$")] | None = None
    testmode: bool = False

    def mode(self) -> Literal["live", "test"] | None:
        """Return the mode of an access token; an API key shows its own."""
        if self.profile_id is None:
            return None
        return "test" if self.testmode else "live"

    def check_key(self, api_key: str) -> None:
        """Raise `ConfigError` unless both fields are given with an access token, and only then."""
        if api_key.startswith(PREFIX):
            if self.profile_id is None:
                raise ConfigError(
                    "`profile_id` is missing: an access token (`access_...`) is for all website "
                    'profiles, so name the one that sells, such as profile_id = "pfl_QkEhN94Ba"'
                )
            return
        for name in ("profile_id", "testmode"):
            if getattr(self, name):
                raise ConfigError(
                    f"`{name}` goes with an access token (`access_...`), and the `api_key` is one "
                    f"of a single profile and mode: leave `{name}` out, or give an access token"
                )

    def stand_in_key(self, api_key: str) -> str:
        """Return the access token of the sandbox that has *api_key*, where a profile is given."""
        if self.profile_id is None:
            return api_key
        return PREFIX + api_key.partition("_")[2]

    def complete(self, request: Request) -> Request:
        """Add the profile and the mode: to the query of what reads, to the body of what changes."""
        if self.profile_id is None:
            return request
        own: dict[str, Any] = {"testmode": True} if self.testmode else {}
        if (request.method, request.template) in WITH_PROFILE:
            own["profileId"] = self.profile_id
        if not own:
            return request
        if request.mutating:
            return replace(request, body={**(request.body or {}), **own})
        texts: Mapping[str, str] = {**own, **({"testmode": "true"} if self.testmode else {})}
        return replace(request, query={**request.query, **texts})
