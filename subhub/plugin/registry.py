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
    """An installed plugin; `problem` says why it cannot be used, if it cannot."""

    name: str
    distribution: str
    version: str
    provider: type[Provider] | None = None
    problem: str = ""


@cache
def load(name: str) -> type[Provider]:
    """Return the provider class called *name*. Only that plugin is imported."""
    entries = by_name(GROUP).get(name)
    if not entries:
        raise _not_installed(name)
    return _loaded(name, entries)


def provider_class(provider: str | type[Provider]) -> type[Provider]:
    """Return the class of a provider that is given by name, or as the class itself."""
    if isinstance(provider, str):
        return load(provider)
    return _checked(getattr(provider, "name", ""), provider)


def installed() -> list[Installed]:
    """Return every installed plugin, working or not. This imports them all."""
    return [_inspect(name, entries) for name, entries in sorted(by_name(GROUP).items())]


def names() -> list[str]:
    """Return the names of the installed plugins. This imports none of them."""
    return sorted(by_name(GROUP))


def distribution_of(name: str) -> tuple[str, str]:
    """Return the name and version of the distribution that offers the provider *name*."""
    entries = by_name(GROUP).get(name)
    if not entries:
        raise _not_installed(name)
    return _distribution(entries[0])


def _inspect(name: str, entries: list[EntryPoint]) -> Installed:
    distribution, version = _distribution(entries[0])
    try:
        return Installed(name, distribution, version, provider=_loaded(name, entries))
    except PluginError as error:
        return Installed(name, distribution, version, problem=str(error))


def _loaded(name: str, entries: list[EntryPoint]) -> type[Provider]:
    # which of two is found first depends on the path: a key could go to the wrong one
    if len(entries) > 1:
        distributions = " and ".join(sorted(_distribution(entry)[0] for entry in entries))
        message = f"two distributions offer the provider {name!r}: {distributions}; uninstall one"
        raise PluginError(message)
    try:
        found: object = driver(GROUP, name, entries)
    except (Exception, SystemExit) as error:  # a plugin may fail to import in any way
        message = f"cannot import the plugin of {name!r}: {type(error).__name__}: {error}"
        raise PluginError(message) from error
    return _checked(name, found)


def driver(group: str, name: str, entries: list[EntryPoint]) -> object:
    """Return what the plugin *name* of *group*, one of *entries*, offers.

    Stevedore's own cache of entry points is not used. It rounds file times to 128 seconds, so a
    plugin that was just installed or renamed is not found, or is found under its old name.
    """
    from stevedore.driver import DriverManager  # noqa: PLC0415 - a provider given as class needs none

    class Plugin(DriverManager[object]):
        def list_entry_points(self) -> list[EntryPoint]:
            return entries

    return Plugin(group, name).driver


def _checked(name: str, found: object) -> type[Provider]:
    if not (isinstance(found, type) and issubclass(found, Provider)):
        message = f"the plugin of {name!r} offers {found!r}, which is not a subclass of Provider"
        raise PluginError(message)
    if found.api_version not in ACCEPTED:
        accepted = " and ".join(str(version) for version in ACCEPTED)
        message = (
            f"the plugin of {name!r} has version {found.api_version} of the plugin interface, "
            f"and this subhub accepts {accepted}: update the older of the two"
        )
        raise PluginError(message)
    if getattr(found, "name", None) != name:
        message = f"the plugin of {name!r} has the name {getattr(found, 'name', None)!r}"
        raise PluginError(message)
    return found


def _not_installed(name: str) -> PluginError:
    there = names()
    close = difflib.get_close_matches(name, there, n=1)
    # the name of its package is not guessed: another project could have it
    hint = f"did you mean {close[0]!r}?" if close else "check the name, or install its plugin"
    known = ", ".join(there) or "none"
    return PluginError(f"no plugin for the provider {name!r} (installed: {known}); {hint}")


def by_name(group: str) -> Mapping[str, list[EntryPoint]]:
    """Return the entry points, in most environments one for each name.

    This reads the entry points of every installed distribution, which is most of what finding a
    plugin costs. It is not cached, so that a plugin can be installed while the program runs.
    """
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=group):
        found.setdefault(entry.name, []).append(entry)
    return found


def distribution_name(entry: EntryPoint) -> str:
    """Return the name of the distribution that has *entry*."""
    return _distribution(entry)[0]


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("unknown", "unknown")
