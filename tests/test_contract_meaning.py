"""What the contract tests of meaning say of mistakes that the real plugins cannot show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from subhub_mollie import Mollie

from subhub import InvalidRequest
from subhub.messages import Request
from subhub.models import Customer, DeletedCustomer, Plan, PlanDraft, Result, Status
from subhub.plugin import Flow, Page, Provider, done, get, path
from subhub.sandbox import Received, Refusal, Reply, route
from subhub.testing import ProviderContract
from subhub.testing.contract import guard
from subhub.testing.contract.cases import items_of
from subhub.testing.contract.flows import led_astray
from subhub.testing.contract.harness import Harness
from subhub.testing.contract.replies import sent_body
from subhub.testing.contract.updates import target_of
from tests.contract.kiosk import Kiosk, KioskContract, Orders
from tests.contract.mini import DOCS, Mini, MiniContract, MiniFake, Tariff
from tests.mutations.workshop import CONTRACTS, failures

CLAIM = "test_an_extension_does_what_it_claims"
OF_EXTENSIONS = (
    CLAIM,
    "test_every_argument_of_an_extension_is_sent",
    "test_an_id_of_an_extension_is_one_segment_of_the_path",
    "test_an_invalid_body_for_an_extension_is_an_invalid_reply",
)


def judged(
    test: str, contract: type[ProviderContract], given: object = None, **attributes: Any
) -> str:
    """Return what *test* says of the contract's provider with other attributes."""
    base = contract.provider
    provider: type[Provider] = type(
        "Changed", (base,), {"__module__": base.__module__, **attributes}
    )
    own = {"provider": provider}
    hook = {} if given is None else {"extension_arguments": _given(given)}
    made: Any = type("Test", (contract,), {**own, **hook})
    return "\n".join(failures(made, test))


def _given(arguments: object) -> Any:
    def extension_arguments(_: object, __: object) -> object:
        return arguments

    return extension_arguments


def with_extension(
    contract: type[ProviderContract], extension: Any, given: object = None, test: str = CLAIM
) -> str:
    """Return what *test* says of a provider with one extension more."""
    name = extension.__name__
    evidence: Mapping[str, Any] = {**contract.provider.evidence, name: DOCS}
    return judged(test, contract, given, evidence=evidence, **{name: extension})


# Terms and fields ---------------------------------------------------------------------------------


def refusing(error: Exception) -> Any:
    def create_plan(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        if draft != MiniContract.plan:
            raise error
        return Mini.create_plan(self, draft)

    return create_plan


@pytest.mark.parametrize(
    ("test", "named"),
    [
        ("test_every_interval_is_kept", "10 days: the refusal must name `interval`"),
        ("test_every_field_is_sent_whole", "`name`: it must be refused by its name"),
    ],
)
def test_a_refusal_names_the_field(test: str, named: str) -> None:
    assert named in judged(test, MiniContract, create_plan=refusing(InvalidRequest("not this")))


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("test_every_interval_is_kept", "10 days: KeyError: 'terms'"),
        ("test_every_field_is_sent_whole", "`name`: KeyError: 'terms'"),
    ],
)
def test_a_crash_is_no_refusal(test: str, told: str) -> None:
    assert told in judged(test, MiniContract, create_plan=refusing(KeyError("terms")))


class ChoosyFake(MiniFake):
    """A fake that takes short names only, and answers with capitals."""

    @route("POST", "/tariffs")
    def make_tariff(self, received: Received) -> Reply:
        body = self.body(received)
        if len(body["name"]) > 20:
            raise Refusal(self.malformed("the name is too long"))
        return Reply.json(201, self._tariff(body))


class ShoutingFake(MiniFake):
    @route("POST", "/tariffs")
    def make_tariff(self, received: Received) -> Reply:
        body = self.body(received)
        return Reply.json(201, self._tariff({**body, "name": body["name"].upper()}))


def test_what_the_provider_refuses_is_no_mistake_of_the_plugin() -> None:
    assert not judged("test_every_field_is_sent_whole", MiniContract, sandbox=ChoosyFake)


