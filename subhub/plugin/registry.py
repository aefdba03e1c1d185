"""The registry: provider plugins, found through entry points and imported only when named."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from subhub.errors import PluginError
from subhub.plugin.provider import API_VERSION, Provider

GROUP: Final = "subhub.providers"
ACCEPTED: Final = range(max(1, API_VERSION - 1), API_VERSION + 1)


@dataclass(frozen=True, slots=True)
class Installed:
    """One installed plugin; `problem` says why it cannot be used, if it cannot."""

    name: str
    distribution: str
    version: str
    provider: type[Provider] | None = None
    problem: str = ""


@cache
def load(name: str) -> type[Provider]:
    """Load the provider class called *name*; only that plugin is imported."""
    entries = _by_name().get(name, [])
    if not entries:
        raise _missing(name)
    if len(entries) > 1:
        homes = " and ".join(sorted(_home(entry)[0] for entry in entries))
        message = f"two distributions offer the provider {name!r}: {homes}; uninstall one of them"
        raise PluginError(message)
    try:
        found: object = _driver(name, entries)
    except (Exception, SystemExit) as error:  # a plugin may fail to import in any way
        message = f"the plugin of {name!r} cannot be imported: {type(error).__name__}: {error}"
        raise PluginError(message) from error
    return _checked(name, found)


def provider_class(provider: str | type[Provider]) -> type[Provider]:
    """Return the class of a provider that is given by name, or as the class itself."""
    if isinstance(provider, str):
        return load(provider)
    return _checked(getattr(provider, "name", ""), provider)


def installed() -> list[Installed]:
    """Import all installed plugins, one at a time, and return them, working or not."""
    return [_inspect(name, entries) for name, entries in sorted(_by_name().items())]


def names() -> list[str]:
    """Return the names of the installed plugins, without importing them."""
    return sorted(_by_name())


def distribution_of(name: str) -> tuple[str, str]:
    """Return the name and version of the distribution that offers the provider *name*."""
    entries = _by_name().get(name, [])
    if not entries:
        raise _missing(name)
    return _home(entries[0])


def _inspect(name: str, entries: list[EntryPoint]) -> Installed:
    distribution, version = _home(entries[0])
    try:
        return Installed(name, distribution, version, provider=load(name))
    except PluginError as error:
        return Installed(name, distribution, version, problem=str(error))


def _checked(name: str, found: object) -> type[Provider]:
    if not (isinstance(found, type) and issubclass(found, Provider)):
        message = f"the plugin of {name!r} offers {found!r}, which is not a subclass of Provider"
        raise PluginError(message)
    if found.api_version not in ACCEPTED:
        accepted = " and ".join(str(version) for version in ACCEPTED)
        message = (
            f"the plugin of {name!r} speaks version {found.api_version} of the plugin interface, "
            f"and this subhub speaks {accepted}: update the older of the two"
        )
        raise PluginError(message)
    if getattr(found, "name", None) != name:
        message = f"the plugin of {name!r} calls itself {getattr(found, 'name', None)!r}"
        raise PluginError(message)
    return found


def _missing(name: str) -> PluginError:
    there = names()
    close = difflib.get_close_matches(name, there, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"install it: pip install subhub-{name}"
    known = ", ".join(there) or "none"
    return PluginError(f"no plugin for the provider {name!r} (installed: {known}); {hint}")


def _driver(name: str, entries: list[EntryPoint]) -> object:
    """Load what the plugin *name*, one of *entries*, offers.

    Stevedore's own cache of entry points is left out. It takes file times in steps of 128 seconds,
    so that a plugin that was just installed or renamed is not found, or found under its old name.
    """
    from stevedore.driver import DriverManager  # noqa: PLC0415 - a class given as such needs none

    class Plugin(DriverManager[Provider]):
        def list_entry_points(self) -> list[EntryPoint]:
            return entries

    return Plugin(GROUP, name).driver


def _by_name() -> Mapping[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in _entry_points():
        found.setdefault(entry.name, []).append(entry)
    return found


def _entry_points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _home(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("unknown", "unknown")
