"""Bodies: the bytes of a call, and what they say."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from subhub.models.json_numbers import fraction, refuse_constant

RawBody: TypeAlias = bytes | bytearray


def raw_bytes(body: object) -> bytes:
    """Return *body*; `TypeError` if it is not bytes any more, because it was decoded or parsed."""
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    kind = "decoded text" if isinstance(body, str) else f"parsed data ({type(body).__name__})"
    raise TypeError(
        f"`body` is {kind}, which cannot be verified: a signature is over the exact bytes. Pass "
        "the raw bytes of the request, before any parsing: `await request.body()` in Starlette, "
        "`request.body` in Django, `request.get_data()` in Flask"
    )


def json_body(content: bytes) -> Any:
    """Return the decoded JSON; `ValueError` if *content* is not JSON in UTF-8.

    Numbers with decimals become `Decimal`. An object that has a name twice is refused: two programs
    could read different values from it.
    """
    try:
        return _JSON.decode(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"the body is not UTF-8: {error}") from error
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("the body is JSON nested too deeply to read") from error


def form_body(content: bytes) -> dict[str, str]:
    """Return the fields of an HTML form; `ValueError` if *content* is not one.

    A field that is given twice is refused.
    """
    # ASCII only: browsers and providers percent-encode the rest
    pairs = parse_qsl(
        content.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
    )
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("the body has a form field twice")
    return fields


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("an object in it has a name twice")
    return found


_JSON: Final = json.JSONDecoder(
    parse_float=fraction, parse_constant=refuse_constant, object_pairs_hook=_object
)
