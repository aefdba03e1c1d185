"""Reading and writing of the file format of cassettes.

A cassette is YAML: a header, its `Provenance`, and its exchanges in their order. JSON bodies are
stored parsed, so that a change in one can be read in a diff. Recording and replaying are elsewhere.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import yaml
from vcr.request import Request as Recorded

from subhub.messages import is_object
from subhub.sandbox import Exchange, Received, Reply
from subhub.sandbox.json_input import decode_json
from subhub.system import atomic_files
from subhub.testing.cassettes.validation import (
    HEADER,
    MalformedCassette,
    check_header,
    check_interactions,
    check_size,
)
from subhub.testing.provenance import Provenance

Interaction: TypeAlias = Mapping[str, Any]
"""One request with its response, as the file stores it."""

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
_STATUSES: Final = frozenset(HTTPStatus)
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CassetteMismatch(AssertionError):
    """A file is not a valid cassette, or a replay differs from the recording.

    *place* is the part of the file that is not valid.
    """

    def __init__(self, message: str, place: str = HEADER) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Cassette:
    """The content of a cassette: its provenance, and the exchanges in their order."""

    provenance: Provenance
    interactions: Sequence[Interaction]

    @classmethod
    def at(cls, path: Path) -> Cassette:
        """Read the cassette at *path*; raise `CassetteMismatch` if the file is not one."""
        try:
            return _parsed(path.read_text("utf-8-sig"))
        except OSError as error:
            raise CassetteMismatch(f"cannot read {path} ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise CassetteMismatch(f"{path} is not UTF-8, so not a cassette") from error
        except MalformedCassette as error:
            message = f"{path} cannot be used: {error}. Record it again."
            raise CassetteMismatch(message, error.place) from None

    def exchanges(self) -> Iterator[Exchange]:
        """Yield the exchanges as they went over the wire."""
        for interaction in self.interactions:
            request, response = interaction["request"], interaction["response"]
            address = urlsplit(str(request["uri"]))
            target = f"{address.path}?{address.query}"
            yield Exchange(
                Received.at(request["method"], target, request["headers"], _body_in(request)),
                Reply(response["status"], _body_in(response), response["headers"]),
            )


def provenance_of(path: Path) -> Provenance:
    """Read the header of the cassette at *path*."""
    return Cassette.at(path).provenance


class Persister:
    """vcrpy's persister for this format, registered in place of its own.

    A serializer would not do: vcrpy writes a file in the locale's encoding and in place, and leaves
    httpx patched when serializing fails.
    """

    def __init__(self, cassette: Cassette) -> None:
        self._interactions = cassette.interactions

    def load_cassette(self, path: str, serializer: object) -> tuple[list[Recorded], list[Any]]:
        """Return the requests and responses of the cassette, which was read already."""
        del path, serializer
        found = self._interactions
        return [_request(kept) for kept in found], [_response(kept) for kept in found]


def write(path: Path, cassette: Cassette) -> None:
    """Write *cassette* to *path*, whole or not at all."""
    document = {
        "provenance": {
            **asdict(cassette.provenance),
            "scrubbing": dict(cassette.provenance.scrubbing),
        },
        "interactions": list(cassette.interactions),
    }
    text = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_files.replace(path, text)


def to_interaction(request: Recorded, response: Mapping[str, Any]) -> Interaction:
    """Convert an exchange heard by vcrpy to the file's form, with allow-listed headers only."""
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
    """Writes a repeated value in full: anchors make a file hard to read."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


@lru_cache(maxsize=8)
def _parsed(text: str) -> Cassette:
    """Parse *text* once for both clients and all tests of a cassette; the result is read only."""
    document = _loaded(text)
    if not is_object(document) or "provenance" not in document:
        message = "it does not say where it comes from, so it is not a cassette of subhub's"
        raise MalformedCassette(message)
    check_size(document)
    check_header(document["provenance"], {field.name for field in fields(Provenance)})
    check_interactions(document.get("interactions"))
    return Cassette(Provenance(**document["provenance"]), document["interactions"])


def _loaded(text: str) -> object:
    # The many nodes of a long cassette would make the garbage collector run again and again over
    # all of them: half of the time, and more than in proportion to the length.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return yaml.load(text, _LOADER)  # noqa: S506 - a safe loader, in C
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MalformedCassette(f"it is not YAML in line {line}: {error.problem}") from None
    except Exception as error:  # noqa: BLE001 - such as a `KeyError` for `!!bool maybe`
        raise MalformedCassette(f"it is not YAML ({type(error).__name__})") from None
    finally:
        if collecting:
            gc.enable()


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
        return {"json": decode_json(content)}
    except ValueError:  # or it has a value that JSON does not have, and a file could not hold
        return {"text": content.decode("utf-8", "replace")}


def _body_in(body: Mapping[str, Any]) -> bytes:
    if "json" in body:
        return json.dumps(body["json"], ensure_ascii=False).encode()
    return str(body.get("text", "")).encode()


def _request(interaction: Interaction) -> Recorded:
    asked = interaction["request"]
    return Recorded(asked["method"], asked["uri"], _body_in(asked), asked["headers"])


def _response(interaction: Interaction) -> dict[str, Any]:
    answered = interaction["response"]
    status = answered["status"]
    phrase = HTTPStatus(status).phrase if status in _STATUSES else ""
    return {
        "status": {"code": status, "message": phrase},
        "headers": {name: [value] for name, value in answered["headers"].items()},
        "body": {"string": _body_in(answered)},
    }
