"""What the FILE… of ``groundwork data`` turn out to be, and where results may go.

Rule: whatever is wrong with a name, an option or an output is told in one sentence before a row is read.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from groundwork.cli._data_view import reading
from groundwork.data import SPELLINGS, Dataset, Schema, infer_types, load_schema
from groundwork.errors import StorageError, UsageError

TABLES = (".parquet", *(f"{kind}{packed}" for kind in (".csv", ".jsonl", ".ndjson") for packed in ("", ".gz", ".zst")))


@dataclass(frozen=True)
class Table:
    """A table that was named on the command line.

    Attributes:
        dataset: Its rows.
        paths: Its files.
        name: How to call it.
        notes: What people should know of how it was read.
    """

    dataset: Dataset
    paths: list[Path]
    name: str
    notes: list[str] = field(default_factory=list)


def open_table(
    files: Sequence[str],
    *,
    null_values: Sequence[str] | None = None,
    member: str | None = None,
    schema: tuple[Schema, tuple[str, ...]] | None = None,
) -> Table:
    """Make one table of files.

    Args:
        files: Paths, and patterns as ``part-*.csv``.
        null_values: Texts that mean missing; found among the rows if None.
        member: Which file of a zip.
        schema: Types, rules and texts that mean missing; types are found among the rows if None.

    Returns:
        The table.

    Raises:
        UsageError: There is no such file, or a name cannot be one.
        InvalidDataError: A file is damaged.
    """
    named = paths_of(files)
    paths = list(dict.fromkeys(named))
    twice = [f"{path} was named more than once and is read once" for path in paths if named.count(path) > 1]
    source = paths if len(paths) > 1 else paths[0]
    name = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    if schema is not None:
        nulls = schema[1] if null_values is None else tuple(null_values)
        dataset = Dataset.scan(source, schema=schema[0], null_values=nulls, member=member)
        dataset.columns()  # what is not there is told before anything is made
        return Table(dataset, paths, name, twice)
    raw = Dataset.scan(source, null_values=null_values or (), member=member)
    # Whoever says what means missing need not be guessed at.
    spellings = SPELLINGS if null_values is None else ()
    with reading(f"finding types in {name}") as progress:
        found = infer_types(raw, spellings=spellings, progress=progress)
    dataset = Dataset.scan(source, schema=found.schema, null_values=found.null_values, member=member)
    return Table(dataset, paths, name, [*twice, *(_notes(found.null_values) if null_values is None else ())])


def read_schema(schema: Path | None, project: Path | None) -> tuple[Schema, tuple[str, ...]] | None:
    """Read the rules that a table must keep.

    Args:
        schema: A schema file.
        project: A project, or its pipeline.yaml.

    Returns:
        The schema and the texts that mean missing; None where neither is given.

    Raises:
        UsageError: Both are given, or the project has no schema.
        ConfigurationError: The file cannot be read, or holds no sound schema.
    """
    if schema is not None and project is not None:
        raise UsageError("--schema and --project both name the rules", hint="give one of them")
    if project is None:
        return None if schema is None else load_schema(schema)
    from groundwork.project import load_config

    config = load_config(project)
    if config.table_schema is None:
        raise UsageError(
            f"{project} has no schema", hint="groundwork data profile FILE --suggest-schema drafts its columns"
        )
    return config.table_schema, tuple(config.source.null_values)


def project_source(project: Path) -> tuple[list[str], str | None]:
    """Name the file that a project learns from.

    Args:
        project: The project.

    Returns:
        Its path, and which file of a zip.
    """
    from groundwork.project import load_config

    config = load_config(project)
    return [str(config.folder / config.source.path)], config.source.member


def check_output(output: Path | None, suffixes: Sequence[str], inputs: Sequence[Path] = ()) -> None:
    """Refuse an output that cannot be written, or that is an input.

    Args:
        output: The file; None for none.
        suffixes: What its name may end in.
        inputs: Files that are read.

    Raises:
        UsageError: The suffix is another, the folder is not there, or it is one of the inputs.
    """
    if output is None:
        return
    if not output.name.lower().endswith(tuple(suffixes)):
        raise UsageError(f"{output}: no output has this suffix", hint=f"use {', '.join(suffixes)}")
    if output.is_dir():
        raise UsageError(f"{output} is a folder", hint="name a file")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"{output}: there is no folder {output.parent}", hint="make it first")
    if output.exists() and any(output.samefile(path) for path in inputs):
        raise UsageError(f"{output} is the input itself", hint="write to another file, so that the input is not lost")


def known_columns(table: Table, names: Sequence[str] | None, option: str) -> list[str] | None:
    """Check names of columns, and part lists such as ``a,b``.

    Args:
        table: The table.
        names: What the option was given; None if nothing.
        option: The option, for messages.

    Returns:
        The columns; None if nothing was given.

    Raises:
        UsageError: The table has no such column; the hint gives near ones.
    """
    if names is None:
        return None
    columns = list(table.dataset.columns())
    found = [name for text in names for name in ([text] if text in columns else text.split(","))]
    for name in found:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(columns[:20])}"
            raise UsageError(f"{option} {name}: {table.name} has no such column", hint=hint)
    return found


def paths_of(files: Sequence[str]) -> list[Path]:
    """Find the files that were named.

    Args:
        files: Paths, and patterns.

    Returns:
        The files, those of a pattern by name.

    Raises:
        UsageError: There is none, or one is a folder.
    """
    found = [path for text in files for path in _matches(text)]
    for path in found:
        if path.is_dir():
            raise UsageError(f"{path} is a folder", hint=f"name its files, as '{path / '*.csv'}'")
    return found


def _matches(text: str) -> list[Path]:
    path = Path(text)
    if path.exists():
        return [path]
    try:
        found = list(Dataset.scan(text).files)
    except StorageError as error:
        raise UsageError(error.message, hint=error.hint) from error
    if found != [path]:
        return found
    names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=3)
    hint = f"did you mean {' or '.join(str(path.parent / name) for name in near)}?" if near else "check the path"
    raise UsageError(f"{text}: there is no such file", hint=hint)


def _notes(null_values: Sequence[str]) -> list[str]:
    if not null_values:
        return []
    words = ", ".join(map(repr, null_values))
    return [f"{words} among numbers or dates is read as missing; --null TEXT says otherwise"]
