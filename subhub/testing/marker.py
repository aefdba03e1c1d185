"""The marker `subhub`: which provider a test uses, and what answers in its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, TypeAlias

import pytest

from subhub.plugin.registry import provider_class
from subhub.testing.sandboxes import Sandbox
from subhub.testing.session import CassetteSession, Sessions

MODES: Final[Mapping[str, str]] = {
    "cassette": 'cassette="signup"',
    "sandbox": "sandbox=True",
    "replies": "replies=[reply(200, {...})]",
}
"""The ways to answer a test, and how each is written."""
KEYWORDS: Final = ("provider", *MODES, "plans")
AnySession: TypeAlias = CassetteSession | Sandbox
"""A `CassetteSession`, a `Sandbox`, or for replies a `Scripted` sandbox."""


def open_session(marks: Iterable[pytest.Mark], sessions: Sessions) -> AnySession:
    """Open the session that *marks* ask for, closest first; a mistake in them fails the test.

    Marks of a module or a class hold what their tests have in common, such as the provider.
    """
    settings = _merged(list(marks))
    mode = _mode(settings)
    provider = provider_class(settings["provider"])
    plans = settings.get("plans")
    if mode == "cassette":
        return sessions.cassette(provider, settings["cassette"], plans)
    if mode == "sandbox":
        return sessions.sandbox(provider, plans)
    if plans is not None:
        _refuse("`plans` must be used with a cassette or a sandbox, not with replies")
    return sessions.scripted(provider, settings["replies"])


def _merged(marks: list[pytest.Mark]) -> dict[str, Any]:
    if not marks:
        _refuse("this test has no `subhub` marker")
    settings: dict[str, Any] = {}
    # pytest yields the closest mark first; applied last, it wins.
    for mark in reversed(marks):
        if mark.args:
            _refuse(f"the marker takes keywords only, got {mark.args[0]!r}")
        settings.update(mark.kwargs)
    for name in settings:
        if name not in KEYWORDS:
            close = difflib.get_close_matches(name, KEYWORDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(KEYWORDS)}"
            _refuse(f"the marker has no keyword {name!r}: {hint}")
    if "provider" not in settings:
        _refuse("the marker has no `provider`")
    return settings


def _mode(settings: Mapping[str, Any]) -> str:
    # `replies=[]` is a mode: the test expects that nothing is sent.
    modes = [mode for mode in MODES if settings.get(mode, False) not in (None, False)]
    if len(modes) != 1:
        chosen = " and ".join(f"`{mode}`" for mode in modes) or "none"
        choices = ", ".join(f"`{mode}`" for mode in MODES)
        _refuse(f"the marker must have one of {choices}, got {chosen}")
    return modes[0]


def _refuse(problem: str) -> NoReturn:
    written = ", or ".join(MODES.values())
    pytest.fail(
        f'{problem}. Write @pytest.mark.subhub(provider="afternoon", ...) with {written}',
        pytrace=False,
    )
