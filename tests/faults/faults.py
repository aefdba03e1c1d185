"""The faults: what happens to the connection of a change, and what can be known of it.

`told` is the error that the program gets, or `None` for success. `commits` says whether the
provider carried the change out. Neither follows from the other: that is the point of the matrix.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from subhub import (
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    SubhubError,
)
from subhub.sandbox import Reply
from tests.faults.server import BreakingServer, Line, Script, answer, head

SHORT: Final = 0.5
"""The timeout where one is waited for, in seconds."""
LONG: Final = 15.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which things go wrong.

    `kept` means that the change goes over a connection that has served before, and `idle` that this
    one breaks before anything is asked on it again. `before` is done to the server while it answers
    for the last time before the change. Where the connection breaks while it is being made, it is a
    matter of luck whether the client got to sending: `race` means that `NotSent` is as good.
    """

    script: Script | None
    told: type[SubhubError] | None
    commits: int = 0
    kept: bool = False
    idle: bool = False
    race: bool = False
    timeout: float = LONG
    attempts: int = 1
    deadline: float | None = 60.0
    before: Callable[[BreakingServer], None] | None = None


def _nothing(_: Line) -> None:
    """Take the connection and close it."""


def _reset_at_once(line: Line) -> None:
    line.reset()


def _half_the_head(line: Line) -> None:
    _ = line.read(40)


def _head_only(line: Line) -> None:
    _ = line.head()
    line.reset()


def _half_the_body(line: Line) -> None:
    _ = line.read(len(line.head().partition(b"\r\n\r\n")[0]) + 4 + 5)


def _closed_before(line: Line) -> None:
    _ = line.request()


def _reset_before(line: Line) -> None:
    _ = line.request()
    line.reset()


def _silent_before(line: Line) -> None:
    _ = line.request()
    line.silence()


def _never_read(line: Line) -> None:
    line.stall()


def _interim_only(line: Line) -> None:
    _ = line.request()
    line.send(head(100))


def _closed_after(line: Line) -> None:
    _ = line.commit()


def _reset_after(line: Line) -> None:
    _ = line.commit()
    line.reset()


def _silent_after(line: Line) -> None:
    _ = line.commit()
    line.silence()


def _late(line: Line) -> None:
    """The provider carries the change out when the client has given up."""
    asked = line.request()
    line.silence()
    _ = line.server.fake.receive(asked)


def _answered(*pieces: bytes) -> Script:
    """The change is carried out, and these bytes are all that comes back."""

    def script(line: Line) -> None:
        _ = line.commit()
        line.send(*pieces)

    return script


def _instead(status: int, *headers: str) -> Script:
    """The change is not carried out, and refused with *status*."""

    def script(line: Line) -> None:
        _ = line.request()
        body = Reply.json(status, {"message": "not now"})
        line.send(answer(body, "Connection: close", *headers))

    return script


def _behind_its_back(status: int, *headers: str) -> Script:
    """The change is carried out, and the status says something else."""

    def script(line: Line) -> None:
        _ = line.commit()
        body = Reply.json(status, {"message": "sorry"})
        line.send(answer(body, "Connection: close", *headers))

    return script


def _cut(line: Line) -> None:
    line.send(answer(line.commit(), promise=90))


def _half_a_document(line: Line) -> None:
    line.send(answer(line.commit())[:-20])


def _stalled(line: Line) -> None:
    line.send(answer(line.commit(), promise=90))
    line.silence()


def _chunked(line: Line) -> None:
    reply = line.commit()
    line.send(head(reply.status, "Transfer-Encoding: chunked"), b"zz\r\n", reply.content)


def _chunks_cut(line: Line) -> None:
    reply = line.commit()
    line.send(head(reply.status, "Transfer-Encoding: chunked"), b"5\r\n", reply.content[:5])


def _not_gzip(line: Line) -> None:
    line.send(answer(line.commit(), "Content-Encoding: gzip", "Connection: close"))


def _half_gzip(line: Line) -> None:
    reply = line.commit()
    packed = gzip.compress(reply.content)
    told = (f"Content-Length: {len(packed) + 9}", "Content-Encoding: gzip")
    line.send(head(reply.status, *told), packed[:-12])


def _not_json(line: Line) -> None:
    line.send(answer(Reply(line.commit().status, b"<html>done</html>"), "Connection: close"))


def _empty(line: Line) -> None:
    line.send(answer(Reply(line.commit().status), "Connection: close"))


def _another_shape(line: Line) -> None:
    line.send(answer(Reply.json(line.commit().status, ["done"]), "Connection: close"))


def _informed(line: Line) -> None:
    """Interim answers, then the answer."""
    line.send(head(100), head(103, "Link: </style.css>"))
    line.send(answer(line.commit(), "Connection: close"))


def _trickled(line: Line) -> None:
    told = answer(line.commit(), "Connection: close")
    for begin in range(0, len(told), 40):
        line.send(told[begin : begin + 40])
        time.sleep(0.002)


def _dies_under_the_request(line: Line) -> None:
    _ = line.read(1)


def _reset_under_the_request(line: Line) -> None:
    _ = line.read(1)
    line.reset()


