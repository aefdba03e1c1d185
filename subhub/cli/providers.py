"""`subhub providers` and `subhub capabilities`: what is installed, and what each can do."""

from __future__ import annotations

from typing import Annotated

import typer

from subhub.cli.options import AccountName, ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.plugin.capabilities import Absence, Capability
from subhub.plugin.registry import Installed, installed, load


def providers(*, output: Output) -> None:
    """List the installed provider plugins, the broken ones with the cause."""
    found = installed()
    if output.as_json:
        output.data([_plugin(each) for each in found])
    elif found:
        rows = ((each.name, each.distribution, each.version, _state(each)) for each in found)
        output.table(("provider", "package", "version", "state"), rows)
    else:
        output.note(
            "no provider is installed: "
            "pip install subhub-mijnklantportaal, or pip install subhub-afternoon"
        )


def capabilities(
    *,
    provider: Annotated[
        str | None, typer.Argument(help="A provider's name; else the configured account's.")
    ] = None,
    config: ConfigPath = None,
    account: AccountName = None,
    output: Output,
) -> None:
    """Show what a provider can do, how well that is known, and what it lacks.

    Evidence: seed, in full from the provider's own document; docs, from its documentation;
    docs-old, from an earlier edition; inferred, not seen anywhere. None of it was tried live.
    """
    if provider is None:
        configuration = Configuration.read(config)
        provider = configuration.settings.accounts[configuration.choose(account)].provider
    found = load(provider).capabilities().values()
    if output.as_json:
        output.data([capability_data(each) for each in found])
        return
    output.table(("capability", "supported", "evidence_or_reason"), map(_row, found))


def _state(plugin: Installed) -> str:
    return plugin.problem or "ready"


def _plugin(plugin: Installed) -> dict[str, object]:
    return {
        "name": plugin.name,
        "package": plugin.distribution,
        "version": plugin.version,
        "documentation": plugin.provider.documentation if plugin.provider else None,
        "problem": plugin.problem or None,
    }


def _row(capability: Capability) -> tuple[str, str, str]:
    name = f"{capability.name} (only here)" if capability.extension else capability.name
    found = capability.found
    if isinstance(found, Absence):
        instead = f"; instead: {found.alternative}" if found.alternative else ""
        return name, "no" if found.kind == "provider" else "not yet", found.reason + instead
    options = f"; options: {', '.join(capability.options)}" if capability.options else ""
    lost = f"; if its answer is lost: {capability.lost}" if capability.lost else ""
    return name, "yes", f"{found.mark}: {found.source}{options}{lost}"


def capability_data(capability: Capability) -> dict[str, object]:
    """What is known of a capability, for scripts."""
    found = capability.found
    known: dict[str, object] = (
        {"reason": found.reason, "alternative": found.alternative, "kind": found.kind}
        if isinstance(found, Absence)
        else {"evidence": found.mark, "source": found.source}
    )
    return {
        "name": capability.name,
        "supported": capability.supported,
        "extension": capability.extension,
        "options": capability.options,
        "lost": capability.lost,
        **known,
    }
