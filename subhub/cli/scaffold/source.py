"""The source: where a new plugin finds subhub while it is developed.

An index has it, unless the subhub that runs here was itself installed from somewhere on this
machine. A plugin that then asked an index would be tested with another subhub, or with none.
"""

from __future__ import annotations

import json
from importlib.metadata import distribution
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

DISTRIBUTION: Final = "subhub-billing"

TABLE: Final = """
[tool.uv.sources] # only for work on this machine: delete it before you publish the plugin
subhub-billing = {{ path = {path}{editable} }}
"""


def source_table() -> str:
    """The table of pyproject.toml that tells uv where subhub is; empty when an index has it."""
    return table_of(distribution(DISTRIBUTION).read_text("direct_url.json"))


def table_of(direct_url: str | None) -> str:
    """The table for an installation with this record of its origin (PEP 610)."""
    origin: dict[str, Any] = json.loads(direct_url or "{}")
    parts = urlsplit(str(origin.get("url", "")))
    if parts.scheme != "file":
        return ""
    editable = ", editable = true" if origin.get("dir_info", {}).get("editable") else ""
    path = json.dumps(url2pathname(parts.path), ensure_ascii=False)
    return TABLE.format(path=path, editable=editable)
