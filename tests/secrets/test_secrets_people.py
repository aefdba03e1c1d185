"""Nobody's data is in what is logged, stored or reported of a call that went wrong.

A dry run shows the body that would go out, and a refusal repeats what the provider says: that is
what they are for. The body of an `InvalidReply` is kept, beside its message, not in it.
"""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import InvalidReply, InvalidRequest, OutcomeUnknown, RateLimit, SubhubError, WouldSend
from subhub.models import Customer, CustomerUpdate, SignupLink
from subhub.plugin import Provider
from tests.faults.server import Line, answer
from tests.secrets.conftest import IBAN, KEYS, PERSON, PERSONAL, Serve, somebody
from tests.secrets.scan import leaks

Connect = Callable[..., Any]
BOTH: tuple[type[Provider], ...] = (Afternoon, MijnKlantportaal)
both = pytest.mark.parametrize("provider", BOTH, ids=lambda each: each.name)


def closed(line: Line) -> None:
    _ = line.commit()


def cut(line: Line) -> None:
    line.send(answer(line.commit(), promise=90))


def repeats(line: Line) -> None:
    """An answer that is no JSON, and full of somebody."""
    asked = line.request()
    body = b"<p>" + asked.content + IBAN.encode() + b"</p>"
    head = f"HTTP/1.1 201 Created\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    line.send(head.encode() + body)


SCRIPTS = {"closed": closed, "cut": cut, "repeats": repeats}


def printed(error: BaseException) -> list[str]:
    """What people see of an error, and programs that collect errors."""
    return [str(error), repr(error), *map(repr, error.args), *traceback.format_exception(error)]


@both
@pytest.mark.parametrize("script", SCRIPTS)
def test_errors_logs_and_files_are_free_of_people(
    connect: Connect,
    serve: Serve,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    provider: type[Provider],
    script: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    server = serve(provider)
    settings: dict[str, Any] = {"permits": tmp_path, "rate_limit": RateLimit(50, per=1.0)}
    settings |= {"journal": tmp_path / "journal", "base_url": server.url, "attempts": 1}
    server.break_after(0, SCRIPTS[script])
    billing = connect(provider, api_key=KEYS[provider.name], hooks=[seen.append], **settings)
    with pytest.raises((OutcomeUnknown, InvalidReply)) as caught:
        billing.create_customer(somebody(provider))
    error = caught.value

    assert leaks(printed(error), *PERSONAL) == []
    assert error.token is not None
    assert leaks([error.token, base64.urlsafe_b64decode(error.token)], *PERSONAL) == []
    (left,) = billing.open_intents()
    assert leaks(left, *PERSONAL) == []
    assert len(seen) == 1
    assert leaks(seen, *PERSONAL) == []
    ours = [each for each in caplog.records if each.name.startswith("subhub")]
    assert ours
    assert leaks(ours, *PERSONAL) == []
    for each in tmp_path.rglob("*"):
        assert leaks([each.name, each.read_bytes()], *PERSONAL) == []


@both
def test_whom_one_looked_for_is_not_told(
    connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture, provider: type[Provider]
) -> None:
    caplog.set_level(logging.DEBUG, "subhub")
    server = serve(provider)
    server.break_after(0, closed)
    settings = {"base_url": server.url, "attempts": 1}
    billing = connect(provider, api_key=KEYS[provider.name], **settings)
    by = "email" if provider is MijnKlantportaal else "external_id"
    with pytest.raises(SubhubError) as caught:
        billing.find_customer(**{by: PERSON.email})
    assert leaks(printed(caught.value), *PERSONAL) == []
    assert leaks(caplog.records, *PERSONAL) == []


@both
def test_a_dry_run_shows_people_because_it_shows_what_would_go_out(
    connect: Connect, provider: type[Provider]
) -> None:
    billing = connect(provider, api_key=KEYS[provider.name], dry_run=True)
    with pytest.raises(WouldSend) as caught:
        billing.create_customer(somebody(provider))
    assert PERSON.email in caught.value.request.curl()
    assert leaks(repr(caught.value), *PERSONAL) == []


def test_no_repr_shows_people() -> None:
    fields = PERSON.model_dump(exclude_none=True)
    url = "https://pay.example/Markedtown"
    for each in (
        PERSON,
        CustomerUpdate(**fields),
        Customer(provider="toy", id="cst_1", raw=fields, **fields),
        SignupLink(provider="toy", id="l1", url=url, raw={"paymentLink": url}),
    ):
        assert leaks([repr(each), str(each), f"{each}"], *PERSONAL) == []


@pytest.mark.parametrize("field", ["name", "email", "address", "postal_code", "city", "phone"])
def test_a_draft_that_is_refused_does_not_repeat_the_person(field: str) -> None:
    wrong: tuple[Any, ...] = ([PERSON.name], {"is": PERSON.name}, PERSON.name * 40)
    for value in wrong:
        with pytest.raises(InvalidRequest) as caught:
            _ = PERSON.__class__(**{**PERSON.model_dump(), field: value})
        assert leaks(caught.value, *PERSONAL) == []
