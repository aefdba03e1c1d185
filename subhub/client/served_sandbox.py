"""An account that `subhub sandbox serve` serves: its address, its key and its plans.

The server is asked when a client is opened; what it answers takes the place of a key and of links.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from subhub.errors import ConfigError

_PATIENCE: Final = 5.0
"""Seconds in which a server on this machine has to answer."""
_OK: Final = 200


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


def _accounts(address: str) -> Iterator[ServedAccount]:
    connection = HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=_PATIENCE)
    try:
        connection.request("GET", "/_sandbox")
        response = connection.getresponse()
        content = response.read()
        document: Any = json.loads(content) if response.status == _OK else None
        yield from TypeAdapter(list[ServedAccount]).validate_python(document)
    except ValidationError as error:
        raise ConfigError(f"what answers at {address} is not a sandbox of subhub") from error
    except (OSError, HTTPException, ValueError, OverflowError) as error:
        raise ConfigError(
            f"no sandbox answers at {address} ({error}): start it with `subhub sandbox serve`"
        ) from error
    finally:
        connection.close()
