"""The words of APIs: what a field, a state or a method may be called without naming a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from subhub.messages import is_object

_COMMON: Final = """
accept accepted access account accounts action activated active activity add added additional
address addresses after all allowed amount amounts anchor annual anything api app applied archived
at attempt attempts authorized auto automatic available back balance balances bancontact bank base
before begin begins bic bill billed billing birth birthdate birthday body born brand bsn bulk
business by cancel canceled canceling cancelled card category cause cent cents chamber change
changed channel charge charged charges checkout city client closed code codes collection color
colour comment commerce company complete completed config confirmed consumer contact contacts
content cost count country coupon create created credit creditcard credits currency current cursor
customer customers cycle data date dates day days debit declined default delete deleted delivered
delivery description detail details direct directdebit disabled discount discounts dispute disputed
dob document domain done draft due duration each effective email emails enabled end ended ending
ends entity environment error errors event events exclusive expand expected expiration expire
expired expires expiry external extra failed failure fax features fee fees field fields file files
filter first flag flow for forever format found free frequency from full gateway giropay grant
granted grants gross group groups has hash hidden holder host hour hours house href html iban id
ideal identifier ids immediate immediately in inactive included incomplete info initial instant
integration internal interval intervals invoice invoiced invoices is issued item items key keys kind
kvk label language last level limit limits line lines link linked links list live locale locality
location mail mandate manual max maximum mb merchant message messages meta metadata method methods
middle min minimum minute minutes missing mobile mode model modified month monthly months more name
names new next no not note notes notice now number numbers object objects of off offset on once open
operation option optional options order orders origin original out overdue owner page pages paid
parent part partial password past path paused pay payer payment payments paypal pdf pending per
percent percentage period periods phone plain plan plans policy portal position post postal postcode
preference prepaid previous price prices priority private processed processing product products
profile progress prorated proration provider province public purchase quantity quarter quarterly
rate rates read reason receipt received recurring redirect reference references refund refunded
refunds region registration rejected related relation reminder renew renewal renewed renews replaced
request requested required requires reset resource response result results resumed retry return
reusable revoked role rule sale sales sandbox save schedule scheduled seconds secret self send sent
sepa sequence service session set settings settled shipping sign signature signed signup site size
sofort sold source ssn start started starting starts state status step street sub subject submitted
subscription subscriptions subtotal succeeded success suffix surname suspended system tag tags
target tax taxes tel telephone tenant term terminated terms test text time times timestamp timezone
timing title to token tokens total totals town transaction transactions transfer trial type types
unit units unknown unpaid until update updated upgrade uri url usage use used user users valid value
values vat verification verified version view visible visits void voided webhook webhooks website
week weekly weeks weight with year yearly years zip zone
"""
COMMON: Final = frozenset(_COMMON.split())
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(name: str) -> list[str]:
    """Return the words of a field's name in lower case: `primaryEmail` has two."""
    return [word.lower() for word in _WORD.findall(name)]


class Vocabulary:
    """The common words, and those of the names and choices in an API description."""

    def __init__(self, description: Mapping[str, Any] | None) -> None:
        self._names = frozenset(_names_in(description))
        self._words = COMMON | {word for name in self._names for word in words_of(name)}

    def knows(self, words: list[str]) -> bool:
        """Return whether there are words, and all are known; numbers of two digits are."""
        return bool(words) and all(
            word in self._words or (word.isdigit() and len(word) <= 2)  # noqa: PLR2004 - as `line2`
            for word in words
        )

    def names(self, name: str) -> bool:
        """Return whether *name* is described, or consists of known words and begins small."""
        small = name[:1].islower() and name.isascii() and name.replace("_", "").isalnum()
        return name in self._names or (small and self.knows(words_of(name)))


def _names_in(part: object) -> Iterator[str]:
    """Yield the names of fields and parameters, and the texts that a field is limited to."""
    if is_object(part):
        if is_object(part.get("properties")):
            yield from part["properties"]
        if "in" in part and isinstance(part.get("name"), str):  # a parameter
            yield part["name"]
        choices = part.get("enum", ())
        if isinstance(choices, list):
            yield from (
                choice for choice in cast("list[object]", choices) if isinstance(choice, str)
            )
        part = list(part.values())
    if isinstance(part, list):
        for member in cast("list[object]", part):
            yield from _names_in(member)
