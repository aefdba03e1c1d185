"""The registry: only the named plugin is imported, and what is wrong with it is said."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subhub import Client, PluginError
from subhub.plugin.registry import (
    Installed,
    distribution_of,
    installed,
    load,
    names,
    provider_class,
)

# Names are used once in this file: what was loaded stays loaded.
Install = Callable[..., None]
PLUGIN = """
from subhub.plugin import Provider
class Found(Provider):
    name = {name!r}
    base_url = "https://found.test"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with one plugin on the path, as an installer would."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def put(name: str, source: str = PLUGIN, target: str = "Found", home: str = "") -> None:
        home = home or f"subhub-{name}"
        module = f"{home}_plugin".replace("-", "_")
        _ = (tmp_path / f"{module}.py").write_text(source.format(name=name))
        info = tmp_path / f"{home.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {home}\nVersion: 1.2\n"
        _ = (info / "METADATA").write_text(metadata)
        entry = f"[subhub.providers]\n{name} = {module}:{target}\n"
        _ = (info / "entry_points.txt").write_text(entry)

    return put


def refusal(name: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        _ = load(name)
    return caught.value


def test_a_plugin_is_found_by_its_name_and_used(install: Install) -> None:
    install("regfound")

    provider = load("regfound")

    assert provider.name == "regfound"
    assert provider_class("regfound") is provider
    assert provider_class(provider) is provider
    assert Client("regfound", api_key="k").provider == "regfound"
    assert distribution_of("regfound") == ("subhub-regfound", "1.2")


def test_a_missing_plugin_is_reported_with_those_that_are_installed(install: Install) -> None:
    install("regpaypal")

    close, far = refusal("regpaypall"), refusal("zzz")

    assert "no plugin for the provider 'regpaypall' (installed: " in str(close)
    assert "regpaypal" in str(close).partition("installed: ")[2].partition(")")[0].split(", ")
    assert str(close).endswith("did you mean 'regpaypal'?")
    assert str(far).endswith("; check the name, or install its plugin")
    with pytest.raises(PluginError, match="no plugin for the provider 'zzz'"):
        _ = distribution_of("zzz")


def test_without_any_plugin_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "path", [str(tmp_path)])
        assert names() == []
        assert "(installed: none)" in str(refusal("regnobody"))


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("regsyntax", "def", "SyntaxError: invalid syntax"),
        ("regmissing", "import regnosuchmodule", "No module named 'regnosuchmodule'"),
        ("regraising", "raise RuntimeError('bad day')", "RuntimeError: bad day"),
        ("regexiting", "raise SystemExit(3)", "SystemExit: 3"),
        ("regempty", "", "has no attribute 'Found'"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_reported_with_its_cause(
    install: Install, name: str, source: str, said: str
) -> None:
    install(name, source)

    error = refusal(name)

    assert str(error).startswith(f"cannot import the plugin of {name!r}: ")
    assert said in str(error)
    assert error.__cause__ is not None


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("regnumber", "Found = 7", "offers 7, which is not a subclass of Provider"),
        ("regdict", "Found = dict", "offers <class 'dict'>, which is not a subclass of Provider"),
        ("regother", PLUGIN.replace("{name!r}", "'another'"), "has the name 'another'"),
        ("regfuture", PLUGIN + "    api_version = 99\n", "has version 99 of the plugin interface"),
        (
            "regpast",
            PLUGIN + "    api_version = 0\n",
            "and this subhub accepts 1: update the older",
        ),
    ],
)
def test_a_plugin_that_does_not_fit_is_refused(
    install: Install, name: str, source: str, said: str
) -> None:
    install(name, source)

    assert said in str(refusal(name))


def test_a_name_that_two_distributions_offer_is_refused_and_neither_is_imported(
    install: Install,
) -> None:
    for home in ("subhub-regone", "subhub-regtwo"):
        install("regtwice", "raise RuntimeError", home=home)

    error = refusal("regtwice")

    assert str(error) == (
        "two distributions offer the provider 'regtwice': subhub-regone and subhub-regtwo; "
        "uninstall one"
    )


def test_only_the_named_plugin_is_imported_and_a_broken_neighbour_does_no_harm(
    install: Install,
) -> None:
    install("regbroken", "raise SystemExit")
    install("regquiet")
    install("regwanted")

    assert load("regwanted").name == "regwanted"
    assert {"regbroken", "regquiet", "regwanted"} <= set(names())
    assert "subhub_regwanted_plugin" in sys.modules
    assert not {"subhub_regbroken_plugin", "subhub_regquiet_plugin"} & set(sys.modules)


def test_a_plugin_that_was_just_installed_is_found_without_a_new_process(install: Install) -> None:
    _ = refusal("reglate")

    install("reglate")

    assert load("reglate").name == "reglate"


def test_every_installed_plugin_is_listed_with_its_distribution_and_its_problem(
    install: Install,
) -> None:
    install("regwell")
    install("regill", "raise RuntimeError('bad day')")

    found: dict[str, Any] = {each.name: each for each in installed()}

    assert found["regwell"] == Installed("regwell", "subhub-regwell", "1.2", load("regwell"))
    ill = found["regill"]
    assert (ill.distribution, ill.version, ill.provider) == ("subhub-regill", "1.2", None)
    assert ill.problem.endswith("'regill': RuntimeError: bad day")
    assert list(found) == sorted(found) == names()
