"""Naming: what the parts of a new plugin are called, and which names are refused.

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
"""The maximum length of a name, so that the lines which contain it stay readable."""
FORM: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
ADDRESS: Final = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Naming:
    """The name of a provider, the address of its API, and what follows from the two."""

    name: str
    base_url: str

    @classmethod
    def checked(cls, name: str, base_url: str | None = None) -> Self:
        """Return the naming of a new plugin; without an address, its provider's is invented.

        Raises `InvalidRequest` for a name that a plugin cannot have, or an invalid address.
        """
        _check_form(name)
        placeholder = f"https://api.{name.replace('_', '-')}.example/v1"
        naming = cls(name, _address(placeholder if base_url is None else base_url))
        _check_python(naming)
        _check_free(naming)
        return naming

    @property
    def distribution(self) -> str:
        """The name of the distribution and of its folder."""
        return f"subhub-{self.name}"

    @property
    def module(self) -> str:
        """The package that is imported."""
        return f"subhub_{self.name.replace('-', '_')}"

    @property
    def class_name(self) -> str:
        """The provider's class."""
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
        """The middle of the invented hosts."""
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
            f"invalid provider name {name!r}: expected words of lower-case letters and digits, "
            "joined by - or _, for example north-pay"
        )
        raise InvalidRequest.of("name", problem)
    if len(name) > LONGEST:
        problem = f"must have at most {LONGEST} characters, got {len(name)}"
        raise InvalidRequest.of("name", problem)


def _check_python(naming: Naming) -> None:
    """Refuse a name whose class would hide another name, or be mistaken for a test."""
    class_name = naming.class_name
    if (
        keyword.iskeyword(naming.name)
        or keyword.iskeyword(class_name)
        or hasattr(builtins, class_name)
    ):
        problem = f"{naming.name!r} or {class_name!r} is a word of Python"
    elif class_name.startswith("Test"):
        problem = f"pytest would collect the class {class_name!r} as tests"
    elif {class_name, f"{class_name}Fake"} & identifiers():
        problem = f"the plugin uses the class name {class_name!r} for something else"
    else:
        return
    raise InvalidRequest.of("name", f"{problem}: choose another, for example my-{naming.name}")


def _check_free(naming: Naming) -> None:
    taken = [name for name in registry.names() if _same(name, naming.name)]
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
    """Compare as installers do, to which a hyphen and an underscore are the same."""
    return one.replace("-", "_").lower() == other.replace("-", "_")


def _address(base_url: str) -> str:
    address = base_url.rstrip("/")
    if not ADDRESS.fullmatch(address):
        problem = (
            f"invalid API address {base_url!r}: expected https://, the host and at most a path, "
            "for example https://api.example.com/v1"
        )
        raise InvalidRequest.of("base_url", problem)
    return address
