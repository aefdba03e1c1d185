"""Everything that a plugin author imports, beside `subhub.models` and `subhub.errors`."""

from subhub.capabilities import Absence, Evidence
from subhub.flow import (
    Flow,
    Json,
    Page,
    Path,
    Request,
    Response,
    completed,
    delete,
    done,
    get,
    patch,
    path,
    post,
    send,
)
from subhub.outgoing import Encoded
from subhub.pacing import RateLimit
from subhub.pages import next_page_number, walk
from subhub.provider import API_VERSION, Provider, text_at
from subhub.wire import Wire, is_object

__all__ = [
    "API_VERSION",
    "Absence",
    "Encoded",
    "Evidence",
    "Flow",
    "Json",
    "Page",
    "Path",
    "Provider",
    "RateLimit",
    "Request",
    "Response",
    "Wire",
    "completed",
    "delete",
    "done",
    "get",
    "is_object",
    "next_page_number",
    "patch",
    "path",
    "post",
    "send",
    "text_at",
    "walk",
]
