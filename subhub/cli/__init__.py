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
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end a command that changed something.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
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
