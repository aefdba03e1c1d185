from __future__ import annotations
import datetime as dt
from tests.switching.conftest import Accounts


def words(outcomes):
    return [o.outcome for o in outcomes]


def test_smoke(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    print(rows)
    out = accounts.run(rows)
    print(out, accounts.changes())
    print(accounts.results.read_text())
    assert words(out) == ["moved"]
    assert words(accounts.run(rows)) == ["moved earlier"]
    assert accounts.status(rows) == ["target"]
    accounts.forward(400)
    a = accounts.portal.charges
    b = accounts.company.charges
    print([(c.first_on, c.last_on) for c in a], [(str(c.first_on), str(c.last_on)) for c in b])


def test_link(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan("link")
    out = accounts.run(rows)
    print(out)
    assert words(out) == ["link"]
    accounts.company.pay(out[0].url)
    out = accounts.run(rows)
    print(out)
    assert words(out) == ["moved"]
    accounts.forward(400)
    a = accounts.portal.charges
    b = accounts.company.charges
    print(
        [(str(c.first_on), str(c.last_on)) for c in a],
        [(str(c.first_on), str(c.last_on)) for c in b],
    )
