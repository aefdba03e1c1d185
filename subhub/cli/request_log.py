"""The request log of `--verbose`: one line on stderr for each request, wait and retry."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from subhub.cli.output import complain, plain


@contextmanager
def logged(*, on: bool) -> Generator[None]:
    """Print the log records of `subhub`, from INFO on, while the block runs, if *on*."""
    if not on:
        yield
        return
    logger, handler = logging.getLogger("subhub"), _Lines()
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates


class _Lines(logging.Handler):
    """Prints each record as a line; keys and bodies are in none of them."""

    def emit(self, record: logging.LogRecord) -> None:
        complain(f"> {plain(self.format(record))}")
