"""`subhub demo`: the main job, done on every installed provider, each in its own sandbox."""

from __future__ import annotations

from typing import Final

from subhub.cli.demo_run import Run, Step, run
from subhub.cli.demo_view import print_demo
from subhub.cli.errors import facts
from subhub.cli.output import Output
from subhub.errors import PluginError
from subhub.plugin.registry import Installed, installed

FIRST: Final = ("mijnklantportaal", "afternoon")
NOTICE: Final = "All of this ran in sandboxes on this machine. Nothing was tried live."


def demo(*, output: Output) -> None:
    """Do the main job on every installed provider, in sandboxes; nothing has to be configured."""
    plugins = sorted(installed(), key=_place)
    runs: list[Run] = []
    problems = [_absence(name) for name in FIRST if name not in {each.name for each in plugins}]
    for each in plugins:
        try:
            runs.append(_run(each))
        except PluginError as error:
            problems.append(str(error))
    if not runs:
        message = f"there is no provider to show: {'; '.join(problems)}"
        raise PluginError(message)
    if output.as_json:
        output.data(_facts(runs, problems))
    else:
        print_demo(runs, NOTICE, problems)


def _run(plugin: Installed) -> Run:
    if plugin.provider is None:
        raise PluginError(plugin.problem)
    return run(plugin.provider, plugin.version)


def _place(plugin: Installed) -> tuple[int, str]:
    """Those that come with subhub stand first."""
    return (FIRST.index(plugin.name) if plugin.name in FIRST else len(FIRST)), plugin.name


def _absence(name: str) -> str:
    return f"{name} is not installed: pip install subhub-{name}"


def _facts(runs: list[Run], problems: list[str]) -> dict[str, object]:
    return {
        "notice": NOTICE,
        "sandbox": True,
        "providers": [
            {
                "provider": each.provider,
                "version": each.version,
                "steps": [_step(step) for step in each.steps],
                "assumptions": dict(each.assumptions),
                "lacks": [facts(lacking) for lacking in each.lacks],
            }
            for each in runs
        ],
        "switch": [f'provider = "{each.provider}"' for each in runs],
        "problems": problems,
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "call": step.call,
        "asked": [
            {"method": each.method, "path": each.path, "body": each.body, "status": each.status}
            for each in step.asked
        ],
        "result": step.result,
        "error": facts(step.error) if step.error else None,
    }
