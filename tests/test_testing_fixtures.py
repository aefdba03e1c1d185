"""The fixtures `subhub_client` and `async_subhub_client`, and the marker they follow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import httpcore
import pytest

from subhub.testing import marker, pytest_plugin, session
from subhub.testing.cassettes import provenance_of

pytest_plugins = ["pytester"]

FOLDER = Path(__file__).parents[1] / "cassettes"
LOADED = [httpcore, marker, session]
"""Imported here: what pytester imports first is forgotten, and then imported a second time."""
HEAD = """
import httpx
import pytest
from subhub import *
from subhub.testing import Scripted, Sandbox, reply

COMPANY = CustomerDraft(name="Acme Corp", email="billing@acme.com", country="NL")
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
CUSTOMER = {"customer": {"id": "c1", "name": "Anne", "email": "anne@example.com"}}


@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


class Suite:
    """A suite of tests somewhere else, in a project that has subhub installed."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        _ = pytester.makeini(
            f"[pytest]\nsubhub_cassettes = {FOLDER}\nstrict = true\nfilterwarnings = error\n"
        )

    def run(self, tests: str, *options: str) -> pytest.RunResult:
        _ = self._pytester.makepyfile(HEAD + dedent(tests))
        plugins = ("-pno:cacheprovider", "-psubhub.testing.pytest_plugin", "-panyio")
        return self._pytester.runpytest_inprocess(*plugins, *options)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # of the others, some load for long
    return Suite(pytester)


def test_starting_pytest_loads_nothing_but_the_plugin() -> None:
    source = (
        "import sys, pytest; before = {*sys.modules}\n"
        "import subhub.testing.pytest_plugin\n"
        "print(*sorted({*sys.modules} - before))"
    )
    ran = subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True)

    assert ran.stdout.split() == [
        "subhub",
        "subhub._version",
        "subhub.testing",
        "subhub.testing.pytest_plugin",
    ]


def test_a_client_of_each_kind_is_on_a_cassette(suite: Suite) -> None:
    result = suite.run(
        """
        pytestmark = pytest.mark.subhub(provider="afternoon", cassette="create_customer")

        def test_sync(subhub_client):
            assert isinstance(subhub_client, Client)
            assert subhub_client.create_customer(COMPANY).name == "Acme Corp"

        @pytest.mark.anyio
        async def test_async(async_subhub_client):
            assert isinstance(async_subhub_client, AsyncClient)
            assert (await async_subhub_client.create_customer(COMPANY)).name == "Acme Corp"
        """
    )

    result.assert_outcomes(passed=2)


def test_a_client_of_each_kind_is_in_a_sandbox_with_its_plans(suite: Suite) -> None:
    result = suite.run(
        """
        pytestmark = pytest.mark.subhub(
            provider="afternoon", sandbox=True, plans={"phone": PHONE}
        )

        def test_sync(subhub_client, subhub_session):
            assert subhub_client is subhub_session.client
            sold = subhub_client.subscribe(plan=subhub_session.plan_ids["phone"], customer=COMPANY)
            subhub_session.assert_asked("POST", "/v1/subscriptions")
            assert sold.provider == "afternoon"

        @pytest.mark.anyio
        async def test_async(async_subhub_client, subhub_session):
            subhub_session.faults.next("dropped")
            with pytest.raises(OutcomeUnknown):
                await async_subhub_client.create_customer(COMPANY)
        """
    )

    result.assert_outcomes(passed=2)


def test_a_client_of_each_kind_gets_scripted_replies(suite: Suite) -> None:
    result = suite.run(
        """
        @pytest.mark.subhub(provider="afternoon", replies=[reply(201, CUSTOMER)])
        @pytest.mark.parametrize("time", [1, 2])
        def test_sync(subhub_client, subhub_session, time):
            assert subhub_client.create_customer(COMPANY).id == "c1"
            assert isinstance(subhub_session, Scripted)
            subhub_session.assert_asked("POST", "/v1/customers")

        @pytest.mark.anyio
        @pytest.mark.subhub(provider="afternoon", replies=[NotSent("down"), reply(201, CUSTOMER)])
        async def test_async(async_subhub_client):
            assert (await async_subhub_client.create_customer(COMPANY)).id == "c1"

        @pytest.mark.subhub(provider="afternoon", replies=[])
        def test_that_nothing_is_asked(subhub_client):
            assert subhub_client.supports("subscribe")
        """
    )

    result.assert_outcomes(passed=4)


def test_marks_of_module_class_and_test_add_up(suite: Suite) -> None:
    result = suite.run(
        """
        pytestmark = pytest.mark.subhub(provider="mijnklantportaal")

        @pytest.mark.subhub(sandbox=True)
        class TestShop:
            def test_one(self, subhub_client):
                assert subhub_client.provider == "mijnklantportaal"

            @pytest.mark.subhub(provider="afternoon")
            def test_other(self, subhub_client):
                assert subhub_client.provider == "afternoon"
        """
    )

    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("mark", "problem"),
    [
        ("skipif(False, reason='')", "this test has no `subhub` marker"),
        ("subhub(sandbox=True)", "the marker has no `provider`"),
        (
            "subhub(provider='afternoon')",
            "the marker must have one of `cassette`, `sandbox`, `replies`, got none",
        ),
        (
            "subhub(provider='afternoon', sandbox=True, replies=[])",
            "must have one of `cassette`, `sandbox`, `replies`, got `sandbox` and `replies`",
        ),
        ("subhub('afternoon', sandbox=True)", "the marker takes keywords only, got 'afternoon'"),
        (
            "subhub(provider='afternoon', casette='x')",
            "the marker has no keyword 'casette': did you mean 'cassette'?",
        ),
        (
            "subhub(provider='afternoon', thing='x')",
            "no keyword 'thing': known are provider, cassette, sandbox, replies, plans",
        ),
        (
            "subhub(provider='afternoon', replies=[], plans={})",
            "`plans` must be used with a cassette or a sandbox, not with replies",
        ),
    ],
    ids=range(8),
)
def test_a_mistake_in_the_marker_fails_with_the_remedy(
    suite: Suite, mark: str, problem: str
) -> None:
    result = suite.run(
        f"""
        @pytest.mark.{mark}
        def test_it(subhub_client):
            pass
        """
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{glob(problem)}*Write @pytest.mark.subhub(provider=*"])
    result.stdout.no_fnmatch_line("*marked.py*")


def glob(text: str) -> str:
    return text.replace("[", "[[]")


def test_an_unknown_provider_or_cassette_fails(suite: Suite) -> None:
    result = suite.run(
        """
        @pytest.mark.subhub(provider="afternon", sandbox=True)
        def test_provider(subhub_client):
            pass

        @pytest.mark.subhub(provider="afternoon", cassette="nothing")
        def test_cassette(subhub_client):
            pass
        """
    )

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*'afternon'*", "*there is no cassette *nothing.yaml: record it*"])


def test_the_marker_alone_takes_the_network_away(suite: Suite) -> None:
    result = suite.run(
        """
        import asyncio, threading
        import pytest

        pytestmark = pytest.mark.subhub(provider="afternoon")

        def refused(call):
            with pytest.raises(AssertionError, match="api.example.com:443 cannot be reached"):
                call()

        @pytest.mark.subhub(sandbox=True)
        def test_in_a_sandbox():
            refused(lambda: httpx.get("https://api.example.com"))

        @pytest.mark.subhub(replies=[])
        def test_on_replies():
            refused(lambda: httpx.get("https://api.example.com"))

        @pytest.mark.subhub(cassette="create_customer")
        def test_on_a_cassette():
            Client("afternoon", api_key="ak_test_000").create_customer(COMPANY)
            refused(lambda: httpx.get("https://api.example.com"))

        @pytest.mark.anyio
        @pytest.mark.subhub(sandbox=True)
        async def test_awaiting():
            async with httpx.AsyncClient() as client:
                with pytest.raises(AssertionError, match="runs in a sandbox of afternoon"):
                    await client.get("https://api.example.com")

        @pytest.mark.subhub(sandbox=True)
        def test_that_fails():
            httpx.get("https://api.example.com")
        """
    )

    result.assert_outcomes(passed=4, failed=1)


def test_the_network_is_back_after_the_test_and_allowed_hosts_never_go(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    _ = pytester.makeini("[pytest]\nsubhub_allowed_hosts = db 192.0.2.1\n")
    result = suite.run(
        """
        import socket
        untouched, connect = socket.getaddrinfo, socket.socket.connect

        @pytest.mark.subhub(provider="afternoon", sandbox=True)
        def test_blocked():
            assert socket.getaddrinfo is not untouched
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.connect(("192.0.2.1", 9))
                with pytest.raises((RuntimeError, UserWarning)):  # pytest-socket's, as both
                    datagrams.connect(("192.0.2.2", 9))
            assert False, "on purpose"

        def test_afterwards():
            assert socket.getaddrinfo is untouched
            assert socket.socket.connect is connect
        """
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*on purpose*"])


def test_what_was_not_played_fails_the_test(suite: Suite) -> None:
    result = suite.run(
        """
        @pytest.mark.subhub(provider="afternoon", cassette="create_customer")
        def test_cassette(subhub_client):
            pass

        @pytest.mark.subhub(provider="afternoon", replies=[reply(200, CUSTOMER)])
        def test_replies(subhub_client):
            pass
        """
    )

    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["*create_customer.yaml was not played to its end*", "*1 replies were not used*"]
    )


def test_what_a_later_fixture_plays_counts(suite: Suite) -> None:
    result = suite.run(
        """
        @pytest.fixture
        def cleaned_up(subhub_client):
            yield
            subhub_client.create_customer(COMPANY)

        @pytest.mark.subhub(provider="afternoon", cassette="create_customer")
        def test_it(cleaned_up):
            pass
        """
    )

    result.assert_outcomes(passed=1)


def test_a_test_that_fails_or_skips_by_itself_does_not_fail_again_by_what_it_left(
    suite: Suite,
) -> None:
    result = suite.run(
        """
        pytestmark = pytest.mark.subhub(provider="afternoon", cassette="create_customer")

        def test_failing(subhub_client):
            assert False, "on purpose"

        def test_skipping(subhub_client):
            pytest.skip("not today")

        @pytest.mark.xfail(strict=True)
        def test_expected_to_fail(subhub_client):
            assert False

        @pytest.fixture
        def broken(subhub_client):
            assert False, "in a fixture"

        def test_with_a_broken_fixture(broken):
            pass
        """
    )

    result.assert_outcomes(failed=1, skipped=1, xfailed=1, errors=1)
    result.stdout.fnmatch_lines(["*on purpose*"])
    result.stdout.no_fnmatch_line("*not played to its end*")


def test_a_miss_that_the_application_swallows_is_shown(suite: Suite) -> None:
    result = suite.run(
        """
        pytestmark = pytest.mark.subhub(provider="afternoon", cassette="create_customer")

        def careless(billing):
            try:
                billing.create_customer(COMPANY.model_copy(update={"name": "Other"}))
            except Exception:
                return 500
            return 200

        def test_unnoticed(subhub_client):
            careless(subhub_client)

        def test_noticed(subhub_client):
            assert careless(subhub_client) == 200
        """
    )

    result.assert_outcomes(passed=1, failed=1, errors=1)
    miss = "*body.name: recorded 'Acme Corp', asked 'Other'*"
    result.stdout.fnmatch_lines([miss, "*assert careless(subhub_client) == 200*", miss])


def test_two_cassettes_in_one_test_are_refused(suite: Suite) -> None:
    result = suite.run(
        """
        from subhub_afternoon import Afternoon

        @pytest.mark.subhub(provider="afternoon", cassette="create_customer")
        def test_it(subhub_client, subhub_cassette):
            subhub_cassette(Afternoon, "find_customer")

        @pytest.mark.subhub(provider="afternoon", cassette="create_customer")
        def test_next(subhub_client):
            subhub_client.create_customer(COMPANY)
        """
    )

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*find_customer.yaml cannot be replayed while create_customer*"])


def test_a_marked_cassette_is_recorded_and_then_replayed(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    _ = pytester.makeini("[pytest]\n")
    tests = """
        @pytest.mark.subhub(provider="afternoon", cassette="shop/signup", plans={"phone": PHONE})
        def test_signing_up(subhub_client, subhub_session):
            link = subhub_client.create_signup_link(plan="phone", customer=COMPANY)
            subhub_session.pay(link.url)
            subhub_session.clock.advance(days=1)
            found = subhub_client.list_subscriptions(customer=link.customer_id)
            assert len([*found]) == 1
        """

    suite.run(tests).assert_outcomes(errors=1)
    suite.run(tests, "--record-sandbox").assert_outcomes(passed=1)
    recorded = provenance_of(pytester.path / "cassettes" / "afternoon" / "shop" / "signup.yaml")
    assert recorded.scenario.endswith(".py::test_signing_up")
    suite.run(tests).assert_outcomes(passed=1)


def test_of_an_application_under_test_only_what_it_asks_the_provider_is_recorded(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    _ = pytester.makeini("[pytest]\n")
    tests = """
        answered = []

        @pytest.mark.subhub(provider="afternoon", cassette="app")
        def test_it(subhub_client):
            def app(request):
                answered.append(subhub_client.create_customer(COMPANY).name)
                return httpx.Response(200, text="signed up")

            with httpx.Client(transport=httpx.MockTransport(app)) as browser:
                assert browser.get("http://testserver/signup").text == "signed up"
            with pytest.raises(AssertionError, match="cannot be reached"):
                httpx.get("https://api.example.com")
            assert answered == ["Acme Corp"]
        """

    for options in (["--record-sandbox"], []):
        suite.run(tests, *options).assert_outcomes(passed=1)
    assert "testserver" not in (pytester.path / "cassettes/afternoon/app.yaml").read_text("utf-8")


def test_what_a_failing_test_recorded_is_not_kept(suite: Suite, pytester: pytest.Pytester) -> None:
    _ = pytester.makeini("[pytest]\n")
    result = suite.run(
        """
        @pytest.mark.subhub(provider="afternoon", cassette="half")
        def test_it(subhub_client):
            subhub_client.create_customer(COMPANY)
            assert False, "on purpose"
        """,
        "--record-sandbox",
    )

    result.assert_outcomes(failed=1)
    assert not [*pytester.path.glob("cassettes/**/*.yaml")]


def test_a_test_case_of_unittest_may_be_marked(suite: Suite) -> None:
    result = suite.run(
        """
        import unittest

        @pytest.mark.subhub(provider="afternoon", cassette="create_customer")
        class TestShop(unittest.TestCase):
            def test_it(self):
                made = Client("afternoon", api_key="ak_test_000").create_customer(COMPANY)
                self.assertEqual(made.name, "Acme Corp")
        """
    )

    result.assert_outcomes(passed=1)


def test_items_without_fixtures_and_tests_without_the_marker_are_left_alone(
    suite: Suite, pytester: pytest.Pytester
) -> None:
    _ = pytester.maketxtfile(test_doc=">>> 1 + 1\n2\n")
    result = suite.run(
        """
        def test_it(request):
            assert "subhub_session" not in request.fixturenames
        """
    )

    result.assert_outcomes(passed=2)


def test_the_marker_is_listed(suite: Suite) -> None:
    result = suite.run("", "--markers")

    result.stdout.fnmatch_lines(["@pytest.mark.subhub(provider, cassette | sandbox | replies, *"])


@pytest.mark.parametrize("module", ["vcr", "yaml", "pytest_socket"])
def test_the_marker_without_the_extra_says_what_to_install(tmp_path: Path, module: str) -> None:
    _ = (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.subhub(provider='afternoon', sandbox=True)\n"
        "def test_it(subhub_client):\n    assert subhub_client\n"
    )
    source = (
        f"import sys; sys.modules['{module}'] = None\n"
        "import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:socket',"
        " '-p', 'no:pytest_socket', '-p', 'subhub.testing.pytest_plugin']))"
    )
    settings = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", source],
        check=False,
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 1
    assert "need the extra 'testing'" in ran.stdout
    assert "pip install 'subhub-billing[testing]'" in ran.stdout
    assert "Traceback" not in ran.stdout


def test_a_module_that_is_missing_for_another_reason_is_shown_as_it_is() -> None:
    explained = pytest_plugin._extra_needed  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(ModuleNotFoundError, match="other"), explained():
        raise ModuleNotFoundError("other", name="other.module")
    with pytest.raises(pytest.fail.Exception, match="extra 'testing'"), explained():
        raise ModuleNotFoundError("vcr", name="vcr.cassette")
