"""The sandbox as a server: providers' fakes on a port, with their hosted pages and a dashboard.

It needs the extra `sandbox`. Nothing outside of this package and its command imports it.
"""

from subhub.sandbox.server.accounts import Sandbox, ServedAccount
from subhub.sandbox.server.application import Application
from subhub.sandbox.server.program import listen, origin_of, run, serving
from subhub.sandbox.server.state_file import StateFile

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
