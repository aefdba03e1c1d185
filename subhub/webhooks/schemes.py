"""Schemes: how a provider proves that a webhook call comes from it.

Secrets are compared with `hmac.compare_digest` only, and are never part of a message.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, TypeAlias

from subhub.errors import WebhookRefused
from subhub.webhooks.headers import Headers

Proof: TypeAlias = Literal["signed", "secret", "refetch"]
"""The proof that an accepted call gives.

`"signed"`: the provider sent this body. `"secret"`: the caller knows the secret; nothing protects
the body. `"refetch"`: nothing; only reading the object at the provider shows whether it changed.
"""


class Scheme(Protocol):
    """A way to verify a call, and to sign one."""

    proof: ClassVar[Proof]

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
    ) -> str | None:
        """Raise `WebhookRefused` unless the call is the provider's.

        Args:
            headers: The headers of the call.
            body: The body as it arrived.
            secrets: The configured secrets; a call that fits one of them is accepted.
            now: The present, with a time zone.

        Returns:
            The event id that was verified with the body, where the scheme has one.
        """
        ...

    def sign(
        self, body: bytes, secret: str, *, at: dt.datetime, event_id: str = ""
    ) -> dict[str, str]:
        """Return the headers with which a provider sends *body*.

        Args:
            body: The body as it will be sent.
            secret: The secret in the form in which it is configured.
            at: The time of sending, with a time zone.
            event_id: The event's id, for a scheme that sends one.
        """
        ...


@dataclass(frozen=True, slots=True)
class StaticSecret:
    """A header that holds the secret itself."""

    proof: ClassVar[Proof] = "secret"
    header: str

    def verify(
        self,
        headers: Headers,
        body: bytes,  # noqa: ARG002 - nothing protects it
        secrets: Sequence[str],
        now: dt.datetime,  # noqa: ARG002 - a copy of the call is valid for ever
    ) -> None:
        """Compare the header with the secrets."""
        keys = keys_of(secrets)
        if not fits(keys, [headers.one(self.header)]):
            raise WebhookRefused(f"the header {self.header} holds another secret", status=401)

    def sign(
        self,
        body: bytes,  # noqa: ARG002
        secret: str,
        *,
        at: dt.datetime,  # noqa: ARG002
        event_id: str = "",  # noqa: ARG002
    ) -> dict[str, str]:
        """Return the secret as the header."""
        return {self.header: secret}


@dataclass(frozen=True, slots=True)
class Unsigned:
    """Calls that prove nothing: each is a hint to read the object."""

    proof: ClassVar[Proof] = "refetch"

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
    ) -> None:
        """Accept the call, whoever sent it."""

    def sign(
        self,
        body: bytes,  # noqa: ARG002
        secret: str,  # noqa: ARG002
        *,
        at: dt.datetime,  # noqa: ARG002
        event_id: str = "",  # noqa: ARG002
    ) -> dict[str, str]:
        """Return no headers."""
        return {}


def static_secret(header: str) -> StaticSecret:
    """Return the scheme of a provider that sends the secret itself in *header*.

    It proves that the caller knows the secret. It protects neither the body nor against a copy of
    the call.
    """
    return StaticSecret(header)


def unsigned() -> Unsigned:
    """Return the scheme of a provider that sends no proof at all."""
    return Unsigned()


def keys_of(secrets: Sequence[str], key: Callable[[str], bytes] = str.encode) -> list[bytes]:
    """Return the key that each of the configured *secrets* stands for.

    One unusable secret refuses the call, even if another would fit: skipped, it would only be
    noticed when the last usable one is withdrawn.
    """
    if not secrets:
        raise WebhookRefused(
            "no secret is configured: set `webhook_secrets` of the account", status=500
        )
    return [_key(f"webhook_secrets[{index}]", secret, key) for index, secret in enumerate(secrets)]


def _key(place: str, secret: str, key: Callable[[str], bytes]) -> bytes:
    if not secret or secret.isspace():
        raise WebhookRefused(f"`{place}` is empty: set it to the webhook's secret", status=500)
    if secret != secret.strip():  # the line break of a file: every call would be refused
        raise WebhookRefused(f"`{place}` begins or ends with white space: remove it", status=500)
    try:
        return key(secret)
    except ValueError as error:
        problem = "it is not text" if isinstance(error, UnicodeError) else str(error)
    # Not raised from the ValueError: a UnicodeEncodeError holds the secret.
    raise WebhookRefused(f"`{place}` cannot be used: {problem}", status=500)


def fits(expected: Iterable[bytes], given: Sequence[bytes]) -> bool:
    """Return whether any of *given* is one that was expected, in constant time for each pair."""
    return any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in given)
