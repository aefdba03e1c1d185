"""What all JSON objects of MijnKlantportaal share: camelCase outside, and lists of 15 to a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from subhub.errors import InvalidRequest
from subhub.plugin import Flow, Json, Page, Provider, Wire, get, next_page_number

T = TypeVar("T")


class PortalObject(Wire):
    """A JSON object, its fields named in camelCase on the wire.

    Two generations of the documentation differ in their fields, and which may be null is not
    stated: everything but the id may be null or absent.
    """

    model_config = ConfigDict(alias_generator=to_camel)


O = TypeVar("O", bound=PortalObject)  # noqa: E741 - an object


class Listing(Wire, Generic[O]):
    """One page of a list; it tells no total.

    See https://docs.developers.mijnklantportaal.nl/api-reference/customers-api/list-customers
    """

    data: list[O]
    next_page_url: str | None = None


class Lists(Provider):
    """Reading one page of any list."""

    def _read_page(
        self, path: str, listing: type[Listing[O]], read: Callable[[O], T], cursor: str | None
    ) -> Flow[Page[T]]:
        """Read the page *cursor*, or the first one, and put its objects into neutral words."""
        query = {} if cursor is None else {"page": cursor}
        found = yield from get(path, listing, query)
        following = next_page_number(found.next_page_url, self.address)
        return Page([read(each) for each in found.data], following)


def given(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value: what is not given is left out, never sent as null."""
    return {name: value for name, value in fields.items() if value is not None}


def own_id(field: str, value: str, prefix: str) -> str:
    """An id that begins as the documentation says; more than that is not promised of any id."""
    if not value.startswith(prefix):
        raise InvalidRequest.of(field, f"{value!r} does not begin with {prefix!r}")
    return value
