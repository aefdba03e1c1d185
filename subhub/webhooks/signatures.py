"""Signatures: a keyed digest (HMAC) over the body and, where the provider sends it, the time."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from subhub.errors import WebhookRefused
from subhub.webhooks.headers import Headers
from subhub.webhooks.schemes import Proof, fits, keys_of
from subhub.webhooks.templates import Content, Layout

Encoding: TypeAlias = Literal["hex", "base64"]
Algorithm: TypeAlias = Literal["sha1", "sha256", "sha512"]

TOLERANCE: Final = 300.0
"""Seconds by which the time of a call may differ from the clock, as in Stripe's libraries."""

_SECONDS: Final = re.compile(rb"[0-9]{1,12}")  # int() would also take ' 1_0 ' and other digits
_EVENT_ID: Final = re.compile(rb"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class Signed:
    """Calls with a signature; see `signed` for the fields."""

    proof: ClassVar[Proof] = "signed"
    header: str
    layout: Layout
    content: Content
    encoding: Encoding
    algorithm: Algorithm
    time_header: str | None
    id_header: str | None
    tolerance: float
    key: Callable[[str], bytes]

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
    ) -> str | None:
        """Compare the signature, then the time; return the event id, where it is signed."""
        keys = keys_of(secrets, self.key)
        items = self.layout.read(headers.one(self.header))
        values = {"body": body, **self._sent(headers, items)}
        try:
            content = self.content.fill(values)
        except ValueError as error:
            raise WebhookRefused(f"the signed content is ambiguous: {error}") from error
        if not fits([self._signature(key, content) for key in keys], self._signatures(items)):
            raise WebhookRefused(
                "no signature fits: the secret is another one, or the body is not byte for byte "
                "what was sent",
                status=401,
            )
        # only now: the time of a call that is not signed proves nothing
        if "time" in values:
            self._check_time(int(values["time"]), now.timestamp())
        return values["id"].decode() if "id" in values else None

    def sign(
        self, body: bytes, secret: str, *, at: dt.datetime, event_id: str = ""
    ) -> dict[str, str]:
        """Return the headers of a call; `ValueError` if *event_id* cannot be signed."""
        values = {"body": body, "time": b"%d" % at.timestamp(), "id": event_id.encode()}
        if self.id_header and not _EVENT_ID.fullmatch(values["id"]):
            raise ValueError(f"`event_id` must be visible ASCII characters, got {event_id!r}")
        signature = self._signature(self.key(secret), self.content.fill(values))
        headers = {self.header: self.layout.write({**values, "signature": signature})}
        if self.time_header:
            headers[self.time_header] = values["time"].decode()
        if self.id_header:
            headers[self.id_header] = event_id
        return headers

    def _signature(self, key: bytes, content: bytes) -> bytes:
        digest = hmac.digest(key, content, self.algorithm)
        # compared as text: decoding first would accept other ways of writing the same bytes
        return digest.hex().encode() if self.encoding == "hex" else base64.b64encode(digest)

    def _signatures(self, items: Mapping[str, Sequence[bytes]]) -> Sequence[bytes]:
        if not items["signature"]:
            raise WebhookRefused(f"the header {self.header} is not {self.layout.text!r}")
        return items["signature"]

    def _sent(self, headers: Headers, items: Mapping[str, Sequence[bytes]]) -> dict[str, bytes]:
        """Return the time and the event id of the call, as the provider wrote them."""
        sent: dict[str, bytes] = {}
        if self.id_header:
            sent["id"] = headers.one(self.id_header)
            if not _EVENT_ID.fullmatch(sent["id"]):
                raise WebhookRefused(f"the header {self.id_header} does not hold an event id")
        if self.time_header:
            sent["time"] = _seconds(headers.one(self.time_header), self.time_header)
        elif "time" in items:
            if len(items["time"]) != 1:
                raise WebhookRefused(f"the header {self.header} is not {self.layout.text!r}")
            sent["time"] = _seconds(items["time"][0], self.header)
        return sent

    def _check_time(self, sent: int, now: float) -> None:
        allowed = f"more than the {self.tolerance:g} s that are allowed"
        if now - sent > self.tolerance:
            reason = f"the call was signed {now - sent:.0f} s ago, {allowed}"
            raise WebhookRefused(reason, status=401)
        if sent - now > self.tolerance:
            reason = f"the call was signed {sent - now:.0f} s ahead of the clock, {allowed}"
            raise WebhookRefused(reason, status=401)


