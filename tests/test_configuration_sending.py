"""How an account sends is configured in the file, and what cannot be meant is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from subhub import ConfigError, InvalidRequest, PlanDraft, RateLimit
from subhub.client.configuration import Configuration

ACCOUNT = """
[accounts.main]
provider = "mijnklantportaal"
api_key = "env:TEST_API_KEY"
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_API_KEY", "a-key-for-tests")
    return tmp_path / "subhub.toml"


def test_an_account_says_how_it_sends(written: Path) -> None:
    keys = 'deadline = 30.0\nattempts = 2\nrate_limit = "30 per 60"\nshare = 0.5\n'
    _ = written.write_text(f'{ACCOUNT}{keys}permits = "{written.parent}"\n')

    retries = Configuration.read(written).open().retries

    assert (retries.deadline, retries.attempts) == (30.0, 2)
    assert retries.limiter is not None
    assert [each.suffix for each in written.parent.iterdir()].count(".permits") == 1
    retries.close()


def test_the_providers_documented_limit_is_kept_by_default(written: Path) -> None:
    _ = written.write_text(ACCOUNT)
    account = Configuration.read(written).open()
    assert account.provider.rate_limit == RateLimit(60, per=60.0)
    assert account.retries.limiter is not None
    account.retries.close()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('rate_limit = "60"', "'60 per 60'"),
        ("rate_limit = 60", "'60 per 60'"),
        ('rate_limit = "0 per 60"', "requests"),
        ("attempts = 0", "attempts"),
        ("deadline = 0", "deadline"),
        ("share = 2", "share"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_key(written: Path, line: str, told: str) -> None:
    _ = written.write_text(f"{ACCOUNT}{line}\n")
    with pytest.raises(ConfigError) as caught:
        _ = Configuration.read(written).open()
    assert told in str(caught.value)
    assert str(written) in str(caught.value)


def test_a_table_is_not_taken_for_money() -> None:
    with pytest.raises(InvalidRequest, match="must be a value such as Money") as caught:
        _ = PlanDraft(
            name="Phone",
            price={"amount": "1"},  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
            interval={"count": 1},  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        )
    assert set(caught.value.fields) == {"price", "interval"}


def test_the_files_of_an_account_lie_beside_the_configuration(
    written: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = written.write_text(f'{ACCOUNT}journal = "journal.db"\npermits = "permits"\n')
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    Configuration.read(written).open().close()

    assert {each.name for each in written.parent.iterdir()} == {
        "subhub.toml",
        "journal.db",
        "permits",
    }


def test_a_journal_that_cannot_be_used_is_told_with_the_account(written: Path) -> None:
    _ = written.write_text(f'{ACCOUNT}journal = "missing/journal.db"\n')
    with pytest.raises(ConfigError, match=r"accounts\.main: the journal .* Check that its folder"):
        _ = Configuration.read(written).open()
