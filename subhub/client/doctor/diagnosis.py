"""The diagnosis: every check of every account, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from subhub._version import __version__
from subhub.client.configuration import Configuration
from subhub.client.doctor.findings import Finding, Patient
from subhub.client.doctor.online import online
from subhub.client.doctor.stores import journal, permits
from subhub.client.plan_links import LOCK_NAME, Links, read_lock
from subhub.errors import ConfigError, SubhubError, WebhookRefused
from subhub.plugin.registry import distribution_of, load
from subhub.webhooks.headers import Headers

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.sending.transport import SyncTransport

UNUSABLE: Final = 500
"""The status of a call that is refused because of this side's secrets."""


def diagnose(
    path: str | os.PathLike[str] | None = None,
    *,
    account: str | None = None,
    transport: SyncTransport | None = None,
) -> list[Finding]:
    """Check the accounts of `subhub.toml` as they are, at their providers too.

    Each account gets one harmless read, and one for each plan that is linked, where the provider
    can read plans. Nothing else is sent, and no file is created or changed; the reads are not
    counted in `permits`. It waits for the answers, so an event loop runs it in a thread. An account
    in which something is wrong hides no other; a file that cannot be read is a finding, too.

    Args:
        path: The file; otherwise the one that `Client.from_config` would find.
        account: The only account to check; one that the file does not have is an `UnknownAccount`.
        transport: An httpx transport of your own.
    """
    whole = Patient("")
    try:
        configuration = Configuration.read(path, account)
    except ConfigError as error:
        return [whole.wrong("configuration", str(error))]
    if account is not None:
        return list(examine(configuration, [configuration.choose(account)], transport))
    findings: list[Finding] = []
    try:
        _ = configuration.choose()
    except ConfigError as error:
        findings.append(whole.wrong("configuration", str(error)))
    return [*findings, *examine(configuration, configuration.settings.accounts, transport)]


def examine(
    configuration: Configuration, names: Iterable[str], transport: SyncTransport | None = None
) -> Iterator[Finding]:
    """Yield the findings about the accounts *names* of a configuration; see `diagnose`."""
    for name in names:
        yield from _account(configuration.alone(name), name, transport)


def _account(
    configuration: Configuration, name: str, transport: SyncTransport | None
) -> Iterator[Finding]:
    patient = Patient(name)
    settings = configuration.settings.accounts[name]
    try:
        provider = load(settings.provider)
    except SubhubError as error:
        yield patient.wrong("plugin", str(error))
        return
    package, version = distribution_of(provider.name)
    plugin = f"{package} {version}, plugin interface {provider.api_version}"
    yield patient.ok("plugin", f"subhub-billing {__version__}, {plugin}")
    links, found = _links(patient, configuration, name)
    yield from found
    try:
        configuration.check_needs()
        journal_path, permits_folder = configuration.journal(name), configuration.permits(name)
        account = configuration.probe(name, links)
    except SubhubError as error:
        yield patient.wrong("configuration", str(error))
        return
    yield patient.ok("configuration", f"{configuration.source} can be used")
    yield _mode(patient, account, settings.mode)
    yield from _plans(patient, configuration, account, links)
    yield journal(patient, account, journal_path)
    yield permits(patient, account, permits_folder)
    yield _webhooks(patient, account)
    limit = settings.rate_limit or provider.rate_limit
    yield from online(patient, account, limit, transport)


def _links(
    patient: Patient, configuration: Configuration, name: str
) -> tuple[Links, list[Finding]]:
    """Return the links of an account that can be read, and what is found about them."""
    try:
        tables = read_lock(configuration.folder / LOCK_NAME)
    except ConfigError as error:
        return {}, [patient.wrong("lock", str(error))]
    linked = f"links {', '.join(tables.get(name, {})) or 'no plan of this account'}"
    found = [patient.ok("lock", f"{LOCK_NAME} {linked if tables else 'is not there'}")]
    try:
        return configuration.links(name), found
    except ConfigError as error:
        return {}, [*found, patient.wrong("plans", str(error))]


def _plans(
    patient: Patient, configuration: Configuration, account: Account, links: Links
) -> Iterator[Finding]:
    problems = dict(configuration.plan_problems(account, links))
    for key, problem in problems.items():
        yield patient.wrong("plans", f"{key}: {problem}")
    sold = ", ".join(key for key in account.plans if key not in problems)
    if not account.plans:
        yield patient.ok("plans", "none are configured")
    elif sold:
        yield patient.ok("plans", f"can be sold as they are configured: {sold}")


def _webhooks(patient: Patient, account: Account) -> Finding:
    declared, secrets = account.provider.webhooks, account.webhook_secrets
    name = account.provider.name
    if declared is None or declared.scheme.proof == "refetch":
        unread = f"no calls of {name} are read: `changes` compares its lists"
        message = unread if declared is None else f"calls of {name} prove nothing: `refetch` does"
        if not secrets:
            return patient.ok("webhooks", message)
        remedy = "remove `webhook_secrets`: they are not used"
        return patient.warning("webhooks", message, remedy)
    if not secrets:
        return patient.ok(
            "webhooks", f"every call of {name} is refused, because there are no `webhook_secrets`"
        )
    try:  # a call without headers, which is refused for its secrets before it is looked at
        _ = declared.scheme.verify(Headers.of(()), b"", secrets, account.clock())
    except WebhookRefused as refused:
        if refused.status == UNUSABLE:
            return patient.wrong("webhooks", refused.reason)
    return patient.ok("webhooks", f"a call that fits one of {len(secrets)} secrets is accepted")


def _mode(patient: Patient, account: Account, said: str | None) -> Finding:
    mode, provider = account.identity.mode, account.provider
    if mode == "sandbox":
        return patient.ok("mode", "a sandbox: no key is needed, and nothing leaves this machine")
    if mode == "unknown":
        return patient.ok(
            "mode", f"unknown: keys of {provider.name} do not show it, and `mode` is not set"
        )
    if not provider.key_prefixes:
        return patient.ok("mode", f"{mode}, as `mode` says; the key does not show it")
    agrees = ", and `mode` says so too" if said else ""
    return patient.ok("mode", f"{mode}: the key shows it{agrees}")
