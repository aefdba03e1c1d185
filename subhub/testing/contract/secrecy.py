"""Contract tests: the key goes out in a header, and is told to nobody, whatever goes wrong."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from subhub.messages import is_object
from subhub.sandbox import Fault, Reply
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import call_of, changing, conversations, rehearsed
from subhub.testing.contract.cases import BOTH, Case, for_each, whole
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import ClientKind, Harness, Outcome
from subhub.testing.contract.interceptor import (
    Intercept,
    changed_all,
    disturbed,
    refused,
    untouched,
)
from subhub.testing.contract.values import is_list, results_in

if TYPE_CHECKING:
    from subhub.sandbox import Fake

SHORTEST: Final = 8
"""A shorter key is found inside of words, and is not looked for."""


class SecrecyTests(ContractConfig):
    """Where an API key may be, and where not."""

    @for_each(whole)
    def test_the_key_is_in_a_header(self, case: Case) -> None:
        """`credentials` puts the key, as it is or encoded, into a header, and nowhere else."""
        del case
        key = self.provider.sandbox().api_key
        expect(len(key) >= SHORTEST, f"the sandbox's key is shorter than {SHORTEST} characters")
        headers = self.provider().credentials(key)
        told = [
            name for name, value in headers.items() if any(each in value for each in _forms(key))
        ]
        expect(told, f"no header of {sorted(headers)} holds the key")

    @for_each(conversations)
    def test_the_key_is_in_no_address_and_no_body(self, case: Case) -> None:
        """Addresses are logged by everybody on the way: a key does not belong there."""
        forms = _forms(self.provider.sandbox().api_key)
        for each in rehearsed(type(self), case.capability).heard:
            asked = each.received
            text = f"{asked.path} {dict(asked.query)} {asked.content!r}"
            expect(not any(form in text for form in forms), f"the key is in {asked.path}")

    @for_each(conversations, BOTH)
    def test_the_key_is_told_to_nobody(self, case: Case, colour: ClientKind) -> None:
        """It is in no error, traceback, repr, result or log, even if the provider repeats it."""
        for name, meddle in self._troubles():
            desk = Harness(self)
            call = call_of(case.capability, desk)
            with _listening() as records:
                outcome = desk.perform(call, colour, meddle, attempts=1)
            told = list(_told(outcome, records, _forms(desk.fake.api_key)))
            expect_none(f"{name}: the key is in {place}" for place in told)

    @for_each(changing)
    def test_a_dry_run_does_not_show_the_key(self, case: Case) -> None:
        """What a dry run shows can be pasted anywhere."""
        desk = Harness(self)
        call = call_of(case.capability, desk)
        outcome = desk.perform(call, dry_run=True)
        forms = _forms(desk.fake.api_key)
        expect_none(f"the key is in {place}" for place in _told(outcome, [], forms))

    def _troubles(self) -> Iterator[tuple[str, Intercept]]:
        yield "all is well", untouched
        yield "the key is repeated", changed_all(lambda reply: _repeating(self.provider, reply))
        for status in (401, 422, 500):
            yield f"{status}", refused(1, lambda fake, status=status: _echo(fake, status))  # type: ignore[misc]
        yield "a broken body", changed_all(lambda reply: _broken(self.provider, reply))
        for kind in ("redirect", "dropped", "cut_body", "unreachable"):
            yield kind, disturbed(1, Fault(kind))


def _forms(key: str) -> tuple[str, ...]:
    """The key, and the ways in which it is commonly written into headers."""
    encoded = (base64.b64encode(each.encode()).decode() for each in (key, f"{key}:", f":{key}"))
    return (key, *encoded)


def _repeating(provider: Any, reply: Reply) -> Reply:
    """The reply, with the key at the end of every text that is no id, date or word."""
    key = provider.sandbox().api_key

    def changed(value: Any) -> Any:
        if is_object(value):
            return {**{name: changed(each) for name, each in value.items()}, "echo": key}
        return [changed(each) for each in value] if is_list(value) else value

    if not reply.content:
        return reply
    return replace(reply, content=json.dumps(changed(json.loads(reply.content))).encode())


def _echo(fake: Fake, status: int) -> Reply:
    own = fake.malformed(f"the key {fake.api_key} is not good enough")
    return Reply(status, own.content, {**own.headers, "location": f"/?key={fake.api_key}"})


def _broken(provider: Any, reply: Reply) -> Reply:
    return replace(reply, content=f"<p>{provider.sandbox().api_key}</p>".encode())


def _told(
    outcome: Outcome, records: list[logging.LogRecord], forms: tuple[str, ...]
) -> Iterator[str]:
    error, result = outcome.error, outcome.result
    texts = {
        "the result": f"{result!r} {_all_of(result)}",
        "the log": " ".join(f"{each.getMessage()} {vars(each)!r}" for each in records),
    }
    if error is not None:
        shown = getattr(error, "request", None)
        texts["the error"] = f"{error} {error!r} {vars(error)!r}"
        texts["the traceback"] = "".join(traceback.format_exception(error))
        texts["the request"] = f"{shown!r} {shown.curl()} {shown.headers}" if shown else ""
    for place, text in texts.items():
        if any(form in text for form in forms):
            yield place


def _all_of(result: Any) -> str:
    return " ".join(f"{vars(each)!r}" for each in results_in(result))


class _Handler(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._records.append(record)


@contextmanager
def _listening() -> Generator[list[logging.LogRecord]]:
    """Everything that is logged in the meantime, by anybody and at any level."""
    records: list[logging.LogRecord] = []
    handler = _Handler(records)
    roots = [logging.getLogger(each) for each in (None, "subhub")]
    levels = [each.level for each in roots]
    for each in roots:
        each.setLevel(logging.DEBUG)
    roots[0].addHandler(handler)
    try:
        yield records
    finally:
        roots[0].removeHandler(handler)
        for each, level in zip(roots, levels, strict=True):
            each.setLevel(level)
