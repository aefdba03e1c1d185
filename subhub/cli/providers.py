"""`subhub providers` and `subhub capabilities`: what is installed, and what each can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.contract_report import as_data, proof, shipped_run, summary
from subhub.cli.global_options import AccountName, ConfigPath
from subhub.cli.output import Output
from subhub.errors import PluginError
from subhub.plugin.capabilities import Absence, Capability
from subhub.plugin.registry import Installed, installed, load
from subhub.testing.contract.levels import Support, support_of

if TYPE_CHECKING:
    from subhub.plugin.capabilities import Capabilities
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.report import Run

EVIDENCE: Final = {
    "seed": "official spec",
    "docs": "documentation",
    "docs-old": "older documentation",
    "inferred": "assumed",
}
RECOVERY: Final = {"decided": "automatic", "candidates": "ambiguous", "nothing": "none"}
COLUMNS: Final = ("capability", "supported", "evidence", "recovery", "proven", "source_or_reason")


def providers(*, output: Output) -> None:
    """List the installed provider plugins, and what each has proven.

    For a broken one, the cause is shown. Support follows by rule from the contract report that a
    plugin ships: unproven, partial, main job (a customer can be sold to, and the subscription read
    and canceled), or lifecycle (also listed, changed, and the customer kept up to date).
    """
    found = installed()
    if output.as_json:
        output.data([_plugin_data(plugin) for plugin in found])
    elif found:
        rows = (
            (
                plugin.name,
                plugin.distribution,
                plugin.version,
                plugin.problem or "ready",
                str(_support(plugin) or ""),
            )
            for plugin in found
        )
        output.table(("provider", "package", "version", "state", "support"), rows)
    else:
        output.note(
            "no provider is installed: "
            "pip install subhub-mijnklantportaal, or pip install subhub-afternoon"
        )


def capabilities(
    *,
    provider: Annotated[
        str | None, typer.Argument(help="A provider's name; default: the configured account's.")
    ] = None,
    config: ConfigPath = None,
    account: AccountName = None,
    output: Output,
) -> None:
    """Show what a provider can do, on what evidence, and how it was proven.

    Evidence for the wire format: official spec, documentation, older documentation, assumed.

    A field of what is created, such as `create_customer:phone`, is supported if it is sent.

    Recovery after a lost response, by `subhub resolve`: automatic, ambiguous (a person chooses
    from the candidates), none.

    Proven: on what the contract suite was run. For a capability that is missing, the suite tests
    that it is refused before anything is sent.
    """
    if provider is None:
        found, known = _configured(config, account)
    else:
        found = load(provider)
        known = found.capabilities()
    try:
        run = shipped_run(found)
        note = summary(run) if run else f"{found.name} ships no contract report"
    except PluginError as error:
        run, note = None, str(error)
    if output.as_json:
        output.data([_capability_data(capability, run) for capability in known.values()])
        return
    output.table(COLUMNS, (_row(capability, run) for capability in known.values()))
    output.note(note)


def why(capability: Capability) -> str:
    """Return the source of the evidence, or why the capability is missing and what to do."""
    found = capability.found
    if not isinstance(found, Absence):
        return found.source
    return f"{found.reason}; instead: {found.alternative}" if found.alternative else found.reason


def support(capability: Capability) -> str:
    """Return whether the provider can do it; `not yet` if only the plugin cannot.

    A field of a draft may be `required` as well.
    """
    found = capability.found
    if not isinstance(found, Absence):
        return "required" if capability.field == "required" else "yes"
    return "not yet" if found.kind == "plugin" else "no"


def evidence(capability: Capability) -> str:
    """Return how well the wire format is known; empty for what is missing."""
    found = capability.found
    return "" if isinstance(found, Absence) else EVIDENCE[found.mark]


def recovery(capability: Capability) -> str:
    """Return what happens after a lost response; empty for what changes nothing."""
    return RECOVERY[capability.lost] if capability.lost else ""


def _configured(config: ConfigPath, account: AccountName) -> tuple[type[Provider], Capabilities]:
    """Return the provider of an account, and what the account may use of it."""
    from subhub.client.account import without_selling  # noqa: PLC0415 - only without a name
    from subhub.client.configuration import Configuration  # noqa: PLC0415

    configuration = Configuration.read(config)
    name = configuration.choose(account)
    settings = configuration.settings.accounts[name]
    provider = load(settings.provider)
    known = provider.capabilities()
    return provider, known if settings.sells else without_selling(known, name)


def _support(plugin: Installed) -> Support | None:
    """Return what a plugin has proven; a report that cannot be read proves nothing."""
    if plugin.provider is None:
        return None
    try:
        return support_of(shipped_run(plugin.provider))
    except PluginError:
        return Support("unproven", "its contract report cannot be read")


def _plugin_data(plugin: Installed) -> dict[str, object]:
    found = _support(plugin)
    return {
        "name": plugin.name,
        "package": plugin.distribution,
        "version": plugin.version,
        "documentation": plugin.provider.documentation if plugin.provider else None,
        "problem": plugin.problem or None,
        "support": found and found.level,
        "lacking": (found and found.lacking) or None,
    }


def _row(capability: Capability, run: Run | None) -> tuple[str, ...]:
    name = f"{capability.name} (only here)" if capability.extension else capability.name
    options = f"; options: {', '.join(capability.options)}" if capability.options else ""
    return (
        name,
        support(capability),
        evidence(capability),
        recovery(capability),
        proof(run, capability.name) if run else "",
        why(capability) + options,
    )


def _capability_data(capability: Capability, run: Run | None) -> dict[str, object]:
    found = capability.found
    known: dict[str, object] = (
        {"reason": found.reason, "alternative": found.alternative, "kind": found.kind}
        if isinstance(found, Absence)
        else {"evidence": found.mark, "source": found.source}
    )
    counts = run and run.tested.capabilities.get(capability.name)
    return {
        "name": capability.name,
        "supported": capability.supported,
        "extension": capability.extension,
        "options": capability.options,
        "lost": capability.lost,
        "field": capability.field,
        "proof": {"source": run.tested.source, **as_data(counts)} if run and counts else None,
        **known,
    }
