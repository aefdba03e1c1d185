"""Contract tests of webhooks: only proven calls are read, and a body raises nothing unforeseen.

What the events of a call say is in `webhook_events`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from subhub.errors import WebhookRefused
from subhub.models import Event
from subhub.plugin.operations import WEBHOOKS
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.forgeries import Asked, different, exchanged, forged
from subhub.webhooks import WebhookReader
from subhub.webhooks.headers import Headers
from subhub.webhooks.reader import Webhooks

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

SECRET: Final = "whsec_Y29udHJhY3Qtc2VjcmV0"  # noqa: S105 - in a form that every scheme takes
OTHER: Final = "whsec_YW5vdGhlci1zZWNyZXQ"
NOW: Final = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
LATER: Final = NOW + dt.timedelta(hours=1)
OLD: Final = NOW - dt.timedelta(days=1)
"""Older than a provider needs to send a call again, with a signature of that moment."""
EVENT_ID: Final = "evt_contract"
NO_SECRET, UNPROVEN, UNREAD = 500, 401, 400
STRANGE: Final = (
    *(b"", b"{}", b"[]", b"null", b"7", b'"text"', b"id=", b"a=b&c=d", b"\xff\xfe\x00"),
    *(b'{"id": null}', b'{"id": 7, "type": [], "data": "x"}', b'{"data": {"object": []}}'),
    b"[" * 100_000,
)
"""Bodies that a provider would not send."""


def calling(provider: type[Provider]) -> Iterator[Case]:
    """Yield the webhooks of a plugin that reads them."""
    if provider.webhooks is not None:
        yield Case(WEBHOOKS)


def _proving(provider: type[Provider]) -> Iterator[Case]:
    if provider.webhooks is not None and provider.webhooks.scheme.proof != "refetch":
        yield Case(WEBHOOKS)


class WebhookTests(ContractConfig):
    """Calls of the provider are verified, and read without surprises."""

    @for_each(calling)
    def test_a_call_is_read_into_events(self, case: Case) -> None:
        """Each of `webhook_calls` becomes events, with the same keys when it comes again."""
        del case
        expect(self.webhook_calls, "`webhook_calls` is empty: give a path and a body as documented")
        declared = declared_by(self.provider)
        for path, body in self.webhook_calls:
            first = read(self.provider, path, body)
            # only the end of an address, which a plugin may declare, is the same everywhere
            elsewhere = f"/elsewhere{path}" if declared.typed_by_path else "/elsewhere"
            again = read(self.provider, elsewhere, body, at=LATER)
            expect(first, f"the call to {path!r} became no event")
            expect(first == again, f"it became {first!r}, and then {again!r}")
            expect_none(_unreadable(self.provider, first))

    @for_each(_proving)
    def test_only_a_proven_call_is_read(self, case: Case) -> None:
        """Without a secret, with another one and without headers, every call is refused."""
        del case
        for path, body in self.webhook_calls:
            for headers, secrets, status in (
                (signature(self.provider, body), (), NO_SECRET),
                (signature(self.provider, body, OTHER), (SECRET,), UNPROVEN),
                ({}, (SECRET,), UNREAD),
                (signature(self.provider, body), (OTHER, SECRET), None),
                (signature(self.provider, body), (SECRET, OTHER), None),
            ):
                found = _refusal(self.provider, path, headers, body, secrets)
                due = f"refused with {status}" if status else "read: one of the secrets fits"
                expect(found == status, f"a call to {path!r} must be {due}: {found}")

    @for_each(_proving)
    def test_a_call_that_was_changed_is_refused(self, case: Case) -> None:
        """No sign of its proof may differ, no part be another call's, and it may not be old."""
        del case
        for path, body in self.webhook_calls or (("/", b"{}"),):
            headers = signature(self.provider, body)
            foreign = signature(self.provider, body, OTHER)
            strange = [*forged(headers, foreign)]
            if declared_by(self.provider).scheme.proof == "signed":
                before = NOW - dt.timedelta(seconds=1)
                earlier = signature(self.provider, body, at=before, event_id=EVENT_ID + "2")
                strange += exchanged(earlier, headers)
                moved = different(earlier, headers)
                bound = not moved or moved & different(headers, foreign)
                expect(bound, f"what changes with the moment of a call is not signed: {headers!r}")
                expect_none(self._trusted(body, headers))
            old = signature(self.provider, body, at=OLD)
            strange += [old] if old != headers else []
            for changed in strange:
                found = _refusal(self.provider, path, changed, body)
                expect(found in {UNREAD, UNPROVEN}, f"{changed!r} must be refused: {found}")

    @for_each(calling)
    def test_a_strange_body_raises_nothing_else(self, case: Case) -> None:
        """A body that no provider sends is an event or refused; if another was signed, refused."""
        del case
        for path, body in [*self.webhook_calls, ("/", b"{}")]:
            signed = signature(self.provider, body)
            for strange in (*STRANGE, body[:-1], body[::-1], body * 2):
                found = _refusal(self.provider, path, signature(self.provider, strange), strange)
                expect(found != UNPROVEN, f"{strange[:40]!r} is refused with {found}")
                if declared_by(self.provider).scheme.proof == "signed" and strange != body:
                    changed = _refusal(self.provider, path, signed, strange)
                    expect(
                        changed == UNPROVEN, f"{strange[:40]!r} with another's signature: {changed}"
                    )

    def _trusted(self, body: bytes, headers: Mapping[str, str]) -> Iterator[str]:
        """Yield each header that is not signed, and that decides what a signed call is."""
        scheme, asked = declared_by(self.provider).scheme, Asked(headers)
        plain = scheme.verify(Headers(asked), body, (SECRET,), NOW)
        for name in asked.missed:
            added = Headers.of({**headers, name: "contract-1"})
            try:
                found = scheme.verify(added, body, (SECRET,), NOW)
            except WebhookRefused:
                continue
            if found != plain:
                yield f"the event id {found!r} is from the header {name!r}, which is not signed"


