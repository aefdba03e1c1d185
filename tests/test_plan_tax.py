"""`PlanDraft.tax`: whether the price includes the tax is said, or refused, and never dropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie

from subhub import (
    Client,
    ConfigError,
    Interval,
    InvalidRequest,
    Money,
    PlanDraft,
    Unsupported,
    WouldSend,
)
from subhub.catalog.plans import _difference  # pyright: ignore[reportPrivateUsage]
from subhub.client.configuration import Configuration
from subhub.client.plan_links import problems, terms_of
from subhub.models import Plan
from subhub.plugin import Provider
from tests.cli.conftest import CliToy
from tests.conftest import Toy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Caller, Desk


def plan(**fields: Any) -> PlanDraft:
    return PlanDraft(
        name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"), **fields
    )


@pytest.mark.parametrize("tax", ["", "INCLUSIVE", "incl", True])
def test_it_is_one_of_two_words(tax: Any) -> None:
    with pytest.raises(InvalidRequest, match="tax"):
        _ = plan(tax=tax)


@pytest.mark.parametrize("tax", ["inclusive", "exclusive"])
def test_where_it_is_not_documented_it_is_refused_before_anything_is_sent(tax: Any) -> None:
    with Client(MijnKlantportaal, sandbox=True) as client:
        with pytest.raises(InvalidRequest, match="whether an amount includes VAT is not docum"):
            _ = client.create_plan(plan(tax_rate=21, tax=tax))
        with pytest.raises(InvalidRequest, match="`tax`"):
            _ = client.subscribe(plan=plan(tax_rate=21, tax=tax), customer="cst_1")
        assert client.sandbox is not None
        assert not client.sandbox.exchanges


def test_a_provider_that_adds_nothing_takes_inclusive_prices_only() -> None:
    with Client(Mollie, sandbox=True, dry_run=True) as client:
        for tax in (None, "inclusive"):
            with pytest.raises(WouldSend):
                _ = client.subscribe(plan=plan(tax=tax), customer="cst_1")
        with pytest.raises(InvalidRequest, match="Give the price with tax included"):
            _ = client.subscribe(plan=plan(tax="exclusive"), customer="cst_1")


def test_a_plugin_that_does_not_know_it_would_drop_it_so_it_is_refused(
    connect: Callable[..., Caller], desk: Desk, toy: type[Toy]
) -> None:
    client = connect(toy, api_key="test_1", transport=desk.transport)

    with pytest.raises(Unsupported) as caught:
        _ = client.create_plan(plan(tax="inclusive"))
    assert caught.value.operation == "create_plan:tax"
    with pytest.raises(Unsupported) as caught:
        _ = client.subscribe(plan=plan(tax="inclusive"), customer="cst_1")
    assert caught.value.operation == "subscribe:tax"
    assert desk.sent == []


@pytest.mark.parametrize(
    ("provider", "name", "use"),
    [
        (MijnKlantportaal, "create_plan:tax", "refused"),
        (MijnKlantportaal, "subscribe:tax", "refused"),
        (Afternoon, "create_plan:tax", None),
        (Mollie, "subscribe:tax", "refused"),
        (CliToy, "create_plan:tax", "kept"),
        (CliToy, "subscribe:tax", "dropped"),
    ],
)
def test_it_is_a_capability_like_other_fields(
    provider: type[Provider], name: str, use: str | None
) -> None:
    assert provider.capabilities()[name].field == use


def test_the_configuration_says_it_and_a_plan_that_cannot_be_sold_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "subhub.toml"
    text = """
[accounts.main]
provider = "mollie"
api_key = "test_1"
[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
tax = "inclusive"
"""
    _ = path.write_text(text)
    account = Configuration.read(path).open()
    assert account.plans["phone"].tax == "inclusive"
    account.close()

    _ = path.write_text(text.replace("inclusive", "exclusive"))
    with pytest.raises(ConfigError, match=r"plans\.phone: it cannot be a plan of mollie: `tax`"):
        _ = Configuration.read(path).open()
    _ = path.write_text(text.replace("inclusive", "net"))
    with pytest.raises(ConfigError, match=r"plans\.phone\.tax: must be 'inclusive' or"):
        _ = Configuration.read(path)


INLINE: Any = type("Inline", (CliToy,), {"create_plan": Provider.create_plan})
"""Its subscriptions would drop the tax, and it creates no plans."""


@pytest.mark.parametrize(
    ("provider", "lacking"),
    [(CliToy, "`subscribe:tax`"), (INLINE, "`subscribe:tax`"), (Toy, "`create_plan:tax`")],
)
def test_a_configured_tax_that_would_be_dropped_is_refused_with_the_configuration(
    provider: type[Provider], lacking: str
) -> None:
    found = dict(problems(provider(), {"phone": plan(tax="inclusive")}, {}, {}, ()))

    assert lacking in found["phone"]
    assert dict(problems(provider(), {"phone": plan()}, {}, {}, ())) == {}


@pytest.mark.parametrize(
    ("wanted", "found", "differs"),
    [
        ("inclusive", "exclusive", True),
        ("inclusive", "inclusive", False),
        ("inclusive", None, False),
        (None, "exclusive", False),
    ],
)
def test_terms_differ_only_if_both_sides_say_it(wanted: Any, found: Any, differs: bool) -> None:  # noqa: FBT001
    existing = Plan(
        provider="toy",
        id="p",
        price=Money("12.95", "EUR"),
        interval=Interval(1, "month"),
        tax=found,
    )

    assert (_difference(plan(tax=wanted), existing) is not None) is differs


def test_terms_show_it() -> None:
    assert terms_of(plan(tax_rate=21, tax="inclusive")) == (
        "12.95 EUR / 1 month / 21 % / tax inclusive"
    )
