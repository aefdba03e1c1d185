"""Settings of a provider's accounts: what an account has besides its key, such as a site.

A provider that needs some declares a model of them, and writes them into its base URL as
`{site}`. Nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from subhub.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from subhub.messages import Request

_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_PLACE: Final = re.compile(r"\\\{\w+\\\}")


class Settings(BaseModel):
    """What an account of a provider has besides its key; a plugin adds the fields.

        class SiteSettings(Settings):
            site: str
            gateway: str | None = None

    A field without a default is required. Its name is that of the key in the account's table.
    Override a method where a setting goes with only some keys, or is sent with requests.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def mode(self) -> Literal["live", "test"] | None:
        """Return the mode of the account, where a setting decides it and not the key."""
        return None

    def check_key(self, api_key: str) -> None:
        """Raise `ConfigError` if these settings do not go with *api_key*, which must not be shown.

        For access by OAuth, it is called once with the beginning of an access token.
        """

    def stand_in_key(self, api_key: str) -> str:
        """Return *api_key*, which is the sandbox's, in the form that these settings go with."""
        return api_key

    def complete(self, request: Request) -> Request:
        """Return *request* with what each request of the account has, such as a profile's id."""
        return request


def address_of(base_url: str, settings: Settings) -> str:
    """Return *base_url* with the *settings* that it names, as in `https://{site}.example.com`.

    Raises `ConfigError` for a value that would lead elsewhere, and `PluginError` for a name that is
    not a setting.

    Args:
        base_url: The address as the plugin declares it.
        settings: Those of the account.
    """
    values: dict[str, str] = {}
    for name in placeholders(base_url):
        if name not in type(settings).model_fields:
            raise PluginError(
                f"`base_url` names `{name}`, which is not a field of `settings_model`"
            )
        value = str(getattr(settings, name))
        if not _LABEL.fullmatch(value):
            raise ConfigError(
                f"`{name}` must be letters, digits, dots and dashes, because it is a part of the "
                f"address {base_url}, got {value!r}"
            )
        values[name] = value
    return base_url.format(**values) if values else base_url


def placeholders(base_url: str) -> list[str]:
    """Return the names in braces."""
    return [name for _, name, _, _ in Formatter().parse(base_url) if name is not None]


def pattern_of(host: str) -> re.Pattern[str]:
    """Return what matches every host that *host*, which may have names in braces, stands for."""
    return re.compile(_PLACE.sub("[^/]+", re.escape(host)))


class Configurable(Protocol):
    """The class of a provider, as far as its settings are read; see `Provider`."""

    name: ClassVar[str]
    base_url: ClassVar[str]
    settings_model: ClassVar[type[Settings]]
    stand_in_settings: ClassVar[Mapping[str, object]]


def checked_settings(
    provider: type[Configurable], given: Mapping[str, object], *, sandbox: bool = False
) -> Settings:
    """Return the settings of an account; each that is unknown, missing or wrong is a `ConfigError`.

    Args:
        provider: Declares what there is.
        given: The settings by name.
        sandbox: Whether what is missing is taken from the plugin's stand-ins.
    """
    if sandbox:
        given = {**provider.stand_in_settings, **given}
    try:
        return provider.settings_model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
    raise ConfigError("; ".join(_problem(provider, item) for item in found))


def stand_in(provider: type[Configurable]) -> tuple[Settings, str]:
    """Return the settings and the base URL of the account that the sandbox of *provider* simulates.

    Raises `PluginError` where the plugin has no fitting ones.
    """
    try:
        settings = checked_settings(provider, {}, sandbox=True)
        return settings, address_of(provider.base_url, settings)
    except ConfigError as error:
        message = f"the plugin of {provider.name!r} has no fitting `stand_in_settings`: {error}"
        raise PluginError(message) from error


def _problem(provider: type[Configurable], item: Any) -> str:
    """Return what is wrong with one setting, and what to do."""
    name = ".".join(map(str, item["loc"]))
    known = ", ".join(f"`{field}`" for field in provider.settings_model.model_fields)
    if item["type"] == "extra_forbidden":
        return f"{provider.name} has no `{name}` in its `settings`; it has {known or 'none'}"
    if item["type"] == "missing":
        return f"`{name}` is missing: an account of {provider.name} needs it, so add it"
    if item["type"] == "invalid_key":
        return f"the names in `settings` must be text, got {name}"
    if item["type"] == "value_error":  # from a validator of the plugin's
        problem = str(item["msg"]).removeprefix("Value error, ")
    else:
        problem = str(item["msg"]).lower()
    return f"`{name}` is not as {provider.name} needs it: {problem}"
