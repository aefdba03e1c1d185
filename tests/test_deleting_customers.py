"""Deleting a customer: neutral where it is documented, done once, and resolved by reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.fake import AfternoonFake
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import (
    Client,
    CustomerDraft,
    DeletedCustomer,
    NotFound,
    OutcomeUnknown,
    Unsupported,
    WouldSend,
)
from subhub.plugin import Provider
from subhub.sandbox import Fake, Fault
from subhub.sending.transport import fake_transport

Connect = Callable[..., Any]
ANNA = CustomerDraft(name="Anna", email="anna@example.com", external_id="user-1")


def over(fake: Fake, **settings: Any) -> dict[str, Any]:
    """The settings of a client that takes *fake* for a real server."""
    return {"api_key": fake.api_key, "transport": fake_transport(fake), **settings}


@pytest.mark.parametrize(
    ("provider", "kind"),
    [(Afternoon, AfternoonFake), (Mollie, MollieFake)],
    ids=["afternoon", "mollie"],
)
class TestACustomerWhoIsDeleted:
    def test_is_gone(self, connect: Connect, provider: type[Provider], kind: type[Fake]) -> None:
        billing = connect(provider, **over(kind()))
        customer = billing.create_customer(ANNA)

        gone = billing.delete_customer(customer)

        assert gone == DeletedCustomer(provider=provider.name, id=customer.id)
        for call in (billing.get_customer, billing.delete_customer):
            with pytest.raises(NotFound):
                call(customer.id)
        assert billing.find_customer(external_id="user-1") is None
        assert list(billing.list_customers()) == []

    def test_is_still_there_after_a_dry_run(
        self, connect: Connect, provider: type[Provider], kind: type[Fake]
    ) -> None:
        fake = kind()
        customer = connect(provider, **over(fake)).create_customer(ANNA)

        with pytest.raises(WouldSend, match=r"DELETE .*/customers/"):
            connect(provider, **over(fake, dry_run=True)).delete_customer(customer)

        assert connect(provider, **over(fake)).get_customer(customer) == customer

    @pytest.mark.parametrize("after", [True, False])
    def test_is_found_out_about_after_a_lost_answer(
        self, connect: Connect, provider: type[Provider], kind: type[Fake], *, after: bool
    ) -> None:
        fake = kind()
        billing = connect(provider, sandbox=fake)  # whose clock does not wait for the second look
        customer = billing.create_customer(ANNA)
        fake.faults.next(Fault("dropped", after=after), method="DELETE")
        with pytest.raises(OutcomeUnknown) as lost:
            billing.delete_customer(customer)

        found = billing.resolve(lost.value.token)

        gone = DeletedCustomer(provider=provider.name, id=customer.id)
        assert (found.outcome, found.result) == (("done", gone) if after else ("not_done", None))
        assert provider.capabilities()["delete_customer"].lost == "decided"

    def test_is_not_deleted_again_by_a_job_that_is_resumed(
        self, tmp_path: Path, provider: type[Provider], kind: type[Fake]
    ) -> None:
        """The first run ends at the second deletion of its item, and the next one goes on there."""
        fake = kind()
        maker = Client(provider, sandbox=fake)
        first, second = (
            maker.create_customer(ANNA.model_copy(update={"external_id": name})) for name in "ab"
        )
        outcomes: list[Any] = []
        for number in range(2):
            with Client(provider, sandbox=fake, journal=tmp_path / "journal.db") as billing:

                def forget(_: str, billing: Client = billing, number: int = number) -> Any:
                    gone = billing.delete_customer(first)
                    assert gone == DeletedCustomer(provider=provider.name, id=first.id)
                    if number == 0:
                        fake.faults.next("server_error", method="DELETE")
                    return billing.delete_customer(second)

                with billing.bulk(forget, ["anna"], job="forget", key=str) as results:
                    outcomes += results

        assert [result.error is None for result in outcomes] == [False, True]
        assert outcomes[1].customer_id == second.id
        sent = [exchange.received for exchange in fake.exchanges]
        deletions = [received.path for received in sent if received.method == "DELETE"]
        assert [path.rpartition("/")[2] for path in deletions] == [first.id, second.id, second.id]


def test_a_provider_that_does_not_document_it_refuses_unsent(connect: Connect) -> None:
    fake = MijnKlantportaal.sandbox()
    billing = connect(MijnKlantportaal, **over(fake))

    with pytest.raises(Unsupported, match="instead: delete the customer in the portal") as caught:
        billing.delete_customer("cst_1")

    assert caught.value.kind == "provider"
    assert not billing.supports("delete_customer")
    assert not fake.exchanges
