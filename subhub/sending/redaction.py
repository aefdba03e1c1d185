"""Redaction: a key that a provider repeats is taken out of its answer, however it is written.

It happens before anything reads the answer, so that no error, no result and no log can hold it. A
key in a form that no program writes, such as backwards, is not found.
"""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING, Final

from subhub.messages import REDACTED, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST: Final = 8
"""Shorter keys are invented for a trial, and would be found inside of words."""

REMEMBERED: Final = 4
"""How many keys, newest first, are looked for in answers."""


class Redactor:
    """Takes *key* out of answers."""

    def __init__(self, key: str) -> None:
        self._key = key
        # Looking for what all spellings have in common is quicker than looking for each of them.
        core = max(re.findall(r"[A-Za-z0-9]*", key), key=len)
        found = (core.encode(), *_encoded(key.encode()))
        self._needles = tuple(dict.fromkeys(found)) if len(key) >= SHORTEST else ()

    def __call__(self, response: Response) -> Response:
        """Return *response* without the key."""
        content = response.content
        if b"\0" in content[:4]:  # UTF-16 or UTF-32, which readers of JSON take
            content = _in_utf8(content)
        everything = content + "\n".join(response.headers.values()).encode("latin-1", "replace")
        for needle in self._needles:  # `any` takes twice as long
            if needle in everything:
                return self._without_key(response, content)
        return response

    def finds(self, content: bytes) -> bool:
        """Return whether *content* may hold the key."""
        return any(needle in content for needle in self._needles)

    def _without_key(self, response: Response, content: bytes) -> Response:
        encoded = (re.escape(needle.decode()) for needle in self._needles[1:])
        written = re.compile("|".join(("".join(map(_spellings, self._key)), *encoded)))
        headers = {name: written.sub(REDACTED, value) for name, value in response.headers.items()}
        clean = written.sub(REDACTED, content.decode("latin-1")).encode("latin-1")
        return Response(response.status, headers, clean)


class KeyRing(Redactor):
    """Takes the newest keys of an account out of answers."""

    def __init__(self) -> None:
        super().__init__("")
        self._rings: tuple[tuple[str, Redactor], ...] = ()

    def remember(self, key: str) -> None:
        """Look for *key* from now on."""
        if all(key != known for known, _ in self._rings):
            self._rings = ((key, Redactor(key)), *self._rings)[:REMEMBERED]

    def __call__(self, response: Response) -> Response:
        """Return *response* without the keys."""
        for _, ring in self._rings:
            response = ring(response)
        return response

    def finds(self, content: bytes) -> bool:
        """Return whether *content* may hold one of the keys."""
        return any(ring.finds(content) for _, ring in self._rings)


def _spellings(char: str) -> str:
    """Return a pattern for *char* as it is, and as JSON, URLs, HTML and programs write it."""
    code = ord(char)
    found = [re.escape(char), rf"(?i:\\u{code:04x}|%{code:02x})", re.escape(html.escape(char))]
    if not char.isalnum():
        found.append(rf"\\{re.escape(char)}")
    return f"(?:{'|'.join(dict.fromkeys(reversed(found)))})"


def _encoded(key: bytes) -> Iterator[bytes]:
    """Return the key in base64, at each offset in a longer text, and in hexadecimal."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            text = encode(bytes(offset) + key)
            yield text[-(-offset * 8 // 6) : (offset + len(key)) * 8 // 6]
    yield key.hex().encode()


def _in_utf8(content: bytes) -> bytes:
    try:
        return content.decode(json.detect_encoding(content)).encode()
    except ValueError:
        return content
