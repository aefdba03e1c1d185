"""Addresses in a recording: the provider's own keep their form, of others nothing is left.

The path of an API address is known from the description; its ids are replaced as in the bodies. Of
another address, only the host may stay, and only the provider's or one that its description names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from subhub.plugin.provider import Provider
from subhub.testing.cassettes.scrubbing.placeholders import Kind
from subhub.testing.cassettes.scrubbing.schema_lookup import operation_of
from subhub.testing.openapi import METHODS, Document

_RESERVED: Final = re.compile(r"(?:.*\.)?(?:example(?:\.com|\.net|\.org)?|test|invalid|localhost)")
"""Hosts that are nobody's (RFC 2606)."""
_FILE: Final = re.compile(r"(.+)(\.[a-z]{2,4})")


class Addresses:
    """Scrubs addresses; *id_* and *replaced* give the stand-ins, *pairs* scrubs a query."""

    def __init__(
        self,
        provider: type[Provider],
        document: Document | None,
        id_: Callable[[str], str],
        replaced: Callable[[Kind, str], str],
        pairs: Callable[[str], str],
    ) -> None:
        self._document = document
        self._id, self._replaced, self._pairs = id_, replaced, pairs
        own = urlsplit(provider.base_url)
        host, _, domain = str(own.hostname).partition(".")
        self._domain = domain if "." in domain else f"{host}.{domain}"
        described = "" if document is None else json.dumps(document.content)
        self._hosts = {each.lower() for each in re.findall(r"://([\w.-]+)", described)}
        self._hosts.add(str(own.hostname))
        paths = [own.path, *(path for _, path in document.operations)] if document else [own.path]
        self._words = {each for path in paths for each in path.split("/") if "{" not in each}

    def scrub(self, address: str, method: str = "") -> str:
        """*address* without ids and tokens; what is not changed keeps its spelling."""
        parts = urlsplit(address)
        kept = parts._replace(
            netloc=self._host(parts),
            path=self._path(parts, method),
            query=self._pairs(parts.query) if parts.query else "",
            fragment=self._replaced("token", parts.fragment) if parts.fragment else "",
        )
        return address if kept == parts else kept.geturl()

    def _host(self, parts: SplitResult) -> str:
        """The host, never with a user's name."""
        host = (parts.hostname or "").lower()
        ours = host in self._hosts or _RESERVED.fullmatch(host)
        if not host or ours or host.endswith(f".{self._domain}"):
            return parts.netloc.rpartition("@")[2]
        return self._replaced("host", host)

    def _path(self, parts: SplitResult, method: str) -> str:
        for each in [method] if method else sorted(map(str.upper, METHODS)):
            operation = operation_of(self._document, each, parts.path)
            if operation is not None:
                return self._below(parts.path, operation.path)
        return "/".join(self._segment(each) for each in parts.path.split("/"))

    def _below(self, path: str, template: str) -> str:
        """*path* with what stands for the ids of *template* replaced; before it is the prefix."""
        segments, described = path.split("/"), template.split("/")
        before = len(segments) - len(described)
        for index, each in enumerate(described):
            if "{" in each:
                segments[before + index] = _spelled(segments[before + index], self._id)
        return "/".join(segments)

    def _segment(self, segment: str) -> str:
        if segment in self._words:
            return segment
        file = _FILE.fullmatch(segment)
        stem, suffix = file.groups() if file else (segment, "")
        return _spelled(stem, self._opaque) + suffix

    def _opaque(self, value: str) -> str:
        return self._replaced("token", value)


def _spelled(segment: str, change: Callable[[str], str]) -> str:
    value = unquote(segment)
    kept = change(value)
    return segment if kept == value else quote(kept, safe="")
