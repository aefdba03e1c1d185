"""Everything that a plugin author imports, next to `subhub.models` and `subhub.errors`."""

from subhub.messages import Encoded, Json, Path, Request, Response, given, is_object
from subhub.models.time_zones import moment_in
from subhub.plugin.account_settings import Settings
from subhub.plugin.capabilities import Absence, Evidence
from subhub.plugin.compound_ids import join_id, split_id
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
    text_at,
)
from subhub.plugin.decorations import Core
from subhub.plugin.flows import Flow, Page, completed, done, unless_missing
from subhub.plugin.forms import as_form
from subhub.plugin.idempotency import Idempotency
from subhub.plugin.likeness import Likeness, likeness_of
from subhub.plugin.pagination import cursor_from, next_page_number, only_one, walk
from subhub.plugin.provider import API_VERSION, Provider
from subhub.plugin.rate_limits import RateLimit
from subhub.plugin.records import Records
from subhub.plugin.signups import SignupMatch, judge_signup, signup_age
from subhub.plugin.token_endpoints import TokenEndpoint
from subhub.webhooks import (
    Delivery,
    Webhooks,
    form_body,
    json_body,
    signed,
    standard,
    static_secret,
    unsigned,
)

__all__ = [
    "API_VERSION",
    "Absence",
    "Core",
    "Day",
    "Delivery",
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
    "Settings",
    "SignupMatch",
    "Text",
    "TokenEndpoint",
    "Webhooks",
    "Wire",
    "as_form",
    "completed",
    "cursor_from",
    "day_in",
    "delete",
    "done",
    "form_body",
    "get",
    "given",
    "is_object",
    "join_id",
    "json_body",
    "judge_signup",
    "likeness_of",
    "moment_in",
    "next_page_number",
    "only_one",
    "patch",
    "path",
    "post",
    "send",
    "signed",
    "signup_age",
    "split_id",
    "standard",
    "static_secret",
    "text_at",
    "unless_missing",
    "unsigned",
    "walk",
]
