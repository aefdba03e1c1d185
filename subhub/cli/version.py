"""`subhub version`: the version of subhub, and those of the provider plugins."""

from __future__ import annotations

import platform

from subhub._version import __version__
from subhub.cli.output import Output
from subhub.plugin.registry import installed


def version(*, output: Output) -> None:
    """Show the version, and those of the provider plugins.

    A plugin that cannot be used is shown with the cause.
    """
    plugins = installed()
    if output.as_json:
        rows = [
            {
                "provider": plugin.name,
                "package": plugin.distribution,
                "version": plugin.version,
                "problem": plugin.problem or None,
            }
            for plugin in plugins
        ]
        output.data({"subhub": __version__, "python": platform.python_version(), "plugins": rows})
        return
    lines = [("subhub-billing", __version__, f"Python {platform.python_version()}")]
    lines += ((plugin.distribution, plugin.version, plugin.problem) for plugin in plugins)
    output.table(("package", "version", "remark"), lines)
