"""docs/faq.md and docs/glossary.md: what they name exists, and what they claim is so."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import get_args

import pytest

import subhub
from subhub import AsyncClient, Client, Clients, CustomerDraft, WouldSend
from subhub.cli.app import COMMANDS
from subhub.client.tables import AccountSettings, Settings
from subhub.models import Refund, When
from subhub.models.record import Result
from subhub.plugin.operations import KNOWN

ROOT = Path(__file__).parents[1]
FAQ = (ROOT / "docs" / "faq.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
TERMS = re.findall(r"^\| ([a-z][a-z ]+) \| (.+) \|$", GLOSSARY, re.MULTILINE)[1:]
OTHER_PAGES = "\n".join(
    page.read_text("utf-8").lower()
    for page in [*ROOT.glob("docs/*.md"), ROOT / "README.md"]
    if page.name not in {"glossary.md", "faq.md"}
)
KEYS = {*AccountSettings.model_fields, *Settings.model_fields}
NAMES = {*subhub.__all__, *dir(Client), *dir(AsyncClient), *dir(Result), *Result.model_fields}
ARGUMENTS = {*signature(Client.cancel_subscription).parameters, *get_args(Refund), *get_args(When)}


def exists(text: str) -> bool:
    """Return whether *text*, which a page has as code, is a name, key, capability or command."""
    if text in {"subhub.toml", "None"}:
        return True
    words = text.split()
    if words[0] == "subhub":
        return words[1] in COMMANDS
    if text.startswith("--"):
        return text in (ROOT / "docs" / "cli.md").read_text("utf-8")
    name = re.sub(r"^client\.|^\.|\(.*$", "", text)
    return name in NAMES | KEYS | ARGUMENTS | set(KNOWN) | {"dry_run", "bulk", "changes"}


@pytest.mark.parametrize("page", ["faq.md", "glossary.md"])
def test_what_a_page_names_as_code_exists(page: str) -> None:
    named = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / page).read_text("utf-8")))

    assert named
    assert [text for text in named if not exists(text)] == []
    assert not exists("subhub nothing")
    assert not exists("--nothing")
    assert not exists("nothing")


@pytest.mark.parametrize("term", [term for term, _ in TERMS])
def test_a_term_of_the_glossary_is_used_by_other_pages(term: str) -> None:
    assert re.search(rf"\b{term}(e?s)?\b", OTHER_PAGES)


def test_the_glossary_explains_each_term_once() -> None:
    terms = [term for term, _ in TERMS]
    assert len(terms) > 30
    assert len(set(terms)) == len(terms)


def test_neither_page_has_code_that_is_not_run() -> None:
    assert "```" not in FAQ + GLOSSARY


def test_the_oldest_python_is_the_one_of_the_project() -> None:
    (oldest,) = re.findall(r"\*\*Which Python\?\*\* (\d\.\d+) or later", FAQ)
    assert f'requires-python = ">={oldest}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_a_dry_run_sends_reads_and_raises_the_first_change() -> None:
    with Client("afternoon", sandbox=True, dry_run=True) as billing:
        assert list(billing.list_customers()) == []
        with pytest.raises(WouldSend) as stopped:
            _ = billing.create_customer(CustomerDraft(name="A", email="a@b.nl"))
        assert stopped.value.request.method == "POST"


def test_every_result_says_of_which_account_it_is_and_has_the_providers_answer(
    tmp_path: Path,
) -> None:
    file = tmp_path / "subhub.toml"
    accounts = (f'[accounts.{name}]\nprovider = "afternoon"\nsandbox = true\n' for name in "ab")
    _ = file.write_text("\n".join(accounts))
    with Clients.from_config(file) as clients:
        customer = clients["b"].create_customer(CustomerDraft(name="A", email="a@b.nl"))
    assert customer.account == "b"
    assert customer.raw
    assert customer.phone is None  # the provider did not send it
