"""Provenance of recordings and reports: who answered, and by which API description.

It loads none of the packages of the extra `testing`, so that an installed plugin's report can be
read without them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal

from subhub._version import __version__
from subhub.plugin.registry import distribution_of

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from subhub.plugin.provider import Provider

Source = Literal["sandbox", "live"]
"""The source: a fake written from the provider's documents, or the provider itself."""

DOCUMENT: Final = "openapi.yaml"
"""The API description in a plugin's package."""
NO_DOCUMENT: Final = "none"
"""The fingerprint of a plugin without an API description."""

MADE_UP: Final[Mapping[str, object]] = {
    "version": 1,
    "headers": "only those on the allow-list",
    "keys": "replaced wherever they were repeated",
    "people": "made up by the test, and kept",
    "ids": "as the sandbox made them",
}
"""The scrubbing of a sandbox recording: a test has invented everything in it."""
REAL: Final[Mapping[str, object]] = {
    **MADE_UP,
    "version": 3,
    "people": "replaced, like all text that is not on the allow-list",
    "ids": "replaced, each by the same one everywhere",
}
"""The scrubbing of a provider's recording, which may hold data of real people."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The header of a cassette: its origin, its API description, and what was scrubbed.

    `clock` is the time on the client's clock, which a replay sets again so that it sends the same.
    `scenario` is what was recorded: a test, as pytest names it, or subhub's own main job.
    """

    source: Source
    recorded_on: str
    clock: str
    scenario: str
    provider: str
    plugin: str
    subhub: str
    document: str
    scrubbing: Mapping[str, object]

    @classmethod
    def of(
        cls,
        provider: type[Provider],
        source: Source,
        clock: dt.datetime,
        *,
        scenario: str = "",
        scrubbing: Mapping[str, object] = MADE_UP,
    ) -> Provenance:
        """Return the provenance of a recording made today through the installed plugin.

        Args:
            provider: The provider's class.
            source: Who answers.
            clock: The time on the client's clock.
            scenario: What is recorded.
            scrubbing: The rules by which the recording is scrubbed.
        """
        plugin, version = distribution_of(provider.name)
        return cls(
            source,
            dt.datetime.now(dt.UTC).date().isoformat(),
            clock.isoformat(),
            scenario,
            provider.name,
            f"{plugin} {version}",
            __version__,
            fingerprint(provider),
            scrubbing,
        )


def fingerprint(provider: type[Provider]) -> str:
    """Return the fingerprint of the API description in the plugin's package."""
    content = document_of(provider)
    return NO_DOCUMENT if content is None else "sha256:" + hashlib.sha256(content).hexdigest()


def document_of(provider: type[Provider]) -> bytes | None:
    """Return the API description in the plugin's package, if it has one."""
    found = package_data(provider, DOCUMENT)
    return None if found is None else found.read_bytes()


def package_data(provider: type[Provider], name: str) -> Traversable | None:
    """Return the file *name* in the plugin's package, if there is one."""
    # The top package, wherever in it the class is defined.
    module = sys.modules[provider.__module__.partition(".")[0]]
    if not hasattr(module, "__path__"):
        return None  # a plugin of a single module has no place for files
    found = resources.files(module) / name
    return found if found.is_file() else None
