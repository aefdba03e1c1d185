"""An account that `subhub sandbox serve` serves: its address, its key and its plans.

The server is asked when a client is opened; what it answers takes the place of a key and of links.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from subhub.errors import ConfigError, InvalidRequest
from subhub.messages import is_object

_PATIENCE: Final = 5.0
"""Seconds in which a server on this machine has to answer."""


class ServedAccount(BaseModel):
    """What a served sandbox says of one of its accounts, `account` being "afternoon/main"."""

    account: str
    base_url: str
    api_key: str
    plans: dict[str, str]


def find(address: str, provider: str, account: str) -> ServedAccount:
    """Return the served account of a name, or the provider's only one.

    Args:
        address: That of the server, such as "http://127.0.0.1:8420".
        provider: The provider's name.
        account: The account's name in the configuration.
    """
    found = {served.account: served for served in _accounts(address)}
    own = [name for name in found if name.startswith(f"{provider}/")]
    name = f"{provider}/{account}"
    if name not in found and len(own) == 1:
        name = own[0]
    if name not in found:
        known = ", ".join(found) or "none"
        raise ConfigError(
            f"the sandbox at {address} does not serve {name}, but {known}: start it with "
            "`subhub sandbox serve --config` and this file"
        )
    return found[name]


def control(address: str, account: str, what: str, **fields: object) -> Mapping[str, Any]:
    """Have a served account do something, as a user does at its dashboard; return the answer.

    Args:
        address: That of the server.
        account: The account, such as "afternoon/main".
        what: An endpoint of the control API: "pay", "clock" or "reset".
        fields: What it reads. What it refuses is an `InvalidRequest`.
    """
    status, document = _answer(address, "POST", f"/_sandbox/{quote(account)}/{what}", fields)
    if not is_object(document):
        raise _not_a_sandbox(address)
    if status != HTTPStatus.OK:
        raise InvalidRequest(str(document.get("message")))
    return document


def _accounts(address: str) -> Iterator[ServedAccount]:
    status, document = _answer(address, "GET", "/_sandbox")
    try:
        found = document if status == HTTPStatus.OK else None
        yield from TypeAdapter(list[ServedAccount]).validate_python(found)
    except ValidationError as error:
        raise _not_a_sandbox(address) from error


def _answer(
    address: str, method: str, path: str, fields: Mapping[str, object] | None = None
) -> tuple[int, Any]:
    connection = HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=_PATIENCE)
    content = None if fields is None else json.dumps(fields)
    try:
        connection.request(method, path, content)
        response = connection.getresponse()
        return response.status, _decoded(response.read())
    except (OSError, HTTPException, ValueError, OverflowError) as error:
        raise ConfigError(
            f"no sandbox answers at {address} ({error}): start it with `subhub sandbox serve`"
        ) from error
    finally:
        connection.close()


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None  # whatever it is, it is not a sandbox


def _not_a_sandbox(address: str) -> ConfigError:
    return ConfigError(f"what answers at {address} is not a sandbox of subhub")
