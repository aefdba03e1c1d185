"""What is recorded, what is written, and what a file must be to be a cassette."""

from __future__ import annotations

import datetime as dt
import gc
import gzip
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml
from subhub_afternoon import Afternoon

from subhub import Client, CustomerDraft, NotFound, PluginError, SubhubError
from subhub.plugin import Provider
from subhub.sandbox import VirtualClock
from subhub.testing import CassetteMismatch, replay
from subhub.testing.cassettes.format import Cassette, write
from subhub.testing.cassettes.recording import record
from subhub.testing.provenance import Provenance, Source, fingerprint
from subhub.testing.session import MOMENT, Sessions

FOLDER = Path(__file__).parents[1] / "cassettes"
MADE = FOLDER / "afternoon" / "create_customer.yaml"
COMPANY = CustomerDraft(name="Acme Corp", email="billing@acme.com", country="NL")
KEY = "ak_test_0000000000000000"


@pytest.fixture
def billing() -> Client:
    return Client(Afternoon, api_key=KEY)


def test_a_plugin_may_ship_no_description_of_the_api() -> None:
    assert fingerprint(Provider) == "none"


def test_a_replay_answers_what_was_recorded(billing: Client) -> None:
    with replay(MADE):
        assert billing.create_customer(COMPANY).country == "NL"


def test_a_cassette_that_is_not_played_to_its_end_fails(billing: Client) -> None:
    with (
        pytest.raises(CassetteMismatch, match=r"not played to its end.*\n.*POST https"),
        replay(MADE),
    ):
        pass
    assert billing.supports("create_customer")


def test_a_changed_body_does_not_match(billing: Client) -> None:
    changed = COMPANY.model_copy(update={"name": "Other Corp"})
    with pytest.raises(CassetteMismatch) as caught, replay(MADE):
        _ = billing.create_customer(changed)
    _, asked, recorded, *_ = str(caught.value).splitlines()
    assert "Other Corp" in asked
    assert "Acme Corp" in recorded


def test_an_exchange_is_played_once(billing: Client) -> None:
    with pytest.raises(CassetteMismatch, match="not played yet"), replay(MADE):
        _ = [billing.create_customer(COMPANY) for _ in range(2)]


def test_a_slash_at_the_end_of_the_path_does_not_match(billing: Client, tmp_path: Path) -> None:
    moved = tmp_path / "moved.yaml"
    _ = moved.write_text(MADE.read_text("utf-8").replace("/v1/customers", "/v1/customers/"))
    with pytest.raises(CassetteMismatch), replay(moved):
        _ = billing.create_customer(COMPANY)


def test_a_missing_cassette_is_not_recorded_by_the_way(tmp_path: Path) -> None:
    with pytest.raises(CassetteMismatch, match="record it first"), replay(tmp_path / "none.yaml"):
        pass


