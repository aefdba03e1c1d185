"""Scrubbing takes out whatever may be somebody's, and the recording still fits the provider."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub.plugin.provider import Provider
from subhub.testing.cassettes.format import Cassette
from subhub.testing.cassettes.scrubbing import Scrubber
from subhub.testing.openapi import Document

FOLDER = Path(__file__).parents[1] / "cassettes"
BOTH = {each.name: each for each in (Afternoon, MijnKlantportaal)}
CUSTOMER = "cm5x9z8nv0000h85r7l9p2k1m"
BASE = Afternoon.base_url


def exchange(
    method: str = "GET",
    path: str = "/v1/customers",
    asked: Any = None,
    answered: Any = None,
    *,
    base: str = BASE,
    status: int = 200,
    **more: Any,
) -> dict[str, Any]:
    return {
        "request": {
            "method": method,
            "uri": base + path,
            "headers": more.pop("sent", {}),
            **({} if asked is None else {"json": asked}),
            **({"text": more.pop("form")} if "form" in more else {}),
        },
        "response": {
            "status": status,
            "headers": more.pop("headers", {}),
            **({} if answered is None else {"json": answered}),
            **more,
        },
    }


def scrubbed(*exchanges: Any, provider: type[Provider] = Afternoon) -> list[Any]:
    once = Scrubber(provider).scrub(exchanges)
    assert Scrubber(provider).scrub(once) == once, "scrubbing twice has to be scrubbing once"
    return once


def answer(fields: Mapping[str, Any]) -> Any:
    """Scrub an answer with these *fields*."""
    (only,) = scrubbed(exchange(answered=dict(fields)))
    return only["response"]["json"]


class TestPeople:
    @pytest.mark.parametrize(
        ("name", "value", "placeholder"),
        [
            ("email", "jane@real.nl", "person-1@example.com"),
            ("note", "jane@real.nl", "person-1@example.com"),
            ("email", "Jane, in capitals", "text-1"),
            ("name", "Jane Doe", "Name 1"),
            ("companyName", "Doe BV", "Name 1"),
            ("phoneNumber", "+31 6 12345678", "+31600000001"),
            ("mobile", "none of yours", "text-1"),
            ("iban", "NL91ABNA0417164300", "NL00TEST0000000001"),
            ("account", "NL91 ABNA 0417 1643 00", "text-1"),
            ("phone", "NL91ABNA0417164300", "NL00TEST0000000001"),
            ("zipCode", "1071XX", "0001AA"),
            ("address", "Dam 1", "Address 1"),
            ("city", "Edam", "City 1"),
            ("date_of_birth", "1984-03-02", "1900-01-01"),
            ("birthDate", "1984-03-02", "1900-01-01"),
            ("description", "for Jane", "text-1"),
            ("description", "2024-01-01", "text-1"),
            ("external_id", "jane-doe", "text-1"),
            ("next_cursor", "amFuZUByZWFsLm5s", "token-1"),
            ("status", "with a blank", "text-1"),
            ("country", "Netherlands", "text-1"),
            ("verification_code", "secret", "text-1"),
        ],
    )
    def test_are_replaced_by_their_kind(self, name: str, value: str, placeholder: str) -> None:
        assert answer({name: value}) == {name: placeholder}

    def test_have_one_placeholder_everywhere_and_never_share_one(self) -> None:
        found = answer({"name": "Jane", "names": ["Jane", "Joe"], "note": "Joe"})
        assert found == {"name": "Name 1", "names": ["Name 1", "Name 2"], "note": "Name 2"}

    def test_never_get_a_placeholder_that_is_used_already(self) -> None:
        found = answer({"name": "Jane", "owner": {"name": "Name 1"}})
        assert found == {"name": "Name 2", "owner": {"name": "Name 1"}}

    @pytest.mark.parametrize(
        ("name", "number"),
        [
            ("phone", 31612345678),
            ("visits", 4),
            ("to", 31612345678),
            ("verification_code", 123456),
            ("phone_count", 3),
            ("tax_number", 123456789),
        ],
    )
    def test_are_replaced_in_numbers_too(self, name: str, number: int) -> None:
        assert answer({name: number}) == {name: 0}

    def test_are_replaced_in_names_of_fields_that_are_data(self) -> None:
        found = answer({"jane@real.nl": 1, f"{CUSTOMER}": None, "plain": None})
        assert found == {"text-1": 0, "c000000000000000000000001": None, "plain": None}

    def test_are_replaced_when_an_error_repeats_them(self) -> None:
        asked = {"name": "Jane", "email": "jane@real.nl"}
        refused = {"success": False, "error": {"code": "TAKEN", "message": "Jane is taken"}}
        (only,) = scrubbed(exchange("POST", "/v1/customers", asked, refused, status=400))
        assert only["request"]["json"] == {"name": "Name 1", "email": "person-1@example.com"}
        assert only["response"]["json"]["error"] == {"code": "TAKEN", "message": "text-1"}

    def test_of_the_examples_stay(self) -> None:
        made_up = {"name": "Test Company BV", "email": "john.doe@test.com", "city": "Amsterdam"}
        assert answer(made_up) == made_up

    @given(st.text(min_size=6, alphabet=st.characters(codec="utf-8", categories=["L", "Z", "P"])))
    def test_never_come_through_whatever_they_are_called(self, text: str) -> None:
        person = f"{text}\u00a7"  # a letter that no allow-list has
        fields = {"name": person, "status": person, "id": person, "at": person, "x": [person]}
        once = scrubbed(exchange("POST", f"/v1/{CUSTOMER}", fields, fields))
        assert person not in json.dumps(once, ensure_ascii=False)


class TestWhatIsNotKnownToBeHarmless:
    """A name, a number or a day where a provider may put it, and a reader would not look."""

    def test_is_replaced_in_every_part_of_a_request(self) -> None:
        form = "application/x-www-form-urlencoded"
        mine = exchange
        for odd in (
            *(
                mine(path=f"/v1/customers?{query}")
                for query in ("jan.jansen@x.nl", "jansen", "jansen=1")
            ),
            mine(path="/v1/customers?limit=1&meta[jansen][0]=2&id=jansen"),
            mine(path="/v1/customers#jansen"),
            *(
                mine(form=text, sent={"content-type": form})
                for text in ("Jan jansen, Dam 5", "a[jansen]=1")
            ),
            mine(form="status=jan.jansen", sent={"content-type": form}),
            mine(sent={"accept": "jansen", "content-type": "application/json; boundary=jansen"}),
            *(
                mine(headers={name: "jansen"})
                for name in ("retry-after", "content-type", "location")
            ),
            *(mine(headers={f"x-ratelimit-{name}": "3 for jansen"}) for name in ("limit", "reset")),
            mine(headers={"x-account": "jansen"}),
            mine(headers={"location": "tel:jansen"}),
        ):
            assert "jansen" not in json.dumps(scrubbed(odd)), odd

    @pytest.mark.parametrize(
        "name", ["status", "method", "event", "object", "code", "type", "mode"]
    )
    def test_is_replaced_under_a_name_of_words(self, name: str) -> None:
        for value in ("jan.jansen", "Jansen", "JanJansen", "a1b2c3d4", "jan jansen", "x" * 30):
            assert answer({name: value}) != {name: value}, value

    def test_is_replaced_under_other_names_that_promise_a_form(self) -> None:
        found: tuple[dict[str, Any], ...] = (
            *({name: "123456782"} for name in ("vat", "tax", "total", "amount", "id", "count")),
            *({name: 123456782} for name in ("vat", "tax", "total", "amount", "id", "count")),
            *({name: "1980-03-04"} for name in ("geboorte_date", "date", "at", "birth_date")),
            *({name: "jansen"} for name in ("interval", "unit", "currency", "locale", "timezone")),
            *({"jansen_status": "open"}, {"jansen_at": "2026-01-01"}, {"jansen_count": 3}),
            *({"balances": {"Jansen": 1}}, {"balances": {"jansen": 1}}, {"Customer": 5}),
            *(
                {"currency": "Jan"},
                {"country": "Bo"},
                {"timezone": "Jan/Jansen"},
                {"id": "98765432"},
            ),
        )
        for fields in found:
            assert answer(fields) != fields

    def test_is_replaced_in_addresses(self) -> None:
        for host in (
            *(
                "jansen-bv.afternoon.co",
                "jansen.example.com",
                "pay.jansen.afternoon.co",
                "jansen.test",
            ),
            *(
                "afternoon.co.jansen.nl",
                "afternoon.co@jansen.nl",
                "[jansen",
                "pay.afternoon.co:jansen",
            ),
        ):
            assert "jansen" not in answer({"url": f"https://{host}/x.jansen"})["url"], host
        assert answer({"url": "jansen://pay.afternoon.co/"}) == {"url": "text-1"}

    def test_of_any_length_is_scrubbed_in_linear_time(
        self, growth: Callable[[Callable[[int], object], int], float]
    ) -> None:
        form = {"content-type": "application/x-www-form-urlencoded"}
        scrubber = Scrubber(Afternoon)

        def in_form(text: str) -> Callable[[int], object]:
            return lambda times: scrubber.scrub([exchange(form=text * times + "=x", sent=form)])

        def in_body(text: str) -> Callable[[int], object]:
            return lambda times: scrubber.scrub(
                [exchange(answered={"status": f"a@{text * times}@"})]
            )

        for text in ("1", "[", "a[", "%5B", "1[1]", "aA", "A", "_", ".a"):
            assert growth(in_form(text), 1500) < 8, text
        for text in ("b.", "a1", "http://", "1 ", "a_", "A", "-1", "eyJ."):
            assert growth(in_body(text), 5000) < 8, text


class TestHarmlessValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("status", "in_progress"),
            ("cancel_mode", "end_of_period"),
            ("amount_cents", 1295),
            ("tax_rate", 21.0),
            ("days_until_due", 30),
            ("from", 1),
            ("code", 1042),
            ("currency_code", "usd"),
            ("currency", "EUR"),
            ("billing_country", "NL"),
            ("locale", "nl_NL"),
            ("timezone", "Europe/Amsterdam"),
            ("interval", "6 months"),
            ("amount", "12.95"),
            ("plan_code", "starter_plan"),
            ("code", "NOT_FOUND"),
            ("created_at", "2026-11-21T09:00:00Z"),
            ("paidAt", "2026-11-21 09:00:00"),
            ("startsOn", "2026-11-21"),
            ("type", "text/html"),
            ("event", "invoice.paid"),
            ("method", "directDebit"),
            ("status", "Active"),
            ("status", "not_in_the_description_2"),
            ("name", ""),
            ("id", "1234"),
            ("anything", None),
            ("anything", False),
        ],
    )
    def test_are_kept(self, name: str, value: object) -> None:
        assert answer({name: value}) == {name: value}


class TestIds:
    def test_are_replaced_by_the_same_id_in_paths_queries_and_bodies(self) -> None:
        (first, second) = scrubbed(
            exchange("GET", f"/v1/customers/{CUSTOMER}", answered={"customer": {"id": CUSTOMER}}),
            exchange("GET", f"/v1/subscriptions?customer_id={CUSTOMER}&limit=50"),
        )
        made = "c000000000000000000000001"
        assert len(made) == len(CUSTOMER)
        assert first["request"]["uri"] == f"{BASE}/v1/customers/{made}"
        assert first["response"]["json"]["customer"]["id"] == made
        assert second["request"]["uri"] == f"{BASE}/v1/subscriptions?customer_id={made}&limit=50"

    @pytest.mark.parametrize(
        ("value", "placeholder"),
        [
            ("cst_abc12345def678", "cst_00000000000001"),
            ("inv_abc12345def678", "inv_00000000000001"),
            ("sub__abc12345def67", "sub_00000000000001"),
            ("21919be2-67ec-4a9d-9c0b-ace28bb7b742", "00000000-0000-4000-8000-000000000001"),
            ("who knows", "id-000001"),
            ("0612345678", "id-000001"),
            ("jane@real.nl", "person-1@example.com"),
        ],
    )
    def test_keep_the_form_that_is_documented(self, value: str, placeholder: str) -> None:
        (only,) = scrubbed(
            exchange(path="/customers", base=MijnKlantportaal.base_url, answered={"id": value}),
            provider=MijnKlantportaal,
        )
        assert only["response"]["json"] == {"id": placeholder}

    def test_are_recognized_by_their_prefix_in_any_field(self) -> None:
        found = {"owner": "cst_abc12345def678", "method": "mdt_abc12345def678"}
        (only,) = scrubbed(
            exchange(base=MijnKlantportaal.base_url, answered=found), provider=MijnKlantportaal
        )
        assert only["response"]["json"] == {
            "owner": "cst_00000000000001",
            "method": "mdt_00000000000001",
        }

    def test_have_the_longest_prefix_that_is_documented(self) -> None:
        prefixes = {"subscription": "sub_", "plan": "sub_item_"}
        nested = type("Nested", (MijnKlantportaal,), {"id_prefixes": prefixes})
        (only,) = scrubbed(
            exchange(base=MijnKlantportaal.base_url, answered={"owner": "sub_item_abc123"}),
            provider=nested,
        )
        assert only["response"]["json"] == {"owner": "sub_item_000001"}

    def test_are_ids_in_every_field_when_they_are_in_one(self) -> None:
        found = answer({"code": "gold", "plan": {"id": "gold"}})
        assert found == {"code": "id-000001", "plan": {"id": "id-000001"}}

    def test_that_are_addresses_of_mail_are_the_same_in_path_and_body(self) -> None:
        (only,) = scrubbed(
            exchange("GET", "/v1/customers/jane%40real.nl", answered={"email": "jane@real.nl"})
        )
        assert only["request"]["uri"] == f"{BASE}/v1/customers/person-1%40example.com"
        assert only["response"]["json"] == {"email": "person-1@example.com"}


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "kept"),
        [
            (f"{BASE}/v1/customers/{CUSTOMER}", f"{BASE}/v1/customers/c000000000000000000000001"),
            (f"{BASE}/v1/customers?page=2&name=Jane", f"{BASE}/v1/customers?page=2&name=Name%201"),
            (f"{BASE}/v1/customers?flag", f"{BASE}/v1/customers?flag"),
            ("https://pay.afternoon.co/go/s3cret", "https://pay.afternoon.co/token-1/token-2"),
            (
                "https://pay.afternoon.co/go.pdf#jane",
                "https://pay.afternoon.co/token-1.pdf#token-2",
            ),
            ("https://jane@pay.afternoon.co:8443/", "https://pay.afternoon.co:8443/"),
            ("https://jane-doe.nl/", "https://host-1.example/"),
            ("https://app.example.com/done", "https://app.example.com/token-1"),
        ],
    )
    def test_keep_what_is_the_providers(self, address: str, kept: str) -> None:
        assert answer({"url": address}) == {"url": kept}

    def test_of_files_keep_the_id_that_stands_elsewhere(self) -> None:
        url = "https://files.mijnklantportaal.nl/inv_abc12345def678.pdf"
        (only,) = scrubbed(
            exchange(
                base=MijnKlantportaal.base_url,
                answered={"link": url, "id": "inv_abc12345def678"},
            ),
            provider=MijnKlantportaal,
        )
        assert only["response"]["json"]["link"].endswith("/inv_00000000000001.pdf")

    def test_in_headers_are_scrubbed_and_other_headers_are_not(self) -> None:
        kept = {
            "retry-after": "30",
            "x-ratelimit-reset": "1795251660",
            "content-type": "application/problem+json; charset=UTF-8",
        }
        headers = {"location": f"/v1/customers/{CUSTOMER}", **kept}
        (only,) = scrubbed(exchange(headers=headers))
        assert only["response"]["headers"] == {
            "location": "/v1/customers/c000000000000000000000001",
            **kept,
        }


class TestOtherBodies:
    def test_of_forms_are_scrubbed_by_the_last_name(self) -> None:
        (only,) = scrubbed(
            exchange(
                form="email=jane%40real.nl&items[0][price]=12.95&meta[name]=Jane+Doe&expand[0]=x",
                sent={"content-type": "application/x-www-form-urlencoded"},
            )
        )
        assert only["request"]["text"] == (
            "email=person-1%40example.com&items[0][price]=12.95&meta[name]=Name%201&expand[0]=text-1"
        )

    def test_that_are_text_are_replaced_as_a_whole(self) -> None:
        (only,) = scrubbed(exchange(text="<html>Jane</html>"))
        assert only["response"]["text"] == "text-1"

    def test_that_are_empty_stay_empty(self) -> None:
        (only,) = scrubbed(exchange(text=""))
        assert only["response"]["text"] == ""

    def test_that_are_lists_are_gone_through(self) -> None:
        (only,) = scrubbed(exchange(answered=[{"name": "Jane"}, "Jane", 3]))
        assert only["response"]["json"] == [{"name": "Name 1"}, "Name 1", 0]


@pytest.mark.parametrize("provider", BOTH.values(), ids=BOTH)
def test_what_is_scrubbed_still_fits_the_api_description(provider: type[Provider]) -> None:
    document = Document.of(provider)
    for path in (FOLDER / provider.name).iterdir():
        stored = Cassette.at(path)
        changed = Cassette(stored.provenance, scrubbed(*stored.interactions, provider=provider))
        assert changed.interactions != stored.interactions
        for exchange in changed.exchanges():
            _ = document.check(exchange)


UNDESCRIBED = """
from subhub.plugin import Provider

class Bare(Provider):
    name = "bare"
    base_url = "https://bare.example/v2"
"""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Provider]]:
    """A plugin that ships no description."""
    package = tmp_path / "bare_plugin"
    package.mkdir()
    _ = (package / "__init__.py").write_text(UNDESCRIBED)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield import_module("bare_plugin").Bare
    del sys.modules["bare_plugin"]


def test_without_a_description_no_part_of_a_path_is_kept(bare: type[Provider]) -> None:
    found = {"id": CUSTOMER, "weight": 80, "status": "paid", "colour": "red"}
    (only,) = scrubbed(
        exchange(path="/things/a1b2", base=bare.base_url, answered=found), provider=bare
    )
    assert only["request"]["uri"] == "https://bare.example/v2/token-1/token-2"
    assert only["response"]["json"] == {
        "id": "id-000001",
        "weight": 0,
        "status": "paid",
        "colour": "text-1",
    }
