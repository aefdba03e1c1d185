"""Naming: what the parts of a new plugin are called, and which names cannot be.

A name is checked against what is installed here, not against any package index.
"""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from typing import Final, Self
from urllib.parse import urlsplit

from subhub.cli.scaffold.template_files import identifiers
from subhub.errors import InvalidRequest
from subhub.plugin import registry

LONGEST: Final = 30
"""How many letters a name may have, so that the lines it stands in stay readable."""
FORM: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
ADDRESS: Final = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Naming:
    """The name of a provider, the address of its API, and what follows from the two."""

    name: str
    base_url: str

    @classmethod
    def checked(cls, name: str, base_url: str | None = None) -> Self:
        """The naming of a new plugin; without an address, its provider's is made up.

        A name that cannot be a plugin's, or an address that is none, is `InvalidRequest`.
        """
        _check_form(name)
        stand_in = f"https://api.{name.replace('_', '-')}.example/v1"
        naming = cls(name, _address(stand_in if base_url is None else base_url))
        _check_python(naming)
        _check_free(naming)
        return naming

    @property
    def distribution(self) -> str:
        """What is published, and the folder that it is in."""
        return f"subhub-{self.name}"

    @property
    def module(self) -> str:
        """The package that is imported."""
        return f"subhub_{self.name.replace('-', '_')}"

    @property
    def class_name(self) -> str:
        """The class of the provider."""
        return "".join(part.capitalize() for part in self._parts)

    @property
    def title(self) -> str:
        """The provider's name in a sentence."""
        return " ".join(part.capitalize() for part in self._parts)

    @property
    def variable(self) -> str:
        """The environment variable that holds a key."""
        return f"{'_'.join(self._parts).upper()}_API_KEY"

    @property
    def host(self) -> str:
        """The middle of the made-up hosts."""
        return "-".join(self._parts)

    @property
    def prefix(self) -> str:
        """The path of the address, which all paths of the API are below."""
        return urlsplit(self.base_url).path

    @property
    def _parts(self) -> list[str]:
        return re.split(r"[-_]", self.name)


def _check_form(name: str) -> None:
    if not FORM.fullmatch(name):
        problem = (
            f"{name!r} is no name for a provider: begin with a lower-case letter, and go on with "
            "lower-case letters and digits, in words joined by - or _, as north-pay"
        )
        raise InvalidRequest.of("name", problem)
    if len(name) > LONGEST:
        problem = f"{name!r} has {len(name)} letters: choose one of {LONGEST} at the most"
        raise InvalidRequest.of("name", problem)


def _check_python(naming: Naming) -> None:
    """The name becomes that of a class, in modules that have names of their own."""
    made = naming.class_name
    if keyword.iskeyword(naming.name) or keyword.iskeyword(made) or hasattr(builtins, made):
        problem = f"{naming.name!r} or {made!r} is a word of Python's"
    elif made.startswith("Test"):
        problem = f"pytest would take the class {made!r} for tests"
    elif {made, f"{made}Fake"} & identifiers():
        problem = f"the plugin has another use for the class name {made!r}"
    else:
        return
    raise InvalidRequest.of("name", f"{problem}: choose another, as my-{naming.name}")


def _check_free(naming: Naming) -> None:
    taken = [each for each in registry.names() if _same(each, naming.name)]
    if taken:
        problem = f"the provider {taken[0]!r} is installed already: choose another name"
        raise InvalidRequest.of("name", problem)
    if _is_installed(naming.distribution):
        problem = f"a package {naming.distribution!r} is installed already: choose another name"
        raise InvalidRequest.of("name", problem)
    if find_spec(naming.module) is not None:
        problem = f"a module {naming.module!r} can be imported already: choose another name"
        raise InvalidRequest.of("name", problem)


def _is_installed(name: str) -> bool:
    try:
        _ = distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _same(one: str, other: str) -> bool:
    """Installers take a hyphen for an underscore, and so does whoever types a name."""
    return one.replace("-", "_").lower() == other.replace("-", "_")


def _address(base_url: str) -> str:
    address = base_url.rstrip("/")
    if not ADDRESS.fullmatch(address):
        problem = (
            f"{base_url!r} is no address of an API: write https://, the host and at most a path, "
            "as https://api.example.com/v1"
        )
        raise InvalidRequest.of("base_url", problem)
    return address
