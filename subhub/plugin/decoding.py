"""Requests whose answers are models: send one, decode its body in the provider's own words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from subhub.errors import InvalidReply
from subhub.messages import Request, is_object

if TYPE_CHECKING:
    from subhub.messages import Json, Response
    from subhub.models import Raw
    from subhub.plugin.flows import Flow

SHOWN = 2000
"""How many characters of an unreadable body an error keeps."""


class Wire(BaseModel):
    """A provider's JSON object, under the provider's name for it.

    Fields that it does not declare are ignored, and kept in `raw`. Numbers with decimals arrive as
    `Decimal`, never as float.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @property
    def raw(self) -> Raw:
        """The object as the provider sent it."""
        raw: Raw = vars(self).get("_raw", {})
        return raw

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        decoded = handler(value)
        if is_object(value):
            # In `__dict__`, where pydantic keeps cached properties too: copied and pickled, but
            # neither compared nor shown. One of its private attributes would cost a call 3 % more.
            vars(decoded)["_raw"] = value
        return decoded

    @classmethod
    def decode(cls, response: Response) -> Self:
        """Decode the body of *response*; raise `InvalidReply` when it is not as documented."""
        try:
            return cls.model_validate(json_of(response))
        except ValidationError as error:
            places = ", ".join(
                f"{'.'.join(str(part) for part in item['loc']) or 'body'} ({item['msg']})"
                for item in error.errors(include_url=False, include_input=False)
            )
            message = f"the answer is not the documented {cls.__name__}: {places}"
            raise invalid(message, response) from error


W = TypeVar("W", bound=Wire)


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


def send(
    method: str,
    path: str,
    model: type[W],
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Flow[W]:
    """Send any request and decode the answer as *model*.

    Args:
        method: The HTTP method, in capitals.
        path: Below the provider's base URL; fill ids in with `path`.
        model: What the answer is documented to be.
        body: What `Provider.encode` is to write; no body if left out.
        headers: Headers of this request alone.
    """
    response = yield Request(method, path, body, headers=headers)
    return model.decode(response)


def json_of(response: Response) -> Any:
    """Decode the body of *response* as JSON; raise `InvalidReply` when it is not JSON."""
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


def invalid(message: str, response: Response) -> InvalidReply:
    """Return the error for an answer that is not as documented, with its status and body."""
    body = response.content[:SHOWN].decode("utf-8", "replace")
    return InvalidReply(f"{message} (HTTP {response.status})", status=response.status, body=body)


def _refuse_constant(name: str) -> object:
    message = f"{name} is not JSON"
    raise ValueError(message)


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
