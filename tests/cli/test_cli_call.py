"""`subhub call`: the operations that only one provider has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.plugin import Absence, Evidence, Flow, Provider, done

EVENT = {
    "event_name": "sms",
    "idempotency_key": "k1",
    "customer_id": "c0123456789abcdefghijklmn",
    "timestamp": "2026-11-26T10:00:00+01:00",
    "properties": {"count": 1.5},
}


@pytest.fixture
def call(folder: Path) -> Callable[..., Result]:
    account = '[accounts.main]\nprovider = "afternoon"\nsandbox = true\n'
    _ = (folder / "subhub.toml").write_text(account, "utf-8")
    _ = (folder / "event.json").write_text(json.dumps(EVENT), "utf-8")

    def invoke(*words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, ["call", *words], input=given, catch_exceptions=False)

    return invoke


@pytest.mark.parametrize("place", ["@event.json", "-", json.dumps(EVENT)])
def test_the_arguments_are_a_json_object_in_the_types_of_the_operation(
    call: Callable[..., Result], place: str
) -> None:
    ran = call("afternoon.ingest_event", "--json-body", place, "--dry-run", given=json.dumps(EVENT))
    assert ran.exit_code == 0
    assert '"timestamp":"2026-11-26T09:00:00Z","properties":{"count":1.5}' in ran.stdout


def test_a_list_is_read_to_its_end(call: Callable[..., Result], folder: Path) -> None:
    account = '[accounts.main]\nprovider = "mijnklantportaal"\nsandbox = true\n'
    _ = (folder / "subhub.toml").write_text(account, "utf-8")
    ran = call("mijnklantportaal.list_payment_links")
    assert (ran.exit_code, json.loads(ran.stdout)) == (0, [])


BALANCES = "afternoon.customer_balances"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["afternoon.search_customer"], "did you mean afternoon.search_customers?"),
        (["afternoon.get_plan"], "is none that only afternoon has ('get_plan'): known are"),
        (["mijnklantportaal.list_payment_links"], "the account 'main' is billed by afternoon"),
        (["paypal.pay"], "no plugin for the provider 'paypal'"),
        (
            ["afternoon.customer_balances", "--json-body", '{"x": 1}'],
            "has no argument x; known are cus",
        ),
        ([BALANCES], "invalid arguments: customer_id: is required"),
        (
            ["afternoon.customer_balances", "--json-body", "["],
            "`--json-body` must be a JSON object",
        ),
        ([BALANCES, "--json-body", "[]"], "values by name, got list"),
        ([BALANCES, "--json-body", "@none"], "No such file"),
        (
            ["afternoon.customer_balances", "--json-body", "@latin"],
            "latin is not UTF-8 text in line 2",
        ),
        (["paypal", "--list"], "no plugin for the provider 'paypal'"),
        (["beans.count"], "beans has no `count` (the provider cannot): nobody counts; instead: do"),
        (["beans.missing"], "is none that only beans has ('missing'): known are spill"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_sent(
    call: Callable[..., Result],
    offer: Callable[[type[Provider]], None],
    folder: Path,
    words: list[str],
    problem: str,
) -> None:
    offer(Beans)
    _ = (folder / "latin").write_bytes('{"invoice_id":\n"\xe9"}'.encode("latin-1"))
    ran = call(*words)
    assert ran.exit_code in {2, 3}
    assert problem in ran.stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_file_may_be_saved_by_any_editor(
    call: Callable[..., Result], folder: Path, encoding: str
) -> None:
    _ = (folder / "event.json").write_text(json.dumps({**EVENT, "event_name": "é"}), encoding)
    ran = call("afternoon.ingest_event", "--json-body", "@event.json", "--dry-run")
    assert '"event_name":"é"' in ran.stdout


def test_a_pipe_may_begin_with_a_byte_order_mark(call: Callable[..., Result]) -> None:
    words = ("afternoon.ingest_event", "--json-body", "-", "--dry-run")
    assert call(*words, given="\ufeff" + json.dumps(EVENT)).exit_code == 0


class Beans(Provider):
    """A provider with an operation of its own, one that it lacks, and one that is not there."""

    name = "beans"
    base_url = "https://beans.example"
    evidence = {  # noqa: RUF012 - a ClassVar of Provider
        "count": Absence("nobody counts", "do it yourself"),
        "spill": Evidence("docs", "https://beans.example/docs"),
        "missing": Evidence("docs", "https://beans.example/docs"),
    }

    def spill(self, how_many: int, colour: str | None = None) -> Flow[int]:
        """Spill them.

        All over the place.
        """
        return done(how_many + len(colour or ""))


class Typed(Beans):
    """The same from a module that does not postpone its annotations."""

    name = "typed"


def _spill(self: Beans, how_many: int, colour: str | None = None) -> Flow[int]:
    return done(how_many + len(colour or "") + len(self.name))


_spill.__annotations__ = {"how_many": int, "colour": str | None, "return": Flow[int]}
Typed.spill = _spill  # type: ignore[method-assign]


def test_without_an_operation_all_are_listed_with_their_arguments(
    call: Callable[..., Result], offer: Callable[[type[Provider]], None]
) -> None:
    offer(Beans)
    lines = [line.split("  ") for line in call().stdout.splitlines()]
    found = {line[0]: [cell.strip() for cell in line[1:] if cell] for line in lines}
    assert found["beans.spill"] == ["how_many: int, colour?: str", "Spill them."]
    assert {"afternoon.ingest_event", "mollie.list_subscription_payments"} < found.keys()
    assert not found.keys() & {"beans.count", "beans.missing", "afternoon.get_customer"}


@pytest.mark.parametrize("words", [["beans"], ["beans.spill", "--list"], ["--list", "beans"]])
def test_those_of_one_provider_are_listed_for_scripts(
    call: Callable[..., Result], offer: Callable[[type[Provider]], None], words: list[str]
) -> None:
    offer(Beans)
    assert json.loads(call(*words, "--json").stdout) == [
        {
            "operation": "beans.spill",
            "arguments": [
                {"name": "how_many", "type": "int", "required": True},
                {"name": "colour", "type": "str | None", "required": False},
            ],
            "description": "Spill them.",
        }
    ]


def test_a_type_is_named_however_its_module_writes_it(
    call: Callable[..., Result], offer: Callable[[type[Provider]], None]
) -> None:
    offer(Typed)
    (line,) = call("typed").stdout.splitlines()[1:]
    assert line.split("  ")[1] == "how_many: int, colour?: str"


def test_a_broken_plugin_hides_no_other(
    call: Callable[..., Result], offer: Callable[[type[Provider]], None]
) -> None:
    class Nowhere(Beans):
        name = "nowhere"

    offer(Nowhere)
    ran = call()
    assert ran.exit_code == 0
    assert "cannot import the plugin of 'nowhere'" in ran.stderr
    assert "afternoon.ingest_event" in ran.stdout
