"""Requests whose answers are models: send one, decode its body in the provider's own words.

Decoding is strict about the core of an answer and tolerant about its decorations. A field that
defaults to `None` is a decoration: if it does not have the documented form, it is `None` in the
model, `raw` keeps what came, and the client logs a warning. Any other field is core, and so is one
marked `Core`: if it does not have the documented form, the answer is an `InvalidReply`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeVar, overload
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from subhub.errors import InvalidReply, InvalidRequest
from subhub.messages import Path, Request, is_object
from subhub.models.json_numbers import fraction, refuse_constant
from subhub.plugin.decorations import readable

if TYPE_CHECKING:
    from subhub.messages import Json, Response
    from subhub.models import Raw
    from subhub.plugin.flows import Flow

SHOWN = 2000
"""How many characters of an unreadable body an error keeps."""
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_OTHER_ADDRESS: Final = frozenset({"", ".", ".."})
"""Segments of a path that lead elsewhere."""


class Wire(BaseModel):
    """A provider's JSON object, under the provider's name for it.

    Declare what makes the object useless when it is missing, such as the id, without a default;
    mark what may be missing but not misread, such as the status or the amount, as `Core`; let
    everything else default to `None`.

    Fields that it does not declare are ignored, and kept in `raw`. Numbers with decimals arrive as
    `Decimal`, never as float.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        # pydantic looks into a text only if it is restricted, and lets half of a surrogate pair
        # through otherwise: a text that cannot be encoded, printed or logged
        str_min_length=0,
    )

    @property
    def raw(self) -> Raw:
        """The object as the provider sent it."""
        raw: Raw = vars(self).get("_raw", {})
        return raw

    @model_validator(mode="wrap")
    @classmethod
    def _keep(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        try:
            decoded = handler(value)
        except ValidationError as error:
            if info.context is None:  # it is not an answer that is decoded
                raise
            decoded = handler(readable(cls, value, error, info.context))
        if is_object(value):
            # In `__dict__`, where pydantic keeps cached properties too: copied and pickled, but
            # neither compared nor shown. One of its private attributes would cost a call 3 % more.
            vars(decoded)["_raw"] = value
        return decoded

    @classmethod
    def decode(cls, response: Response) -> Self:
        """Decode the body of *response*; raise `InvalidReply` when its core is not as documented.

        What is odd about the rest is added to `response.oddities`.
        """
        decoded = json_of(response)
        if not is_object(decoded):
            raise invalid(f"{_UNLIKE} {cls.__name__}: body (must be an object)", response)
        try:
            return cls.model_validate(decoded, context=response.oddities)
        except ValidationError as error:
            message = f"{_UNLIKE} {cls.__name__}: {problems(error)}"
            raise invalid(message, response) from error


W = TypeVar("W", bound=Wire)
_UNLIKE: Final = "the answer is not the documented"


def path(template: str, *ids: str) -> Path:
    """Fill *ids*, quoted, into the `{}` places of *template*.

    Raises `InvalidRequest` for an empty id, for `.` and for `..`: quoting leaves them as they are,
    and the request would go to another address.
    """
    for value in ids:
        if value in _OTHER_ADDRESS:
            message = f"{value!r} is not an id: it would change the address of the request"
            raise InvalidRequest(message)
    filled = Path(template.format(*[quote(value, safe="") for value in ids]))
    filled.template = template
    return filled


def get(path: str, model: type[W], query: Mapping[str, str] | None = None) -> Flow[W]:
    """Read *path* and decode the answer as *model*.

    Args:
        path: Below the provider's base URL; fill ids in with `path`.
        model: What the answer is documented to be.
        query: The parameters, unquoted.
    """
    response = yield Request("GET", path, query=query or {})
    return model.decode(response)


def post(
    path: str,
    model: type[W],
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[W]:
    """Post *body* to *path* and decode the answer as *model*.

    Args:
        path: Below the provider's base URL; fill ids in with `path`.
        model: What the answer is documented to be.
        body: What `Provider.encode` is to write; no body if left out.
        headers: Headers of this request alone.
    """
    return send("POST", path, model, body, headers)


def patch(path: str, model: type[W], body: Json) -> Flow[W]:
    """Patch *path* with *body* and decode the answer as *model*.

    Args:
        path: Below the provider's base URL; fill ids in with `path`.
        model: What the answer is documented to be.
        body: What `Provider.encode` is to write.
    """
    return send("PATCH", path, model, body)


def delete(path: str, model: type[W]) -> Flow[W]:
    """Delete *path* and decode the answer as *model*."""
    return send("DELETE", path, model)


@overload
def send(
    method: str,
    path: str,
    model: type[W],
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[W]: ...


@overload
def send(
    method: str,
    path: str,
    model: None = None,
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[None]: ...


def send(
    method: str,
    path: str,
    model: type[W] | None = None,
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[W | None]:
    """Send any request, such as a PUT, and decode the answer as *model*.

    One with a query is `response = yield Request(method, path, body, query=query)`, and then
    `model.decode(response)`.

    Args:
        method: The HTTP method, in capitals.
        path: Below the provider's base URL; fill ids in with `path`.
        model: What the answer is documented to be, and what the flow returns, for type checkers
            too; without one, the body is not read, and it returns `None`: a 204 has none.
        body: What `Provider.encode` is to write; no body if left out.
        headers: Headers of this request alone.
    """
    response = yield Request(method, path, body, headers=headers)
    return None if model is None else model.decode(response)


def invalid(message: str, response: Response) -> InvalidReply:
    """Return the error for an answer that is not as documented, with its status and body."""
    body = response.content[:SHOWN].decode("utf-8", "replace")
    return InvalidReply(f"{message} (HTTP {response.status})", status=response.status, body=body)


def problems(error: ValidationError) -> str:
    """Return what is wrong with which fields; the values are left out."""
    return ", ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'} ({item['msg']})"
        for item in error.errors(include_url=False, include_input=False)
    )


# Fields that every provider has -------------------------------------------------------------------


def _moment(value: object) -> dt.datetime:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic collects ValueError
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("must have a time zone")
    if not dt.MINYEAR < moment.year < dt.MAXYEAR:  # not a day in every time zone
        raise ValueError(f"must be in the years {dt.MINYEAR + 1} to {dt.MAXYEAR - 1}")
    return moment


def _day(value: object) -> dt.date:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic collects ValueError
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None and moment.time() != dt.time():
        raise ValueError("must have a time zone")
    return moment.date() if moment.tzinfo is None else moment


Text = Annotated[str, Field(min_length=1)]
"""A text that is not empty: an id, or an address that is handed on."""

Day = Annotated[dt.date, PlainValidator(_day)]
"""A day: text in the form of ISO 8601. An instant is kept as one: `day_in` converts it to a day.

Programs that have no type for days write midnight without an offset. Any other time without one may
be of the day before or after."""

Moment = Annotated[dt.datetime, PlainValidator(_moment)]
"""An instant: text in the form of ISO 8601, with its offset.

Without an offset it is not known, because assuming a time zone would be a guess."""


def day_in(shown: dt.date | None, zone: dt.tzinfo) -> dt.date | None:
    """Return the day that a response shows, where it may be shown as an instant.

    An instant is a day only in a time zone: 2026-12-31T23:00:00Z is the first day of 2027 in
    Amsterdam. A time without an offset cannot be converted, and its own day counts.

    Args:
        shown: A day, or an instant.
        zone: The time zone of the account, `self.zone` in a flow.
    """
    if not isinstance(shown, dt.datetime):
        return shown
    try:
        return (shown if shown.tzinfo is None else shown.astimezone(zone)).date()
    except OverflowError:  # on the first or last day that there is
        return shown.date()


# JSON ---------------------------------------------------------------------------------------------


def json_of(response: Response) -> Any:
    """Decode the body of *response* as JSON; raise `InvalidReply` when it is not JSON.

    JSON does not say which value counts when an object has a name twice. If the values differ, it
    has the list of them, which is the documented form of hardly any field.
    """
    try:
        encoding = json.detect_encoding(response.content)
        decoded: Any = _JSON.decode(response.content.decode(encoding, "surrogatepass"))
    except ValueError as error:  # also bytes that are not UTF-8
        kind = response.headers.get("content-type", "no content type")
        size = len(response.content)
        message = f"the answer is not JSON ({kind}, {size} bytes): {error}"
        raise invalid(message, response) from error
    except RecursionError as error:
        message = "the answer is JSON nested too deeply to read"
        raise invalid(message, response) from error
    return decoded


def text_at(body: object, *keys: str) -> str | None:
    """Return the text or number below *keys* in decoded JSON, or `None` when there is none.

    Half of a surrogate pair, which can be neither encoded nor printed, is replaced.
    """
    for key in keys:
        if not is_object(body):
            return None
        body = body.get(key)
    if isinstance(body, bool) or not isinstance(body, str | int):
        return None
    return _LONE_SURROGATE.sub("\ufffd", str(body))


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    return found if len(found) == len(members) else _all_values(members)


def _all_values(members: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    for name, value in members:
        values.setdefault(name, []).append(value)
    return {
        name: several if any(value != several[0] for value in several) else several[0]
        for name, several in values.items()
    }


_JSON = json.JSONDecoder(
    parse_float=fraction, parse_constant=refuse_constant, object_pairs_hook=_object
)
