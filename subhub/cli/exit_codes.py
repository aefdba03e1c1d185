"""Exit codes of the program `subhub`, and the text that explains them in `subhub --help`.

Nothing is imported: `typing`, for `Final`, would double the time that `subhub --version` takes.
"""

FAILED = 1
USAGE = 2
UNSUPPORTED = 3
UNKNOWN = 4
INTERRUPTED = 130

MEANINGS = (
    ("0", "success; with --dry-run: the request was printed"),
    ("1", "the provider refused, a check failed, nothing was found, or the output is closed"),
    ("2", "wrong usage, configuration or plugin: nothing was changed"),
    ("3", "the provider cannot do this; the message says what to do instead"),
    ("4", "the outcome is unknown: run `subhub resolve` before you repeat the command"),
    ("130", "stopped with Ctrl-C"),
)
"""Each code, and what it means."""
