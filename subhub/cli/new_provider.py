"""`subhub new-provider`: the project of a new provider plugin."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.output import Output, write
from subhub.cli.scaffold import Naming, write_project

TUTORIAL: Final = "docs/adding-a-provider.md"


def new_provider(
    *,
    name: Annotated[str, typer.Argument(help="The provider's name, in lower case: north-pay.")],
    directory: Annotated[
        Path, typer.Option(help="The folder to create subhub-NAME in; default: this one.")
    ] = Path(),
    base_url: Annotated[
        str | None, typer.Option(help="The address of the provider's API; default: invented.")
    ] = None,
    output: Output,
) -> None:
    """Create the project of a new provider plugin.

    It is a package of its own, subhub-NAME: its tests pass, and its provider is invented. Edit it
    step by step, and publish it. An existing folder is never replaced.
    """
    naming = Naming.checked(name, base_url)
    project = write_project(naming, directory)
    if output.as_json:
        files = sorted(path for path in project.rglob("*") if path.is_file())
        output.data(
            {
                "path": str(project),
                "provider": naming.name,
                "package": naming.distribution,
                "module": naming.module,
                "class": naming.class_name,
                "base_url": naming.base_url,
                "files": [path.relative_to(project).as_posix() for path in files],
            }
        )
        return
    output.note(f"created {project}; next:")
    for line in (
        f"cd {shlex.quote(str(project))}",
        "pip install uv && uv run pytest",
        "uv run pytest --record-sandbox",
        f"$EDITOR {naming.module}/provider.py",
    ):
        write(line)
    output.note(
        f"--record-sandbox records the cassette, which no test replays until then; README.md says "
        f"what to edit first; the tutorial is {TUTORIAL} of subhub"
    )
