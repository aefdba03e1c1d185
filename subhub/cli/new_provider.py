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
    small: Annotated[
        bool, typer.Option("--small", help="Three operations and their sandbox, in one file.")
    ] = False,
    output: Output,
) -> None:
    """Create the project of a new provider plugin.

    It is a package of its own, subhub-NAME: its tests pass, and its provider is invented. Edit it
    step by step, and publish it. An existing folder is never replaced.
    """
    naming = Naming.checked(name, base_url)
    project = write_project(naming, directory, small=small)
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
    file = "__init__" if small else "provider"
    for line in (
        f"cd {shlex.quote(str(project))}",
        "pip install uv && uv run pytest",
        *(() if small else ("uv run pytest --record-sandbox",)),
        f"$EDITOR {naming.module}/{file}.py",
    ):
        write(line)
    recording = (
        "" if small else "--record-sandbox records the cassette, which no test replays until then; "
    )
    output.note(
        f"{recording}README.md says what to edit first; the tutorial is {TUTORIAL} of subhub"
    )
