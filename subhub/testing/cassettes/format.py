"""The form of a cassette: what a file holds, and how it is read and written.

A cassette says where it comes from: `sandbox`, answered by a fake that was written from the
provider's documents, or `live`; and what was kept out of it. Its bodies are parsed JSON, so that a
change in one can be read. This module reads and writes the files; it neither records nor replays.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import yaml
from vcr.request import Request as Recorded

from subhub._version import __version__
from subhub.messages import is_object
from subhub.plugin.provider import Provider
from subhub.plugin.registry import distribution_of
from subhub.sandbox import Exchange, Received, Reply

Source = Literal["sandbox", "live"]
Interaction: TypeAlias = Mapping[str, Any]
"""One request with its answer, as the file has it."""

KEPT_REQUEST_HEADERS: Final = frozenset({"accept", "content-type"})
KEPT_RESPONSE_HEADERS: Final = frozenset(
    {
        "content-type",
        "location",
        "retry-after",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    }
)
DOCUMENT: Final = "openapi.yaml"
"""The description of the provider's API that a plugin ships."""
NO_DOCUMENT: Final = "none"
"""The fingerprint where a plugin ships no description."""
MADE_UP: Final[Mapping[str, object]] = {
    "version": 1,
    "headers": "only those on the allow-list",
    "keys": "replaced wherever they were repeated",
    "people": "made up by the test, and kept",
    "ids": "as the sandbox made them",
}
"""What is done to a recording of a sandbox: whatever it holds, a test has invented."""
REAL: Final[Mapping[str, object]] = {
    **MADE_UP,
    "people": "replaced, like all text that is not on the allow-list",
    "ids": "replaced, each by the same one everywhere",
}
"""What is done to a recording of a provider, where anybody's data may come back."""
_STATUSES: Final = frozenset(HTTPStatus)
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a recording comes from, against which description of the API, and what was scrubbed.

    *clock* is the moment at which the client's clock stood, so that a replay asks the same.
    *scenario* is what was played: a test, as pytest names it, or a scenario of subhub's own.
    """

    source: Source
    recorded_on: str
    clock: str
    scenario: str
    provider: str
    plugin: str
    subhub: str
    document: str
    scrubbing: Mapping[str, object]

    @classmethod
    def of(
        cls,
        provider: type[Provider],
        source: Source,
        clock: dt.datetime,
        *,
        scenario: str = "",
        scrubbing: Mapping[str, object] = MADE_UP,
    ) -> Provenance:
        """The provenance of a recording that is made now, through the installed plugin."""
        plugin, version = distribution_of(provider.name)
        return cls(
            source,
            dt.datetime.now(dt.UTC).date().isoformat(),
            clock.isoformat(),
            scenario,
            provider.name,
            f"{plugin} {version}",
            __version__,
            fingerprint(provider),
            scrubbing,
        )


class CassetteMismatch(AssertionError):
    """A cassette is not what it has to be, or a replay went another way than the recording."""


@dataclass(frozen=True, slots=True)
class Cassette:
    """What a cassette holds: its provenance, and the exchanges in their order."""

    provenance: Provenance
    interactions: Sequence[Interaction]

    @classmethod
    def at(cls, path: Path) -> Cassette:
        """The conversation in the file at *path*; a `CassetteMismatch` if it is no cassette."""
        return cls(provenance_of(path), _load(path)["interactions"])

    def exchanges(self) -> Iterator[Exchange]:
        """The exchanges, as the wire had them."""
        for each in self.interactions:
            request, response = each["request"], each["response"]
            address = urlsplit(str(request["uri"]))
            target = f"{address.path}?{address.query}"
            yield Exchange(
                Received.at(request["method"], target, request["headers"], _body_in(request)),
                Reply(response["status"], _body_in(response), response["headers"]),
            )


def fingerprint(provider: type[Provider]) -> str:
    """The fingerprint of the API description that the plugin ships."""
    content = document_of(provider)
    return NO_DOCUMENT if content is None else "sha256:" + hashlib.sha256(content).hexdigest()


def document_of(provider: type[Provider]) -> bytes | None:
    """The API description that the plugin ships; `None` if it ships none."""
    module = sys.modules[provider.__module__.partition(".")[0]]
    if not hasattr(module, "__path__"):
        return None  # a plugin of a single module has no place for it
    found = resources.files(module) / DOCUMENT
    return found.read_bytes() if found.is_file() else None


def provenance_of(path: Path) -> Provenance:
    """Where the cassette at *path* comes from."""
    head = _load(path)["provenance"]
    odd = _odd(head)
    if odd or not is_object(head):
        told = ", ".join(odd) or "all of it"
        message = f"the header of {path} is of another version of subhub ({told}): record it anew"
        raise CassetteMismatch(message)
    return Provenance(**head)


def _odd(head: object) -> list[str]:
    """The entries of a header that are missing, not known, or not of their type."""
    if not is_object(head):
        return []
    known = {each.name for each in fields(Provenance)}
    wrong = {each for each in known & set(head) if not isinstance(head[each], str)}
    if is_object(head.get("scrubbing")):
        wrong.discard("scrubbing")
    return sorted(known ^ set(head) | wrong)


class Persister:
    """Reads this form of a cassette, in place of vcrpy's own."""

    def load_cassette(self, path: str, serializer: object) -> tuple[list[Recorded], list[Any]]:
        """What is recorded at *path*."""
        del serializer  # the form is ours, whatever vcrpy would use
        exchanges = _load(Path(path))["interactions"]
        return [_request(each) for each in exchanges], [_response(each) for each in exchanges]


