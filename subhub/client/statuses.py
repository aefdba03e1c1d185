"""Statuses: what a provider's words mean, where its documents do not say it and its owner knows.

An account says `active = "in_force"`: the neutral name, then the provider's word or words. Nothing
here changes what a documented word means.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from subhub.errors import ConfigError, InvalidRequest
from subhub.models import Status
from subhub.plugin.capabilities import options_of
from subhub.plugin.provider import Provider

Statuses: TypeAlias = Mapping[str, str | Sequence[str]]
"""The provider's words, by neutral name: `{"active": "in_force", "past_due": ["late", "due"]}`."""

_NAMES = tuple(status.value for status in Status if status is not Status.UNKNOWN)


def checked_statuses(provider: type[Provider], statuses: Statuses) -> Mapping[str, Status]:
    """Return what each word means at an account: the documented words, and the configured ones.

    Raises `ConfigError` for an unknown name, and for a word that is named twice or is documented
    with another meaning.

    Args:
        provider: The provider of the account.
        statuses: What the account configures.
    """
    if statuses and not provider.statuses:
        raise ConfigError(
            f"`statuses` has no effect, because the plugin of {provider.name!r} declares no "
            "statuses: leave it out"
        )
    known, found = provider.statuses, dict[str, Status]()
    for name, word in _words(statuses):
        status = Status(name)
        if word in found:
            first = found[word]
            problem = "twice" if first is status else f"for `statuses.{first}`, too"
            raise ConfigError(f"`statuses.{name}`: {word!r} is named {problem}: name it once")
        if known.get(word, status) is not status:
            raise ConfigError(
                f"`statuses.{name}`: {word!r} is documented by {provider.name}, and means "
                f"{known[word].value!r}: leave it out"
            )
        found[word] = status
    return {**known, **found}


def status_filter(provider: Provider, account: str, status: Status | None) -> dict[str, str]:
    """Return how the provider is asked for subscriptions in *status*, if it can be asked.

    Raises `InvalidRequest` if no word for it is known: no subscription would have this status, and
    the list would be empty although there may be some.

    Args:
        provider: That of the account.
        account: The account's name.
        status: The status asked for.
    """
    if status is None or status == Status.UNKNOWN or not provider.statuses:
        return {}
    status = Status(status)
    words = [word for word, meaning in provider.status_words.items() if meaning is status]
    if not words:
        problem = (
            f"{provider.name} documents no word for {status.value!r}, so no subscription would be "
            f"found. Write its word into [accounts.{account}.statuses]: {status.value} = "
            f'"WORD", or pass statuses={{{status.value!r}: "WORD"}} to the client'
        )
        raise InvalidRequest.of("status", problem)
    filters = len(words) == 1 and "status" in options_of(type(provider), "list_subscriptions")
    return {"status": words[0]} if filters else {}


def _words(statuses: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each configured word with its neutral name."""
    for name, given in statuses.items():
        words = _listed(given)
        if name not in _NAMES:
            raise ConfigError(f"`statuses`: no status is called {name!r}: {_hint(name, words)}")
        for word in words or [""]:
            if not isinstance(word, str) or not word or word != word.strip():
                raise ConfigError(
                    f"`statuses.{name}` must be the provider's word, or a list of its words, got "
                    f"{given!r}"
                )
            yield name, word


def _listed(given: object) -> Sequence[object]:
    return cast("Sequence[object]", given) if isinstance(given, list | tuple) else [given]


def _hint(name: str, words: Sequence[object]) -> str:
    """Return what may have been meant by *name*, which is not the name of a status."""
    swapped = next((word for word in words if word in _NAMES), None)
    if swapped is not None:
        return f"the neutral name comes first: {swapped} = {name!r}"
    close = difflib.get_close_matches(name, _NAMES, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_NAMES)}"
