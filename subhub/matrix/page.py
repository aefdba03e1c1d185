"""The page: the matrix as Markdown, made from the plugins and the reports and from nothing else.

The same plugins and reports give the same page on any day, so that a test can hold a committed one
to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from subhub.matrix.proofs import Report
from subhub.matrix.rows import Column, Row, run_in_words

HEAD = """\
# The matrix

What each provider can do, how well that is known, and what has proven it. This page is generated,
and changes by hand are lost. The contract tests write the report, of which the page is made:

```console
{commands}
```

{tried}

- **Wire format**: `seed`, in full from the provider's own document; `docs`, from its documentation;
  `docs-old`, from an earlier edition of it; `inferred`, not seen anywhere. `no`: the provider has
  no way to do it; `not yet`: this plugin has not.
- **If its answer is lost**: `client.resolve` finds out whether a change was carried out
  (`decided`), what may be its result (`candidates`), or `nothing`.
- **Proof**: what the contract suite was run on, and how many of its tests. What is lacking is
  proven to be refused before anything is sent. A run of another version, document or set of tests
  is `stale`, and proves nothing. What only one provider has is outside of the contract: the
  plugin's own tests are for that.
"""
NOT_LIVE = """\
Nothing here was ever tried live. The sandbox is a fake that was written from the provider's
documents: what is proven on it is true as far as they are."""
LIVE = """\
What was tried live says so. The sandbox is a fake that was written from the provider's documents:
what is proven on it is true as far as they are."""


def page(columns: Sequence[Column], reports: Mapping[str, Report]) -> str:
    """The matrix of *columns* as Markdown; *reports* are what they were made of, by path."""
    return "\n".join(_lines(columns, reports))


def _lines(columns: Sequence[Column], reports: Mapping[str, Report]) -> Iterator[str]:
    sources = {run.tested.source for each in columns for run in each.runs}
    tried = LIVE if "live" in sources else NOT_LIVE
    yield HEAD.format(commands="\n".join(_commands(columns, reports)), tried=tried)
    yield from _overview(columns)
    for each in columns:
        yield from _section(each)


def _commands(columns: Sequence[Column], reports: Mapping[str, Report]) -> Iterator[str]:
    for path, report in reports.items():
        classes = " or ".join(sorted(each.contract.rpartition(".")[2] for each in report.providers))
        yield f'$ pytest -k "{classes}" --subhub-report {path}'
    names = " ".join(each.name for each in columns)
    given = "".join(f" --report {each}" for each in reports)
    yield f"$ subhub matrix {names}{given} --markdown"


def _overview(columns: Sequence[Column]) -> Iterator[str]:
    yield from _table(
        ("capability", *(each.name for each in columns)),
        (
            (_name(rows[0]), *map(_cell, rows))
            for rows in zip(*(each.neutral for each in columns), strict=True)
        ),
    )


def _cell(row: Row) -> str:
    if not row.capability.supported:
        return row.wire
    return f"{row.wire}, {' and '.join(row.proven_by) or 'not proven'}"


def _section(column: Column) -> Iterator[str]:
    yield f"## {column.name}\n"
    yield f"{column.package} {column.version}\n"
    for each in column.runs:
        yield f"- {run_in_words(each)}"
        left_out = each.tested.left_out.items()
        yield from (f"  - `{test}` is left out: {why}" for test, why in left_out)
    if column.runs:
        yield ""
    yield from _table(
        ("capability", "wire format", "if its answer is lost", "proof"),
        (
            (_name(each), _known(each), each.capability.lost or "", each.proof(dated=False))
            for each in column.rows
            if each.capability.supported
        ),
    )
    yield from _table(
        ("lacking", "by", "why, and what to do instead", "proof"),
        (
            (_name(each), _who(each), each.why, each.proof(dated=False))
            for each in column.rows
            if not each.capability.supported
        ),
    )


def _name(row: Row) -> str:
    return f"`{row.capability.name}`" + (" (only here)" if row.capability.extension else "")


def _known(row: Row) -> str:
    return f"[{row.wire}]({row.why})" if "://" in row.why else f"{row.wire}: {row.why}"


def _who(row: Row) -> str:
    return "the provider" if row.wire == "no" else "this plugin"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, unless it has no rows, and an empty line."""
    told = [" | ".join(map(_in_a_cell, each)) for each in rows]
    if told:
        yield f"| {' | '.join(head)} |"
        yield "|" + " --- |" * len(head)
        yield from (f"| {each} |" for each in told)
        yield ""


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
