"""`subhub sandbox pay | advance | reset`: the sandbox of an account, its own or a served one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from subhub.cli.command import Command
from subhub.cli.global_options import AccountName, ConfigPath
from subhub.cli.number_options import LARGEST
from subhub.cli.options import ClientOptions
from subhub.cli.output import Output, write
from subhub.errors import InvalidRequest

if TYPE_CHECKING:
    from subhub.client.configuration import Configuration
    from subhub.sandbox import Fake


def pay(
    *,
    url: Annotated[str, typer.Argument(metavar="URL", help="That of a signup link.")],
    options: ClientOptions,
) -> None:
    """Pay on a checkout page of the sandbox, as the customer would."""
    with _payable():
        served = _served(options.configuration, "pay", url=url) is not None
    if not served:
        with _fake(options) as fake, _payable():
            fake.pay(url)
    if options.as_json:
        options.data({"paid": url})
    else:
        write(f"paid: {url}")


def advance(
    *,
    days: Annotated[
        float, typer.Option("--days", "-d", min=0, max=LARGEST, help="The days to add.")
    ] = 0,
    hours: Annotated[float, typer.Option(min=0, max=LARGEST, help="The hours to add.")] = 0,
    options: ClientOptions,
) -> None:
    """Advance the clock of the sandbox: what is due until then happens, such as renewals."""
    answer = _served(options.configuration, "clock", days=days, hours=hours)
    if answer is not None:
        now = dt.datetime.fromisoformat(answer["now"])
    else:
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
    from subhub.cli.joined_sandbox import joined  # noqa: PLC0415 - help needs no client
    from subhub.cli.kept_sandbox import file_of  # noqa: PLC0415
    from subhub.client.configuration import Configuration  # noqa: PLC0415

    configuration = joined(Configuration.read(config, account))
    name = configuration.choose()
    settings = configuration.settings.accounts[name]
    if _served(configuration, "reset") is not None:
        place, existed = str(settings.sandbox), True
    else:
        path = file_of(configuration.folder, settings.provider, name)
        place, existed = str(path), path.exists()
        path.unlink(missing_ok=True)
    if output.as_json:
        output.data({"path": place, "deleted": existed})
    else:
        write(f"deleted: {place}" if existed else "there was nothing to delete")


KEPT: Final[Mapping[str, Command]] = {"pay": pay, "advance": advance, "reset": reset}
"""The commands, by name."""


def _served(configuration: Configuration, what: str, **fields: object) -> Mapping[str, Any] | None:
    """Have a served sandbox do something, and return its answer; `None` if it is not served."""
    from subhub.client.served_sandbox import control, find  # noqa: PLC0415 - help needs no client

    name = configuration.choose()
    settings = configuration.settings.accounts[name]
    if not isinstance(settings.sandbox, str):
        return None
    found = find(settings.sandbox, settings.provider, name)
    return control(settings.sandbox, found.account, what, **fields)


@contextmanager
def _payable() -> Generator[None]:
    """Say of what is wrong with a page that it is the argument."""
    try:
        yield
    except (LookupError, ValueError) as error:
        problem = str(error.args[0]) if error.args else "is not a page that can be paid"
        raise InvalidRequest.of("url", f"cannot be paid: {problem}") from error


@contextmanager
def _fake(options: ClientOptions) -> Generator[Fake]:
    """Open the sandbox of the account; what the block does to it is kept."""
    with options.client() as client:
        fake = client.sandbox
        if fake is None:
            message = f"the account is not in a sandbox, but at {client.provider}"
            raise InvalidRequest(f"{message}: set `sandbox = true`")
        with fake.around():
            yield fake
