"""The sandbox as a server: fakes on a port, with their checkout pages and a dashboard.

It needs the extra `sandbox`. Only the command `subhub sandbox serve` imports it.
"""

from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.application import Application
from subhub.server.program import is_exposed, listen, origin_of, run, serving
from subhub.server.state_file import StateFile

__all__ = [
    "Application",
    "Sandbox",
    "ServedAccount",
    "StateFile",
    "is_exposed",
    "listen",
    "origin_of",
    "run",
    "serving",
]
