"""Snapshots: the whole state of a fake as a JSON document, and a fake made of one again.

What a fake keeps in its attributes is written as it is; what JSON has no form for is an object with
the key `$`. Exchanges, faults and whatever else is about this process are left out.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final, cast

from subhub.sandbox.exchange import JsonObject
from subhub.sandbox.fake import Fake
from subhub.sandbox.ids import Ids
from subhub.sandbox.windows import RateWindow

TAG: Final = "$"
OF_THE_PROCESS: Final = frozenset({"clock", "ids", "exchanges", "faults", "site", "_lock"})
"""The attributes that are not written: two have a form of their own, the others begin anew.

So do rate windows, under whatever name.
"""


def snapshot(fake: Fake) -> JsonObject:
    """The state of *fake*; `TypeError` names an attribute that cannot be written."""
    return {
        "clock": fake.clock.now().isoformat(),
        "seed": fake.ids.seed,
        "ids": fake.ids.made,
        "state": {name: _written(name, value) for name, value in state_of(fake).items()},
    }


def restored(kind: type[Fake], document: JsonObject) -> Fake:
    """A fake of this *kind* in the state of *document*; `ValueError` when it is of another kind."""
    try:
        fake = kind(start=dt.datetime.fromisoformat(document["clock"]), seed=document["seed"])
        for name, value in document["state"].items():
            setattr(fake, name, _read(value, kind))
        fake.ids = Ids(document["seed"], document["ids"])
    except (KeyError, TypeError, AttributeError) as error:
        message = f"this is no state of a {kind.__name__}: {error!r}"
        raise ValueError(message) from error
    return fake


def state_of(fake: Fake) -> dict[str, Any]:
    """The attributes of *fake* that are its state."""
    return {
        name: value
        for name, value in vars(fake).items()
        if name not in OF_THE_PROCESS and not isinstance(value, RateWindow)
    }


def plain(value: object) -> Any:
    """*value* in JSON."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list):
        return [plain(each) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        return _mapping(cast("dict[object, object]", value))
    if is_dataclass(value) and not isinstance(value, type):
        members = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        kind = type(value)
        return {TAG: f"{kind.__module__}:{kind.__qualname__}", "value": members}
    return _tagged(value)


def _written(name: str, value: object) -> Any:
    try:
        return plain(value)
    except TypeError as error:
        message = f"the attribute {name!r} of the fake cannot be written to a state file: {error}"
        raise TypeError(message) from error


def _mapping(value: Mapping[object, object]) -> Any:
    if TAG not in value and all(isinstance(key, str) for key in value):
        return {key: plain(each) for key, each in value.items()}
    return {TAG: "dict", "value": [[plain(key), plain(each)] for key, each in value.items()]}


def _tagged(value: object) -> JsonObject:
    for kind, (name, write, _) in _KINDS.items():
        if type(value) is kind:
            return {TAG: name, "value": write(value)}
    message = f"{type(value).__name__} has no form in JSON"
    raise TypeError(message)


def _read(value: Any, kind: type[Fake]) -> Any:
    if isinstance(value, list):
        return [_read(each, kind) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    mapping = cast("dict[str, Any]", value)
    if TAG not in mapping:
        return {key: _read(each, kind) for key, each in mapping.items()}
    name, inside = mapping[TAG], _read(mapping["value"], kind)
    if ":" in name:
        return _own_class(name, kind)(**inside)
    if name == "dict":
        return dict(inside)
    return next(read for tag, _, read in _KINDS.values() if tag == name)(inside)


def _own_class(name: str, kind: type[Fake]) -> Callable[..., object]:
    """The dataclass of that name, if it belongs to the distribution of the fake; none else."""
    module, _, qualified = name.partition(":")
    home = kind.__module__.partition(".")[0]
    found = getattr(sys.modules.get(module), qualified, None)
    if module.partition(".")[0] != home or not (isinstance(found, type) and is_dataclass(found)):
        message = f"{name!r} is no class of {home}"
        raise ValueError(message)
    return found


_KINDS: Final[Mapping[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]] = {
    dt.datetime: ("datetime", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: ("date", dt.date.isoformat, dt.date.fromisoformat),
    Decimal: ("decimal", str, Decimal),
    set: ("set", lambda value: [plain(each) for each in sorted(value)], set),
    tuple: ("tuple", lambda value: [plain(each) for each in value], tuple),
}
