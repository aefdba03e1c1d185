"""Requests and responses: the values that every room passes along.

Nothing here sends anything or imports anything else of subhub.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeGuard
from urllib.parse import quote, urlencode

Json: TypeAlias = Mapping[str, Any]
"""The body of a request: an object of texts, numbers, booleans, nulls, lists and objects."""


def given(**fields: Any) -> dict[str, Any]:
    """Return *fields* without those that are `None`: what is not given is left out of a request."""
    # compared with None, because 0 and False are values
    return {name: value for name, value in fields.items() if value is not None}


class Path(str):
    """A path with its ids filled in; `template` is the path without them, for logs."""

    __slots__ = ("template",)
    template: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a flow writes it: a path below the provider's base URL, sent verbatim.

    `query` and `body` hold exactly what is sent; `Provider.encode` writes the body, as JSON unless
    the provider has another form.
    """

    method: str
    path: str
    body: Json | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] | None = field(default=None, kw_only=True)
    """Headers of this request alone; they replace those of the account."""

    @property
    def mutating(self) -> bool:
        """Whether the request may change something at the provider."""
        return self.method not in {"GET", "HEAD"}

    @property
    def template(self) -> str:
        """The path without its ids: it may be logged."""
        return self.path.template if isinstance(self.path, Path) else self.path


@dataclass(frozen=True, slots=True)
class Oddity:
    """A part of an answer that is not as documented, while the rest of it could be read.

    `place` is the provider's model and field, and `effect` what that means for the result. Neither
    holds the value, which can be personal.
    """

    place: str
    effect: str


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: the status, the headers with their names in lower case, and the body.

    Decoding adds to `oddities`; the engine logs them.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""
    oddities: list[Oddity] = field(
        default_factory=list[Oddity], compare=False, repr=False, kw_only=True
    )


Encoded: TypeAlias = tuple[str, bytes]
"""An encoded body: its content type, and its bytes."""

REDACTED = "[redacted]"
"""The text in place of a secret."""
BODILESS: Final = frozenset({"GET", "HEAD", "DELETE"})
"""The methods whose requests have no `Content-Length` when they have no body."""


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """One HTTP request: method, full address, headers and body bytes.

    `seconds` is how long it may take, from a free connection to the end of its answer: what is left
    of the deadline. `key_variable` names the environment variable that the key came from, for a
    request that is shown without it.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    seconds: float = field(default=math.inf, repr=False, compare=False)
    key_variable: str = field(default="", repr=False, compare=False)

    @classmethod
    def of(
        cls,
        request: Request,
        base_url: str,
        headers: Mapping[str, str],
        encode: Callable[[Json], Encoded],
    ) -> PreparedRequest:
        """Prepare *request*; its path is joined to *base_url* verbatim, its last slash included.

        Args:
            request: What a flow asked for.
            base_url: Scheme, host and common path, without a slash at the end.
            headers: Those of the account; *request* may replace some.
            encode: Writes the body, as `Provider.encode` does.

        Raises a `ValueError` when the body cannot be encoded.
        """
        url = base_url + request.path
        if request.query:
            url += "?" + urlencode(request.query, quote_via=quote)
        if request.headers:
            headers = {**headers, **request.headers}
        if request.body is None:
            return cls(request.method, url, headers)
        kind, content = encode(request.body)
        return cls(request.method, url, {**headers, "Content-Type": kind}, content)

    def within(self, seconds: float) -> PreparedRequest:
        """Return the same request, which may take so many *seconds*."""
        return PreparedRequest(self.method, self.url, self.headers, self.content, seconds)

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 in it is replaced, and so not repeated by `curl`."""
        return self.content.decode(errors="replace")

    def curl(self) -> str:
        """Return the request as a curl command, quoted for a POSIX shell.

        In place of a redacted key is the environment variable that it came from, if it came from
        one: with it, the command can be pasted as it is.
        """
        words = ["curl", "--request", self.method, shlex.quote(self.url)]
        if set(self.url) & set("[]{}"):
            words.append("--globoff")  # they are part of the address, and no pattern
        for name, value in self.headers.items():
            words += ["--header", self._quoted(f"{name}: {value}")]
            if name.lower() == "accept-encoding":
                words.append("--compressed")  # or the answer is printed as it was packed
        if self.content:
            words += ["--data-raw", shlex.quote(self.text)]
        elif self.method not in BODILESS:
            words += ["--header", "'Content-Length: 0'"]
        return " ".join(words)

    def _quoted(self, header: str) -> str:
        """Quote *header*; where its value is redacted, the shell puts the variable in."""
        if not self.key_variable or REDACTED not in header:
            return shlex.quote(header)
        *parts, last = (re.sub(r'([\\"$`])', r"\\\1", part) for part in header.split(REDACTED))
        before = f"${{{self.key_variable}}}".join(parts)
        variable = f"${{{self.key_variable}}}" if last else f"${self.key_variable}"
        return f'"{before}{variable}{last}"'


def as_json(body: Json) -> Encoded:
    """Encode *body* as compact JSON in UTF-8; raise `ValueError` when JSON cannot carry it."""
    return "application/json", _ENCODER.encode(body).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether decoded JSON or TOML is an object, that is, a table with names."""
    return isinstance(value, dict)
