"""Snapshots: the whole state of a fake as a JSON document, and a fake restored from one.

The attributes of a fake are written as they are. What JSON has no form for becomes an object with
the key `$`. Exchanges, faults and whatever else belongs to the process are left out.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final, cast

from subhub.errors import InvalidRequest
from subhub.sandbox.exchange import JsonObject
from subhub.sandbox.fake import Fake
from subhub.sandbox.ids import Ids
from subhub.sandbox.windows import RateWindow

TAG: Final = "$"
_INVALID: Final = (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
NOT_STATE: Final = frozenset(
    {
        "_clock",
        "agenda",
        "charges",
        "outbox",
        "ids",
        "charge_plan",
        "exchanges",
        "faults",
        "site",
        "around",
        "_lock",
    }
)
"""The attributes that are not written so: the first five have their own form, others start new.

Rate windows, under any name, start new too.
"""


def snapshot(fake: Fake) -> JsonObject:
    """Return the state of *fake*. Raises `TypeError` for an attribute that cannot be written."""
    return {
        "clock": fake.clock.now().isoformat(),
        "seed": fake.ids.seed,
        "ids": fake.ids.drawn,
        "agenda": fake.agenda.rows(),
        "charges": fake.charges.rows(),
        "outbox": fake.outbox.state(),
        "state": {name: _encoded(name, value) for name, value in state_of(fake).items()},
    }


def restore(kind: type[Fake], document: JsonObject) -> Fake:
    """Create a fake of *kind* in the state of *document*; `ValueError` if that is not its state."""
    try:
        fake = kind(start=dt.datetime.fromisoformat(document["clock"]), seed=document["seed"])
    except (*_INVALID, InvalidRequest) as error:
        raise _unusable(kind, error) from error
    refill(fake, document)
    return fake


def refill(fake: Fake, document: JsonObject) -> None:
    """Bring *fake* into the state of *document*; `ValueError` if that is not a state of it."""
    kind = type(fake)
    try:
        fake.clock.set(dt.datetime.fromisoformat(document["clock"]))
        for name, value in document["state"].items():
            setattr(fake, name, _decode(value, kind))
        # last, because the constructor or a setter may have drawn ids
        fake.ids = Ids(str(document["seed"]), int(document["ids"]))
        fake.agenda.restore(document["agenda"])
        fake.charges.restore(document["charges"])
        fake.outbox.restore(document["outbox"])
    except (*_INVALID, InvalidRequest) as error:
        raise _unusable(kind, error) from error


def _unusable(kind: type[Fake], error: Exception) -> ValueError:
    return ValueError(f"this is not the state of a {kind.__name__}: {error!r}")


def state_of(fake: Fake) -> dict[str, Any]:
    """Return the attributes of *fake* that are its state."""
    return {
        name: value
        for name, value in vars(fake).items()
        if name not in NOT_STATE and not isinstance(value, RateWindow)
    }


def encode(value: object) -> Any:
    """Return *value* in a form that JSON has."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list):
        return [encode(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return _encode_mapping(cast("dict[object, object]", value))
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: encode(getattr(value, field.name)) for field in fields(value)}
        kind = type(value)
        return {TAG: f"{kind.__module__}:{kind.__qualname__}", "value": members}
    return _encode_tagged(value)


def _encoded(name: str, value: object) -> Any:
    try:
        return encode(value)
    except TypeError as error:
        message = f"cannot write the attribute {name!r} of the fake to a state file: {error}"
        raise TypeError(message) from error


def _encode_mapping(value: Mapping[object, object]) -> Any:
    # a mapping that JSON would change or that looks like a tagged value is written as pairs
    if TAG not in value and all(isinstance(key, str) for key in value):
        return {key: encode(item) for key, item in value.items()}
    return {TAG: "dict", "value": [[encode(key), encode(item)] for key, item in value.items()]}


def _encode_tagged(value: object) -> JsonObject:
    for kind, (name, write, _) in _CODECS.items():
        if type(value) is kind:  # exactly: a datetime is also a date
            return {TAG: name, "value": write(value)}
    message = f"{type(value).__name__} has no form in JSON"
    raise TypeError(message)


def _decode(value: Any, kind: type[Fake]) -> Any:
    if isinstance(value, list):
        return [_decode(item, kind) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    mapping = cast("dict[str, Any]", value)
    if TAG not in mapping:
        return {key: _decode(item, kind) for key, item in mapping.items()}
    name, content = mapping[TAG], _decode(mapping["value"], kind)
    if ":" in name:
        return _own_class(name, kind)(**content)
    if name == "dict":
        return dict(content)
    readers = {tag: read for tag, _, read in _CODECS.values()}
    return readers[name](content)


def _own_class(name: str, kind: type[Fake]) -> Callable[..., object]:
    """Return the dataclass *name*, if it belongs to the fake's own package or to `subhub.sandbox`.

    A state file is data: it must not be able to call anything else, such as `subprocess.Popen`.
    """
    module, _, qualified = name.partition(":")
    home = kind.__module__.partition(".")[0]
    found = getattr(sys.modules.get(module), qualified, None)
    own = module.partition(".")[0] == home or module.startswith("subhub.sandbox.")
    if not (own and isinstance(found, type) and is_dataclass(found)):
        message = f"{name!r} is not a class of {home}"
        raise ValueError(message)
    return found


_CODECS: Final[Mapping[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]] = {
    dt.datetime: ("datetime", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: ("date", dt.date.isoformat, dt.date.fromisoformat),
    Decimal: ("decimal", str, Decimal),
    bytes: ("bytes", lambda value: value.decode("latin-1"), lambda text: text.encode("latin-1")),
    # sorted, so that the same state is the same text
    set: ("set", lambda value: [encode(item) for item in sorted(value)], set),
    tuple: ("tuple", lambda value: [encode(item) for item in value], tuple),
}
"""By type: the tag, and how to write and read the value."""
