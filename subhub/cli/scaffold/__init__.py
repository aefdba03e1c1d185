"""The scaffold of a provider plugin: a project whose tests pass, for an invented provider.

Nothing here is needed to run a plugin, and no plugin imports it.
"""

from subhub.cli.scaffold.naming import Naming
from subhub.cli.scaffold.project import write_project
from subhub.cli.scaffold.rendering import render

__all__ = ["Naming", "render", "write_project"]
