"""The doctor asks a store whether it answers, creates nothing there, and shows no password."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from subhub import Finding, diagnose
from tests.stores.servers import PostgreSQLServer, RedisServer, redis_at

SECRET = "s3cr3t-word"


def found(folder: Path, *lines: str) -> dict[str, Finding]:
    path = folder / "subhub.toml"
    head = ("[accounts.main]", 'provider = "afternoon"', "sandbox = true")
    _ = path.write_text("\n".join((*head, *lines)), "utf-8")
    return {finding.check: finding for finding in diagnose(path)}


def test_a_store_that_answers_is_left_as_it_was(
    tmp_path: Path, postgresql_server: PostgreSQLServer, redis_server: RedisServer
) -> None:
    findings = found(
        tmp_path, f'journal = "{postgresql_server.url}"', f'permits = "{redis_server.url}"'
    )

    assert (findings["journal"].level, findings["permits"].level) == ("ok", "ok")
    assert "answers" in findings["journal"].message
    with psycopg.connect(postgresql_server.url) as connection:
        row = connection.execute("SELECT to_regnamespace('subhub')").fetchone()
    assert row == (None,)
    with redis_at(redis_server.url) as client:
        assert client.dbsize() == 0


@pytest.mark.parametrize("scheme", ["postgresql", "redis"])
def test_a_store_that_does_not_answer_is_wrong(tmp_path: Path, scheme: str) -> None:
    setting = {"postgresql": "journal", "redis": "permits"}[scheme]

    finding = found(tmp_path, f'{setting} = "{scheme}://me:{SECRET}@127.0.0.1:1/0"')[setting]

    assert finding.level == "wrong"
    assert f"`{setting}` {scheme}://127.0.0.1:1/0 cannot be reached" in finding.message
    assert SECRET not in repr(finding)
