"""What plugin authors and applications import in their tests.

Every name is loaded when it is first used: pytest imports this package at each start, for its
plugin, in projects whose tests may never bill anybody.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subhub.testing.contract import ProviderContract
    from subhub.testing.flow_runner import Played, play, reply
    from subhub.testing.sandboxes import Sandbox, sandbox
    from subhub.testing.stubs import Scripted, scripted
else:  # a checker that saw this would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOME_OF:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        from importlib import import_module  # noqa: PLC0415 - as in `subhub`

        found: object = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = found
        return found


# No module of this package is called as a name that it exports: it would take the name's place.
_HOMES = {
    "subhub.testing.contract": ("ProviderContract",),
    "subhub.testing.flow_runner": ("Played", "play", "reply"),
    "subhub.testing.sandboxes": ("Sandbox", "sandbox"),
    "subhub.testing.stubs": ("Scripted", "scripted"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Played",
    "ProviderContract",
    "Sandbox",
    "Scripted",
    "play",
    "reply",
    "sandbox",
    "scripted",
]
