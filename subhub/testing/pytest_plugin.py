"""pytest fixtures with a client that needs no network, and the marker that they follow.

    @pytest.mark.subhub(provider="afternoon", cassette="signup")
    def test_signing_up(subhub_client):
        ...

pytest imports this module at every start, so it imports nothing else before a test needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from subhub.client.async_client import AsyncClient
    from subhub.client.sync_client import Client
    from subhub.testing.marker import AnySession
    from subhub.testing.session import OpenCassette, Sessions

MARKER = (
    "subhub(provider, cassette | sandbox | replies, plans): run on a recording, in a sandbox or on "
    "scripted replies of a billing provider, without a network"
)
_EXTRA = frozenset({"jsonschema", "pytest_socket", "vcr", "yaml"})
"""The modules of the extra, besides pytest itself."""
_SESSIONS = pytest.StashKey["list[Sessions]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options: record cassettes from the sandbox, and report what contracts prove."""
    group = parser.getgroup("subhub")
    group.addoption(
        "--record-sandbox",
        action="store_true",
        help="record subhub's cassettes again, from the providers' sandboxes",
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
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the marker alone be enough: without its fixture, a test would have the network."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is None or item.get_closest_marker("subhub") is None:
        return
    if "subhub_session" not in names:
        # First, so that other fixtures of the test have no network either.
        names.insert(0, "subhub_session")


def pytest_runtest_setup() -> None:
    """Begin each test with all permits, although the clients of one key share them."""
    registry = sys.modules.get("subhub.sending.ratelimit.registry")  # most tests import none
    _ = registry and registry.limiters(None).clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Keep a test that fails by itself from failing again by what it left unused."""
    # First of all plugins: the note has to be on the failure before pytest renders it.
    if call.excinfo is not None:
        for sessions in item.stash.get(_SESSIONS, ()):
            sessions.test_failed(call.excinfo.value)


@pytest.fixture
def subhub_client(subhub_session: AnySession) -> Client:
    """A client of the provider that the marker `subhub` names."""
    return subhub_session.client


@pytest.fixture
def async_subhub_client(subhub_session: AnySession) -> AsyncClient:
    """An async client of the provider that the marker `subhub` names."""
    return subhub_session.async_client


@pytest.fixture
def subhub_session(request: pytest.FixtureRequest) -> AnySession:
    """The session that the marker `subhub` asks for: a `Sandbox` or a `CassetteSession`."""
    with _extra_needed():
        from subhub.testing.marker import open_session  # noqa: PLC0415 - see the module's docstring

    return open_session(request.node.iter_markers("subhub"), _sessions(request))


@pytest.fixture
def subhub_cassette(request: pytest.FixtureRequest) -> OpenCassette:
    """Open a cassette: `subhub_cassette(Afternoon, "subscribe")` returns a `CassetteSession`."""
    return _sessions(request).cassette


@contextmanager
def _extra_needed() -> Generator[None]:
    """Say what to install, where a package of the extra `testing` is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _EXTRA:
            raise
        pytest.fail(
            "the marker `subhub` and its fixtures need the extra 'testing', and "
            f"{error.name!r} is missing: pip install 'subhub-billing[testing]'",
            pytrace=False,
        )


def _sessions(request: pytest.FixtureRequest) -> Sessions:
    """Return what the fixture in *request* opens its sessions with; they close with the fixture."""
    with _extra_needed():
        from subhub.testing.session import Sessions  # noqa: PLC0415 - see the module's docstring

    config = request.config
    sessions = Sessions(
        config.rootpath / str(config.getini("subhub_cassettes")),
        recording=bool(config.getoption("--record-sandbox")),
        scenario=str(request.node.nodeid).partition("[")[0],  # each parameter records the same
        allowed=config.getini("subhub_allowed_hosts"),
    )
    request.node.stash.setdefault(_SESSIONS, []).append(sessions)
    # A finalizer, not a `yield`: it also runs when opening a session fails half-way.
    request.addfinalizer(sessions.close)
    return sessions
