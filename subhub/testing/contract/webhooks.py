"""Contract tests of webhooks: only proven calls are read, and a body raises nothing unforeseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from subhub.errors import WebhookRefused
from subhub.models import Event
from subhub.plugin.operations import WEBHOOKS
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.webhooks import WebhookReader

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

SECRET: Final = "whsec_Y29udHJhY3Qtc2VjcmV0"  # noqa: S105 - in a form that every scheme takes
OTHER: Final = "whsec_YW5vdGhlci1zZWNyZXQ"
NOW: Final = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
NO_SECRET, UNPROVEN, UNREAD = 500, 401, 400
STRANGE: Final = (
    *(b"", b"{}", b"[]", b"null", b"7", b'"text"', b"id=", b"a=b&c=d", b"\xff\xfe\x00"),
    *(b'{"id": null}', b'{"id": 7, "type": [], "data": "x"}', b'{"data": {"object": []}}'),
    b"[" * 100_000,
)
"""Bodies that a provider would not send."""


def _calling(provider: type[Provider]) -> Iterator[Case]:
    if provider.webhooks is not None:
        yield Case(WEBHOOKS)


def _proving(provider: type[Provider]) -> Iterator[Case]:
    if provider.webhooks is not None and provider.webhooks.scheme.proof != "refetch":
        yield Case(WEBHOOKS)


class WebhookTests(ContractConfig):
    """Calls of the provider are verified, and read without surprises."""

    @for_each(_calling)
    def test_a_call_is_read_into_events(self, case: Case) -> None:
        """Each of `webhook_calls` becomes events, with the same keys when it comes again."""
        del case
        expect(self.webhook_calls, "`webhook_calls` is empty: give a path and a body as documented")
        for path, body in self.webhook_calls:
            first, again = self._read(path, body), self._read(path, body)
            expect(first, f"the call to {path!r} became no event")
            expect(first == again, f"it became {first!r}, and then {again!r}")
            expect_none(_unreadable(self.provider, first))

    @for_each(_proving)
    def test_only_a_proven_call_is_read(self, case: Case) -> None:
        """Without a secret, with another one and without headers, every call is refused."""
        del case
        for path, body in self.webhook_calls:
            for headers, secrets, status in (
                (self._signed(body, SECRET), (), NO_SECRET),
                (self._signed(body, OTHER), (SECRET,), UNPROVEN),
                ({}, (SECRET,), UNREAD),
            ):
                found = _refusal(self._reader(secrets), path, headers, body)
                expect(
                    found == status, f"a call to {path!r} must be refused with {status}: {found}"
                )

    @for_each(_calling)
    def test_a_strange_body_raises_nothing_else(self, case: Case) -> None:
        """A body that no provider sends is an event or refused; if another was signed, refused."""
        del case
        for path, body in [*self.webhook_calls, ("/", b"{}")]:
            for strange in (*STRANGE, body[:-1], body[::-1], body * 2):
                reader = self._reader((SECRET,))
                found = _refusal(reader, path, self._signed(strange, SECRET), strange)
                expect(found != UNPROVEN, f"{strange[:40]!r} is refused with {found}")
                if reader.proof == "signed" and strange != body:
                    changed = _refusal(reader, path, self._signed(body, SECRET), strange)
                    expect(
                        changed == UNPROVEN, f"{strange[:40]!r} with another's signature: {changed}"
                    )

    def _reader(self, secrets: Sequence[str]) -> WebhookReader:
        declared = self.provider.webhooks
        assert declared is not None  # noqa: S101 - by the cases
        return WebhookReader(declared, self.provider.name, "contract", secrets, lambda: NOW)

    def _signed(self, body: bytes, secret: str) -> dict[str, str]:
        declared = self.provider.webhooks
        assert declared is not None  # noqa: S101 - by the cases
        return declared.scheme.sign(body, secret, at=NOW, event_id="evt_contract")

    def _read(self, path: str, body: bytes) -> list[Event]:
        return self._reader((SECRET,)).read(path, self._signed(body, SECRET), body)


def _unreadable(provider: type[Provider], events: Sequence[Event]) -> Iterator[str]:
    """Yield each kind that the plugin promises to read with an operation that it does not have."""
    reads: Mapping[str, str] = provider.webhooks.reads if provider.webhooks else {}
    for kind, name in reads.items():
        if not provider.capabilities().get(name):
            yield f"`reads` has {name!r} for {kind!r}, which the plugin does not have"
    for event in events:
        if event.provider != provider.name:
            yield f"an event is of {event.provider!r}: use `delivery.event`"


def _refusal(reader: WebhookReader, path: str, headers: dict[str, str], body: bytes) -> int | None:
    """Return the status with which a call is refused, if it is."""
    try:
        _ = reader.read(path, headers, body)
    except WebhookRefused as refused:
        return refused.status
    return None
