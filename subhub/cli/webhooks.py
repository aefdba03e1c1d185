"""`subhub webhooks`: which calls a provider makes, and to which address.

A provider's plugin has for it the extensions `create_webhook(url, event)`, `list_webhooks(cursor)`
and `delete_webhook(webhook_id)`, as far as the provider documents them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol

import typer

import subhub
from subhub.cli.command import command
from subhub.cli.options import ClientOptions
from subhub.cli.output import write
from subhub.cli.webhook_tools import TOOLS
from subhub.client.validation import web_address
from subhub.errors import InvalidRequest, Unsupported
from subhub.plugin.operations import WEBHOOKS
from subhub.plugin.registry import load
from subhub.webhooks import Webhooks

app = typer.Typer(help="Webhooks: which calls the provider makes, and to which address.")

for _name, _tool in TOOLS.items():
    _ = command(app, _name)(_tool)

COLUMNS: Final = ("id", "event", "url", "secret")


class Registered(Protocol):
    """What is read of a record of any provider; the plugin has a model of its own."""

    id: str
    event: str | None
    url: str | None
    secret: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A record of the provider, and whether `webhook_secrets` has its secret."""

    record: Registered
    configured: bool
    created: bool = False

    def data(self) -> dict[str, object]:
        """Return it for scripts, without the secret."""
        record = self.record
        return {
            "id": record.id,
            "event": record.event,
            "url": record.url,
            "created": self.created,
            "configured": self.configured,
        }


@command(app, "register")
def register(
    *,
    url: Annotated[str, typer.Argument(metavar="URL", help="The address to call, https://...")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="A type of event, in the provider's words. Repeatable."),
    ] = None,
    options: ClientOptions,
) -> None:
    """Have the provider call an address, and print the secrets that `webhook_secrets` lacks.

    A record that is there already is used as it is, so that the command can be repeated. Where a
    call does not say its type of event, each type has an address of its own below URL.
    """
    with options.client() as client:
        declared, create = _declared(client), _extension(client, "create_webhook")
        wanted = _wanted(web_address("url", url), event or (), declared)
        known = {(record.url, record.event): record for record in _records(client)}
        found: list[Listed] = []
        for place, name in wanted:
            record = known.get((place, name))
            created = record is None
            if record is None:
                record = client.call(create, place, name)
            configured = record.secret in client.webhooks.secrets
            found.append(Listed(record, configured, created))
            _report(found[-1], options)  # at once: what comes later may fail
        if options.as_json:
            secrets = [one.record.secret for one in found if not one.configured]
            options.data({"records": [one.data() for one in found], "webhook_secrets": secrets})


@command(app, "list")
def list_records(*, options: ClientOptions) -> None:
    """List what is registered, without the secrets."""
    with options.client() as client:
        secrets = client.webhooks.secrets
        found = [Listed(record, record.secret in secrets) for record in _records(client)]
        if options.as_json:
            options.data([one.data() for one in found])
        elif found:
            options.table(COLUMNS, (_row(one) for one in found))
        else:
            options.note("no webhooks")


@command(app, "remove")
def remove(
    *,
    webhook: Annotated[str, typer.Argument(metavar="ID", help="The id of a record.")],
    options: ClientOptions,
) -> None:
    """Have the provider call an address no more."""
    with options.client() as client:
        _ = _declared(client)
        _ = client.call(_extension(client, "delete_webhook"), webhook)
        options.note(f"{webhook} is removed; take its secret out of `webhook_secrets`")


def _declared(client: subhub.Client) -> Webhooks:
    client.capabilities.require(WEBHOOKS)
    return client.webhooks.webhooks


def _extension(client: subhub.Client, name: str) -> Callable[..., Any]:
    """Return an extension of the provider; say what to do where it has none."""
    provider = load(client.provider)
    found: Callable[..., Any] | None = getattr(provider, name, None)
    if found is not None:
        return found
    hint = provider.webhooks.registering if provider.webhooks else ""
    reason = "the plugin knows no request of the provider for it"
    instead = hint or f"do it in the dashboard of {provider.name}"
    raise Unsupported(
        f"{provider.name} has no `{name}`: {reason}; instead: {instead}",
        operation=name,
        reason=reason,
        alternative=instead,
        kind="provider",
    )


def _records(client: subhub.Client) -> Iterator[Registered]:
    _ = _declared(client)
    yield from client.walk(_extension(client, "list_webhooks"))


def _wanted(url: str, events: Sequence[str], declared: Webhooks) -> list[tuple[str, str]]:
    """Return address and type of each record; a type that is not known is refused unsent."""
    known = [*declared.events]
    if not events:
        raise InvalidRequest.of("event", f"must be one or several of {', '.join(known)}")
    for name in events:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise InvalidRequest.of("event", f"must be a type of event, got {name!r}: {hint}")
    below = url.rstrip("/")
    return [
        (f"{below}/{name}" if declared.typed_by_path else url, name)
        for name in dict.fromkeys(events)
    ]


def _report(found: Listed, options: ClientOptions) -> None:
    if options.as_json:
        return
    record = found.record
    done = "registered" if found.created else "is registered already"
    write(f"{record.event}: {record.url} {done} ({record.id})")
    if not found.configured and record.secret:
        write(f"  add to `webhook_secrets`: {record.secret}")


def _row(found: Listed) -> tuple[object, ...]:
    record = found.record
    known = "in `webhook_secrets`" if found.configured else "not in `webhook_secrets`"
    return (record.id, record.event, record.url, known)
