"""Cassettes: conversations with a provider, recorded once and replayed without key and network.

A cassette says where it comes from: `sandbox`, answered by a fake that was written from the
provider's documents, or `live`. It holds only headers that are allowed to be kept, so a key cannot
get into it, and bodies as parsed JSON, so that a change in one can be read. Replaying is strict: no
network, the exact address, bodies equal by meaning, and every recorded exchange played.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from vcr import VCR
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.request import Request as Recorded

from subhub import __version__
from subhub.provider import Provider
from subhub.registry import distribution_of

Source = Literal["sandbox", "live"]

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


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a recording comes from, and against which description of the API it was made.

    *clock* is the moment at which the client's clock stood, so that a replay asks the same.
    """

    source: Source
    recorded_on: str
    clock: str
    provider: str
    plugin: str
    subhub: str
    document: str
    headers: str = "only those on the allow-list; never a key"

    @classmethod
    def of(cls, provider: type[Provider], source: Source, clock: dt.datetime) -> Provenance:
        """The provenance of a recording that is made now, through the installed plugin."""
        plugin, version = distribution_of(provider.name)
        return cls(
            source,
            dt.datetime.now(dt.UTC).date().isoformat(),
            clock.isoformat(),
            provider.name,
            f"{plugin} {version}",
            __version__,
            fingerprint(provider),
        )


class CassetteMismatch(AssertionError):
    """A replay went another way than the recording."""


def fingerprint(provider: type[Provider]) -> str:
    """The fingerprint of the API description that the plugin ships."""
    document = resources.files(provider.__module__.partition(".")[0]) / DOCUMENT
    return "sha256:" + hashlib.sha256(document.read_bytes()).hexdigest()


def provenance_of(path: Path) -> Provenance:
    """Where the cassette at *path* comes from."""
    return Provenance(**_load(path)["provenance"])


@contextmanager
def record(path: Path, provenance: Provenance) -> Generator[None]:
    """Record every exchange in this block into a new cassette at *path*."""
    path.unlink(missing_ok=True)
    with _vcr(_Persister(provenance)).use_cassette(str(path), record_mode="all"):
        yield


@contextmanager
def replay(path: Path) -> Generator[None]:
    """Answer every request in this block from the cassette at *path*, and from nothing else."""
    if not path.is_file():
        message = f"there is no cassette {path}: record it first"
        raise CassetteMismatch(message)
    with _vcr(_Persister()).use_cassette(str(path), record_mode="none") as cassette:
        try:
            yield
        except CannotOverwriteExistingCassetteException as error:
            raise CassetteMismatch(_missed(path, cassette, error.failed_request)) from None
        _all_played(path, cassette)


def _vcr(persister: _Persister) -> VCR:
    vcr = VCR(match_on=("exchange",), decode_compressed_response=True)
    vcr.register_matcher("exchange", _same)
    vcr.register_persister(persister)
    return vcr


def _same(asked: Recorded, recorded: Recorded) -> bool:
    """A plain bool, because vcrpy renders a difference for every other kind of no."""
    return (
        asked.method == recorded.method
        and asked.uri == recorded.uri
        and _meaning(asked.body) == _meaning(recorded.body)
    )


def _meaning(body: bytes | None) -> object:
    try:
        return json.loads(body or b"null")
    except ValueError:
        return body


def _missed(path: Path, cassette: Cassette, asked: Recorded) -> str:
    lines = [f"{path.name} has no recording, not played yet, of what was asked:"]
    lines += [f"  asked     {_line(asked)}"]
    lines += [f"  recorded  {_line(each)}" for each in cassette.requests]
    return "\n".join(lines)


def _all_played(path: Path, cassette: Cassette) -> None:
    unplayed = [
        _line(each) for i, each in enumerate(cassette.requests) if not cassette.play_counts[i]
    ]
    if unplayed:
        message = f"{path.name} was not played to its end; left are:\n  " + "\n  ".join(unplayed)
        raise CassetteMismatch(message)


def _line(request: Recorded) -> str:
    body = request.body.decode("utf-8", "replace") if request.body else ""
    return f"{request.method} {request.uri} {body}".rstrip()


class _Persister:
    """Reads and writes our form of a cassette, in place of vcrpy's own."""

    def __init__(self, provenance: Provenance | None = None) -> None:
        self._provenance = provenance

    def load_cassette(self, path: str, serializer: object) -> tuple[list[Recorded], list[Any]]:
        del serializer  # the form is ours, whatever vcrpy would use
        if not Path(path).is_file():
            raise CassetteNotFoundError
        exchanges = _load(Path(path))["interactions"]
        return [_request(each) for each in exchanges], [_response(each) for each in exchanges]

    def save_cassette(self, path: str, cassette: Mapping[str, Any], serializer: object) -> None:
        del serializer
        assert self._provenance is not None  # noqa: S101 - a replay never saves
        exchanges = zip(cassette["requests"], cassette["responses"], strict=True)
        document = {
            "provenance": asdict(self._provenance),
            "interactions": [_written(request, response) for request, response in exchanges],
        }
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _ = Path(path).write_text(text, "utf-8")


def _load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    if "provenance" not in document:
        message = f"{path} does not say where it comes from: it is no cassette of subhub's"
        raise CassetteMismatch(message)
    return document


def _written(request: Recorded, response: Mapping[str, Any]) -> dict[str, Any]:
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


def _body_in(written: Mapping[str, Any]) -> bytes:
    if "json" in written:
        return json.dumps(written["json"], ensure_ascii=False).encode()
    return str(written.get("text", "")).encode()


def _request(exchange: Mapping[str, Any]) -> Recorded:
    written = exchange["request"]
    return Recorded(written["method"], written["uri"], _body_in(written), written["headers"])


def _response(exchange: Mapping[str, Any]) -> dict[str, Any]:
    written = exchange["response"]
    return {
        "status": {"code": written["status"], "message": HTTPStatus(written["status"]).phrase},
        "headers": {name: [value] for name, value in written["headers"].items()},
        "body": {"string": _body_in(written)},
    }
