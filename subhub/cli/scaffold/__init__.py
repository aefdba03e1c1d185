"""The scaffold: a provider plugin to begin with, green and about a provider that does not exist.

Nothing here is needed to run a plugin, and no plugin imports it.
"""

from subhub.cli.scaffold.naming import Naming
from subhub.cli.scaffold.project import write_project
from subhub.cli.scaffold.rendering import render

__all__ = ["Naming", "render", "write_project"]
