"""Magic values: input for which a call fails, the same for every provider.

They are a word after a plus sign in an e-mail address, as in `john+dropped@example.com`, or an
amount from 9999.01 to 9999.15. Every request whose body contains one of them gets the fault, so an
application can be tested by typing, without any code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from subhub.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Magic:
    """A fault, with the word and the cents that ask for it."""

    fault: Fault
    word: str
    cents: int

    @property
    def email(self) -> str:
        """An e-mail address that asks for the fault; only the word between + and @ matters."""
        return f"anyone+{self.word}@example.com"

    @property
    def amount(self) -> str:
        """An amount that asks for the fault, in any currency."""
        return f"9999.{self.cents:02}"


MAGIC: Final = (
    Magic(Fault("rate_limited"), "rate_limited", 1),
    Magic(Fault("server_error"), "server_error", 2),
    Magic(Fault("server_error", after=True), "server_error_after", 3),
    Magic(Fault("server_error", status=503), "unavailable", 4),
    Magic(Fault("dropped"), "dropped", 5),
    Magic(Fault("dropped", after=True), "dropped_after", 6),
    Magic(Fault("unreachable"), "unreachable", 7),
    Magic(Fault("cut_body"), "cut_body", 8),
    Magic(Fault("slow"), "slow", 9),
    # 10 is left out: 9999.10 may be written 9999.1, so no amount may end in zero
    Magic(Fault("malformed_json"), "malformed_json", 11),
    Magic(Fault("unknown_status"), "unknown_status", 12),
    Magic(Fault("unknown_fields"), "unknown_fields", 13),
    Magic(Fault("redirect"), "redirect", 14),
    Magic(Fault("wrong_content_type"), "wrong_content_type", 15),
)
"""All magic values."""

_BY_WORD: Final[Mapping[bytes, Fault]] = {magic.word.encode(): magic.fault for magic in MAGIC}
_BY_CENTS: Final[Mapping[bytes, Fault]] = {b"%02d" % magic.cents: magic.fault for magic in MAGIC}
# JSON leaves + and @ as they are, forms escape them
_WORD: Final = re.compile(rb"(?:\+|%2B)([a-z_]+)(?:@|%40)")
# providers write an amount as text or number, in units or (as `unit_amount_cents`) in cents
# with limits, because without them a body of only `amount` would take minutes
_AMOUNT: Final = re.compile(
    rb'amount\w{0,40}(?:"\s{0,9}:\s{0,9}"?|(?:%5D)?=)9999\.?(\d\d)(?!\d)', re.IGNORECASE
)


def fault_of(content: bytes) -> Fault | None:
    """Return the fault that a body with a magic value asks for, or `None`."""
    # the `in` tests come first because almost no body contains a magic value
    if b"+" in content or b"%2B" in content:
        for word in _WORD.findall(content):
            if word in _BY_WORD:
                return _BY_WORD[word]
    if b"9999" in content:
        for cents in _AMOUNT.findall(content):
            if cents in _BY_CENTS:
                return _BY_CENTS[cents]
    return None
