"""Every error that subhub raises, in one tree.

    SubhubError
      ConfigError          UnknownAccount, MissingNeed, JournalError
      PluginError
      Unsupported
      InvalidRequest       (also a ValueError)
      ProviderError
        AuthenticationFailed  PermissionDenied  NotFound  Conflict  PreconditionFailed
        Rejected  LicenseRequired  RateLimited  ProviderUnavailable
      InvalidReply
      Ambiguous
      InProgress
      WouldSend
      TransportError       NotSent, OutcomeUnknown
      WebhookRefused

This module imports nothing of subhub's own, so that anything may raise its errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from subhub.messages import PreparedRequest

__all__ = [
    "Ambiguous",
    "AuthenticationFailed",
    "ConfigError",
    "Conflict",
    "InProgress",
    "InvalidReply",
    "InvalidRequest",
    "JournalError",
    "LicenseRequired",
    "MissingNeed",
    "NotFound",
    "NotSent",
    "OutcomeUnknown",
    "PermissionDenied",
    "PluginError",
    "PreconditionFailed",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "Rejected",
    "SubhubError",
    "TransportError",
    "UnknownAccount",
    "Unsupported",
    "WebhookRefused",
    "WouldSend",
]


class SubhubError(Exception):
    """The root of all errors of subhub.

    `provider`, `account` and `operation` name who answered, at which account, and which call it
    was, where there was one.
    `completed` holds what a call of several steps had already created when it failed: those objects
    exist at the provider, and repeating the same call would create them again.

    `token` is set when a change may have been carried out: `client.resolve(error.token)` finds out.
    It is text that may be stored and logged.

    A `ProviderError`, an `InvalidReply` and a `TransportError` have the `request` that they are
    about, where one was sent or was to be sent, without the key: `error.request.curl()` is a
    command that repeats it. Its address and body hold what was sent, and so personal data; the
    message, the repr and the traceback of the error do not show it, and it is not pickled.
    """

    provider: str | None = None
    account: str | None = None
    operation: str | None = None
    completed: tuple[object, ...] = ()
    token: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Leave the request out: queues and pools store pickled errors where no one expects it."""
        kept = {name: value for name, value in vars(self).items() if name != "request"}
        return type(self), self.args, kept


class ConfigError(SubhubError):
    """The configuration cannot be used: the message names the file, the key and the remedy."""


class UnknownAccount(ConfigError):
    """The configuration does not have the account that was asked for."""


class MissingNeed(ConfigError):
    """A configured account cannot do what the configuration says the application needs."""


class JournalError(ConfigError):
    """The journal cannot be used, so the change was not sent."""


class PluginError(SubhubError):
    """A provider plugin is missing, broken, offered twice, or not a provider."""


