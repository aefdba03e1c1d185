"""Addresses in a recording: only the provider's own keep their form.

The path of an API address is known from the API description; its ids are replaced as in bodies. Of
another address only the host may stay, if it is the provider's or the description names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from subhub.plugin.provider import Provider
from subhub.testing.cassettes.scrubbing.placeholders import Kind
from subhub.testing.openapi import METHODS, Document, DocumentMismatch

_RESERVED: Final = re.compile(r"(?:example(?:\.com|\.net|\.org)?|test|invalid|localhost)")
"""Domains that can belong to no person (RFC 2606)."""
_NAMES: Final = """
account accounts api app apps assets auth billing cdn checkout dashboard demo dev docs download
events files help hooks id img images login mail media my pay payment payments portal sandbox secure
shop staging static status support test web webhooks www
"""
_SERVICES: Final = frozenset(_NAMES.split())
"""What a domain of a service may begin with; another beginning may be the name of a customer."""
_FILE: Final = re.compile(r"(.+)(\.(?:csv|gif|html?|jpe?g|json|pdf|png|svg|txt|xml|zip))")


class Addresses:
    """Scrubs addresses.

    Args:
        provider: The provider's class.
        document: Its API description, if it has one.
        id_: Returns the placeholder of an id.
        replaced: Returns the placeholder of a value of another kind.
        pairs: Scrubs a query.
    """

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
        own = urlsplit(provider.stand_in_address())
        host, _, domain = str(own.hostname).partition(".")
        self._domain = domain if "." in domain else f"{host}.{domain}"
        described = "" if document is None else json.dumps(document.content)
        self._hosts = {found.lower() for found in re.findall(r"://([\w.-]+)", described)}
        self._hosts.add(str(own.hostname))
        paths = [own.path, *(path for _, path in document.operations)] if document else [own.path]
        self._words = {part for path in paths for part in path.split("/") if "{" not in part}

    def scrub(self, address: str, method: str = "") -> str:
        """Return *address* without ids and tokens; what does not change keeps its spelling."""
        try:
            parts = urlsplit(address)
            _ = parts.port
        except ValueError:  # not an address after all
            return self._replaced("text", address)
        kept = parts._replace(
            netloc=self._host(parts),
            path=self._path(parts, method),
            query=self._pairs(parts.query) if parts.query else "",
            fragment=self._replaced("token", parts.fragment) if parts.fragment else "",
        )
        return address if kept == parts else kept.geturl()

    def _host(self, parts: SplitResult) -> str:
        """Return the host, never with a user's name."""
        host = (parts.hostname or "").lower()
        if not host or host in self._hosts or _is_service(host, self._domain):
            return parts.netloc.rpartition("@")[2]
        return self._replaced("host", host)

    def _path(self, parts: SplitResult, method: str) -> str:
        for verb in [method] if method else sorted(map(str.upper, METHODS)):
            template = self._template(verb, parts.path)
            if template is not None:
                return self._without_ids(parts.path, template)
        return "/".join(self._segment(segment) for segment in parts.path.split("/"))

    def _template(self, method: str, path: str) -> str | None:
        if self._document is None:
            return None
        try:
            return self._document.operation(method, path).path
        except DocumentMismatch:
            return None

    def _without_ids(self, path: str, template: str) -> str:
        """Return *path* with the ids of *template* replaced; before it stands the API's prefix."""
        segments, described = path.split("/"), template.split("/")
        before = len(segments) - len(described)
        for index, part in enumerate(described):
            if "{" in part:
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


def _is_service(host: str, domain: str) -> bool:
    """Return whether *host* is *domain*, or a reserved one, or that of a service in it."""
    label, dot, rest = host.partition(".")
    if host == domain or _RESERVED.fullmatch(host):
        return True
    return bool(dot) and label in _SERVICES and _is_service(rest, domain)


def _spelled(segment: str, change: Callable[[str], str]) -> str:
    value = unquote(segment)
    kept = change(value)
    return segment if kept == value else quote(kept, safe="")
