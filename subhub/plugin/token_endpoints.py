"""Token endpoints: where a provider renews access tokens of OAuth, and what it is sent.

See RFC 6749, section 6. Nothing here sends anything.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote_plus

from subhub.messages import Encoded, as_json, given
from subhub.plugin.forms import as_form


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where access tokens are renewed.

    Args:
        url: Its full address, which may be on another host than the API.
        client: Where the client's id and secret are: in the header of HTTP Basic, or in the body.
        body: The form of the body.
    """

    url: str
    client: Literal["basic", "body"] = field(default="basic", kw_only=True)
    body: Literal["form", "json"] = field(default="form", kw_only=True)

    def headers(self, client_id: str, client_secret: str) -> Mapping[str, str]:
        """Return the headers that authenticate the client, if any do."""
        if self.client == "body":
            return {}
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"  # RFC 6749, section 2.3.1
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def encode(
        self, client_id: str, client_secret: str, fields: Mapping[str, str | None]
    ) -> Encoded:
        """Return the content type and the bytes of a request; `None` is left out."""
        own = {"client_id": client_id, "client_secret": client_secret}
        sent = {**given(**fields), **(own if self.client == "body" else {})}
        return as_form(sent) if self.body == "form" else as_json(sent)
