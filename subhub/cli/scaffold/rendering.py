"""Rendering: the files of a new plugin, made from the templates. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from subhub.cli.scaffold.source import source_table
from subhub.cli.scaffold.template_files import PLACE, templates

if TYPE_CHECKING:
    from subhub.cli.scaffold.naming import Naming

MODULE: Final = "subhub_NAME"
"""The folder of the package, among the templates."""


def render(naming: Naming) -> Mapping[str, str]:
    """The text of each file, by its path in the plugin's folder."""
    values = {
        "name": naming.name,
        "module": naming.module,
        "class": naming.class_name,
        "title": naming.title,
        "variable": naming.variable,
        "host": naming.host,
        "base_url": naming.base_url,
        "prefix": naming.prefix,
        "source": source_table(),
    }
    return {
        path.replace(MODULE, naming.module): PLACE.sub(lambda place: values[place[1]], text)
        for path, text in templates().items()
    }
