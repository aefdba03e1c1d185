"""The command line: `subhub`.

Importing this package loads neither typer nor rich, which come with the extra `cli`.
"""

from __future__ import annotations

import sys

USAGE = 2
INTERRUPTED = 130


def main() -> None:
    """Run the command line; this is the program `subhub`."""
    try:
        from subhub.cli.app import app  # noqa: PLC0415 - its needs are an extra

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
