"""The types of settings: what each may be, whatever it then means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from subhub.errors import ConfigError
from subhub.plugin.rate_limits import RateLimit
from subhub.stores.registry import StorePlace

Fits: TypeAlias = Callable[[object], bool]

_LARGEST: Final = 10**15
"""No setting is a larger number, and no float holds every larger one."""


def check_types(settings: Mapping[str, object]) -> None:
    """Raise `ConfigError` for a setting that has the wrong type; it says what it must be.

    Unknown names are left alone. What is text is not repeated, because it may hold a secret.

    Args:
        settings: The settings by name.
    """
    for name, value in settings.items():
        if name not in _TYPES or (value is None and name in _OPTIONAL):
            continue
        fits, words = _TYPES[name]
        if not fits(value):
            alternative = " or None" if name in _OPTIONAL else ""
            raise ConfigError(f"`{name}` must be {words}{alternative}, got {_shown(value)}")


def _shown(value: object) -> str:
    """Return a number as it is, and of anything else the type alone."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return repr(value)
    return type(value).__name__


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    if _is_text(value) or not isinstance(value, Sequence):
        return False
    return all(map(_is_text, cast("Sequence[object]", value)))


def _is_number(value: object) -> bool:
    return isinstance(value, float) or _is_whole(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_place(value: Any) -> bool:
    if hasattr(value, "__fspath__"):  # which may return bytes
        value = value.__fspath__()
    return isinstance(value, str | StorePlace)


def _is_key(value: object) -> bool:
    if isinstance(value, str) or callable(value):
        return True
    from subhub.sending.access_keys import OAuth  # noqa: PLC0415 - few accounts have it

    return isinstance(value, OAuth)


def _is_sandbox(value: object) -> bool:
    if isinstance(value, bool | str):
        return True
    from subhub.sandbox import Fake  # noqa: PLC0415 - a client of a real account needs none

    return isinstance(value, Fake)


_TEXT: Final = (_is_text, "text (str)")
_SECONDS: Final = (_is_number, "a number of seconds")
_WHOLE: Final = (_is_whole, "a whole number (int)")
_SWITCH: Final = (_is_switch, "True or False")
_PLACE: Final = (_is_place, "a path or a URL (str or pathlib.Path)")
_TYPES: Final[Mapping[str, tuple[Fits, str]]] = {
    "path": (_is_place, "a path (str or pathlib.Path)"),
    "account": (_is_text, "the name of an account (str)"),
    "api_key": (_is_key, "text (str), a function that returns it, or OAuth"),
    "base_url": _TEXT,
    "settings": (lambda value: isinstance(value, Mapping), "a dict such as {'site': 'acme'}"),
    "mode": (lambda value: value in ("live", "test"), "'live' or 'test'"),
    "lineage": _TEXT,
    "timeout": _SECONDS,
    "timezone": (_is_text, "the name of a time zone (str), such as 'Europe/Amsterdam'"),
    "sandbox": (_is_sandbox, "True, False, a Fake, or the address of a served sandbox"),
    "dry_run": _SWITCH,
    "production": _SWITCH,
    "sells": _SWITCH,
    "check_plans": _SWITCH,
    "clock": (callable, "a function that returns a datetime with a time zone"),
    "deadline": _SECONDS,
    "attempts": _WHOLE,
    "max_wait": _SECONDS,
    "max_response_bytes": _WHOLE,
    "hooks": (
        lambda value: isinstance(value, Sequence),
        "a list of functions, each of which is called with an Attempt",
    ),
    "statuses": (
        lambda value: isinstance(value, Mapping),
        "a dict such as {'active': 'in_force'}",
    ),
    "webhook_secrets": (_is_texts, "a list of text, because there can be several secrets"),
    "rate_limit": (
        lambda value: isinstance(value, RateLimit | str),
        "a RateLimit, or text such as '60 per 60'",
    ),
    "share": (_is_number, "a number > 0 and <= 1"),
    "permits": _PLACE,
    "journal": _PLACE,
}
_OPTIONAL: Final = frozenset(
    {
        *(
            "path",
            "account",
            "api_key",
            "base_url",
            "settings",
            "mode",
            "lineage",
            "timezone",
            "clock",
        ),
        *("deadline", "max_wait", "statuses", "rate_limit", "permits", "journal"),
    }
)