class Unsupported(SubhubError):
    """The operation cannot be expressed at this provider; nothing was sent.

    `kind` is `"provider"` when the provider has no way to do it, `"plugin"` when the plugin does
    not do it yet, and `"account"` when the settings of the account refuse it. `alternative` says
    what to do instead, where there is something.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        reason: str = "",
        alternative: str = "",
        kind: Literal["provider", "plugin", "account"] = "plugin",
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.reason = reason
        self.alternative = alternative
        self.kind = kind


class InvalidRequest(SubhubError, ValueError):
    """An argument was refused here, before anything was sent.

    `fields` maps each refused argument to what is wrong with it.
    """

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})

    @classmethod
    def of(cls, field: str, problem: str) -> Self:
        """Refuse one argument; *problem* reads on after its name ("must be ...") or by itself."""
        between = " " if problem.startswith("must ") else ": "
        return cls(f"`{field}`{between}{problem}", fields={field: problem})


class ProviderError(SubhubError):
    """The API returned an error response.

    `status` is the HTTP status, `code` the provider's machine-readable word for the error,
    `request_id` what its support asks for, `fields` its complaints per field, `retry_after` the
    seconds that it asks to wait, and `raw` its decoded answer. What it did not say is `None`.
    """

    request: PreparedRequest | None = None

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        operation: str | None = None,
        status: int = 0,
        code: str | None = None,
        request_id: str | None = None,
        fields: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        raw: object = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.operation = operation
        self.status = status
        self.code = code
        self.request_id = request_id
        self.fields = dict(fields or {})
        self.retry_after = retry_after
        self.raw = raw

    def __str__(self) -> str:
        if not self.status:
            return self.message  # it was refused here
        facts = [f"HTTP {self.status}"]
        facts += [f"code {self.code}"] if self.code else []
        facts += [f"request {self.request_id}"] if self.request_id else []
        asked = f" `{self.operation}`" if self.operation else ""
        complaints = "".join(f"\n  {field}: {text}" for field, text in self.fields.items())
        return f"{self.provider} refused{asked}: {self.message} ({', '.join(facts)}){complaints}"


class AuthenticationFailed(ProviderError):
    """401: the API key is missing, malformed, unknown or revoked."""


class PermissionDenied(ProviderError):
    """403: the API key is valid but may not do this."""


class NotFound(ProviderError):
    """404 or 410: the provider has no object under this id, or not any more."""


class Conflict(ProviderError):
    """409: the state of the object does not allow this."""


class PreconditionFailed(ProviderError):
    """412: the account at the provider is not set up for this yet."""


class Rejected(ProviderError):
    """400 or 422: the provider found the data wrong."""


class LicenseRequired(ProviderError):
    """426: the licence at the provider does not include this feature."""


class RateLimited(ProviderError):
    """429: too many requests; `retry_after` says how long to wait. Nothing was carried out.

    Without a `status`, the request was not sent: it would have waited longer than `max_wait`.
    """


class ProviderUnavailable(ProviderError):
    """5xx: the provider failed. A mutating request may or may not have been carried out."""


class InvalidReply(SubhubError):
    """The provider answered, but not in its documented shape.

    A mutating request that was answered with a success status has been carried out: only the
    document about it could not be read. `status` and `body` hold the answer. `truncated` is whether
    it broke off: asking again may help.
    """

    request: PreparedRequest | None = None
    truncated = False

    def __init__(self, message: str, *, status: int | None = None, body: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class Ambiguous(SubhubError):
    """More than one object fits, and choosing one would be a guess; see `candidates`."""

    def __init__(self, message: str, *, candidates: Iterable[object] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class InProgress(SubhubError):
    """Another call is working on the same item of a job, so this one has sent nothing.

    Try again after `retry_after` seconds: by then it is done, or its process has ended and this
    call can take it over.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WouldSend(SubhubError):
    """A dry run got this far: `request` is what it would have sent, with the secrets redacted.

    Reads have been sent; this request, the first one that would change something, has not.
    """

    def __init__(self, request: PreparedRequest) -> None:
        super().__init__(request)
        self.request = request

    def __str__(self) -> str:
        return f"a dry run stopped before sending\n{self.request.curl()}"


class TransportError(SubhubError):
    """No answer came back to a request that changes nothing."""

    request: PreparedRequest | None = None


class NotSent(TransportError):
    """The request provably never reached the provider; it is safe to repeat."""


class OutcomeUnknown(TransportError):
    """A mutating request may have been carried out, and no answer says so.

    Do not repeat it blindly: `client.resolve(error.token)` looks at the provider.
    """


class WebhookRefused(SubhubError):
    """An incoming webhook call is not accepted; answer it with `status`.

    `status` is 400 when the call cannot be read, 401 when it is not proven to come from the
    provider, and 500 when this side cannot verify or read it, for example because no secret is
    configured. `reason` is for your log: it holds no secret, and is not meant for the caller.
    """

    def __init__(self, reason: str, *, status: Literal[400, 401, 500] = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status: Literal[400, 401, 500] = status
