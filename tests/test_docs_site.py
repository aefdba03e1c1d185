"""The documentation site is whole: all pages are in it, all links lead on, all names are there."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from subhub_docs import links, navigation
from subhub_docs.pages import Checkout, outside_of_code
from subhub_docs.reference import PAGES, Reference, linked

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "tools" / "docs" / "zensical.toml").read_text("utf-8"))


def test_every_page_is_in_the_navigation_once() -> None:
    pages = {*Checkout(ROOT).pages.values(), *PAGES, "api/index.md"}
    assert len(pages) > 50, "the pages were not found"
    entries = navigation.expanded(SETTINGS["project"]["nav"], pages)
    assert navigation.problems(entries, pages) == []


def test_every_link_of_a_page_leads_to_a_page_or_a_file() -> None:
    checkout = Checkout(ROOT)
    texts = dict(checkout.texts())
    assert checkout.problems == []
    assert "](providers/afternoon.md)" in texts["install.md"]


HEADINGS = (
    *("Install", "Configure", "Operations", "Options"),
    *("Webhooks", "Good to know", "Evidence", "Sandbox"),
)


@pytest.mark.parametrize("name", [folder.name for folder in sorted(ROOT.glob("providers/*"))])
def test_the_pages_of_the_providers_have_the_same_headings_in_the_same_order(name: str) -> None:
    text = (ROOT / "providers" / name / "README.md").read_text("utf-8")
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [title for title in found if title in HEADINGS] == list(HEADINGS)
    assert len(found) <= len(HEADINGS) + 1  # what only this provider has


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "providers" / "acme").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    for name in ("docs/README.md", "docs/decisions/0001.md", "README.md", "src/a.py", "docs/i.png"):
        _ = (tmp_path / name).write_text("x", "utf-8")
    urls = '[project.urls]\nSource = "https://code.example/acme"\n'
    _ = (tmp_path / "pyproject.toml").write_text(urls, "utf-8")
    return Checkout(tmp_path)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a](../../README.md)", "[a](../index.md)"),
        ("[a](../../README.md#b)", "[a](https://code.example/acme/blob/main/README.md#b)"),
        ("[`a`](../../src/a.py#L1)", "[`a`](https://code.example/acme/blob/main/src/a.py#L1)"),
        ("[a](../../src)", "[a](https://code.example/acme/tree/main/src)"),
        ("![a](../../docs/i.png)", "![a](../i.png)"),
        ("[a](#below)", "[a](#below)"),
        ("[a](https://elsewhere.example/x)", "[a](https://elsewhere.example/x)"),
        (
            "[a](https://code.example/acme/blob/main/docs/decisions/0001.md)",
            "[a](../decisions/0001.md)",
        ),
        ("```\n[a](nowhere.md)\n```", "```\n[a](nowhere.md)\n```"),
        ("```python celery\n[a](b)\n```", "```python\n[a](b)\n```"),
    ],
)
def test_links_lead_to_pages_and_else_to_the_repository(
    checkout: Checkout, written: str, shown: str
) -> None:
    _ = (checkout.root / "providers" / "acme" / "README.md").write_text(written, "utf-8")
    assert dict(checkout.texts())["providers/acme.md"] == shown
    assert checkout.problems == []


def test_a_link_that_leads_nowhere_is_reported(checkout: Checkout) -> None:
    _ = (checkout.root / "docs" / "README.md").write_text("[a](gone.md)", "utf-8")
    _ = dict(checkout.texts())
    assert checkout.problems == ["docs/README.md: the link to docs/gone.md leads nowhere"]


def test_pages_that_the_navigation_lacks_has_twice_or_invents_are_reported() -> None:
    entries: list[navigation.Entry] = ["a.md", {"More": ["b*.md", "gone.md", {"A": "a.md"}]}]
    pages = {"a.md", "b1.md", "b2.md", "c.md"}

    whole = navigation.expanded(entries, pages)

    assert list(navigation.listed(whole)) == ["a.md", "b1.md", "b2.md", "gone.md", "a.md"]
    assert navigation.problems(whole, pages) == [
        "c.md is in no navigation: add it to `nav`",
        "`nav` has gone.md, which does not exist",
        "`nav` has a.md 2 times",
    ]


def test_dead_links_anchors_and_images_of_a_built_site_are_found(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    _ = (tmp_path / "index.html").write_text(
        '<h1 id="top"></h1><a href="guide/#here">1</a><a href="guide/#gone">2</a>'
        '<a href="#top">3</a><img src="a.png"><img src="gone.png"><a href="https://x.example/#y">',
        "utf-8",
    )
    _ = (tmp_path / "guide" / "index.html").write_text(
        '<p id="here"><a href="../">1</a><a href="./gone/">2</a><a href="..#nothing">3</a>', "utf-8"
    )
    _ = (tmp_path / "404.html").write_text('<a href="/anything/">', "utf-8")
    _ = (tmp_path / "a.png").write_bytes(b"")

    assert links.dead(tmp_path) == [
        "/guide/index.html: ./gone/ leads nowhere",
        "/guide/index.html: ..#nothing leads nowhere",
        "/index.html: guide/#gone leads nowhere",
        "/index.html: gone.png leads nowhere",
    ]


def test_code_is_left_as_it_is() -> None:
    text = "a\n\n```python\na\n```\n\na `a`\n\n  ~~~\n  a\n  ~~~\na"
    assert outside_of_code(text, str.upper).count("A") == 4


def test_names_are_linked_in_text_alone() -> None:
    text = "## `Client`\n\nSee `Client.bulk`, `Client.__init__`, [`Client`](x) and `Other`.\n"
    anchors = {"Client": "api/client.md", "Client.bulk": "api/client.md"}
    assert linked(text, "api/errors.md", anchors) == (
        "## `Client`\n\nSee [`Client.bulk`](client.md#Client.bulk), "
        "[`Client.__init__`](client.md#Client), [`Client`](x) and `Other`.\n"
    )


@pytest.mark.slow
def test_the_reference_explains_every_public_name_once() -> None:
    reference = Reference(ROOT)
    texts = dict(reference.texts())
    assert reference.problems == []
    for page, (_, module, _) in PAGES.items():
        for name in import_module(module).__all__:
            also = texts[page].partition(f"\n## Also in `{module}`\n")[2]
            explained = texts[page].count(f"\n## `{name}` {{ #{name} }}\n")
            assert explained + also.count(f"[`{name}`](") == 1, (page, name)
    signature = texts["api/client.md"].partition("## `Client`")[2]
    assert "    rate_limit: RateLimit | str | None = None,\n" in signature
    assert "### `Client.create_plan` { #Client.create_plan }" in signature
