"""The command line: `subhub`.

Importing this package loads neither typer nor rich, which come with the extra `cli`.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

from subhub._version import __version__
from subhub.cli.exit_codes import INTERRUPTED, USAGE

VERSION = f"subhub-billing {__version__}"


def main() -> None:
    """Run the command line; this is the entry point of the program `subhub`."""
    if sys.argv[1:2] == ["--version"]:  # before typer is imported, which takes five times as long
        _ = sys.stdout.write(f"{VERSION}\n")
        return
    _escape_what_cannot_be_encoded()
    try:
        from subhub.cli.app import app  # noqa: PLC0415 - typer and rich are an extra

        app()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"typer", "rich"}:
            raise
        message = f'the command line needs {missing}: pip install "subhub-billing[cli]"'
        _ = sys.stderr.write(f"error: {message}\n")
        raise SystemExit(USAGE) from error
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _escape_what_cannot_be_encoded() -> None:
    """Print characters by their numbers that the output's encoding lacks, as that of `LANG=C`.

    A name in the result of a change must not end the program before the id is printed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # `None`, if it is closed
            stream.reconfigure(errors="backslashreplace")
