"""The steps before there is a model: environment, load, split, profile.

Rule: a step reads only what its inputs name and writes only below the run's folder; what it returns is small plain
data. So each can be skipped, run again, or run in a process of its own.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from groundwork import data, environment, storage
from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError, EnvironmentBroken, InvalidDataError, LeakageError
from groundwork.modeling import Join, apply_derive, apply_joins, lookup_table
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._job import PARTS, TARGET, Job


def check_environment(job: Job) -> dict[str, Any]:
    """Look for what would spoil the run later; errors stop it, warnings are kept.

    Args:
        job: The run.

    Returns:
        ``findings`` that are not ok, ``checks`` made.

    Raises:
        EnvironmentBroken: A check found an error; the hint is the command that mends it.
    """
    folder = job.config.folder.resolve()
    findings = environment.check(lock=_nearest_lock(folder), workdir=folder)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        first = errors[0]
        raise EnvironmentBroken(
            f"environment check {first.check!r} failed: found {first.found}, expected {first.expected}",
            hint=first.fix or "groundwork env check shows all findings",
            context={"findings": len(errors)},
        )
    notable = [
        {"check": finding.check, "found": str(finding.found), "expected": str(finding.expected), "fix": finding.fix}
        for finding in findings
        if finding.severity == "warning"
    ]
    return {"findings": notable, "checks": len(findings)}


def load(job: Job) -> dict[str, Any]:
    """Read and validate the source, look up the joins, derive columns and the target.

    Args:
        job: The run.

    Returns:
        ``table`` (every valid row, those of unknown target too, so that the profile shows them) and ``joins`` (files),
        ``rows_in``, ``rows`` (of known target), ``dropped`` (reasons and counts).

    Raises:
        InvalidDataError: A file, a row or a value breaks the schema; file, row and column are named.
    """
    config = job.config
    source, report = _read_source(job)
    joins = [_read_join(job, index) for index in range(len(config.joins))]
    tables = {join.name: table for join, table, _ in joins}
    frame = apply_joins(source, [join for join, _, _ in joins], tables)
    frame = apply_derive(frame, config.derive)
    frame = frame.with_columns(_target(config, frame.columns))
    if config.task == "regression" and not frame.schema[TARGET].is_numeric():
        raise ConfigurationError(
            f"target {config.target} is {frame.schema[TARGET]}, and a regression predicts a number",
            hint="set task: classification, or give a target that is a number",
        )
    unknown = frame[TARGET].null_count()
    _write_table(job.work / "table.parquet", frame)
    for name, table in tables.items():
        _write_table(job.work / f"join-{name}.parquet", table)
    failpoint("project.load.written")
    dropped = {
        f"breaks the schema ({config.source.on_invalid})": report.rows_in - report.rows_out,
        f"target unknown: {config.target} is null": unknown,
    }
    return {
        "table": job.kept("work/table.parquet"),
        "joins": {name: job.kept(f"work/join-{name}.parquet") for name in tables},
        "rows_in": report.rows_in,
        "rows": frame.height - unknown,
        "dropped": [{"reason": reason, "rows": rows} for reason, rows in dropped.items() if rows],
        "notes": [
            f"join {join.name}: {extra:,} rows without a key, or with the key of an earlier row, were left out"
            for join, _, extra in joins
            if extra
        ],
    }


def split(job: Job, load: Mapping[str, Any]) -> dict[str, Any]:
    """Drop duplicates, part the rows, and look for leaks.

    Args:
        job: The run.
        load: Output of the load step.

    Returns:
        A file a part, ``rows`` of each, ``dropped``, ``leakage`` findings, ``boundaries`` of the split.

    Raises:
        LeakageError: The data leak and the project says ``leakage: error``.
        InvalidDataError: The rows cannot be split so.
    """
    config = job.config
    frame, dropped = job.table(load["table"]).drop_nulls(TARGET), []
    if config.deduplicate.kind == "exact":
        unique = data.deduplicate(frame, columns=config.deduplicate.columns)
        frame = unique.frame
        if unique.removed:
            dropped.append({"reason": "duplicate row", "rows": unique.removed})
    splits = data.split(
        frame,
        kind=config.split.kind,
        test=config.split.test,
        validation=config.split.validation,
        column=config.split.column or (TARGET if config.split.kind.startswith("stratified") else None),
        group=config.split.group,
        key=config.split.key,
        unit=config.split.unit,
        seed=config.seed,
    )
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    leaks = _leaks(config, splits)
    for name, part in parts.items():
        _write_table(job.work / f"{name}.parquet", part)
    return {
        **{name: job.kept(f"work/{name}.parquet") for name in PARTS},
        "rows": {name: part.height for name, part in parts.items()},
        "boundaries": splits.to_dict(),
        "dropped": dropped,
        "leakage": leaks,
    }


def profile(job: Job, load: Mapping[str, Any]) -> dict[str, Any]:
    """Describe every column of the table.

    Args:
        job: The run.
        load: Output of the load step.

    Returns:
        ``profile``, a JSON file.
    """
    table = job.table(load["table"]).rename({TARGET: f"target: {job.config.target}"})
    storage.write(job.folder / "profile.json", data.profile(table).to_dict())
    return {"profile": job.kept("profile.json")}


def _nearest_lock(folder: Path) -> Path | None:
    """A project has its own lock, or lives in a repository that has one."""
    locks = (parent / "requirements.lock" for parent in (folder, *folder.parents))
    return next((lock for lock in locks if lock.is_file()), None)


def _read_source(job: Job) -> tuple[pl.DataFrame, data.ValidationReport]:
    config = job.config
    path = config.path_of(config.source.path)
    if config.source.sha256 is not None and (found := storage.sha256(path)) != config.source.sha256:
        raise InvalidDataError(
            f"{path} has SHA-256 {found}, pipeline.yaml expects {config.source.sha256}",
            hint="bring the right file, or correct source.sha256 if the data were meant to change",
            context={"file": str(path)},
        )
    source = data.Dataset.scan(
        path, schema=config.table_schema, null_values=config.source.null_values, member=config.source.member
    )
    target = job.work / "source.parquet"
    report = source.sink(target, policy=config.source.on_invalid, quarantine=job.folder / "quarantine.parquet")
    if not report.rows_out:
        raise InvalidDataError(
            f"{path} has no {'valid ' if report.rows_in else ''}rows", hint="there is nothing to learn from"
        )
    frame = pl.read_parquet(target, glob=False)
    target.unlink()
    return _without_decimals(frame), report


def _read_join(job: Job, index: int) -> tuple[Join, pl.DataFrame, int]:
    """Read one look-up table: its keys and columns, one row a key, and how many rows that left out."""
    join = job.config.joins[index]
    path = job.config.path_of(join.path)
    table = data.Dataset.scan(path, schema=join.table_schema, null_values=join.null_values).collect()
    columns = join.columns or [name for name in table.columns if name not in join.on]
    absent = [name for name in [*join.on, *columns] if name not in table.columns]
    if absent:
        raise ConfigurationError(
            f"join {join.name!r}: {path} has no column {absent[0]!r}; it has {', '.join(table.columns)}"
        )
    spec = Join(name=join.name, on=tuple(join.on), columns=tuple(columns))
    looked_up = lookup_table(table, spec)
    return spec, _without_decimals(looked_up), table.height - looked_up.height


def _without_decimals(frame: pl.DataFrame) -> pl.DataFrame:
    # A request's JSON has no decimals, so that training on them would learn what serving cannot say.
    return frame.with_columns(cs.decimal().cast(pl.Float64))


def _target(config: ProjectConfig, columns: list[str]) -> pl.Expr:
    names = sorted(config.target_columns - set(columns))
    if names:
        raise ConfigurationError(f"target {config.target}: there is no column {names[0]!r}; see the schema")
    value = data.expression(config.target) if config.target_is_expression else pl.col(config.target)
    return value.alias(TARGET)


def _leaks(config: ProjectConfig, splits: data.Splits) -> list[dict[str, Any]]:
    if config.leakage.policy == "off":
        return []
    columns = [name for name in splits.train.columns if name != TARGET]
    findings = data.leakage(
        splits,
        target=TARGET,
        features=config.feature_columns(columns),
        groups=config.leakage.groups,
        time=config.split.column if config.split.kind == "time" else None,
        seed=config.seed,
    )
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors and config.leakage.policy == "error":
        told = "; ".join(finding.message for finding in errors)
        raise LeakageError(
            told,
            hint="exclude the columns or split so that nothing is shared; `leakage: warn` runs all the same",
            context={"findings": [finding.to_dict() for finding in errors]},
        )
    return [finding.to_dict() for finding in findings]


def _write_table(path: Path, frame: pl.DataFrame) -> None:
    with storage.atomic_write(path) as file, storage.written_by_polars(path):
        frame.write_parquet(file)
