"""The pytest plugin: fixtures that bring a client without a network, and the marker they follow.

    @pytest.mark.subhub(provider="afternoon", cassette="signup")
    def test_signing_up(billing):
        ...

pytest imports this module at every start, so it imports nothing else before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from subhub.client.async_client import AsyncClient
    from subhub.client.sync_client import Client
    from subhub.testing.marker import AnyStage
    from subhub.testing.session import OpenStage, Stages

MARKER = (
    "subhub(provider, cassette | sandbox | replies, plans): run on a recording, in a sandbox or on "
    "scripted replies of a billing provider, without a network"
)
_STAGES = pytest.StashKey["list[Stages]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options: record cassettes from the sandbox, and report what contracts prove."""
    group = parser.getgroup("subhub")
    group.addoption(
        "--record-sandbox",
        action="store_true",
        help="record subhub's cassettes anew from the providers' sandboxes",
    )
    group.addoption(
        "--subhub-report",
        metavar="PATH",
        help="write what the contract tests of providers have proven to this file, as JSON",
    )
    parser.addini("subhub_cassettes", "the folder of the cassettes", default="cassettes")
    parser.addini(
        "subhub_allowed_hosts",
        "hosts that tests without a network may reach all the same, such as a database's",
        type="args",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the marker alone be enough: without its fixture, a test would have the network."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is None or item.get_closest_marker("subhub") is None:
        return
    if "subhub_stage" not in names:
        names.insert(0, "subhub_stage")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Keep a test that fails by itself from failing again by what it left over."""
    if call.excinfo is not None:
        for stages in item.stash.get(_STAGES, ()):
            stages.excuse(call.excinfo.value)


@pytest.fixture
def billing(subhub_stage: AnyStage) -> Client:
    """A client of the provider that the marker `subhub` names."""
    return subhub_stage.client


@pytest.fixture
def async_billing(subhub_stage: AnyStage) -> AsyncClient:
    """An async client of the provider that the marker `subhub` names."""
    return subhub_stage.async_client


@pytest.fixture
def subhub_stage(request: pytest.FixtureRequest) -> AnyStage:
    """What the marker `subhub` asks for: a `Sandbox` with clock and faults, or a `Stage`."""
    from subhub.testing.marker import marked_stage  # noqa: PLC0415 - see the module's docstring

    return marked_stage(request.node.iter_markers("subhub"), _stages(request))


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> OpenStage:
    """Open the stage of a cassette: `cassette(Afternoon, "subscribe")`."""
    return _stages(request).open


def _stages(request: pytest.FixtureRequest) -> Stages:
    """What the fixture in *request* opens its stages with; they are closed with the fixture."""
    from subhub.testing.session import Stages  # noqa: PLC0415 - see the module's docstring

    config = request.config
    stages = Stages(
        config.rootpath / str(config.getini("subhub_cassettes")),
        recording=bool(config.getoption("--record-sandbox")),
        scenario=str(request.node.nodeid).partition("[")[0],  # each parameter records the same
        allowed=config.getini("subhub_allowed_hosts"),
    )
    request.node.stash.setdefault(_STAGES, []).append(stages)
    request.addfinalizer(stages.close)
    return stages
