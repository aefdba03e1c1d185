"""The identity of an account: whose account a client has, without its key.

It stands in the tokens, jobs and journal entries of the account, and names its permit file. What
belongs to another identity is refused: a change that was made with a test key says nothing about
the live account.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from subhub.errors import ConfigError
from subhub.messages import is_object

IdentityMode: TypeAlias = Literal["live", "test", "sandbox", "unknown"]

_LINEAGE: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_PORTS: Final = {"http": 80, "https": 443}
_SHOWN: Final = 8
"""How many characters of a fingerprint are shown to people."""
_WORD: Final = 8
"""How long a beginning of a key that says nothing of it can be, such as `ak_test_`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Provider, address, mode and key of an account.

    Args:
        provider: The provider's name.
        address: Where the account is: the base URL, or nothing for a sandbox in this process.
        mode: `"sandbox"`, or the mode of the key: `"unknown"` where neither the key nor the
            configuration says it.
        fingerprint: A keyed hash of the API key.
        lineage: The name of the account that its keys have in common, if it was given one. Then a
            change of the key does not change the identity.
    """

    provider: str
    address: str
    mode: IdentityMode
    fingerprint: str
    lineage: str = ""

    @classmethod
    def of(
        cls, provider: str, address: str, mode: IdentityMode, key: str, lineage: str | None
    ) -> Identity:
        """Return the identity of an account; a `lineage` that is not a name is a `ConfigError`.

        Args:
            provider: The provider's name.
            address: The account's base URL.
            mode: The mode of its key.
            key: The API key.
            lineage: The name that its keys have in common.
        """
        if lineage is not None and not _LINEAGE.fullmatch(lineage):
            raise ConfigError(
                "`lineage` must be a name of 1 to 64 letters, digits, dots, dashes and underscores"
            )
        if lineage is not None and _overlap(lineage, key):
            raise ConfigError("`lineage` must not hold the `api_key`: it is written in plain text")
        place = "" if mode == "sandbox" else _canonical(address)
        return cls(provider, place, mode, fingerprint(key), lineage or "")

    @classmethod
    def read(cls, facts: object) -> Identity:
        """Return the identity that `facts` returned; raise `ValueError` for anything else."""
        if not is_object(facts) or not all(isinstance(value, str) for value in facts.values()):
            raise ValueError("an identity is a mapping of texts")
        try:
            return cls(**facts)
        except TypeError as error:
            raise ValueError(str(error)) from error

    def facts(self) -> Mapping[str, str]:
        """Return the identity as `read` takes it."""
        return {name: getattr(self, name) for name in self.__slots__}  # `asdict` copies, slowly

    @property
    def name(self) -> str:
        """A name for files, which does not reveal the parts."""
        key = "" if self.lineage else self.fingerprint
        parts = (self.provider, self.address, self.mode, self.lineage, key)
        return _digest("\0".join(parts))

    @property
    def of_key(self) -> Identity:
        """The same, by its key alone: a provider counts requests by key."""
        mode: IdentityMode = "sandbox" if self.mode == "sandbox" else "unknown"
        return replace(self, mode=mode, lineage="")

    def is_same(self, other: Identity) -> bool:
        """Return whether both are one account; the key counts unless both have a lineage."""
        return not self.differences(other)

    def differences(self, other: Identity) -> list[str]:
        """Return in which parts *other* is not this account, in words that go on with "of"."""
        if other.provider != self.provider:
            return [f"the provider {other.provider!r}"]
        if "sandbox" in {self.mode, other.mode} and self.mode != other.mode:
            return ["a sandbox" if other.mode == "sandbox" else "an account outside of sandboxes"]
        found: list[str] = []
        if other.address != self.address:
            found.append(f"another address ({other.address})")
        if self.lineage and other.lineage:
            if other.lineage != self.lineage:
                found.append(f"another lineage ({other.lineage!r})")
            elif self._contradicts(other):
                found.append(f"a {other.mode} key")
        elif other.fingerprint != self.fingerprint:
            kind = f"a {other.mode} key" if self._contradicts(other) else "another key"
            found.append(f"{kind} (fingerprint {other.fingerprint[:_SHOWN]})")
        return found

    def differs_in_key_alone(self, other: Identity) -> bool:
        """Return whether *other* may be this account, before or after its key was changed."""
        if self.is_same(other) or self.mode != other.mode:
            return False
        return replace(self, fingerprint=other.fingerprint, lineage="").is_same(other)

    def _contradicts(self, other: Identity) -> bool:
        """Return whether the modes differ, where both are known."""
        return self.mode != other.mode and "unknown" not in {self.mode, other.mode}

    def __str__(self) -> str:
        """Return it in short, for people: `live:shop`, or `test:5f0c2a7e` with a part of a hash."""
        return f"{self.mode}:{self.lineage or self.fingerprint[:_SHOWN]}"


def fingerprint(key: str) -> str:
    """Return a fingerprint of *key*: 64 bits, which countless keys share."""
    return _digest(key)[:16]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"subhub-identity").hexdigest()


def _overlap(lineage: str, key: str) -> bool:
    """Return whether one holds the other; what is short is a word that a key may begin with."""
    return min(len(lineage), len(key)) > _WORD and (lineage in key or key in lineage)


def _canonical(address: str) -> str:
    """Return *address* with the host in lower case, without a port that goes without saying."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    usual = parts.port in {None, _PORTS.get(parts.scheme)}
    return f"{parts.scheme}://{host}{'' if usual else f':{parts.port}'}{parts.path}"
