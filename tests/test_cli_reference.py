"""docs/cli.md is what the commands say of themselves."""

from __future__ import annotations

from tools.cli_reference import PAGE, page


def test_the_page_is_what_help_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "uv run python -m tools.cli_reference"
