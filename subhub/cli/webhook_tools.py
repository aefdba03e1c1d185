"""`subhub webhooks send | verify | listen`: try a receiver, and find out why it refuses a call."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.activity import idle
from subhub.cli.command import Command
from subhub.cli.exit_codes import FAILED
from subhub.cli.number_options import LARGEST, Port
from subhub.cli.output import Output, write
from subhub.cli.rendering import plain
from subhub.cli.webhook_diagnosis import explain
from subhub.cli.webhook_listener import Listener, ReceivedCall
from subhub.errors import InvalidRequest, Unsupported, WebhookRefused
from subhub.models import Event
from subhub.plugin.registry import load
from subhub.sandbox.loopback import NotLoopback, WebhookCall, post
from subhub.webhooks import WebhookReader, Webhooks
from subhub.webhooks.headers import Headers

PORT: Final = 8421
ACCEPTED: Final = 204
NO_SECRET: Final = "sandbox"  # noqa: S105 - for a provider that signs nothing
ProviderName = Annotated[str, typer.Option(help="The provider whose calls they are.")]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        help="A secret of the webhook. Repeatable. Better in the environment: others can see the "
        "options of a command.",
        envvar="SUBHUB_WEBHOOK_SECRET",
    ),
]


def send(
    *,
    url: Annotated[str, typer.Argument(help="The URL of your receiver, on this machine.")],
    provider: ProviderName,
    secret: Secrets = None,
    body: Annotated[str, typer.Option(help="The body; @FILE reads it from a file.")] = "{}",
    age: Annotated[
        float,
        typer.Option(
            min=-LARGEST,
            max=LARGEST,
            help="Sign as if so many seconds ago, to see an old call refused.",
        ),
    ] = 0,
    copies: Annotated[int, typer.Option(min=1, max=1000, help="How often it is sent.")] = 1,
    output: Output,
) -> None:
    """Send a signed call to your receiver, as the provider would.

    The command fails unless every copy is answered with a 2xx.
    """
    content = _content(body)
    scheme = _webhooks(provider).scheme
    at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age)
    signed = scheme.sign(content, _secrets(secret, provider)[0], at=at, event_id="evt_subhub_test")
    kind = "application/json" if content[:1] in {b"{", b"["} else _FORM
    call = WebhookCall(url, {"Content-Type": kind, **signed}, content)
    statuses = [_posted(call) for _ in range(copies)]
    if output.as_json:
        output.data({"url": url, "statuses": statuses})
    else:
        for status in statuses:
            write(f"{url} answered {status}")
    if any(not 200 <= status < 300 for status in statuses):  # noqa: PLR2004 - accepted
        raise typer.Exit(FAILED)


def verify(
    *,
    body: Annotated[Path, typer.Argument(help="A file with the body as it arrived; - for stdin.")],
    provider: ProviderName,
    secret: Secrets = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME:VALUE", help="A header. Repeatable.")
    ] = None,
    path: Annotated[str, typer.Option(help="The path of the URL that was called.")] = "/",
    at: Annotated[
        str, typer.Option(help="When it arrived, such as 2026-01-31T12:00:00Z; default: now.")
    ] = "",
    output: Output,
) -> None:
    """Say whether a call is accepted, which events it holds, and if not, why.

    The command fails if the call is refused.
    """
    webhooks, secrets = _webhooks(provider), _secrets(secret, provider)
    now, headers, content = _moment(at), [_header(text) for text in header or ()], _file(body)
    reader = _reader(webhooks, provider, secrets, now)
    try:
        events = reader.read(path, headers, content)
    except WebhookRefused as refused:
        found = explain(webhooks.scheme, Headers.of(headers), content, secrets, now)
        _show_refused(refused, found, headers, output)
        raise typer.Exit(FAILED) from refused
    if output.as_json:
        output.data({"accepted": True, "proof": reader.proof, "events": events})
        return
    write(f"accepted (proof: {reader.proof})")
    for event in events:
        write(_line(event))


def listen(
    *,
    provider: Annotated[str, typer.Option(help="Verify the calls as this provider's.")] = "",
    secret: Secrets = None,
    port: Port = PORT,
    status: Annotated[
        int, typer.Option(min=200, max=599, help="Answer with this; default: as verified.")
    ] = ACCEPTED,
    count: Annotated[int, typer.Option(min=0, help="Stop after so many; 0: on Ctrl-C.")] = 0,
    output: Output,
) -> None:
    """Print the calls that arrive at a port of this machine, and whether they are accepted.

    With --json, each call is one line. Headers are not printed: one may be the secret.
    """
    webhooks = _webhooks(provider) if provider else None
    secrets = _secrets(secret, provider) if provider else []
    received = 0

    def answer(call: ReceivedCall) -> int:
        nonlocal received
        received += 1
        events: list[Event] = []
        refused = None
        if webhooks is not None:
            reader = _reader(webhooks, provider, secrets, dt.datetime.now(dt.UTC))
            try:
                events = reader.read(call.path, call.headers, call.body)
            except WebhookRefused as error:
                refused = error
        _show_call(call, events, refused, output)
        return refused.status if refused is not None and status == ACCEPTED else status

    with Listener(port, answer) as listener, idle():
        output.note(f"listening at {listener.url}   stop with Ctrl-C")
        while not count or received < count:
            listener.handle_request()


TOOLS: Final[Mapping[str, Command]] = {"send": send, "verify": verify, "listen": listen}
"""The commands, by name."""
_FORM: Final = "application/x-www-form-urlencoded"


def _webhooks(provider: str) -> Webhooks:
    found = load(provider).webhooks
    if found is None:
        reason = "no webhooks of it are documented"
        message = f"{provider} makes no calls that could be verified: {reason}"
        raise Unsupported(
            message, operation="webhooks", reason=reason, alternative="", kind="provider"
        )
    return found


def _secrets(secrets: Sequence[str] | None, provider: str) -> list[str]:
    if not secrets and _webhooks(provider).scheme.proof == "refetch":
        return [NO_SECRET]
    if not secrets:
        raise InvalidRequest("`--secret` is required, or the variable SUBHUB_WEBHOOK_SECRET")
    return list(secrets)


def _reader(
    webhooks: Webhooks, provider: str, secrets: Sequence[str], now: dt.datetime
) -> WebhookReader:
    return WebhookReader(
        webhooks, provider=provider, account="", secrets=secrets, clock=lambda: now
    )


def _posted(call: WebhookCall) -> int:
    try:
        return post(call)
    except NotLoopback as error:
        raise InvalidRequest(str(error)) from error
    except OSError as error:
        message = f"nothing answers at {call.url}: {error}"
        raise InvalidRequest(message) from error


def _content(body: str) -> bytes:
    return _file(Path(body[1:])) if body.startswith("@") else body.encode()


def _file(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"cannot read {path}: {error.strerror}") from error


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (colon and name.strip()):
        # its value may be the secret
        raise InvalidRequest("invalid `--header`: expected NAME:VALUE")
    return name.strip(), value.strip()


def _moment(at: str) -> dt.datetime:
    if not at:
        return dt.datetime.now(dt.UTC)
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"invalid `--at` {at!r}: expected for example 2026-01-31T12:00:00Z"
        raise InvalidRequest(message)
    return moment


def _show_refused(
    refused: WebhookRefused, found: list[str], headers: list[tuple[str, str]], output: Output
) -> None:
    if not found and "is missing" in refused.reason:
        names = ", ".join(name for name, _ in headers) or "none"
        found = [f"the headers given are: {names}. A proxy may drop those that it does not know"]
    if output.as_json:
        refusal = {"accepted": False, "status": refused.status, "reason": refused.reason}
        output.data({**refusal, "found": found})
        return
    write(f"refused with {refused.status}: {refused.reason}")
    for text in found:
        write(f"found: {text}")


def _show_call(
    call: ReceivedCall, events: list[Event], refused: WebhookRefused | None, output: Output
) -> None:
    body = str(plain(call.body.decode("utf-8", "replace")))
    if output.as_json:
        reason = None if refused is None else refused.reason
        line = {"path": call.path, "refused": reason, "body": body}
        output.line({**line, "events": [event.model_dump(mode="json") for event in events]})
        return
    write(str(plain(f"POST {call.path}")))
    for event in events:
        write(f"  accepted: {_line(event)}")
    if refused is not None:
        write(f"  refused with {refused.status}: {refused.reason}")
    write(f"  {body}")


def _line(event: Event) -> str:
    parts = (event.about, event.change, event.object_id or "", event.key)
    return str(plain(" ".join(filter(None, parts))))