FAULTS: Final[dict[str, Fault]] = {
    # Nothing was sent.
    "refused": Fault(None, NotSent, before=BreakingServer.refuse),
    "nobody accepts": Fault(None, NotSent, timeout=SHORT, before=BreakingServer.overflow),
    # The connection ends before the provider did anything.
    "closed at once": Fault(_nothing, OutcomeUnknown, race=True),
    "reset at once": Fault(_reset_at_once, OutcomeUnknown, race=True),
    "closed in the head": Fault(_half_the_head, OutcomeUnknown),
    "reset after the head": Fault(_head_only, OutcomeUnknown),
    "closed in the body": Fault(_half_the_body, OutcomeUnknown),
    "closed before the change": Fault(_closed_before, OutcomeUnknown),
    "reset before the change": Fault(_reset_before, OutcomeUnknown),
    "silent before the change": Fault(_silent_before, OutcomeUnknown, timeout=SHORT),
    "never read": Fault(_never_read, OutcomeUnknown, timeout=SHORT),
    "an interim answer only": Fault(_interim_only, OutcomeUnknown),
    # It ends afterwards.
    "closed after the change": Fault(_closed_after, OutcomeUnknown, 1),
    "reset after the change": Fault(_reset_after, OutcomeUnknown, 1),
    "silent after the change": Fault(_silent_after, OutcomeUnknown, 1, timeout=SHORT),
    "changed after the client gave up": Fault(_late, OutcomeUnknown, 1, timeout=SHORT),
    "half a status line": Fault(_answered(b"HTTP/1.1 20"), OutcomeUnknown, 1),
    "a status line only": Fault(_answered(b"HTTP/1.1 201 Created\r\n"), OutcomeUnknown, 1),
    "half the head": Fault(_answered(b"HTTP/1.1 201 Created\r\nContent-Le"), OutcomeUnknown, 1),
    "no HTTP": Fault(_answered(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n"), OutcomeUnknown, 1),
    "an interim answer after the change": Fault(_answered(head(100)), OutcomeUnknown, 1),
    # A success came, and its document did not.
    "body cut": Fault(_cut, InvalidReply, 1),
    "body shorter than promised": Fault(_half_a_document, InvalidReply, 1),
    "body stalls": Fault(_stalled, InvalidReply, 1, timeout=SHORT),
    "chunks that are none": Fault(_chunked, InvalidReply, 1),
    "chunks cut": Fault(_chunks_cut, InvalidReply, 1),
    "no gzip": Fault(_not_gzip, InvalidReply, 1),
    "half a gzip": Fault(_half_gzip, InvalidReply, 1),
    "no JSON": Fault(_not_json, InvalidReply, 1),
    "no body": Fault(_empty, InvalidReply, 1),
    "JSON of another shape": Fault(_another_shape, InvalidReply, 1),
    # Refusals.
    "422": Fault(_instead(422), Rejected),
    "408": Fault(_instead(408), ProviderError),
    "429": Fault(_instead(429), RateLimited),
    "429, then well": Fault(_instead(429, "Retry-After: 0"), None, 1, attempts=2),
    "429 until a date, then well": Fault(
        _instead(
            429,
            "Date: Sat, 21 Nov 2026 09:00:00 GMT",
            "Retry-After: Sat, 21 Nov 2026 09:00:00 GMT",
        ),
        None,
        1,
        attempts=2,
    ),
    "429 beyond the deadline": Fault(
        _instead(
            429,
            "Date: Sat, 21 Nov 2026 09:00:00 GMT",
            "Retry-After: Sat, 21 Nov 2026 09:45:00 GMT",
        ),
        RateLimited,
        attempts=3,
    ),
    "500 before the change": Fault(_instead(500), ProviderUnavailable),
    "502 before the change": Fault(_instead(502), ProviderUnavailable, attempts=3),
    "503 before the change": Fault(
        _instead(503, "Retry-After: 0"), ProviderUnavailable, attempts=3
    ),
    "500 after the change": Fault(_behind_its_back(500), ProviderUnavailable, 1),
    "503 after the change": Fault(
        _behind_its_back(503, "Retry-After: 0"), ProviderUnavailable, 1, attempts=3
    ),
    "504 after the change": Fault(_behind_its_back(504), ProviderUnavailable, 1, attempts=3),
    "303 after the change": Fault(_behind_its_back(303, "Location: /elsewhere"), InvalidReply, 1),
    "307": Fault(_instead(307, "Location: /elsewhere"), InvalidReply),
    # Nothing goes wrong that would matter.
    "interim answers": Fault(_informed, None, 1),
    "slow, but whole": Fault(_trickled, None, 1),
    "kept, closed while idle": Fault(_nothing, None, 1, kept=True, idle=True),
    "kept, reset while idle": Fault(_reset_at_once, None, 1, kept=True, idle=True),
    # A kept connection dies under the request.
    "kept, closed under the request": Fault(_dies_under_the_request, OutcomeUnknown, kept=True),
    "kept, reset under the request": Fault(_reset_under_the_request, OutcomeUnknown, kept=True),
    "kept, closed after the change": Fault(_closed_after, OutcomeUnknown, 1, kept=True),
    "kept, reset after the change": Fault(_reset_after, OutcomeUnknown, 1, kept=True),
}
