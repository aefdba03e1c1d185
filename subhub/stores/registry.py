"""The kinds of stores, found through entry points by the scheme of a URL, imported when named."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Final

from subhub.errors import ConfigError
from subhub.plugin.registry import by_name, distribution_name, driver
from subhub.stores.url import StoreURL

if TYPE_CHECKING:
    from subhub.recovery.journal.storage import Database
    from subhub.sending.ratelimit.permits import Permits
    from subhub.sending.ratelimit.stores import PermitStore

GROUP: Final = "subhub.stores"
_OWN: Final = "subhub-billing"


class StoreKind:
    """What an entry point of `subhub.stores` offers: a subclass, with what this kind can keep."""

    @classmethod
    def permits(cls, url: StoreURL, name: str, permits: Permits) -> PermitStore:
        """Return the store of permits; raise `ConfigError` if the URL is wrong.

        Args:
            url: Where it is.
            name: A fingerprint of what the provider counts by.
            permits: How many cells it has, and when it has to begin again.
        """
        del name, permits
        raise _cannot(url, "permits")

    @classmethod
    def database(cls, url: StoreURL) -> Database:
        """Return the database of a journal; raise `ConfigError` if the URL is wrong."""
        raise _cannot(url, "a journal")

    @classmethod
    def reach(cls, url: StoreURL) -> bool:
        """Connect, and change nothing; raise `ConfigError` if that fails.

        Return whether it was tried: a kind of store need not have a way to.
        """
        del url
        return False


class StorePlace(StoreURL):
    """Where a store is, for the setting *name*: a URL, and what is found there."""

    __slots__ = ()

    def check(self) -> None:
        """Raise `ConfigError` if no such store is installed for the setting; connect nothing."""
        kind = load(self)
        if self.setting == "journal":
            _ = kind.database(self)

    def reach(self) -> bool:
        """Connect to the store, and create nothing there; see `StoreKind.reach`."""
        return load(self).reach(self)

    def permits(self, name: str, permits: Permits) -> PermitStore:
        """Return the store of the permits that *name* identifies; nothing is connected yet."""
        return load(self).permits(self, name, permits)

    def database(self) -> Database:
        """Return the database of a journal; nothing is connected yet."""
        return load(self).database(self)


def load(url: StoreURL) -> type[StoreKind]:
    """Return the kind of store that *url* names. Only that one is imported."""
    found = by_name(GROUP)
    entries = found.get(url.scheme)
    if not entries:
        known = ", ".join(f"{scheme}://" for scheme in sorted(found)) or "none"
        raise ConfigError(
            f"`{url.setting}` begins with {url.scheme}://, and no such store is installed "
            f"(installed: {known}). Write one of these, or a path"
        )
    if len(entries) > 1:
        names = " and ".join(sorted(distribution_name(entry) for entry in entries))
        raise ConfigError(
            f"two distributions offer the store {url.scheme}://: {names}; uninstall one"
        )
    try:
        kind: object = driver(GROUP, url.scheme, entries)
    except Exception as error:  # it may fail to import in any way
        raise _not_importable(url, entries[0], error) from error
    if not (isinstance(kind, type) and issubclass(kind, StoreKind)):
        raise ConfigError(f"the store {url.scheme}:// offers {kind!r}, which is not a StoreKind")
    return kind


def _not_importable(url: StoreURL, entry: EntryPoint, error: Exception) -> ConfigError:
    distribution = distribution_name(entry)
    if distribution == _OWN and isinstance(error, ImportError):
        extra = entry.module.rpartition(".")[2]
        return ConfigError(
            f"`{url.setting}` is a {url.scheme}:// URL, which needs the extra {extra!r}: "
            f"pip install '{_OWN}[{extra}]'"
        )
    problem = f"{type(error).__name__}: {error}"
    return ConfigError(f"the store {url.scheme}:// of {distribution} cannot be imported: {problem}")


def _cannot(url: StoreURL, what: str) -> ConfigError:
    return ConfigError(f"`{url.setting}`: a {url.scheme}:// store cannot keep {what}")
