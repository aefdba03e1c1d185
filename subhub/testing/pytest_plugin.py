"""The pytest plugin: the `cassette` fixture, and the option that records anew.

pytest imports this module at every start, so it imports nothing else before a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from subhub.testing.stage import OpenStage


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records cassettes from the sandbox in place of replaying them."""
    group = parser.getgroup("subhub")
    group.addoption(
        "--record-sandbox",
        action="store_true",
        help="record subhub's cassettes anew from the providers' sandboxes",
    )
    parser.addini("subhub_cassettes", "the folder of the cassettes", default="cassettes")


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Generator[OpenStage]:
    """Open the stage of a cassette: `cassette(Afternoon, "subscribe")`."""
    from subhub.testing.stage import Stages  # noqa: PLC0415 - see the module's docstring

    folder = Path(request.config.rootpath) / str(request.config.getini("subhub_cassettes"))
    stages = Stages(folder, recording=bool(request.config.getoption("--record-sandbox")))
    yield stages.open
    stages.close()
