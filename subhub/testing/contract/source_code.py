"""The source of a plugin, as far as its flows reach: what contract tests read instead of run.

The modules are those of the provider's class and its bases, and what they import from the same
package at their top. The fake is imported inside of `sandbox()`, and so is none of them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider


@dataclass(frozen=True, slots=True)
class Source:
    """One module, parsed."""

    name: str
    tree: ast.Module

    def place(self, node: ast.AST) -> str:
        """Where *node* stands, for a message."""
        return f"{self.name}, line {getattr(node, 'lineno', 0)}"


def sources_of(provider: type[Provider]) -> tuple[Source, ...]:
    """The modules that the flows of *provider* are written in."""
    homes = (each.__module__ for each in provider.__mro__)
    own = (each for each in homes if each.partition(".")[0] not in {"subhub", "builtins"})
    return _sources(tuple(own), provider.__module__.partition(".")[0])


@lru_cache(maxsize=16)
def _sources(modules: tuple[str, ...], package: str) -> tuple[Source, ...]:
    waiting = list(modules)
    found: dict[str, Source] = {}
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name not in found and module is not None:
            found[name] = Source(name, _parsed(module))
            waiting += _imported(found[name].tree, package)
    return tuple(found.values())


def _parsed(module: ModuleType) -> ast.Module:
    try:
        return ast.parse(inspect.getsource(module))
    except (OSError, TypeError) as error:  # made without a file
        message = f"the source of {module.__name__} cannot be read, and so not be checked"
        raise AssertionError(message) from error


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The modules of *package* that are imported when the module is."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == package:
            yield str(node.module)
            yield from (f"{node.module}.{each.name}" for each in node.names)


def functions(source: Source) -> Iterator[ast.FunctionDef]:
    """Every function and method, those inside of others included."""
    return (each for each in ast.walk(source.tree) if isinstance(each, ast.FunctionDef))


def is_flow(function: ast.FunctionDef) -> bool:
    """Whether it is annotated as one."""
    returned = function.returns
    if isinstance(returned, ast.Constant) and isinstance(returned.value, str):
        return returned.value.startswith("Flow[")
    name = returned.value if isinstance(returned, ast.Subscript) else returned
    return isinstance(name, ast.Name) and name.id == "Flow"


def called(node: ast.AST) -> str:
    """The name of what *node* calls, without what stands before the last dot."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
