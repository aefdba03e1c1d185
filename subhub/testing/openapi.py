"""The API description in a plugin's package, and validation of exchanges against it.

The description decides, not the plugin or its fake. Responses may have more fields than are
described, because a provider may add some; requests may not, because a plugin sends what is
documented and nothing else.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from subhub.plugin.provider import Provider
from subhub.sandbox import Exchange, Received, Reply
from subhub.testing import yaml_core
from subhub.testing.forms import FORM_TYPE, decode_form, typed
from subhub.testing.provenance import DOCUMENT

Json: TypeAlias = dict[str, Any]

METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
JSON_TYPE: Final = "application/json"
FORMATS: Final = FormatChecker(("date", "email", "uuid"))
_NAME: Final = "urn:openapi"


class DocumentMismatch(AssertionError):
    """A request or a response is not as the API description says."""


class Document:
    """One OpenAPI 3.1 description, and the JSON Schemas (draft 2020-12) in it."""

    def __init__(self, content: Json) -> None:
        self.content = content
        self._prefix = urlsplit(str(content["servers"][0]["url"])).path.rstrip("/")
        resource = DRAFT202012.create_resource(content)
        self._registry: Registry[Any] = Registry[Any]().with_resource(_NAME, resource)
        # A path without ids goes first, so that /customers/search is not taken for a customer.
        self._operations = sorted(_operations(content), key=lambda found: found[1].count("{"))

    @classmethod
    def of(cls, provider: type[Provider]) -> Document:
        """Return the description in the package of *provider*."""
        return _shipped(provider.__module__.partition(".")[0])

    @property
    def operations(self) -> frozenset[tuple[str, str]]:
        """Every method, in capitals, with its path as the description writes it."""
        return frozenset(self._operations)

    def operation(self, method: str, path: str) -> Operation:
        """Return the operation described for *method* and *path*, which begins after the host."""
        below = path.removeprefix(self._prefix)
        for known, template in self._operations if path.startswith(self._prefix) else ():
            values = re.fullmatch(_pattern(template), below) if known == method else None
            if values is not None:
                return Operation(self, method, template, _unquoted(values.groupdict()))
        raise DocumentMismatch(f"{method} {path} is not described")

    def statuses(self, received: Received) -> frozenset[str]:
        """Return the statuses that are described for a request."""
        return self.operation(received.method, received.path).statuses

    def check_request(self, received: Received) -> Operation:
        """Check a request against the description, and return its operation."""
        operation = self.operation(received.method, received.path)
        operation.check_request(received)
        return operation

    def check(self, exchange: Exchange) -> Operation:
        """Check a request and its reply against the description, and return its operation."""
        operation = self.check_request(exchange.received)
        operation.check_reply(exchange.reply)
        return operation

    def validate(self, value: object, *place: str, closed: bool = False) -> None:
        """Check *value* against the schema at *place*; *closed* allows no undescribed field."""
        # By reference into the registry, so that a schema may itself refer to others.
        schema: Json = {"$ref": _NAME + "#" + "".join(map(_step, place))}
        if closed:
            schema["unevaluatedProperties"] = False
        checker: Any = Draft202012Validator(schema, registry=self._registry, format_checker=FORMATS)
        wrong = [f"{error.json_path}: {error.message}" for error in checker.iter_errors(value)]
        if wrong:
            raise DocumentMismatch("; ".join(wrong))

    def follow(self, *place: str) -> tuple[tuple[str, ...], Json]:
        """Resolve a `$ref` at *place*; return where it leads, and what is there."""
        found: Any = self.content
        for part in place:
            found = found[int(part) if isinstance(found, list) else part]
        if "$ref" in found:
            steps = str(found["$ref"]).removeprefix("#/").split("/")
            return self.follow(*(step.replace("~1", "/").replace("~0", "~") for step in steps))
        return place, found


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path of the description, and the values in the path."""

    document: Document
    method: str
    path: str
    values: Mapping[str, str]

    def check_request(self, received: Received) -> None:
        """Check the path's values, the query and the body."""
        self._check_values("path", self.values)
        self._check_values("query", received.query)
        if "requestBody" not in self._place:
            if received.content:
                raise DocumentMismatch(f"{self}: no request body is described")
            return
        place, described = self.document.follow(*self._at, "requestBody")
        if received.content or described.get("required"):
            kind = _kind(received.headers) or next(iter(described["content"]))
            self._check_body("request", place, received.content, kind, closed=True)

    @property
    def statuses(self) -> frozenset[str]:
        """The statuses that are described."""
        return frozenset(self._place["responses"])

    def check_reply(self, reply: Reply) -> None:
        """Check the status, the content type, the headers and the body."""
        responses, status = self._place["responses"], str(reply.status)
        if status not in responses:
            raise DocumentMismatch(f"{self}: {status} is not one of {', '.join(responses)}")
        place, described = self.document.follow(*self._at, "responses", status)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        for name in described.get("headers", {}):
            if name.lower() in headers:
                at = self.document.follow(*place, "headers", name)[0]
                self._check_text(f"{status} header {name}", at, headers[name.lower()])
        if "content" in described:
            self._check_body(status, place, reply.content, _kind(headers))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def _at(self) -> tuple[str, ...]:
        return ("paths", self.path, self.method.lower())

    @property
    def _place(self) -> Json:
        return self.document.follow(*self._at)[1]

    def _check_values(self, where: str, values: Mapping[str, str]) -> None:
        described = {
            parameter["name"]: (place, bool(parameter.get("required")))
            for place, parameter in self._parameters()
            if parameter["in"] == where
        }
        strange = sorted(values.keys() - described)
        missing = sorted(
            name for name, (_, required) in described.items() if required and name not in values
        )
        if strange or missing:
            raise DocumentMismatch(f"{self}: {where}: not described {strange}, missing {missing}")
        for name, value in values.items():
            self._check_text(f"{where} {name}", described[name][0], value)

    def _parameters(self) -> Iterator[tuple[tuple[str, ...], Json]]:
        for at in (self._at[:-1], self._at):
            for number in range(len(self.document.follow(*at)[1].get("parameters", ()))):
                yield self.document.follow(*at, "parameters", str(number))

    def _check_text(self, what: str, place: tuple[str, ...], text: str) -> None:
        """Check a value outside a body: it is text, and counts as the number it spells."""
        readings: list[object] = [text, *([int(text)] if re.fullmatch(r"-?\d+", text) else [])]
        self._check(what, (*place, "schema"), readings)

    def _check_body(
        self,
        what: str,
        place: tuple[str, ...],
        content: bytes,
        kind: str,
        *,
        closed: bool = False,
    ) -> None:
        described: Json = self.document.follow(*place)[1]["content"]
        if kind not in described:
            expected = " or ".join(described)
            raise DocumentMismatch(f"{self}: {what}: the content type is {kind!r}, not {expected}")
        schema = (*place, "content", kind, "schema")
        if kind == FORM_TYPE:
            body = typed(decode_form(content), [schema], self.document.follow)
        elif _is_json(kind):
            body = self._json(what, content)
        else:  # a file, for one: there is no schema to hold it against
            return
        self._check(f"{what} body", schema, [body], closed=closed)

    def _json(self, what: str, content: bytes) -> object:
        try:
            decoded: object = json.loads(content)
        except ValueError:
            raise DocumentMismatch(f"{self}: {what}: the body is not JSON: {content!r}") from None
        return decoded

    def _check(
        self, what: str, place: tuple[str, ...], readings: Iterable[object], *, closed: bool = False
    ) -> None:
        reasons: list[str] = []
        for value in readings:
            try:
                return self.document.validate(value, *place, closed=closed)
            except DocumentMismatch as mismatch:
                reasons.append(str(mismatch))
        raise DocumentMismatch(f"{self}: {what}: {reasons[0]}")


def _kind(headers: Mapping[str, str]) -> str:
    """Return the media type of a body, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    """Whether a media type is JSON, by its name or by its suffix, as application/hal+json."""
    return kind == JSON_TYPE or kind.endswith("+json")


@FORMATS.checks("cuid")
def _is_cuid(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"c[a-z0-9]{8,}", value))


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", value))


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).tzinfo is not None


@cache
def _shipped(package: str) -> Document:
    text = (resources.files(package) / DOCUMENT).read_text("utf-8")
    return Document(yaml_core.load(text))


def _operations(content: Json) -> Iterator[tuple[str, str]]:
    for path, described in content["paths"].items():
        yield from ((method.upper(), path) for method in described if method in METHODS)


def _pattern(template: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))


def _unquoted(values: Mapping[str, str]) -> dict[str, str]:
    return {name: unquote(value) for name, value in values.items()}


def _step(part: str) -> str:
    """Return one step of a JSON pointer, quoted for an address."""
    return "/" + quote(part.replace("~", "~0").replace("/", "~1"))
