"""A public name as Markdown: its signature, its docstring, and its members."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import griffe

WIDTH: Final = 80  # characters; a longer signature has a line for each argument
_SECTIONS: Final = {
    griffe.DocstringSectionKind.parameters: "Argument",
    griffe.DocstringSectionKind.attributes: "Field",
    griffe.DocstringSectionKind.raises: "Error",
}


def heading(level: int, text: str, anchor: str) -> str:
    """Return a heading with an anchor that stays when its text changes."""
    return f"{'#' * level} `{text}` {{ #{anchor} }}"


def described(subject: griffe.Object, anchor: str, public: Collection[str]) -> Iterator[str]:
    """Yield the paragraphs about *subject*; its members have anchors below *anchor*.

    Args:
        subject: A class, a function or a value.
        anchor: The anchor of its heading.
        public: The names that the reference has; another base class is not mentioned.
    """
    if isinstance(subject, griffe.Class):
        yield from _class(subject, anchor, public)
    elif isinstance(subject, griffe.Function):
        yield _signature(subject, subject.name)
        yield from _sections(subject)
    else:
        yield from _value(subject)


def _class(subject: griffe.Class, anchor: str, public: Collection[str]) -> Iterator[str]:
    start = _constructor(subject)
    if start is not None:
        yield _signature(start, subject.name)
    bases = [f"`{base}`" for base in subject.bases if str(base) in public]
    if bases:
        yield f"A kind of {', '.join(bases)}."
    yield from _sections(subject)
    if start is not None:
        yield from _sections(start)
    yield from _fields(subject)
    for name, member in sorted(subject.all_members.items()):
        if not name.startswith(("_", "test_")) and member.docstring:
            yield heading(3, f"{subject.name}.{name}", f"{anchor}.{name}")
            shown = member.final_target if isinstance(member, griffe.Alias) else member
            yield from described(shown, f"{anchor}.{name}", public)


def _fields(subject: griffe.Class) -> Iterator[str]:
    """Yield a table of the fields, or of the values of an enum, if the docstring has none."""
    parsed = subject.docstring.parsed if subject.docstring else []
    if any(section.kind in _SECTIONS for section in parsed):
        return
    rows = [
        (name, str(member.annotation or ""), "" if member.annotation else f"`{member.value}`")
        for name, member in subject.all_members.items()
        if isinstance(member, griffe.Attribute) and not member.docstring
        if not name.startswith("_") and name != "model_config" and "property" not in member.labels
    ]
    if rows:
        yield _table("Name", rows).replace("| Meaning |", "| Value |", 1)


def _constructor(subject: griffe.Class) -> griffe.Function | None:
    found = subject.all_members.get("__init__")
    target = found.final_target if isinstance(found, griffe.Alias) else found
    if not isinstance(target, griffe.Function) or "fields" in target.parameters:
        return None  # a model's, which takes its fields by name
    return target


def _value(subject: griffe.Object) -> Iterator[str]:
    if isinstance(subject, griffe.Attribute):
        kind = f": {subject.annotation}" if subject.annotation else ""
        if "property" in subject.labels:
            yield _block(f"{subject.name}{kind}")
        else:
            given = f" = {subject.value}" if subject.value is not None else ""
            short = given if len(f"{subject.name}{kind}{given}") <= WIDTH else ""
            yield _block(f"{subject.name}{kind}{short}")
    yield from _sections(subject)


def _signature(function: griffe.Function, name: str) -> str:
    parameters = [each for each in function.parameters if each.name not in {"self", "cls"}]
    returns = f" -> {function.returns}" if function.returns and name == function.name else ""
    start = "async def " if "async" in function.labels else ""
    written = list(_parameters(parameters))
    line = f"{start}{name}({', '.join(written)}){returns}"
    if len(line) > WIDTH:
        line = f"{start}{name}(\n" + "".join(f"    {each},\n" for each in written) + f"){returns}"
    return _block(line)


def _parameters(parameters: list[griffe.Parameter]) -> Iterator[str]:
    keywords_begun = False
    for parameter in parameters:
        kind = parameter.kind
        keyword = kind is griffe.ParameterKind.keyword_only
        if kind is griffe.ParameterKind.var_positional:
            keywords_begun = True
        if keyword and not keywords_begun:
            keywords_begun = True
            yield "*"
        yield _parameter(parameter)


def _parameter(parameter: griffe.Parameter) -> str:
    stars = {"variadic positional": "*", "variadic keyword": "**"}
    kind = parameter.kind.value if parameter.kind else ""
    annotation = f": {parameter.annotation}" if parameter.annotation else ""
    has_default = parameter.default is not None and kind not in stars
    default = (" = " if annotation else "=") + str(parameter.default) if has_default else ""
    return f"{stars.get(kind, '')}{parameter.name}{annotation}{default}"


def _sections(subject: griffe.Object | griffe.Alias) -> Iterator[str]:
    if subject.docstring is None:
        return
    for section in subject.docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield str(section.value)
        elif section.kind in _SECTIONS:
            rows = [(_name(item), _kind(item, subject), item.description) for item in section.value]
            yield _table(_SECTIONS[section.kind], rows)
        else:
            yield f"**{section.title or section.kind.value.capitalize()}**: {_text(section.value)}"


def _name(item: griffe.DocstringElement) -> str:
    return str(getattr(item, "name", "") or item.annotation)


def _kind(item: griffe.DocstringElement, subject: griffe.Object | griffe.Alias) -> str:
    if not getattr(item, "name", ""):
        return ""
    field = subject.all_members.get(_name(item)) if subject.is_class else None
    declared = field.annotation if isinstance(field, griffe.Attribute) else None
    return str(item.annotation or declared or "")


def _text(value: object) -> str:
    return str(getattr(value, "description", value))


def _table(first: str, rows: list[tuple[str, str, str]]) -> str:
    typed = any(kind for _, kind, _ in rows)
    head = [first, "Type", "Meaning"] if typed else [first, "Meaning"]
    lines = [head, ["---"] * len(head)]
    for name, kind, meaning in rows:
        cells = [f"`{name}`", f"`{kind}`" if kind else "", " ".join(meaning.split())]
        lines.append(cells if typed else [cells[0], cells[2]])
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _block(code: str) -> str:
    return f"```python\n{code}\n```"
