"""Contract tests against the API description: requests, and every reply of the sandbox.

A fake that answers what the provider does not, teaches a plugin to read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from subhub.messages import Response
from subhub.sandbox import Exchange, Received, Reply
from subhub.testing.contract.assertions import expect_none
from subhub.testing.contract.calls import call_of, conversations, rehearsed
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Harness
from subhub.testing.contract.replies import places_in
from subhub.testing.provenance import document_of

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.testing.openapi import Document

REFUSED: Final = 400
FIELD_NAMES: Final = frozenset({"field", "fields", "param", "parameter", "pointer"})
"""Where an error response names what is wrong with a request."""


def described(provider: type[Provider]) -> Iterator[Case]:
    """Yield the conversations of a plugin that has an API description."""
    return conversations(provider) if document_of(provider) else iter(())


class DescriptionTests(ContractConfig):
    """The plugin's `openapi.yaml`."""

    @for_each(described)
    def test_requests_are_those_of_the_api_description(self, case: Case) -> None:
        """Path, query, content type and body of each request are in the plugin's `openapi.yaml`."""
        document = document_for(self.provider)
        for exchange in rehearsed(type(self), case.capability).heard:
            _ = document.check_request(exchange.received)

    @for_each(described)
    def test_replies_are_those_of_the_api_description(self, case: Case) -> None:
        """Status, content type, headers and body of every reply of the sandbox are described."""
        expect_none(misdescribed(self.provider, rehearsed(type(self), case.capability).heard))

    @for_each(described)
    def test_refusals_are_those_of_the_api_description(self, case: Case) -> None:
        """A described refusal of the sandbox is as described, and `.fields` has what it names."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        found = [*refusals(harness, harness.perform(call).heard)]
        expect_none((*misdescribed(self.provider, found), *_fields_unread(self.provider(), found)))


def document_for(provider: type[Provider]) -> Document:
    """Return the plugin's API description."""
    from subhub.testing.openapi import Document  # noqa: PLC0415 - it loads JSON Schema

    return Document.of(provider)


def misdescribed(provider: type[Provider], heard: tuple[Exchange, ...] | list[Exchange]) -> Any:
    """Yield how replies of the sandbox differ from the plugin's API description."""
    document = document_for(provider)
    for exchange in heard:
        received = exchange.received
        operation = document.operation(received.method, received.path)
        try:
            operation.check_reply(exchange.reply)
        except AssertionError as mismatch:
            yield f"the sandbox answers otherwise than `openapi.yaml` says: {mismatch}"


def refusals(harness: Harness, heard: tuple[Exchange, ...]) -> Iterator[Exchange]:
    """Yield requests that the sandbox refuses, with its replies: each is like one that was sent."""
    for exchange in heard:
        for received in _spoilt(exchange.received):
            reply = harness.fake.receive(received)
            statuses = document_for(harness.provider).statuses(received)
            # descriptions rarely list every status; what they list has to be right
            if reply.status >= REFUSED and str(reply.status) in statuses:
                yield Exchange(received, reply)


def _spoilt(received: Received) -> Iterator[Received]:
    """Yield the request without its key, and without or with another value of each field."""
    yield replace(received, headers={**received.headers, "authorization": "Bearer unknown"})
    try:
        body = json.loads(received.content)
    except ValueError:  # none, or a form
        return
    for name in body:
        rest = {other: value for other, value in body.items() if other != name}
        for spoilt in (rest, {**body, name: "@"}):
            yield replace(received, content=json.dumps(spoilt).encode())


def _fields_unread(plugin: Provider, refused: list[Exchange]) -> Iterator[str]:
    for exchange in refused:
        reply: Reply = exchange.reply
        error = plugin.error(Response(reply.status, reply.headers, reply.content))
        names = {str(place[-1]) for place, value in places_in(error.raw) if value}
        named = names & FIELD_NAMES
        if named and not error.fields:
            said = re.sub(r"\s+", " ", reply.content.decode("utf-8", "replace"))[:200]
            yield f"`.fields` is empty, and the refusal has `{min(named)}`: {said}"
