"""The sandbox as a server: providers' fakes on a port, with their hosted pages and a dashboard.

It needs the extra `sandbox`. Nothing outside of this package and its command imports it.
"""

from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.application import Application
from subhub.server.program import listen, origin_of, run, serving
from subhub.server.state_file import StateFile

__all__ = [
    "Application",
    "Sandbox",
    "ServedAccount",
    "StateFile",
    "listen",
    "origin_of",
    "run",
    "serving",
]
