"""The command line: `subhub`.

Importing this package loads neither typer nor rich, which come with the extra `cli`.
"""

from __future__ import annotations

import sys

from subhub._version import __version__
from subhub.cli.exit_codes import FAILED, INTERRUPTED, USAGE

VERSION = f"subhub-billing {__version__}"


def main() -> None:
    """Run the command line; this is the entry point of the program `subhub`."""
    try:
        _run()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:  # while the help or the version is printed
        from subhub.cli.streams import report, unwritable  # noqa: PLC0415 - nearly never needed

        if message := unwritable(error):
            report(f"error: {message}\n")
        raise SystemExit(FAILED) from error


def _run() -> None:
    # before typer is imported, which takes five times as long
    if sys.argv[1:2] in (["--version"], ["-V"]):
        print(VERSION, flush=True)  # noqa: T201 - it does nothing if stdout is closed
        return
    try:
        from subhub.cli.app import app  # noqa: PLC0415 - typer and rich are an extra
        from subhub.cli.streams import escape_what_cannot_be_encoded  # noqa: PLC0415 - as above

        escape_what_cannot_be_encoded()
        app()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"typer", "rich"}:
            raise
        message = f'the command line needs {missing}: pip install "subhub-billing[cli]"'
        _ = sys.stderr.write(f"error: {message}\n")
        raise SystemExit(USAGE) from error
