"""Rendering: the files of a new plugin, from the templates. Nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import distribution
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from subhub.cli.scaffold.naming import Naming
from subhub.cli.scaffold.template_files import PLACEHOLDER, templates

MODULE: Final = "subhub_NAME"
"""The folder of the package, among the templates."""

UV_SOURCES: Final = """
[tool.uv.sources] # only for work on this machine: delete it before you publish the plugin
subhub-billing = {{ path = {path}{editable} }}
"""


def render(naming: Naming, *, small: bool = False) -> Mapping[str, str]:
    """Return the text of each file, by its path in the plugin's folder; see `templates`."""
    values = {
        "name": naming.name,
        "module": naming.module,
        "class": naming.class_name,
        "title": naming.title,
        "variable": naming.variable,
        "host": naming.host,
        "base_url": naming.base_url,
        "prefix": naming.prefix,
        "source": uv_sources(distribution("subhub-billing").read_text("direct_url.json")),
    }
    return {
        path.replace(MODULE, naming.module): PLACEHOLDER.sub(lambda found: values[found[1]], text)
        for path, text in templates(small=small).items()
    }


def uv_sources(direct_url: str | None) -> str:
    """Return the table of pyproject.toml that says where subhub is; empty if an index has it.

    A subhub that was installed from this machine may not be on any index. A plugin that asked an
    index would then be tested with another subhub, or with none.

    *direct_url* is the record of where an installation came from (PEP 610).
    """
    origin: dict[str, Any] = json.loads(direct_url or "{}")
    parts = urlsplit(str(origin.get("url", "")))
    if parts.scheme != "file":
        return ""
    editable = ", editable = true" if origin.get("dir_info", {}).get("editable") else ""
    path = json.dumps(url2pathname(parts.path), ensure_ascii=False)
    return UV_SOURCES.format(path=path, editable=editable)
