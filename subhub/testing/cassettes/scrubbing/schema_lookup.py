"""What an API description says of each value of a body, found by walking body and schemas alike.

Where a description leaves the shape open (`anyOf`, a `$ref`), all that may hold is taken together.
Nothing is checked here: what a description does not have is simply not described.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final, TypeAlias

from subhub.messages import is_object
from subhub.testing.openapi import Document, DocumentMismatch, Operation

Place: TypeAlias = tuple[str, ...]
_ALTERNATIVES: Final = ("allOf", "anyOf", "oneOf")


class Described:
    """What is said of one value; nothing, if it is not described."""

    def __init__(self, document: Document | None = None, places: Iterable[Place] = ()) -> None:
        self._document = document
        self._schemas = [] if document is None else list(_schemas(document, places))

    def member(self, name: str) -> Described:
        """What is said of the field *name* of an object."""
        return Described(self._document, self._members(name))

    def element(self) -> Described:
        """What is said of each element of an array."""
        return Described(
            self._document,
            (
                (*place, "items")
                for place, schema in self._schemas
                if is_object(schema.get("items"))
            ),
        )

    def names(self, name: str) -> bool:
        """Whether *name* is that of a field; a field may also be described without its name."""
        return any(name in schema.get("properties", {}) for _, schema in self._schemas)

    @cached_property
    def words(self) -> frozenset[str]:
        """The values that are listed; others may be allowed beside them."""
        listed: set[str] = set()
        for _, schema in self._schemas:
            for each in (*schema.get("enum", ()), *schema.get("x-known-values", ())):
                listed.add(str(each))
            listed.add(str(schema.get("const", "")))
        return frozenset(listed - {""})

    @cached_property
    def formats(self) -> frozenset[str]:
        """The formats that are named, such as `email`."""
        return frozenset(str(each["format"]) for _, each in self._schemas if "format" in each)

    @cached_property
    def numeric(self) -> bool:
        """Whether a number is described."""
        types = [schema.get("type") for _, schema in self._schemas]
        return any(
            word in (each if isinstance(each, list) else [each])
            for each in types
            for word in ("number", "integer")
        )

    def _members(self, name: str) -> Iterator[Place]:
        for place, schema in self._schemas:
            fields = schema.get("properties", {})
            if is_object(fields.get(name)):
                yield (*place, "properties", name)
            elif name not in fields and is_object(schema.get("additionalProperties")):
                yield (*place, "additionalProperties")


def operation_of(document: Document | None, method: str, path: str) -> Operation | None:
    """What is described for *method* and *path*, if anything is."""
    try:
        return document.operation(method, path) if document is not None else None
    except DocumentMismatch:
        return None


def asked_body(operation: Operation | None) -> Described:
    """What is said of the body that *operation* is asked with."""
    return _body(operation, "requestBody")


def answered_body(operation: Operation | None, status: int) -> Described:
    """What is said of the body of an answer with *status*."""
    return _body(operation, "responses", str(status))


def _body(operation: Operation | None, *steps: str) -> Described:
    if operation is None:
        return Described()
    document = operation.document
    try:
        place, found = document.follow("paths", operation.path, operation.method.lower(), *steps)
    except KeyError:
        return Described()
    kinds = [kind for kind, each in found.get("content", {}).items() if "schema" in each]
    return Described(document, ((*place, "content", kind, "schema") for kind in kinds))


def _schemas(document: Document, places: Iterable[Place]) -> Iterator[tuple[Place, dict[str, Any]]]:
    waiting, seen = list(places), set[Place]()
    while waiting:
        place, schema = document.follow(*waiting.pop(0))
        if place in seen:
            continue
        seen.add(place)
        yield place, schema
        for keyword in _ALTERNATIVES:
            waiting += [(*place, keyword, str(i)) for i in range(len(schema.get(keyword, ())))]