def test_a_file_that_does_not_tell_its_origin_is_no_cassette(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.yaml"
    _ = foreign.write_text("version: 1\ninteractions: []\n")
    with pytest.raises(CassetteMismatch, match="where it comes from"), replay(foreign):
        pass


def test_recording_again_changes_nothing(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        sessions = Sessions(tmp_path / folder, recording=True)
        session = sessions.cassette(Afternoon, "made")
        _ = Client(Afternoon, **session.settings).create_customer(COMPANY)
        session.outside(lambda fake: fake.clock.advance(days=1))
        assert session.settings["sandbox"].clock.now() == MOMENT + dt.timedelta(days=1)
        sessions.close()

    first, second = (tmp_path / each / "afternoon" / "made.yaml" for each in ("first", "second"))
    assert first.read_text("utf-8") == second.read_text("utf-8")


def created(path: Path, source: Source = "sandbox", company: CustomerDraft = COMPANY) -> str:
    """Record the creation of a customer at *path*, and return what the file holds then."""
    fake = Afternoon.sandbox()
    fake.clock = VirtualClock(MOMENT)
    provenance = Provenance.of(Afternoon, source, MOMENT)
    with Client(Afternoon, sandbox=fake) as client, record(path, provenance):
        _ = client.create_customer(company)
    return path.read_text("utf-8")


def test_a_sandbox_that_answers_as_before_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    old = re.sub("recorded_on: .*", "recorded_on: '2020-11-01'", created(path))
    _ = path.write_text(old)
    os.utime(path, (1, 1))

    assert created(path) == old
    assert path.stat().st_mtime == 1
    other = created(path, company=COMPANY.model_copy(update={"name": "Other Corp"}))
    assert "2020-11-01" not in other
    _ = path.write_text(old.replace("interactions", "conversations"))
    assert "2020-11-01" not in created(path)


def test_a_provider_that_answers_as_before_is_a_recording_of_that_day(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    now = created(path, "live")
    _ = path.write_text(re.sub("recorded_on: .*", "recorded_on: '2020-11-01'", now))

    assert created(path, "live") == now


def test_a_body_that_is_no_json_is_kept_as_text(tmp_path: Path) -> None:
    page = tmp_path / "page.yaml"
    broken = yaml.safe_load(MADE.read_text("utf-8"))
    del broken["interactions"][0]["response"]["json"]
    broken["interactions"][0]["response"]["text"] = "<html>"
    _ = page.write_text(yaml.safe_dump(broken))
    with replay(page), pytest.raises(SubhubError, match="not JSON"):
        _ = Client(Afternoon, api_key=KEY).create_customer(COMPANY)


def test_what_is_no_json_is_compared_as_it_is() -> None:
    with pytest.raises(CassetteMismatch, match="<xml>"), replay(MADE):
        _ = httpx.post("https://api.afternoon.co/v1/customers", content=b"<xml>")


def test_an_answer_that_is_no_json_is_recorded_as_text(tmp_path: Path) -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))
    with (
        record(tmp_path / "page.yaml", Provenance.of(Afternoon, "sandbox", MOMENT)),
        pytest.raises(SubhubError, match="not JSON"),
    ):
        _ = Client(Afternoon, api_key=KEY, transport=page).create_customer(COMPANY)
    (exchange,) = yaml.safe_load((tmp_path / "page.yaml").read_text())["interactions"]
    assert exchange["response"]["text"] == "<html>"


def test_only_an_installed_plugin_has_a_provenance() -> None:
    class Unknown(Provider):
        name = "unknown"

    with pytest.raises(PluginError, match="'unknown'"):
        _ = Provenance.of(Unknown, "sandbox", MOMENT)


def test_a_recording_replaces_the_one_before(tmp_path: Path) -> None:
    old = Path(shutil.copy(MADE, tmp_path))
    fake = Afternoon.sandbox()
    with record(old, Provenance.of(Afternoon, "sandbox", MOMENT)):
        _ = Client(Afternoon, sandbox=fake).find_customer(external_id="cust_999")
    assert len(yaml.safe_load(old.read_text())["interactions"]) == 1


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_key_that_the_provider_repeats_is_not_recorded(tmp_path: Path, encoding: str) -> None:
    said = {"message": f"{KEY} is revoked", "see": f"https://api.afternoon.co/?key={KEY}"}
    content = json.dumps(said).encode()
    packed = gzip.compress(content) if encoding == "gzip" else content
    headers = {"content-encoding": encoding, "content-type": "application/json"}
    refusing = httpx.MockTransport(lambda _: httpx.Response(401, headers=headers, content=packed))
    path = tmp_path / "refused.yaml"
    with (
        Client(Afternoon, api_key=KEY, transport=refusing) as client,
        record(path, Provenance.of(Afternoon, "sandbox", MOMENT)),
        pytest.raises(SubhubError),
    ):
        _ = client.create_customer(COMPANY)
    assert KEY not in path.read_text("utf-8")
    assert "[redacted] is revoked" in path.read_text("utf-8")


def test_a_recording_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    old = Path(shutil.copy(MADE, tmp_path))
    before = old.read_text("utf-8")
    with (
        pytest.raises(NotFound),
        record(old, Provenance.of(Afternoon, "sandbox", MOMENT)),
    ):
        _ = Client(Afternoon, sandbox=True).get_customer(Afternoon.stand_in_id)
    assert old.read_text("utf-8") == before


def test_a_recording_of_nothing_is_none(tmp_path: Path) -> None:
    old = Path(shutil.copy(MADE, tmp_path))
    with record(old, Provenance.of(Afternoon, "sandbox", MOMENT)):
        pass
    assert not old.exists()


def test_a_status_that_nobody_registered_is_replayed(tmp_path: Path) -> None:
    odd = tmp_path / "odd.yaml"
    _ = odd.write_text(MADE.read_text("utf-8").replace("status: 201", "status: 599"))
    with replay(odd), pytest.raises(SubhubError, match="HTTP 599"):
        _ = Client(Afternoon, api_key=KEY, attempts=1).create_customer(COMPANY)


def test_what_stands_in_two_places_is_written_twice(tmp_path: Path) -> None:
    stored = Cassette.at(MADE)
    path = tmp_path / "twice.yaml"
    write(path, Cassette(stored.provenance, [*stored.interactions, *stored.interactions]))
    assert "&id" not in path.read_text("utf-8")
    assert len(Cassette.at(path).interactions) == 2


@pytest.mark.parametrize("switch", [gc.enable, gc.disable], ids=["on", "off"])
def test_reading_leaves_the_garbage_collector_as_it_was(
    tmp_path: Path, switch: Callable[[], None]
) -> None:
    path = tmp_path / "long.yaml"
    _ = path.write_text(f"{MADE.read_text('utf-8')}# {switch.__name__}\n")  # not parsed before
    switch()
    try:
        before = gc.isenabled()
        _ = Cassette.at(path)
        assert gc.isenabled() is before
    finally:
        gc.enable()
