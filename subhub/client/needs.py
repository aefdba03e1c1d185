"""What the application needs of every account: `needs` of the configuration.

The answers come from the plugins' capabilities; nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subhub.client.tables import AccountSettings, Settings
from subhub.errors import MissingNeed, SubhubError
from subhub.plugin.operations import SELLING, WEBHOOKS
from subhub.plugin.provider import Provider
from subhub.plugin.registry import load


def check_every_account(settings: Settings, source: str) -> None:
    """Raise `MissingNeed` when any account lacks what the application needs.

    Args:
        settings: The configuration; without `needs`, no plugin is imported that is not used.
        source: Where it was read.
    """
    kept = tuple(need for need in settings.needs if not _sells(need))
    lacking = [
        f"accounts.{name} ({account.provider}): {problem}"
        for name, account in (settings.accounts.items() if settings.needs else ())
        for problem in _unmet(
            load(account.provider), account, settings.needs if account.sells else kept
        )
    ]
    if lacking:
        lines = "\n  ".join(lacking)
        raise MissingNeed(f"{source}: `needs` cannot be met by every account:\n  {lines}")


def check_account_sells(settings: Settings, name: str, source: str) -> None:
    """Raise `MissingNeed` if the account in use does not sell, and the application needs to.

    Args:
        settings: The configuration.
        name: The account in use.
        source: Where it was read.
    """
    sold = [f"`{need}`" for need in settings.needs if _sells(need)]
    if sold and not settings.accounts[name].sells:
        raise MissingNeed(
            f"{source}: the account in use, {name!r}, has `sells = false`, and `needs` "
            f"asks for {', '.join(sold)}: choose an account that sells, with `account` or "
            "SUBHUB_ACCOUNT, or remove `sells`. A program that only serves the customers of "
            f"{name!r} asks for it by name: `Client.from_config(account={name!r})`"
        )


def _sells(need: str) -> bool:
    return need.partition(":")[0] in SELLING


def _unmet(
    provider: type[Provider], account: AccountSettings, needs: Sequence[str]
) -> Iterator[str]:
    for need in needs:
        try:
            provider.capabilities().require(need)
        except SubhubError as error:
            yield str(error)
    read = provider.webhooks if WEBHOOKS in needs else None
    if read and read.scheme.proof != "refetch" and not (account.webhook_secrets or account.sandbox):
        yield "`webhooks` needs `webhook_secrets`: without them, every call is refused"