def test_what_comes_back_is_what_was_sent() -> None:
    found = judged("test_every_field_is_sent_whole", MiniContract, sandbox=ShoutingFake)

    assert "and the result has 'VAN DER BERG" in found


def test_a_subscription_that_runs_has_not_ended() -> None:
    def subscribe(self: Mini, **terms: Any) -> Flow[Any]:
        made = yield from Mini.subscribe(self, **terms)
        return made.model_copy(update={"ends_at": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)})

    found = judged("test_times_are_the_providers", MiniContract, subscribe=subscribe)

    assert "`.ends_at` is 2025-01-01 00:00:00+00:00, which has passed" in found


# Statuses, ids, searches --------------------------------------------------------------------------


def test_a_plugin_may_refuse_words_that_it_does_not_know() -> None:
    def subscribe(self: Mini, **terms: Any) -> Flow[Any]:
        made = yield from Mini.subscribe(self, **terms)
        if made.status is Status.UNKNOWN:
            raise InvalidRequest(made.raw_status or "")
        return made

    assert not judged("test_a_status_keeps_its_meaning", MiniContract, subscribe=subscribe)


def test_a_plugin_that_does_not_look_words_up_is_found() -> None:
    declared = {"on": Status.ACTIVE, "off": Status.CANCELED}

    found = judged("test_a_configured_word_is_read", MiniContract, statuses=declared)

    assert "'a_new_status' is read as <Status.UNKNOWN: 'unknown'>: look it up" in found
    assert not judged("test_a_configured_word_is_read", MiniContract)


def test_without_a_cancellation_there_is_nothing_to_be_over() -> None:
    nothing: Any = type("Nothing", (Mini,), {"evidence": {}})

    assert not list(items_of(guard.tests()["test_a_subscription_canceled_now_is_over"], nothing))


@pytest.mark.parametrize(
    ("hostile", "problem"),
    [
        ("..", "the id '..' changed the address to '/orders/../stop'"),
        ("a/b", "the id 'a/b' changed the address to '/orders/a/b/stop'"),
        ("", "an empty part of an id was accepted"),
        ("a?b", "'a?b' is not quoted in '/orders/a?b/stop'"),
        ("a b", "'/orders/a b/stop' holds [' ']"),
    ],
)
def test_an_id_that_is_put_into_the_path_as_it_is_changes_the_address(
    hostile: str, problem: str
) -> None:
    normal = Request("POST", "/orders/1/stop")

    found = "; ".join(led_astray(Request("POST", f"/orders/{hostile}/stop"), normal, hostile))

    assert problem in found


def test_a_provider_may_let_one_customer_have_an_address() -> None:
    contract = CONTRACTS["mollie"]
    fake: Any = type(contract.provider.sandbox())

    @route("POST", "/customers")
    def create_customer(self: Any, received: Received) -> Reply:
        body = self.body(received)
        if any(known["email"] == body["email"] for known in self.customers.values()):
            raise Refusal(self.malformed("it is taken"))
        reply: Reply = fake.create_customer(self, received)
        return reply

    single = type("SingleFake", (fake,), {"create_customer": create_customer})

    assert not judged("test_one_of_several_is_not_chosen", contract, sandbox=single)


@pytest.mark.parametrize("name", ["afternoon", "mollie"])
def test_a_search_that_finds_nobody_makes_two_customers_of_one(name: str) -> None:
    def find_customer(_: Provider, **by: object) -> Flow[Customer | None]:
        del by
        return done(None)

    test = "test_one_external_id_is_one_customer"
    found = judged(test, CONTRACTS[name], find_customer=find_customer)
    assert "has the external id, and got" in found


@pytest.mark.parametrize("name", ["afternoon", "mollie"])
def test_a_deletion_that_deletes_nobody_is_noticed(name: str) -> None:
    def delete_customer(_: Provider, customer_id: str) -> Flow[DeletedCustomer]:
        return done(DeletedCustomer(provider=name, id=customer_id))

    found = judged(
        "test_what_was_deleted_is_gone", CONTRACTS[name], delete_customer=delete_customer
    )
    assert "`get_customer` after it must raise `NotFound`: nothing was raised" in found