def write(path: Path, conversation: Cassette) -> None:
    """Write *conversation* to *path*, whole or not at all."""
    document = {
        "provenance": {
            **asdict(conversation.provenance),
            "scrubbing": dict(conversation.provenance.scrubbing),
        },
        "interactions": list(conversation.interactions),
    }
    text = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    _ = beside.write_text(text, "utf-8")
    _ = beside.replace(path)


def written(request: Recorded, response: Mapping[str, Any]) -> Interaction:
    """One exchange that vcrpy heard, as the file has it: only headers that may be kept."""
    return {
        "request": {
            "method": request.method,
            "uri": request.uri,
            "headers": _kept(request.headers.items(), KEPT_REQUEST_HEADERS),
            **_body_out(request.body),
        },
        "response": {
            "status": response["status"]["code"],
            "headers": _kept(response["headers"].items(), KEPT_RESPONSE_HEADERS),
            **_body_out(response["body"]["string"]),
        },
    }


class _Plain(yaml.SafeDumper):
    """Writes a value that stands in two places twice: whoever reads it knows no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _load(path: Path) -> dict[str, Any]:
    try:
        document = _parsed(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise CassetteMismatch(f"{path} is no YAML, and no cassette: {error}") from error
    if not is_object(document) or "provenance" not in document:
        message = f"{path} does not say where it comes from: it is no cassette of subhub's"
        raise CassetteMismatch(message)
    return document


@lru_cache(maxsize=8)
def _parsed(text: str) -> object:
    """Parsed once for provenance and exchanges, and for both clients; nobody changes it."""
    document: object = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader, in C
    return document


def _kept(headers: Any, allowed: frozenset[str]) -> dict[str, str]:
    pairs = ((name.lower(), value) for name, value in headers)
    return {
        name: value if isinstance(value, str) else ", ".join(value)
        for name, value in sorted(pairs)
        if name in allowed
    }


def _body_out(content: bytes | None) -> dict[str, Any]:
    if not content:
        return {}
    try:
        return {"json": json.loads(content)}
    except ValueError:
        return {"text": content.decode("utf-8", "replace")}


def _body_in(body: Mapping[str, Any]) -> bytes:
    if "json" in body:
        return json.dumps(body["json"], ensure_ascii=False).encode()
    return str(body.get("text", "")).encode()


def _request(exchange: Interaction) -> Recorded:
    asked = exchange["request"]
    return Recorded(asked["method"], asked["uri"], _body_in(asked), asked["headers"])


def _response(exchange: Interaction) -> dict[str, Any]:
    answered = exchange["response"]
    status = answered["status"]
    phrase = HTTPStatus(status).phrase if status in _STATUSES else ""
    return {
        "status": {"code": status, "message": phrase},
        "headers": {name: [value] for name, value in answered["headers"].items()},
        "body": {"string": _body_in(answered)},
    }
