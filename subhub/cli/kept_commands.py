"""`subhub sandbox pay | advance | reset`: the embedded sandbox of an account, between commands."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.command import Command
from subhub.cli.global_options import AccountName, ConfigPath
from subhub.cli.options import ClientOptions
from subhub.cli.output import Output, write
from subhub.errors import InvalidRequest

if TYPE_CHECKING:
    from subhub.sandbox import Fake


def pay(
    *,
    url: Annotated[str, typer.Argument(metavar="URL", help="That of a signup link.")],
    options: ClientOptions,
) -> None:
    """Pay on a checkout page of the sandbox, as the customer would.

    A page of `subhub sandbox serve` is paid in a browser.
    """
    with _fake(options) as fake:
        try:
            fake.pay(url)
        except (LookupError, ValueError) as error:
            problem = str(error.args[0]) if error.args else "is not a page that can be paid"
            raise InvalidRequest.of("url", f"cannot be paid: {problem}") from error
    if options.as_json:
        options.data({"paid": url})
    else:
        write(f"paid: {url}")


def advance(
    *,
    days: Annotated[float, typer.Option("--days", "-d", min=0, help="The days to add.")] = 0,
    hours: Annotated[float, typer.Option(min=0, help="The hours to add.")] = 0,
    options: ClientOptions,
) -> None:
    """Advance the clock of the sandbox: what is due until then happens, such as renewals."""
    with _fake(options) as fake:
        try:
            now = fake.clock.advance(days=days, hours=hours)
        except OverflowError as error:
            raise InvalidRequest.of("days", str(error)) from error
    if options.as_json:
        options.data({"now": now.isoformat()})
    else:
        write(f"it is {now:%Y-%m-%d %H:%M:%S %Z} in the sandbox")


def reset(*, config: ConfigPath = None, account: AccountName = None, output: Output) -> None:
    """Delete what was created in the sandbox of an account; its configured plans come back."""
    from subhub.cli.kept_sandbox import file_of  # noqa: PLC0415 - help needs no client
    from subhub.client.configuration import Configuration  # noqa: PLC0415

    configuration = Configuration.read(config, account)
    name = configuration.choose()
    path = file_of(configuration.folder, configuration.settings.accounts[name].provider, name)
    existed = path.exists()
    path.unlink(missing_ok=True)
    if output.as_json:
        output.data({"path": str(path), "deleted": existed})
    else:
        write(f"deleted: {path}" if existed else "there was nothing to delete")


KEPT: Final[Mapping[str, Command]] = {"pay": pay, "advance": advance, "reset": reset}
"""The commands, by name."""


@contextmanager
def _fake(options: ClientOptions) -> Generator[Fake]:
    """Open the sandbox of the account; what the block does to it is kept."""
    with options.client() as client:
        fake = client.sandbox
        if fake is None:
            message = f"the account is not in an embedded sandbox, but at {client.provider}"
            raise InvalidRequest(f"{message}: set `sandbox = true`, or use its dashboard")
        with fake.around():
            yield fake
