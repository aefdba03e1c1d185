"""Magic values: what to type into an application to make a call of it fail, at every provider.

A word after a plus sign in an e-mail address, `john+dropped@example.com`, or an amount from 9999.01
to 9999.15. Any request whose body holds one of them goes wrong; nothing has to be programmed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from subhub.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Magic:
    """One way to fail, with the e-mail address and the amount that bring it about."""

    fault: Fault
    word: str
    cents: int

    @property
    def email(self) -> str:
        """Such an address; what stands before the plus sign, and the host, do not matter."""
        return f"anybody+{self.word}@example.com"

    @property
    def amount(self) -> str:
        """Such an amount, in any currency."""
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
    # 9999.10 may be written 9999.1, so no value ends in a nought
    Magic(Fault("malformed_json"), "malformed_json", 11),
    Magic(Fault("unknown_status"), "unknown_status", 12),
    Magic(Fault("unknown_fields"), "unknown_fields", 13),
    Magic(Fault("redirect"), "redirect", 14),
    Magic(Fault("wrong_content_type"), "wrong_content_type", 15),
)
"""The same table for every provider."""

_BY_WORD: Final[Mapping[bytes, Fault]] = {each.word.encode(): each.fault for each in MAGIC}
_BY_CENTS: Final[Mapping[bytes, Fault]] = {b"%02d" % each.cents: each.fault for each in MAGIC}
# in JSON the signs stand as they are, and in a form they are escaped
_WORD: Final = re.compile(rb"(?:\+|%2B)([a-z_]+)(?:@|%40)")
# an amount is a text or a number, in units or, as `unit_amount_cents`, in cents
_AMOUNT: Final = re.compile(rb'amount\w*(?:"\s*:\s*"?|(?:%5D)?=)9999\.?(\d\d)(?!\d)', re.IGNORECASE)


def fault_of(content: bytes) -> Fault | None:
    """What a request with this body asks for, if it holds a magic value."""
    if b"+" in content or b"%2B" in content:
        for word in _WORD.findall(content):
            if word in _BY_WORD:
                return _BY_WORD[word]
    if b"9999" in content:
        for cents in _AMOUNT.findall(content):
            if cents in _BY_CENTS:
                return _BY_CENTS[cents]
    return None
