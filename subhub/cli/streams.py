"""Streams: stdout and stderr that lack characters, are closed or full.

It imports as little as `subhub --version` may.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from io import TextIOWrapper


def escape_what_cannot_be_encoded() -> None:
    """Print characters by their numbers that the output's encoding lacks, as that of `LANG=C`.

    A name in the result of a change must not end the program before the id is printed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # `None`, if it is closed
            stream.reconfigure(errors="backslashreplace")


def require_stdout() -> None:
    """Raise `OSError` if stdout was closed from the beginning: printing would do nothing."""
    if not sys.stdout:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def abandon_stdout() -> None:
    """Send what is still buffered nowhere: Python would fail to write it once more at its end."""
    with suppress(OSError, AttributeError):  # closed, or not a file of the system
        descriptor = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        _ = os.dup2(nowhere, descriptor)
        os.close(nowhere)


def unwritable(error: OSError) -> str:
    """Return the message for an error that no command has reported; nothing if a reader is gone."""
    abandon_stdout()
    if error.errno == errno.EPIPE:  # one that has read enough, such as `head`
        return ""
    place = "" if error.filename is None else f" {error.filename}"
    return f"cannot write the output or a file{place}: {error.strerror or error}"


def report(text: str) -> None:
    """Write *text* to stderr, where that can be written."""
    with suppress(OSError, AttributeError):  # full, or closed
        _ = sys.stderr.write(text)
