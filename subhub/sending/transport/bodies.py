"""Bodies: how large the body of an answer may be, as it comes and once it is unpacked."""

from __future__ import annotations

import zlib
from typing import Final

MAX_RESPONSE_BYTES: Final = 32 * 1024 * 1024
"""How large an answer may be if the account does not say otherwise."""

_GZIP: Final = zlib.MAX_WBITS | 16
_WINDOWS: Final = {
    "gzip": (_GZIP,),
    "x-gzip": (_GZIP,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),  # some servers leave out the header of zlib
}
"""How zlib unpacks each of the encodings that subhub accepts."""


class TooLarge(Exception):
    """The body is larger than the limit."""


class NotDecoded(Exception):
    """The body is not encoded as its header says, or in a way that was not asked for."""


def decoded(content: bytes, encoding: str, limit: int) -> bytes:
    """Unpack *content*; at no time is more than *limit* bytes of it held.

    Args:
        content: The body as it came.
        encoding: Its `Content-Encoding`: the names of what was done to it, the last one last.
        limit: How many bytes it may have, unpacked.

    Raises `TooLarge` or `NotDecoded`.
    """
    for name in reversed(encoding.lower().split(",")):
        if (coding := name.strip()) not in {"", "identity"}:
            content = _unpacked(content, coding, limit)
    return content


def _unpacked(content: bytes, coding: str, limit: int) -> bytes:
    if not content:
        return content  # of an answer to HEAD, or with a status that has no body
    for window in _WINDOWS.get(coding, ()):
        unpacking = zlib.decompressobj(window)
        try:
            found = unpacking.decompress(content, limit + 1)
        except zlib.error:
            continue
        if len(found) > limit:
            raise TooLarge
        if unpacking.eof:
            return found
    raise NotDecoded
