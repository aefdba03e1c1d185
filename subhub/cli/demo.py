"""`subhub demo`: the main job at every installed provider, each in its own sandbox."""

from __future__ import annotations

from typing import Final

from subhub.cli.demo_run import DemoCall, DemoRun, run
from subhub.cli.demo_view import print_demo
from subhub.cli.errors import error_data
from subhub.cli.output import Output
from subhub.errors import PluginError
from subhub.plugin.registry import Installed, installed

FIRST: Final = ("mijnklantportaal", "afternoon")
"""The providers that come with subhub, in the order of their columns."""
NOTICE: Final = "All of this ran in sandboxes on this machine. Nothing was tried live."


def demo(*, output: Output) -> None:
    """Run the main job in the sandbox of every installed provider.

    It needs no configuration and no key, and opens no connection.
    """
    plugins = sorted(installed(), key=_position)
    runs: list[DemoRun] = []
    there = {plugin.name for plugin in plugins}
    problems = [
        f"{name} is not installed: pip install subhub-{name}" for name in FIRST if name not in there
    ]
    for plugin in plugins:
        try:
            runs.append(_run(plugin))
        except PluginError as error:
            problems.append(str(error))
    if not runs:
        message = f"no provider can be shown: {'; '.join(problems)}"
        raise PluginError(message)
    if output.as_json:
        output.data(_demo_data(runs, problems))
    else:
        print_demo(runs, NOTICE, problems, output)


def _run(plugin: Installed) -> DemoRun:
    if plugin.provider is None:
        raise PluginError(plugin.problem)
    return run(plugin.provider, plugin.version)


def _position(plugin: Installed) -> tuple[int, str]:
    return (FIRST.index(plugin.name) if plugin.name in FIRST else len(FIRST)), plugin.name


def _demo_data(runs: list[DemoRun], problems: list[str]) -> dict[str, object]:
    return {
        "notice": NOTICE,
        "sandbox": True,
        "providers": [
            {
                "provider": recorded.provider,
                "version": recorded.version,
                "steps": [_call_data(call) for call in recorded.calls],
                "assumptions": dict(recorded.assumptions),
                "lacks": [error_data(lacking) for lacking in recorded.lacks],
            }
            for recorded in runs
        ],
        "switch": [f'provider = "{recorded.provider}"' for recorded in runs],
        "problems": problems,
    }


def _call_data(call: DemoCall) -> dict[str, object]:
    return {
        "call": call.name,
        "asked": [
            {
                "method": request.method,
                "path": request.path,
                "body": request.body,
                "status": request.status,
            }
            for request in call.requests
        ],
        "result": call.result,
        "error": error_data(call.error) if call.error else None,
    }
