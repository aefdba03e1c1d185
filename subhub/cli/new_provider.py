"""`subhub new-provider`: a plugin for another provider, to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from subhub.cli.output import Output
from subhub.cli.scaffold import Naming, write_project

TUTORIAL: Final = "docs/adding-a-provider.md"


def new_provider(
    *,
    name: Annotated[str, typer.Argument(help="The provider's name, in lower case: north-pay.")],
    directory: Annotated[
        Path, typer.Option(help="The folder to make subhub-NAME in; else this one.")
    ] = Path(),
    base_url: Annotated[
        str | None, typer.Option(help="The address of the provider's API; else one is made up.")
    ] = None,
    output: Output,
) -> None:
    """Write a provider plugin to begin with: its tests are green, and its provider is made up.

    It becomes a package of its own, subhub-NAME, ready to be edited and published. Nothing that is
    there already is replaced.
    """
    naming = Naming.checked(name, base_url)
    project = write_project(naming, directory)
    if output.as_json:
        files = sorted(each for each in project.rglob("*") if each.is_file())
        output.data(
            {
                "path": str(project),
                "provider": naming.name,
                "package": naming.distribution,
                "module": naming.module,
                "class": naming.class_name,
                "base_url": naming.base_url,
                "files": [each.relative_to(project).as_posix() for each in files],
            }
        )
        return
    output.note(f"{project} is written, with a recording of its sandbox; next:")
    for line in (
        f"cd {shlex.quote(str(project))}",
        "pip install uv && uv run pytest",
        f"$EDITOR {naming.module}/provider.py",
    ):
        typer.echo(line)
    output.note(f"its README says what to edit first; the tutorial is {TUTORIAL} of subhub")
