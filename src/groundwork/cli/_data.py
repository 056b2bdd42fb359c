"""``groundwork data``: look at a table, hold it against rules, thin out copies, part it, compare two.

Rule: several files are one table; nothing is changed in place, and an output appears whole or not at all. Exit code 1:
rows break rules, the split leaks, or the tables differ; 2: a file or an option is wrong.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Profile, validate, deduplicate, split and compare tables.", no_args_is_help=True)


class Policy(StrEnum):
    """What becomes of rows that break a rule."""

    ERROR = "error"
    DROP = "drop"
    QUARANTINE = "quarantine"


class Keep(StrEnum):
    """Which of equal rows stays."""

    FIRST = "first"
    LAST = "last"
    NONE = "none"
    BEST = "best"


class Kind(StrEnum):
    """How rows are parted."""

    RANDOM = "random"
    STRATIFIED = "stratified"
    GROUP = "group"
    STRATIFIED_GROUP = "stratified-group"
    TIME = "time"


_Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help="CSV, JSON lines or Parquet, also .gz, .zst, .zip; patterns; several are one table."
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print plain data for programs.")]
_Null = Annotated[
    list[str] | None,
    typer.Option("--null", metavar="TEXT", help="Text that means missing; repeat it. Found in the rows if left out."),
]
_Member = Annotated[str | None, typer.Option(metavar="NAME", help="Which file of a .zip.")]
_SchemaFile = Annotated[
    Path | None, typer.Option("--schema", metavar="FILE", help="Types and rules; found in the rows if left out.")
]


@app.command("profile")
def profile_table(
    files: _Files,
    output: Annotated[
        Path | None, typer.Option(metavar="OUT", help="A page (.html), the profile (.json), or the schema (.yaml).")
    ] = None,
    suggest_schema: Annotated[
        bool, typer.Option("--suggest-schema", help="Draft a schema from what the rows hold.")
    ] = False,
    null_values: _Null = None,
    member: _Member = None,
    as_json: _Json = False,
) -> None:
    """Describe every column: type, missing, distinct, range, shape, most frequent values."""
    from groundwork.cli import _data_profile

    _data_profile.run(
        files,
        output=output,
        as_json=as_json,
        null_values=null_values,
        member=member,
        suggest_schema=suggest_schema,
    )


@app.command("validate")
def validate_table(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="As for profile; the project's own source if left out."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML with columns, unique, rules and null_values.")
    ] = None,
    project: Annotated[
        Path | None, typer.Option(metavar="PROJECT", help="A project or pipeline.yaml, for its schema.")
    ] = None,
    policy: Annotated[Policy, typer.Option(help="With --output: what becomes of rows that break a rule.")] = (
        Policy.ERROR
    ),
    output: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write the good rows: .parquet, .csv or .jsonl.")
    ] = None,
    quarantine: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where bad rows go; <OUT>.quarantine.parquet if left out.")
    ] = None,
    null_values: Annotated[
        list[str] | None,
        typer.Option("--null", metavar="TEXT", help="Text that means missing, instead of the schema's; repeat it."),
    ] = None,
    member: _Member = None,
    as_json: _Json = False,
) -> None:
    """Hold every row against a schema, and tell the broken rules, the worst first.

    Exit code 1: rows break rules, whatever has become of them.
    """
    from groundwork.cli import _data_validate

    _data_validate.run(
        files or [],
        schema=schema,
        project=project,
        policy=policy.value,
        output=output,
        quarantine=quarantine,
        null_values=null_values,
        member=member,
        as_json=as_json,
    )


@app.command("dedupe")
def dedupe_table(
    files: _Files,
    columns: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Columns that make rows the same; all if left out. Repeat it, or use commas."),
    ] = None,
    keep: Annotated[Keep, typer.Option(help="Which of equal rows stays.")] = Keep.FIRST,
    by: Annotated[str | None, typer.Option(metavar="COLUMN", help="With --keep best: the largest value stays.")] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="With --by: the smallest value stays.")] = False,
    near: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Columns of nearly the same text, or numbers.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="With --near: least Jaccard similarity of texts, 0.8 if left out.")
    ] = None,
    decimals: Annotated[
        int | None, typer.Option(help="With --near: numbers are the same when rounded to these decimals.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write the rows that stay: .parquet, .csv or .jsonl.")
    ] = None,
    schema: _SchemaFile = None,
    null_values: _Null = None,
    member: _Member = None,
    as_json: _Json = False,
) -> None:
    """Remove rows that occur more than once; without --output only count them."""
    from groundwork.cli import _data_dedupe

    _data_dedupe.run(
        files,
        columns=columns,
        keep=keep.value,
        by=by,
        descending=not ascending,
        near=near,
        threshold=threshold,
        decimals=decimals,
        output=output,
        schema=schema,
        null_values=null_values,
        member=member,
        as_json=as_json,
    )


@app.command("split")
def split_table(
    files: _Files,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="For train, validation and test, and split.json.")],
    kind: Annotated[Kind, typer.Option(help="How rows are parted.")] = Kind.RANDOM,
    column: Annotated[str | None, typer.Option(metavar="COLUMN", help="The class, or the time.")] = None,
    group: Annotated[str | None, typer.Option(metavar="COLUMN", help="Rows of one value stay together.")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="What says which row it is: new rows then move no other. Repeat it."),
    ] = None,
    unit: Annotated[str | None, typer.Option(metavar="SPAN", help="Of time, never parted: 1h, 1d, 1w, 1mo.")] = None,
    test: Annotated[float, typer.Option(help="Share of the test rows.")] = 0.2,
    validation: Annotated[float, typer.Option(help="Share of the validation rows.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the shuffle and of the hashes.")] = 0,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What will be predicted: look for columns that tell it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a split that is there.")] = False,
    schema: _SchemaFile = None,
    null_values: _Null = None,
    member: _Member = None,
    as_json: _Json = False,
) -> None:
    """Part a table into train, validation and test, and look for leakage between them.

    Exit code 1: the leakage check found an error; the files are there all the same.
    """
    from groundwork.cli import _data_split

    wish = {
        "kind": kind.value,
        "column": column,
        "group": group,
        "key": key,
        "unit": unit,
        "test": test,
        "validation": validation,
        "seed": seed,
    }
    _data_split.run(
        files,
        output=output,
        wish=wish,
        target=target,
        force=force,
        schema=schema,
        null_values=null_values,
        member=member,
        as_json=as_json,
    )


@app.command("diff")
def diff_tables(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="A table, or a profile (.json).")],
    current: Annotated[str, typer.Argument(metavar="CURRENT", help="Another.")],
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="What says which row it is: compare row by row. Repeat it."),
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="OUT", help="A page (.html), or plain data (.json).")] = None,
    schema: _SchemaFile = None,
    null_values: _Null = None,
    as_json: _Json = False,
) -> None:
    """Compare two tables: columns, rows, and how far each column has drifted.

    Exit code 1: a column came, went or changed its type, or has drifted severely.
    """
    from groundwork.cli import _data_diff

    _data_diff.run(reference, current, key=key, output=output, schema=schema, null_values=null_values, as_json=as_json)
