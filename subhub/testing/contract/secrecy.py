"""Contract tests of secrecy: the key goes out in a header, and is shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from subhub.messages import is_object
from subhub.sandbox import Fault, Reply
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import call_of, changing, conversations, rehearsed
from subhub.testing.contract.cases import Case, for_each, whole
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Harness, Outcome
from subhub.testing.contract.interceptor import (
    Intercept,
    changed_all,
    disturbed,
    refused,
    untouched,
)

if TYPE_CHECKING:
    from subhub.sandbox import Fake

SHORTEST: Final = 8
"""A shorter key would be found inside words."""


class SecrecyTests(ContractConfig):
    """Where an API key may be, and where not."""

    @for_each(whole)
    def test_the_key_is_in_a_header(self, case: Case) -> None:
        """`credentials` puts the key, as it is or encoded, into a header, and nowhere else."""
        del case
        key = self.provider.sandbox().api_key
        expect(len(key) >= SHORTEST, f"the sandbox's key is shorter than {SHORTEST} characters")
        headers = self.provider().credentials(key)
        forms = _forms(key)
        holds = any(form in value for value in headers.values() for form in forms)
        expect(holds, f"no header of {sorted(headers)} holds the key")

    @for_each(conversations)
    def test_the_key_is_in_no_address_and_no_body(self, case: Case) -> None:
        """Addresses are logged by every proxy on the way: a key does not belong there."""
        forms = _forms(self.provider.sandbox().api_key)
        for exchange in rehearsed(type(self), case.capability).heard:
            asked = exchange.received
            text = f"{asked.path} {dict(asked.query)} {asked.content!r}"
            expect(not any(form in text for form in forms), f"the key is in {asked.path}")

    @for_each(conversations)
    def test_the_key_is_never_shown(self, case: Case) -> None:
        """It is in no error, traceback, repr, result or log, even if the provider repeats it."""
        for name, intercept in self._failures():
            harness = Harness(self)
            call = call_of(case.capability, harness)
            with _listening() as records:
                outcome = harness.perform(call, intercept=intercept, attempts=1)
            places = list(_places(outcome, records, _forms(harness.fake.api_key)))
            expect_none(f"{name}: the key is in {place}" for place in places)

    @for_each(changing)
    def test_a_dry_run_does_not_show_the_key(self, case: Case) -> None:
        """The request of a dry run can be pasted anywhere."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call, dry_run=True)
        forms = _forms(harness.fake.api_key)
        expect_none(f"the key is in {place}" for place in _places(outcome, [], forms))

    def _failures(self) -> Iterator[tuple[str, Intercept]]:
        yield "no failure", untouched
        yield "the key is repeated", changed_all(lambda reply: _repeating(self.provider, reply))
        for status in (401, 422, 500):
            yield f"{status}", refused(1, lambda fake, status=status: _echo(fake, status))  # type: ignore[misc]
        yield "a broken body", changed_all(lambda reply: _broken(self.provider, reply))
        for kind in ("redirect", "dropped", "cut_body", "unreachable"):
            yield kind, disturbed(1, Fault(kind))


def _forms(key: str) -> tuple[str, ...]:
    """Return the key, and the ways in which it is commonly written into headers."""
    encoded = (base64.b64encode(form.encode()).decode() for form in (key, f"{key}:", f":{key}"))
    return (key, *encoded)


def _repeating(provider: Any, reply: Reply) -> Reply:
    """Return the reply with the key as a further field of every object."""
    key = provider.sandbox().api_key

    def changed(value: Any) -> Any:
        if is_object(value):
            return {**{name: changed(member) for name, member in value.items()}, "echo": key}
        if isinstance(value, list):
            return [changed(item) for item in cast("list[object]", value)]
        return value

    if not reply.content:
        return reply
    return replace(reply, content=json.dumps(changed(json.loads(reply.content))).encode())


def _echo(fake: Fake, status: int) -> Reply:
    own = fake.malformed(f"the key {fake.api_key} is not good enough")
    return Reply(status, own.content, {**own.headers, "location": f"/?key={fake.api_key}"})


def _broken(provider: Any, reply: Reply) -> Reply:
    return replace(reply, content=f"<p>{provider.sandbox().api_key}</p>".encode())


def _places(
    outcome: Outcome, records: list[logging.LogRecord], forms: tuple[str, ...]
) -> Iterator[str]:
    error = outcome.error
    texts = {
        "the result": f"{outcome.result!r} {[vars(result) for result in outcome.results]!r}",
        "the log": " ".join(f"{record.getMessage()} {vars(record)!r}" for record in records),
    }
    if error is not None:
        shown = getattr(error, "request", None)
        texts["the error"] = f"{error} {error!r} {vars(error)!r}"
        texts["the traceback"] = "".join(traceback.format_exception(error))
        texts["the request"] = f"{shown!r} {shown.curl()} {shown.headers}" if shown else ""
    for place, text in texts.items():
        if any(form in text for form in forms):
            yield place


class _Handler(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._records.append(record)


@contextmanager
def _listening() -> Generator[list[logging.LogRecord]]:
    """Collect everything that is logged inside this block, at any level."""
    records: list[logging.LogRecord] = []
    # Both loggers: subhub's may have a level of its own, which hides records from the root.
    handler = _Handler(records)
    loggers = [logging.getLogger(name) for name in (None, "subhub")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    try:
        yield records
    finally:
        # whatever happened: a level left at DEBUG would change the tests that follow
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