def signed(
    header: str,
    *,
    layout: str,
    content: str,
    separator: str = ",",
    encoding: Encoding = "hex",
    algorithm: Algorithm = "sha256",
    time_header: str | None = None,
    id_header: str | None = None,
    tolerance: float = TOLERANCE,
    key: Callable[[str], bytes] = str.encode,
) -> Signed:
    """Return the scheme of a provider that signs its calls with an HMAC.

    Stripe's, for example, is
    `signed("Stripe-Signature", layout="t={time},v1={signature}", content="{time}.{body}")`.
    A time is in Unix seconds. Without one, a copy of a call is valid for ever.

    Args:
        header: The header with the signature.
        layout: The header's value: `{signature}`, perhaps with `{time}`. A header with several
            signatures is accepted if one fits.
        content: What is signed: `{body}` at the end, perhaps after `{id}` and `{time}`.
        separator: What stands between the items of *layout*.
        encoding: How the signature is written: `"hex"`, in lower case, or `"base64"`.
        algorithm: The digest.
        time_header: The header with the time, where it is not in *layout*.
        id_header: The header with the event id.
        tolerance: How many seconds a call may be older, or newer, than the clock.
        key: Turn a configured secret into the key. If it cannot be one, raise a `ValueError` that
            does not quote it.

    Raises:
        ValueError: The arguments contradict each other, or a call could be read in two ways.
    """
    if not tolerance > 0:  # a NaN would accept every time
        raise ValueError(f"`tolerance` must be > 0 seconds, got {tolerance!r}")
    parsed = Layout.parse(layout, separator)
    signed_content = Content.parse(content)
    sent = {"id"} if id_header else set[str]()
    sent |= {"time"} if time_header or "time" in parsed.prefixes else set[str]()
    if signed_content.fields != {"body", *sent}:  # what is sent unsigned can be forged
        wanted = " and ".join(f"{{{name}}}" for name in ["body", *sorted(sent)])
        raise ValueError(f"`content` must have {wanted}, got {content!r}")
    if time_header and "time" in parsed.prefixes:
        raise ValueError("`time_header` and the {time} of `layout` exclude each other")
    return Signed(
        header,
        parsed,
        signed_content,
        encoding=encoding,
        algorithm=algorithm,
        time_header=time_header,
        id_header=id_header,
        tolerance=tolerance,
        key=key,
    )


def standard(*, tolerance: float = TOLERANCE) -> Signed:
    """Return the scheme of https://www.standardwebhooks.com: secrets are `whsec_` and base64.

    Symmetric signatures (`v1`) only: those of version `v1a` (Ed25519) are ignored. *tolerance* is
    how many seconds a call may be older, or newer, than the clock.
    """
    return signed(
        "webhook-signature",
        layout="v1,{signature}",
        separator=" ",
        content="{id}.{time}.{body}",
        encoding="base64",
        time_header="webhook-timestamp",
        id_header="webhook-id",
        tolerance=tolerance,
        key=_standard_key,
    )


def _standard_key(secret: str) -> bytes:
    written = secret.removeprefix("whsec_")
    try:  # some providers leave the padding out
        key = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except ValueError:  # its message may hold a character of the secret
        key = b""
    if not key:
        raise ValueError("expected `whsec_` and base64")
    return key


def _seconds(value: bytes, header: str) -> bytes:
    if not _SECONDS.fullmatch(value):
        raise WebhookRefused(f"the header {header} does not hold a time in Unix seconds")
    return value
