"""Webhooks: a provider's calls, verified and read.

For plugin authors: declare `Webhooks` with a scheme (`signed`, `standard`, `static_secret` or
`unsigned`) and a function that turns a `Delivery` into events. Pure: bytes in, values out.
"""

from subhub.webhooks.bodies import form_body, json_body
from subhub.webhooks.reader import Delivery, WebhookReader, Webhooks
from subhub.webhooks.schemes import Proof, Scheme, static_secret, unsigned
from subhub.webhooks.signatures import signed, standard

__all__ = [
    "Delivery",
    "Proof",
    "Scheme",
    "WebhookReader",
    "Webhooks",
    "form_body",
    "json_body",
    "signed",
    "standard",
    "static_secret",
    "unsigned",
]
