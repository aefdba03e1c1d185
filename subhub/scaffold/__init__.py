"""The scaffold: a provider plugin to begin with, green and about a provider that does not exist.

Nothing here is needed to run a plugin, and no plugin imports it.
"""

from subhub.scaffold.naming import Naming
from subhub.scaffold.project import write_project
from subhub.scaffold.rendering import render

__all__ = ["Naming", "render", "write_project"]
