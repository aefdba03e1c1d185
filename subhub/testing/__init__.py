"""The test kit of plugin authors and applications.

Every name is imported when it is first used: pytest imports this package at each start, for its
plugin, in projects whose tests may not use it at all.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subhub.testing.cassettes.format import CassetteMismatch
    from subhub.testing.cassettes.replaying import replay
    from subhub.testing.contract import ProviderContract
    from subhub.testing.flow_runner import Played, play, reply
    from subhub.testing.network import NetworkBlocked
    from subhub.testing.openapi import Document
    from subhub.testing.sandboxes import Sandbox, sandbox
    from subhub.testing.session import CassetteSession, OpenCassette
    from subhub.testing.stubs import Scripted, scripted
else:  # a checker that saw this would accept any name

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        from importlib import import_module  # noqa: PLC0415 - as in `subhub`

        found: object = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = found
        return found


# No module of this package may have the name of an export: importing it would replace the export.
_EXPORTS = {
    "subhub.testing.cassettes.format": ("CassetteMismatch",),
    "subhub.testing.cassettes.replaying": ("replay",),
    "subhub.testing.contract": ("ProviderContract",),
    "subhub.testing.flow_runner": ("Played", "play", "reply"),
    "subhub.testing.network": ("NetworkBlocked",),
    "subhub.testing.openapi": ("Document",),
    "subhub.testing.sandboxes": ("Sandbox", "sandbox"),
    "subhub.testing.session": ("CassetteSession", "OpenCassette"),
    "subhub.testing.stubs": ("Scripted", "scripted"),
}
_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = [
    "CassetteMismatch",
    "CassetteSession",
    "Document",
    "NetworkBlocked",
    "OpenCassette",
    "Played",
    "ProviderContract",
    "Sandbox",
    "Scripted",
    "play",
    "replay",
    "reply",
    "sandbox",
    "scripted",
]
