"""`uv run docs build` and `uv run docs serve`.

The site generator is large, so that a checkout does not have it until it is needed: without it, the
program starts itself again in an environment of uv's that has it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from subhub_docs import links
from subhub_docs.staging import Stage

ROOT: Final = Path(__file__).resolve().parents[3]
ENVIRONMENT: Final = ROOT / "build" / "docs-environment"
ZENSICAL: Final = (sys.executable, "-m", "zensical")
_COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")
_AGAIN: Final = "SUBHUB_DOCS_AGAIN"
POLL: Final = 0.5  # seconds between looks at the sources


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="docs", description="The documentation of subhub.")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build the site, and check every link")
    _ = build.add_argument("--out", type=Path, default=ROOT / "build" / "docs", metavar="FOLDER")
    serve = commands.add_parser("serve", help="build the site, and serve it while you write")
    _ = serve.add_argument("--out", type=Path, default=ROOT / "build" / "docs", metavar="FOLDER")
    _ = serve.add_argument("--port", type=int, default=8000)
    given = sys.argv[1:] if arguments is None else arguments
    chosen = parser.parse_args(given)
    if find_spec("zensical") is None:
        return _again(given)
    stage = Stage(ROOT, chosen.out.resolve())
    return _build(stage) if chosen.command == "build" else _serve(stage, chosen.port)


def _again(arguments: list[str]) -> int:  # noqa: RET503 - this process becomes the other one
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None or os.environ.get(_AGAIN):
        return _failed(["the site needs zensical: pip install uv, then `uv run docs ...`"])
    command = [uv, "run", "--quiet", "--project", str(ROOT), "--only-group", "docs", "docs"]
    environment = os.environ | {_AGAIN: "1", "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)}
    _ = environment.pop("VIRTUAL_ENV", None)
    os.execvpe(uv, [*command, *arguments], environment)  # noqa: S606 - it is ours, without a shell


def _build(stage: Stage) -> int:
    begun = time.monotonic()
    if problems := stage.write():
        return _failed(problems)
    shutil.rmtree(stage.site, ignore_errors=True)
    command = [*ZENSICAL, "build", "--strict", "-f", stage.settings]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:  # it ends with a traceback, which says no more than the lines above it
        return _failed([_COLOURS.sub("", ran.stdout + ran.stderr.partition("Traceback")[0])])
    if problems := links.dead(stage.site):
        return _failed(problems)
    count = len(list(stage.site.rglob("*.html")))
    print(f"{count} pages in {time.monotonic() - begun:.1f} s, no dead link: {stage.site}")
    return 0


def _serve(stage: Stage, port: int) -> int:
    _ = _failed(stage.write())
    command = [*ZENSICAL, "serve", "-f", stage.settings, "-a", f"127.0.0.1:{port}"]
    with subprocess.Popen(command) as server:
        try:
            while server.poll() is None:
                time.sleep(POLL)
                if stage.is_stale():
                    _ = _failed(stage.write())
        except KeyboardInterrupt:
            server.terminate()
    return 0


def _failed(problems: list[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0
