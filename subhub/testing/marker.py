"""The marker `subhub`: in which of three ways a test meets its provider."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, TypeAlias

import pytest

from subhub.plugin.registry import provider_class
from subhub.testing.sandboxes import Sandbox
from subhub.testing.session import Stage, Stages

WAYS: Final[Mapping[str, str]] = {
    "cassette": 'cassette="signup"',
    "sandbox": "sandbox=True",
    "replies": "replies=[reply(200, {...})]",
}
"""How a test may meet a provider, and how that is written."""
KEYWORDS: Final = ("provider", *WAYS, "plans")
AnyStage: TypeAlias = Stage | Sandbox
"""A `Stage` for a cassette, a `Sandbox` for a sandbox, a `Scripted` sandbox for replies."""


def marked_stage(marks: Iterable[pytest.Mark], stages: Stages) -> AnyStage:
    """What *marks* ask for, the closest first; a mistake in them fails the test with the remedy.

    Marks of a module or a class say what their tests have in common, such as the provider.
    """
    said = _said(list(marks))
    way = _way(said)
    provider = provider_class(said["provider"])
    plans = said.get("plans")
    if way == "cassette":
        return stages.open(provider, said["cassette"], plans)
    if way == "sandbox":
        return stages.sandbox(provider, plans)
    if plans is not None:
        _refuse("`plans` go with a cassette or a sandbox: scripted replies stand for no provider")
    return stages.scripted(provider, said["replies"])


def _said(marks: list[pytest.Mark]) -> dict[str, Any]:
    if not marks:
        _refuse("this test has no marker that says which provider it meets, and how")
    said: dict[str, Any] = {}
    for mark in reversed(marks):
        if mark.args:
            _refuse(f"the marker takes keywords only, not {mark.args[0]!r}")
        said.update(mark.kwargs)
    for name in said:
        if name not in KEYWORDS:
            close = difflib.get_close_matches(name, KEYWORDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(KEYWORDS)}"
            _refuse(f"the marker has no keyword {name!r}: {hint}")
    if "provider" not in said:
        _refuse("the marker does not say which `provider` it is about")
    return said


def _way(said: Mapping[str, Any]) -> str:
    ways = [way for way in WAYS if said.get(way, False) not in (None, False)]
    if len(ways) != 1:
        chosen = " and ".join(f"`{way}`" for way in ways)
        _refuse(f"the marker asks for {chosen}" if ways else "the marker does not say how")
    return ways[0]


def _refuse(problem: str) -> NoReturn:
    written = ", or ".join(WAYS.values())
    pytest.fail(
        f'{problem}. Write @pytest.mark.subhub(provider="afternoon", ...) with one of {written}',
        pytrace=False,
    )
