"""Why a webhook call is refused: what would have been accepted, and what that says.

A signature only fits or does not. So likely mistakes are undone one after the other, and the one
that makes the call fit is named. Nothing here sends, and no secret is part of a text.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from subhub.errors import WebhookRefused
from subhub.webhooks import Scheme
from subhub.webhooks.headers import Headers

ALGORITHMS: Final = ("sha256", "sha1", "sha512")


def explain(
    scheme: Scheme, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
) -> list[str]:
    """Return what would make a refused call fit; nothing if no mistake is recognized.

    Args:
        scheme: How the provider signs.
        headers: The headers of the call.
        body: The body.
        secrets: The configured secrets.
        now: The present.
    """
    attempts: list[tuple[Headers, bytes, Sequence[str], str]] = [
        *((headers, other, secrets, why) for other, why in _bodies(body)),
        *((headers, body, [other], why) for other, why in _secrets(secrets)),
    ]
    found = [
        why
        for other_headers, other_body, others, why in attempts
        if _fits(scheme, other_headers, other_body, others, now)
    ]
    return [*dict.fromkeys([*found, *_headers(headers, body, secrets)])]


def _fits(
    scheme: Scheme, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
) -> bool:
    try:
        _ = scheme.verify(headers, body, secrets, now)
    except WebhookRefused as refused:
        # signed with this secret, but at another time: that is another finding
        return "was signed" in refused.reason
    return True


def _bodies(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield other forms of a body, with what was done to it."""
    changed = "the body was changed: "
    yield body.rstrip(b"\r\n"), f"{changed}a line break was added at its end"
    for ending in (b"\n", b"\r\n"):
        yield body + ending, f"{changed}the line break at its end was removed"
    yield body.replace(b"\r\n", b"\n"), f"{changed}its line breaks are those of Windows"
    yield body.replace(b"\n", b"\r\n"), f"{changed}its line breaks were those of Windows"
    yield body.removeprefix(b"\xef\xbb\xbf"), f"{changed}a byte-order mark was added"
    parsed = f"{changed}the JSON was parsed and written again. Pass the bytes as they arrived"
    for other in _written_again(body):
        yield other, parsed


def _written_again(body: bytes) -> Iterator[bytes]:
    """Yield the usual ways to write the JSON of a body."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    for escaped in (True, False):
        for sort in (False, True):
            for indent, separators in (
                (None, (",", ":")),
                (None, (", ", ": ")),
                (2, (",", ": ")),
                (4, (",", ": ")),
            ):
                text = json.dumps(
                    value,
                    ensure_ascii=escaped,
                    sort_keys=sort,
                    indent=indent,
                    separators=separators,
                )
                yield text.encode("utf-8", "surrogatepass")
                if escaped:  # as PHP writes it
                    yield text.replace("/", "\\/").encode("utf-8", "surrogatepass")


def _secrets(secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield other forms of the secrets, with what is wrong with them."""
    for secret in secrets:
        stripped = secret.strip()
        yield stripped, "the secret begins or ends with white space: remove it"
        yield stripped.strip("'\""), "the secret is in quotation marks: remove them"
        yield stripped.removeprefix("whsec_"), "the secret is configured with `whsec_` before it"
        yield f"whsec_{stripped}", "the secret lacks `whsec_` before it"
        _, equals, value = stripped.partition("=")
        if equals:
            yield value, "the secret is configured with its name and `=` before it"


def _headers(headers: Headers, body: bytes, secrets: Sequence[str]) -> Iterator[str]:
    """Yield which headers are signatures of the body, though the provider documents none."""
    for name, values in headers.values.items():
        for value in values:
            text = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
            sent = text.rpartition(b"=")[2] if text.startswith(b"sha") else text
            for secret in secrets:
                for algorithm in ALGORITHMS:
                    digest = hmac.digest(secret.encode(), body, algorithm)
                    forms = (digest.hex().encode(), base64.b64encode(digest))
                    if any(hmac.compare_digest(form, sent) for form in forms):
                        yield (
                            f"the header {name} is the HMAC ({algorithm}) of the body with this "
                            "secret: the provider signs otherwise than documented"
                        )
                if hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest().encode(), sent):
                    yield f"the header {name} is a digest of the secret, not the secret itself"
                if hmac.compare_digest(secret.encode(), sent.removeprefix(b"Bearer ")):
                    yield f"the header {name} holds the secret"
