"""Everything that a plugin author imports, next to `subhub.models` and `subhub.errors`."""

from subhub.messages import Encoded, Json, Path, Request, Response, is_object, path
from subhub.plugin.capabilities import Absence, Evidence
from subhub.plugin.decoding import Wire, day_in, delete, get, patch, post, send
from subhub.plugin.flows import Flow, Page, completed, done
from subhub.plugin.pagination import next_page_number, walk
from subhub.plugin.provider import API_VERSION, Provider, text_at
from subhub.plugin.rate_limits import RateLimit

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
    "day_in",
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
