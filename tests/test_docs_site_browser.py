"""The documentation site as readers see and use it in Chromium, built by its own command.

With the variable `SUBHUB_SCREENSHOTS`, pictures of it are saved to that folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
UV = os.environ.get("UV") or shutil.which("uv")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PICTURES = os.environ.get("SUBHUB_SCREENSHOTS")
DOCS = Path(sys.executable).parent / "docs"
WIDE, NARROW = (1280, 800), (390, 800)
PAGES = ("", "api/client/", "matrix/", "configuration/", "providers/mollie/")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no `chromium` is installed"),
    pytest.mark.skipif(UV is None, reason="building the site needs uv, and uv is not on the path"),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        del format, args


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    out = tmp_path_factory.mktemp("docs")
    built = subprocess.run(
        [DOCS, "build", "--out", out], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert "no dead link" in built.stdout
    handler = partial(Quiet, directory=str(out / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def opened(site: str) -> Iterator[Callable[..., Page]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def make(path: str = "", size: tuple[int, int] = WIDE, scheme: str = "light") -> Page:
            width, height = size
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = context.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: failed.append(str(error)))
            _ = page.goto(site + path)
            return page

        asked: list[str] = []
        failed: list[str] = []
        yield make
        browser.close()
        assert failed == []
        assert [url for url in asked if not url.startswith(site)] == []


def brightness(page: Page) -> int:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_is_light_or_dark_as_the_system_is(
    opened: Callable[..., Page], scheme: str
) -> None:
    page = opened("sending/", scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert (brightness(page) < 150) is (scheme == "dark")
    if PICTURES:
        _ = page.screenshot(path=Path(PICTURES) / f"docs-{scheme}.png")


def test_a_reader_may_choose_dark_and_it_stays(opened: Callable[..., Page], site: str) -> None:
    page = opened()
    page.locator("label[title='Switch to light mode']").click()
    page.locator("label[title='Switch to dark mode']").click()
    assert brightness(page) < 150
    _ = page.goto(f"{site}install/")
    assert brightness(page) < 150


def searched(opened: Callable[..., Page], patience: int) -> Page:
    """Search for a name, wait so many milliseconds, and open the first result."""
    page = opened()
    before = page.url
    page.keyboard.press("Control+k")
    page.keyboard.type("OutcomeUnknown")
    page.wait_for_timeout(patience)
    if PICTURES:
        _ = page.screenshot(path=Path(PICTURES) / "docs-search.png")
    for _ in range(40):
        page.keyboard.press("Enter")
        page.wait_for_timeout(250)
        if page.url != before:
            break
    return page


def test_searching_for_a_name_leads_to_its_explanation(opened: Callable[..., Page]) -> None:
    # the results are in a closed shadow root, so that only the keyboard reaches them, and nothing
    # says when they are complete
    pages = (searched(opened, patience) for patience in (500, 2000, 8000))
    page = next((page for page in pages if "/api/errors/" in page.url), None)
    assert page is not None
    expect(page.locator("[id='OutcomeUnknown']")).to_be_in_viewport()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone(opened: Callable[..., Page], path: str) -> None:
    page = opened(path, NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    if PICTURES and not path:
        _ = page.screenshot(path=Path(PICTURES) / "docs-390.png")


def test_the_navigation_works_on_a_phone(opened: Callable[..., Page]) -> None:
    page = opened("", NARROW)
    page.locator("header label[for='__drawer']").click()
    page.locator("nav label:visible", has_text="Guide").click()
    page.locator("nav a:visible", has_text="Plans by key").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plans by key")


def test_a_signature_can_be_linked_to(opened: Callable[..., Page]) -> None:
    page = opened("api/client/#Client.subscribe")
    expect(page.locator("[id='Client.subscribe']")).to_be_in_viewport()