def test_where_a_subscription_cannot_be_created_one_is_bought() -> None:
    harness = Harness(KioskContract())

    assert target_of(harness, "update_subscription") == harness.subscription


# Extensions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", OF_EXTENSIONS)
def test_an_extension_whose_arguments_say_too_little_is_not_judged(test: str) -> None:
    def send_picture(self: Mini, picture: bytes) -> Flow[Any]:
        raise AssertionError(self, picture)

    assert not with_extension(MiniContract, send_picture, test=test)


def test_an_extension_of_an_object_that_is_not_known_is_not_judged() -> None:
    def read_thing(self: Provider, thing_id: str) -> Flow[Any]:
        del self
        return get(path("/customers/{}", thing_id), Tariff)

    assert not with_extension(MiniContract, read_thing)
    assert not with_extension(CONTRACTS["mollie"], read_thing)


def test_an_extension_that_is_given_its_arguments_has_to_work() -> None:
    def read_payment(self: Provider, thing_id: str) -> Flow[Any]:
        del self
        return get(path("/payments/{}", thing_id), Tariff)

    found = with_extension(MiniContract, read_payment, {"read_payment": {"thing_id": "1"}})
    unsent = with_extension(
        MiniContract, read_payment, {"read_payment": {"thing_id": "1"}}, OF_EXTENSIONS[1]
    )

    assert "the call failed: NotFound" in found
    assert not unsent


def test_an_extension_that_refuses_its_arguments_is_not_judged() -> None:
    def add_picture(self: Provider, size: int) -> Flow[Any]:
        del self
        raise InvalidRequest.of("size", f"must be small, got {size}")

    assert not with_extension(MiniContract, add_picture)


def test_an_extension_returns_results_of_its_provider() -> None:
    def read_number(self: Provider, subscription: str) -> Flow[Any]:
        del self
        _ = yield Request("POST", path("/orders/{}/stop", subscription))
        return Result(provider="another")

    assert "it must return results with `provider='mini'`" in with_extension(
        MiniContract, read_number
    )


def test_an_extension_that_sends_nothing_does_nothing() -> None:
    def read_nothing(self: Provider) -> Flow[Any]:
        del self
        return done(Result(provider="mini"))

    assert "nothing was sent" in with_extension(MiniContract, read_nothing)


def test_a_list_that_takes_each_page_for_the_last_is_found() -> None:
    def list_subscription_payments(
        self: Any, cursor: str | None = None, *, subscription: str
    ) -> Flow[Page[Any]]:
        page = yield from Mollie.list_subscription_payments(self, cursor, subscription=subscription)
        return Page(page.items)

    found = judged(
        CLAIM, CONTRACTS["mollie"], list_subscription_payments=list_subscription_payments
    )

    assert "that there is a next one, was taken for the last" in found


def test_a_list_of_one_page_says_nothing_of_others() -> None:
    def list_everything(self: Kiosk, cursor: str | None = None) -> Flow[Page[Any]]:
        del self, cursor
        found = yield from get("/orders", Orders)
        return Page([order.to_subscription() for order in found.orders])

    assert not with_extension(KioskContract, list_everything)


def test_an_extension_that_sends_what_is_not_described_is_told_so() -> None:
    def delete_all(self: Mollie) -> Flow[Any]:
        del self
        _ = yield Request("DELETE", "/everything")
        return Result(provider="mollie")

    found = with_extension(CONTRACTS["mollie"], delete_all)

    assert "it sends what `openapi.yaml` does not describe: DELETE /v2/everything" in found


def test_a_form_is_read_as_what_it_stands_for() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    received = Received(
        "POST", "/orders", {}, headers, b"items[0][price]=p1&items[1][price]=p2&a=b"
    )

    assert sent_body(received) == {"items": [{"price": "p1"}, {"price": "p2"}], "a": "b"}
