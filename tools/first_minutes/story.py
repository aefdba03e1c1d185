"""What a newcomer types: README's programs, the tutorial, and what goes wrong on the way."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

from tools.first_minutes.environments import ROOT, Environment
from tools.first_minutes.terminal import Terminal, block

COMPANY: Final = (
    '--name "Test Company BV" --email john.doe@test.com \\\n'
    '    --address "Teststreet 123" --postal-code 1234AB --city Amsterdam --country NL'
)
REAL: Final = """\
[accounts.main]
provider = "afternoon"
api_key = "env:AFTERNOON_API_KEY"
base_url = "http://127.0.0.1:8420/afternoon/next" # the sandbox in place of the provider

[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
"""
PORTAL: Final = """\
[accounts.main]
provider = "mijnklantportaal"
api_key = "sandbox-key-of-mijnklantportaal"
base_url = "http://127.0.0.1:8420/mijnklantportaal/main/v1"

[plans.small]
name = "Small"
price = "5.00 EUR"
interval = "1 month"
tax_rate = 21

[plans.large]
name = "Large"
price = "15.00 EUR"
interval = "1 month"
tax_rate = 21
"""
VARIABLE: Final = "AFTERNOON_API_KEY"
KEY: Final = f"{VARIABLE}=ak_test_0123456789abcdefghijklmn"
SERVE: Final = "subhub sandbox serve --config subhub.toml"
ROWS: Final = 120
BULK: Final = "subhub --config real.toml subscribe --from customers.csv --plan phone"


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of *language* on a page of the repository."""
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def sections(shop: Terminal, bare: Environment) -> Iterator[str]:
    """Yield the sections of the page, while they are played.

    Args:
        shop: In an empty folder, in an environment with what README's first command installs.
        bare: An empty environment.
    """
    yield from _first(shop)
    yield from _readme(shop)
    yield from _mistakes(shop)
    yield from _two_at_once(shop)
    yield from _tutorial(shop)
    yield from _without_extras(shop, bare)


def _first(shop: Terminal) -> Iterator[str]:
    yield "## Install, and see it work"
    yield shop.typed("subhub --version", "subhub providers", "subhub demo")


def _readme(shop: Terminal) -> Iterator[str]:
    yield "## README's program"
    shop.write("subhub.toml", blocks("README.md", "toml")[0])
    shop.write("sell.py", blocks("README.md", "python")[0])
    yield "README's configuration is saved as `subhub.toml`, its program as `sell.py`."
    yield shop.typed("python sell.py", "subhub check")
    yield (
        "The switch is one word. The sandbox of the program begins empty each time; that of the "
        "command line keeps its state in `.subhub/`."
    )
    yield shop.typed(
        """sed -i 's/^account = "main"/account = "next"/' subhub.toml""",
        "python sell.py",
        """sed -i 's/^account = "next"/account = "main"/' subhub.toml""",
        f"subhub signup-link create --plan phone {COMPANY}",
        "subhub plan list --json | head -3",
        "subhub capabilities afternoon 2> /dev/null | head -2",
    )


def _mistakes(shop: Terminal) -> Iterator[str]:
    yield "## Mistakes"
    yield "On the command line:"
    yield shop.typed("subhub pln list", code=2)
    yield shop.typed("subhub customer create --name Test", code=2)
    yield shop.typed("subhub customer create --name Test --email test", code=2)
    yield shop.typed(f"subhub signup-link create --plan phon {COMPANY}", code=1)
    yield shop.typed("subhub plan push", code=2)
    yield "In the file:"
    for wrong in (
        "s/^provider/provder/",
        "s/1 year/1 yaer/",
        's/"12.95 EUR"/12.95 EUR/',
        's/^account = "main"/account = "mian"/',
        "s/new_customer/new_custmer/",
    ):
        command = f"sed '{wrong}' subhub.toml > wrong.toml; subhub check --config wrong.toml"
        yield shop.typed(command, code=2)
    yield shop.typed("subhub check --config nowhere.toml", code=2)


def _two_at_once(shop: Terminal) -> Iterator[str]:
    yield "## Two at once"
    yield "Two commands use the same sandbox, and neither loses what the other one does."
    yield shop.typed(
        " & \\\n".join(
            f"subhub customer create {COMPANY.replace('john', name)} --json > {name}.json"
            for name in ("jane", "jack")
        )
        + " & \\\nwait",
        "subhub customer list | sort --key 5",
    )


def _tutorial(shop: Terminal) -> Iterator[str]:
    yield "## The tutorial"
    shop.write("subhub.toml", blocks("docs/tutorial.md", "toml")[0])
    names = ("sell.py", "paid.py", "access.py", "cancel.py")
    for name, program in zip(names, blocks("docs/tutorial.md", "python"), strict=True):
        shop.write(name, program)
    yield (
        "The configuration and the programs of the [tutorial](tutorial.md) are saved under its "
        "names, the last two as `access.py` and `cancel.py`. Without the server:"
    )
    yield shop.typed("subhub plan list", code=2)
    yield "In a second terminal:"
    with shop.serving(SERVE) as server:
        begun = len(server.printed)
        yield block(f"$ {SERVE}", shop.shown(server.printed))
        yield "Back in the first, with **Pay** pressed on the page in between:"
        yield shop.typed("python sell.py", "python paid.py")
        _pay(json.loads(shop.read("link.json"))["url"])
        yield shop.typed(
            "python paid.py", "python access.py", "python cancel.py", "python access.py"
        )
        yield from _keys(shop)
        yield from _stopped_job(shop)
        yield from _stopped_push(shop)
        yield "## Ctrl-C at the server"
        server.interrupt()
        yield block(shop.ended(SERVE, server, note="...\n^C", since=begun))
    yield "What needs it says so:"
    yield shop.typed("subhub --config real.toml customer list", code=1)


def _keys(shop: Terminal) -> Iterator[str]:
    yield "## Keys"
    yield "`real.toml` has an account with a key; the sandbox stands in for the provider."
    shop.write("real.toml", REAL)
    yield block("$ cat real.toml", shop.shown(shop.read("real.toml")))
    yield "No key, a wrong one, and the right one:"
    yield shop.typed("subhub --config real.toml customer list", code=2)
    wrong = "AFTERNOON_API_KEY=ak_test_wrongwrongwrongwrongwrong"
    yield shop.typed(f"{wrong} subhub --config real.toml customer list", code=1)
    yield shop.typed(f"{wrong} subhub --config real.toml doctor", code=1)
    yield shop.typed(f"{KEY} subhub --config real.toml subscription list")


def _stopped_job(shop: Terminal) -> Iterator[str]:
    yield "## Ctrl-C in the middle of a job"
    shop.variables[VARIABLE] = KEY.partition("=")[2]
    yield f"A file with {ROWS} customers, all to be subscribed. Ctrl-C stops it in the middle:"
    lines = [f"customer-{number},Customer {number},c{number}@test.com" for number in range(ROWS)]
    shop.write("customers.csv", "\n".join(("key,name,email", *lines)) + "\n")
    running = shop.start(BULK)
    running.wait_for(lambda: len(_posts(shop, "afternoon/next")) > ROWS)
    running.interrupt()
    yield block(shop.ended(f"export {KEY}\n$ {BULK}", running, 130, note="^C"))
    yield "The same command with `--resume` does what is left, and nothing twice:"
    yield shop.typed(
        f"{BULK} --resume",
        "subhub --config real.toml subscription list --json | grep -c raw_status",
    )


def _stopped_push(shop: Terminal) -> Iterator[str]:
    yield "## Ctrl-C while plans are created"
    yield (
        "`portal.toml` has two plans. The sandbox creates the first one and does not answer; "
        "Ctrl-C comes while the command waits."
    )
    shop.write("portal.toml", PORTAL)
    account = "mijnklantportaal/main"
    before = len(_posts(shop, account))
    fault = {"kind": "slow", "method": "POST", "after": True, "seconds": 60}
    _ = _ask(shop, account, "faults", fault)
    command = "subhub --config portal.toml plan push"
    running = shop.start(command)
    running.wait_for(lambda: len(_posts(shop, account)) > before)
    running.interrupt()
    yield block(shop.ended(command, running, 130, note="^C"))
    yield "The next run finds what was created, and creates what was not:"
    yield shop.typed(command, f"{command} --json")


def _without_extras(shop: Terminal, bare: Environment) -> Iterator[str]:
    yield "## Without extras and plugins"
    alone = Terminal(shop.folder, bare.scripts, shop.port)
    bare.install("subhub-billing")
    yield "The library alone:"
    yield block("$ pip install subhub-billing", _typed(alone, "subhub demo", 2))
    bare.install('"subhub-billing[cli]"')
    yield "With the command line, without a plugin and the served sandbox:"
    first = '$ pip install "subhub-billing[cli]"'
    yield block(first, _typed(alone, "subhub demo", 2), _typed(alone, "subhub sandbox serve", 2))


def _typed(terminal: Terminal, command: str, code: int) -> str:
    return terminal.ended(command, terminal.start(command), code)


def _pay(url: str) -> None:
    """Press the button on a checkout page."""
    with urllib.request.urlopen(url, b"do=pay") as page:  # noqa: S310 - of the server on this machine
        _ = page.read()


def _posts(shop: Terminal, account: str) -> list[Any]:
    """Return those of the last 200 requests to an account that would change something."""
    found: list[Any] = _ask(shop, account, "exchanges?method=POST")["exchanges"]
    return found


def _ask(shop: Terminal, account: str, what: str, body: object = None) -> Any:
    """Ask the control API of the server on this machine."""
    address = f"http://127.0.0.1:{shop.port}/_sandbox/{account}/{what}"
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(address, content) as answer:
        return json.load(answer)