def declared_by(provider: type[Provider]) -> Webhooks:
    """Return how a plugin that reads webhooks does it."""
    declared = provider.webhooks
    assert declared is not None  # noqa: S101 - by the cases
    return declared


def signature(
    provider: type[Provider],
    body: bytes,
    secret: str = SECRET,
    *,
    at: dt.datetime = NOW,
    event_id: str = EVENT_ID,
) -> dict[str, str]:
    """Return the headers with which the provider sends *body*."""
    return declared_by(provider).scheme.sign(body, secret, at=at, event_id=event_id)


def read(
    provider: type[Provider],
    path: str,
    body: bytes,
    *,
    at: dt.datetime = NOW,
    event_id: str = EVENT_ID,
) -> list[Event]:
    """Return the events of a call that is sent and read at a moment; a refusal fails the test."""
    headers = signature(provider, body, at=at, event_id=event_id)
    try:
        return _reader(provider, (SECRET,), at).read(path, headers, body)
    except WebhookRefused as refused:
        message = f"the call to {path!r} with {body[:40]!r} is refused: {summary(refused)}"
        raise AssertionError(message) from refused


def _reader(provider: type[Provider], secrets: Sequence[str], now: dt.datetime) -> WebhookReader:
    return WebhookReader(declared_by(provider), provider.name, "contract", secrets, lambda: now)


def _refusal(
    provider: type[Provider],
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str] = (SECRET,),
) -> int | None:
    """Return the status with which a call is refused, if it is; a crash fails the test."""
    try:
        _ = _reader(provider, secrets, NOW).read(path, headers, body)
    except WebhookRefused as refused:
        return refused.status
    except Exception as error:
        message = f"it must raise `WebhookRefused` and nothing else: {summary(error)}"
        raise AssertionError(message) from error
    return None


def _unreadable(provider: type[Provider], events: Sequence[Event]) -> Iterator[str]:
    """Yield each kind that the plugin promises to read with an operation that it does not have."""
    for kind, name in declared_by(provider).reads.items():
        if not provider.capabilities().get(name):
            yield f"`reads` has {name!r} for {kind!r}, which the plugin does not have"
    for event in events:
        if event.provider != provider.name:
            yield f"an event is of {event.provider!r}: use `delivery.event`"
