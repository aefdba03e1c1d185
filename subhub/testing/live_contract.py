"""The contract at a real account, with a test key: what a provider itself answers to each claim.

    python -m subhub.testing.live_contract tests.test_contract:TestContract --help

It creates customers, plans and subscriptions, and names them. A key in live mode is refused. What
needs a sandbox is left out: faults, pages that a person pays, other answers than the real ones. So
this is less than the suite on a sandbox, and its report is marked `live`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from subhub._version import __version__
from subhub.errors import AuthenticationFailed, ConfigError, SubhubError
from subhub.models.record import Result
from subhub.plugin.operations import OPERATIONS
from subhub.system import atomic_files
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.calls import call_of, claimed
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.declarations import malformed, misplaced
from subhub.testing.contract.harness import Call, Harness, Outcome
from subhub.testing.contract.operations import asked, contradictions, unfit
from subhub.testing.contract.report import FORMAT, SUITE_VERSION, WHOLE, Counts, baseline

if TYPE_CHECKING:
    from subhub.client.sync_client import Client
    from subhub.models import CustomerDraft, PlanDraft, SignupLink
    from subhub.testing.contract.cases import Case

TESTS: Final = ("test_what_is_claimed_is_done", "test_the_answer_agrees_with_what_was_asked")
"""The tests of the suite that a real account can play."""


class LeftOut(Exception):
    """A case that a real account cannot play, and why."""


@dataclass(slots=True)
class LiveRun:
    """How each claimed capability ended: `None` for passed, or the problem."""

    passed: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    created: list[str] = field(default_factory=list[str])


class LiveHarness(Harness):
    """What a case needs, created at a real account.

    Args:
        config: The contract class.
        client: A client of the account.
        plan: The id of an existing plan, where the API creates none.
        run: A text that no other run has, for e-mail addresses and external ids.
        note: Hears what was created.
    """

    def __init__(
        self,
        config: ContractConfig,
        client: Client,
        plan: str | None,
        run: str,
        note: Callable[[str], object],
    ) -> None:
        super().__init__(config)
        self._client, self._plan_id, self._run, self._note = client, plan, run, note

    @cached_property
    def client(self) -> Client:
        """The client of the account."""
        return self._client

    @cached_property
    def plan_draft(self) -> PlanDraft:
        """The plan, under a name that no other run has used."""
        return super().plan_draft.model_copy(update={"name": f"Contract {self._run}"})

    @cached_property
    def plan(self) -> str:
        """The id of a plan."""
        return self._new_plan(self.plan_draft)

    @cached_property
    def other_plan(self) -> str:
        """The id of another plan."""
        self._plan_id = None  # the one that exists is the plan itself
        return self._new_plan(self.plan_draft.model_copy(update={"name": f"Another {self._run}"}))

    @cached_property
    def draft(self) -> CustomerDraft:
        """A customer whom no other run has created."""
        draft = self.config.customer
        own = {"email": f"{self._run}.{draft.email}"}
        if self.supports("find_customer:external_id"):
            own["external_id"] = f"contract-{self._run}"
        return draft.model_copy(update=own)

    @cached_property
    def payment_method(self) -> str:
        """The id that the contract class has created; an invented one would be refused."""
        if type(self.config).make_payment_method is ContractConfig.make_payment_method:
            raise LeftOut("`make_payment_method` of the contract class creates none")
        return super().payment_method

    def pay(self, link: SignupLink) -> NoReturn:
        """Leave the case out: a person pays such a page."""
        del link
        raise LeftOut("a person has to pay the page")

    def perform(self, call: Call, *others: object, **settings: Any) -> Outcome:
        """Perform *call* at the account."""
        del others, settings
        try:
            result: Any = getattr(self.client, call.method)(*call.args, **call.kwargs)
            if hasattr(result, "pages"):  # the first page is enough: a real list may be long
                result = [*next(iter(result.pages())).items]
        except Exception as error:  # noqa: BLE001 - whatever it is, the case judges it
            return Outcome(None, error, ())
        if OPERATIONS[call.operation].changes and isinstance(result, Result):
            _ = self._note(f"{type(result).__name__} {getattr(result, 'id', '')}".strip())
        return Outcome(result, None, ())

    def _new_plan(self, draft: PlanDraft) -> str:
        if self._plan_id is not None:
            return self._plan_id
        if not self.supports("create_plan"):
            raise LeftOut("it needs a plan that exists: pass its id")
        return self._create("plan", lambda: self.client.create_plan(draft).id)

    def _create(self, what: str, create: Callable[[], str]) -> str:
        created = create()
        _ = self._note(f"{what.replace('_', ' ')} {created}")
        return created


def play(
    contract: type[ContractConfig],
    api_key: str,
    *,
    plan: str | None = None,
    say: Callable[[str], object] = print,
    **settings: Any,
) -> LiveRun:
    """Play every claimed capability of a contract class at the account of a test key.

    Raises `ConfigError` for a key that is not known to be one of test mode, and
    `AuthenticationFailed` for one that the provider does not accept.

    Args:
        contract: The contract class of the plugin's tests.
        api_key: A key of a test account.
        plan: The id of an existing plan, where the API creates none.
        say: Hears what is created, as it happens.
        settings: Further arguments for the client, such as `settings` or `base_url`.
    """
    from subhub.client.sync_client import Client  # noqa: PLC0415 - it loads httpx

    check_key(contract, api_key)
    run = LiveRun()

    def note(created: str) -> None:
        run.created.append(created)
        _ = say(f"created: {created}")

    begun = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S")
    with Client(contract.provider, api_key=api_key, **settings) as client:
        for number, case in enumerate(claimed(contract.provider)):
            harness = LiveHarness(contract(), client, plan, f"{begun}{number:02}", note)
            _play(run, case, harness)
    try:
        expect_none([*misplaced(contract.provider), *malformed(contract.provider)])
        run.passed.append(WHOLE)
    except AssertionError as error:
        run.failed[WHOLE] = str(error)
    return run


def check_key(contract: type[ContractConfig], api_key: str) -> None:
    """Raise `ConfigError` unless *api_key* is, as its provider documents, a key of test mode."""
    provider = contract.provider
    prefixes = provider.prefixes_of("test")
    if not prefixes:
        raise ConfigError(
            f"{provider.name} documents no test mode that its keys show: nothing would keep this "
            "from billing customers, so it is not possible there"
        )
    if not api_key.startswith(prefixes):
        raise ConfigError(
            f"the key is not one of test mode: those of {provider.name} begin with "
            f"{' or '.join(prefixes)}"
        )


def _play(run: LiveRun, case: Case, harness: LiveHarness) -> None:
    try:
        call = _prepared(case, harness)
        outcome = harness.perform(call)
        _ = outcome.returned()
        due = OPERATIONS[case.operation].result
        for found in outcome.results:
            expect(isinstance(found, due), f"it must return a {due.__name__}, got {found!r}")
            expect_none(unfit(found, harness.provider.name))
            expect_none(contradictions(asked(harness, case, call.kwargs), found))
    except LeftOut as reason:
        run.left_out[case.capability] = str(reason)
    except AssertionError as error:
        run.failed[case.capability] = str(error)
    else:
        run.passed.append(case.capability)


def _prepared(case: Case, harness: LiveHarness) -> Call:
    try:
        return call_of(case.capability, harness)
    except AuthenticationFailed:
        raise  # of every case, and not of this one
    except (SubhubError, LookupError) as error:
        raise LeftOut(f"what it needs could not be created: {summary(error)}") from error


def report_of(contract: type[ContractConfig], run: LiveRun, source: str) -> str:
    """Return the report of *run* as text, in the form of `pytest --subhub-report`."""
    provider = contract.provider
    tested = {
        "provider": provider.name,
        "contract": f"{contract.__module__}.{contract.__qualname__}",
        **baseline(provider).model_dump(),
        "source": source,
        "left_out": run.left_out,
        "capabilities": dict(_rows(run)),
    }
    head = {"format": FORMAT, "suite": SUITE_VERSION, "subhub": __version__}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return json.dumps({**head, "date": today, "providers": [tested]}, indent=2) + "\n"


def _rows(run: LiveRun) -> Iterator[tuple[str, Any]]:
    states = {
        **dict.fromkeys(run.passed, "passed"),
        **dict.fromkeys(run.failed, "failed"),
        **dict.fromkeys(run.left_out, "left_out"),
    }
    for name, state in sorted(states.items()):
        counts = {"passed": 0, "failed": 0, "left_out": 0, "not_run": 0}
        number = 1 if name == WHOLE else len(TESTS)
        row = Counts.model_validate({"claimed": True, **counts, state: number})
        yield name, {**row.model_dump(), "proven": state == "passed"}


def main(words: Sequence[str]) -> int:
    """Run the program; return 0 if nothing failed, 1 if something did, 2 if it was not begun."""
    parser = argparse.ArgumentParser(prog="python -m subhub.testing.live_contract")
    _ = parser.add_argument("contract", help="module:class of the contract class")
    _ = parser.add_argument("--key-variable", required=True, help="the variable with a test key")
    _ = parser.add_argument("--plan", help="an existing plan, where the API creates none")
    _ = parser.add_argument("--report", type=Path, help="where to write the report")
    _ = parser.add_argument("--base-url", help="an address in place of the provider's own")
    _ = parser.add_argument("--yes", action="store_true", help="confirm that objects are created")
    given = parser.parse_args(words)
    module, _, name = given.contract.partition(":")
    contract: type[ContractConfig] = getattr(import_module(module), name)
    address = given.base_url or contract.provider.stand_in_address()
    _ = sys.stdout.write(f"this creates customers, plans and subscriptions at {address}\n")
    if not given.yes:
        _ = sys.stdout.write("to confirm, add --yes\n")
        return 2
    key = os.environ.get(given.key_variable, "")
    try:
        run = play(contract, key, plan=given.plan, base_url=given.base_url, say=_line)
    except SubhubError as error:
        _line(str(error))
        return 2
    for title, found in (("left out", run.left_out), ("FAILED", run.failed)):
        for capability, reason in found.items():
            _line(f"{title}: {capability}: {reason}")
    _line(f"{len(run.passed)} passed, {len(run.failed)} failed, {len(run.left_out)} left out")
    if given.report is not None:
        from subhub.testing.cassettes.scenario_recording import source_of  # noqa: PLC0415 - an extra

        atomic_files.replace(given.report, report_of(contract, run, source_of(address)))
    return 1 if run.failed else 0


def _line(text: str) -> None:
    _ = sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
