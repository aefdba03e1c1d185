"""Everything that a plugin author imports, next to `subhub.models` and `subhub.errors`."""

from subhub.messages import Encoded, Json, Path, Request, Response, is_object
from subhub.plugin.capabilities import Absence, Evidence
from subhub.plugin.decoding import (
    Day,
    Moment,
    Text,
    Wire,
    day_in,
    delete,
    get,
    patch,
    path,
    post,
    send,
)
from subhub.plugin.decorations import Core
from subhub.plugin.flows import Flow, Page, completed, done
from subhub.plugin.idempotency import Idempotency
from subhub.plugin.likeness import Likeness, likeness_of
from subhub.plugin.pagination import next_page_number, walk
from subhub.plugin.provider import API_VERSION, Provider, text_at
from subhub.plugin.rate_limits import RateLimit
from subhub.plugin.records import Records
from subhub.plugin.signups import SignupMatch, judge_signup, signup_age

__all__ = [
    "API_VERSION",
    "Absence",
    "Core",
    "Day",
    "Encoded",
    "Evidence",
    "Flow",
    "Idempotency",
    "Json",
    "Likeness",
    "Moment",
    "Page",
    "Path",
    "Provider",
    "RateLimit",
    "Records",
    "Request",
    "Response",
    "SignupMatch",
    "Text",
    "Wire",
    "completed",
    "day_in",
    "delete",
    "done",
    "get",
    "is_object",
    "judge_signup",
    "likeness_of",
    "next_page_number",
    "patch",
    "path",
    "post",
    "send",
    "signup_age",
    "text_at",
    "walk",
]
