"""Copies of the real plugins, with a mistake or without, and their contract tests."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from subhub.testing import ProviderContract
from subhub.testing.contract import guard
from subhub.testing.contract.cases import items_of, parameters_of
from tests.afternoon.test_afternoon_contract import TestAfternoon
from tests.mijnklantportaal.test_mijnklantportaal_contract import TestMijnKlantportaal
from tests.mollie.test_mollie_contract import TestMollie
from tests.mutations.seeded import Edit
from tests.stripe.test_stripe_contract import TestStripe

CONTRACTS: Final[dict[str, type[ProviderContract]]] = {
    "afternoon": TestAfternoon,
    "mijnklantportaal": TestMijnKlantportaal,
    "mollie": TestMollie,
    "stripe": TestStripe,
}
_PROVIDERS: Final = Path(__file__).parents[2] / "providers"


@contextmanager
def copied(provider: str, edits: Iterable[Edit], folder: Path) -> Generator[type[ProviderContract]]:
    """Return the contract class of a copy of the plugin with *edits*."""
    contract = CONTRACTS[provider]
    package = f"seeded_{folder.name}".replace("-", "_")
    _write(_PROVIDERS / provider / f"subhub_{provider}", folder / package, package)
    for edit in edits:
        _make(edit, folder / package, f"subhub_{provider}", package)
    sys.path.insert(0, str(folder))
    try:
        module: Any = importlib.import_module(package)
        found = getattr(module, contract.provider.__name__)
        yield type("Seeded", (contract,), {"provider": found})
    finally:
        sys.path.remove(str(folder))
        for name in [found for found in sys.modules if found.partition(".")[0] == package]:
            del sys.modules[name]


def failures(contract: type[ProviderContract], test: str) -> Iterator[str]:
    """Yield how *test* fails, for each of its cases where it does."""
    sealed = guard.tests()[test]
    takes_kind = len(parameters_of(sealed).kinds) > 1
    for item in items_of(sealed, contract.provider):
        args = (item.case, item.kind) if takes_kind else (item.case,)
        try:
            getattr(contract(), test)(*args)
        except AssertionError as failure:
            yield f"[{item.case}] {failure}"


def _write(source: Path, target: Path, package: str) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    _ = shutil.copytree(source, target, ignore=ignored)
    for path in target.rglob("*.py"):
        _ = path.write_text(path.read_text("utf-8").replace(source.name, package), "utf-8")


def _make(edit: Edit, folder: Path, name: str, package: str) -> None:
    path = folder / edit.path
    old, new = edit.old.replace(name, package), edit.new.replace(name, package)
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name} has {text.count(old)} times, not once:\n{old}"
    _ = path.write_text(text.replace(old, new), "utf-8")
