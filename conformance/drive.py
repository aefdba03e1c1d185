"""Test a fake with schemathesis, and collect where it violates its description.

The checks are schemathesis' own, without those for methods that are not described. That every
operation requires a key is checked here, in a simpler way.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from conformance.subject import Subject
from conformance.wsgi import application
from subhub.testing.openapi import METHODS, Json

EXAMPLES: Final = 50
"""The number of generated cases per operation and phase."""
SEED: Final = 20240115
REFUSALS: Final = frozenset({"400", "422"})
"""An operation that documents neither of them is not documented to refuse anything."""
UNDOCUMENTED: Final = ("ignored_auth", "unsupported_method", "allow_header_conformance")


@dataclass(slots=True)
class Outcome:
    """The result: the number of responses per operation and status, and of violations by kind."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    violations: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, str] = field(default_factory=dict[str, str])

    def report(self, kind: str, example: str) -> None:
        """Count a violation, and keep the first one of its kind as the example."""
        self.violations[kind] += 1
        _ = self.examples.setdefault(kind, example)


def drive(subject: Subject, examples: int = EXAMPLES) -> Outcome:
    """Send the requests that schemathesis generates to the fake; reproducible in every run."""
    outcome = Outcome()
    content = _prepared(subject)
    runs = [{*subject.left_out}]
    if subject.destructive:
        runs.insert(0, {*subject.left_out, *subject.destructive})
    for excluded in runs:
        for event in from_schema(_schema(subject, content, examples, excluded)).execute():
            if isinstance(event, events.ScenarioFinished):
                _collect(subject, content, event.recorder, outcome)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                outcome.report("schemathesis failed", repr(event))
    _check_keys(subject, content, outcome)
    for label in _operations(content) - subject.left_out.keys():
        if not any(
            status < HTTPStatus.MULTIPLE_CHOICES
            for answered, status in outcome.answers
            if answered == label
        ):
            outcome.report(f"{label}: never succeeded", "its success responses were not checked")
    return outcome


def _schema(subject: Subject, content: Json, examples: int, excluded: Collection[str]) -> Any:
    # schemathesis has no cuids, and dates in the years 1 or 9999 would test Python's limits and not
    # the fakes
    schemathesis.openapi.format("cuid", st.from_regex(r"c[a-z0-9]{24}", fullmatch=True))
    years: Any = {"min_value": _day(1971), "max_value": _day(2199)}
    schemathesis.openapi.format("date", st.dates(**years).map(str))
    schemathesis.openapi.format("date-time", st.dates(**years).map("{}T10:30:00Z".format))
    fake = subject.fake()
    schema: Any = schemathesis.openapi.from_dict(content, config=SchemathesisConfig(seed=SEED))
    schema.app = application(fake, subject.single_use)
    for label in excluded:
        schema = schema.exclude(name=label)
    config = schema.config
    config.base_url = f"http://localhost{urlsplit(content['servers'][0]['url']).path}"
    config.headers = {"Authorization": f"Bearer {fake.api_key}"}
    config.continue_on_failure = True
    config.phases.examples.extra_data_sources.responses = False  # the description's examples alone
    config.generation.update(
        max_examples=examples,
        deterministic=True,
        database="none",
        no_shrink=True,
        with_security_parameters=False,
    )
    for name in (*UNDOCUMENTED, *subject.unchecked):
        getattr(config.checks, name).enabled = False
    return schema


def _check_keys(subject: Subject, content: Json, outcome: Outcome) -> None:
    """Check that every operation answers 401 without the right key."""
    fake, base = subject.fake(), urlsplit(content["servers"][0]["url"]).path
    for label in _operations(content):
        method, _, path = label.partition(" ")
        for headers in ({}, {"authorization": "Bearer wrong"}):
            reply = fake.handle(method, base + path, headers, b"{}")
            if reply.status != HTTPStatus.UNAUTHORIZED:
                outcome.report(f"{label}: no key: {reply.status}", f"    sent with {headers}")


def _day(year: int) -> dt.date:
    return dt.date(year, 1, 1)


def _prepared(subject: Subject) -> Json:
    content = copy.deepcopy(dict(subject.content))
    if subject.closed_bodies:
        schemas = content["components"]["schemas"]
        for name, schema in schemas.items():
            if name.endswith(("Request", "Fields")) and "properties" in schema:
                schema["additionalProperties"] = False
    return content


def _operations(content: Json) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, described in content["paths"].items()
        for method in METHODS & described.keys()
    }


def _collect(subject: Subject, content: Json, recorder: Any, outcome: Outcome) -> None:
    for case_id, interaction in recorder.interactions.items():
        case, response = recorder.cases[case_id].value, interaction.response
        if response is None or case.method != case.operation.method.upper():
            continue
        outcome.answers[case.operation.label, response.status_code] += 1
        for check in recorder.checks.get(case_id, ()):
            if check.failure_info is None or _is_explained(subject, content, case, check, response):
                continue
            kind = f"{case.operation.label}: {check.name}: {response.status_code}"
            outcome.report(kind, _example(interaction.request, response, check))


def _is_explained(subject: Subject, content: Json, case: Any, check: Any, response: Any) -> bool:
    if check.name == "negative_data_rejection":
        described = content["paths"][case.operation.path][case.operation.method.lower()]
        gone = response.status_code == HTTPStatus.GONE  # a refusal like 404, which it accepts
        return gone or not REFUSALS & described["responses"].keys()
    if check.name in {"positive_data_acceptance", "ensure_resource_availability"}:
        return _message(response.content) in subject.beyond_schema
    return False


def _message(content: bytes) -> str:
    body = json.loads(content)
    problem = body.get("error", body)
    return str(problem.get("message", problem.get("detail")))


def _example(request: Any, response: Any, check: Any) -> str:
    return "\n".join(
        f"    {line}"
        for line in (
            f"{request.method} {request.uri} {(request.body or b'').decode('utf-8', 'replace')}",
            f"{response.status_code} {response.content.decode('utf-8', 'replace')}",
            *check.failure_info.failure.message.splitlines(),
        )
    )
