"""What must hold between the sections of a pipeline.yaml.

Rule: each check names the sections that it reads and runs only if those are valid by themselves, so that one mistake
is reported once, and a mistake in one section hides none in another.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from groundwork import environment
from groundwork.data import expression, expression_columns
from groundwork.errors import ConfigurationError, UsageError
from groundwork.project._config_mistakes import KeyPath, Mistake, nearest
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._config_sections import METRICS
from groundwork.project._plugin_metrics import check_metric
from groundwork.project._plugin_steps import step_mistakes
from groundwork.storage import check_table_name

Check = Callable[[ProjectConfig], Iterator[Mistake]]


def find_mistakes(config: ProjectConfig, broken: frozenset[str]) -> Iterator[Mistake]:
    """Check what the sections must be to each other.

    Args:
        config: The configuration; its broken sections may be absent.
        broken: Python names of the sections that are not valid by themselves.

    Yields:
        Every mistake.
    """
    found = [mistake for reads, check in _CHECKS if broken.isdisjoint(reads) for mistake in check(config)]
    yield from found
    if not found and not broken:
        # A misspelt `exclude` would be told twice: by its own mistake, and by the column that it fails to hide.
        yield from _kinds(config)


def _split(config: ProjectConfig) -> Iterator[Mistake]:
    split = config.split
    if split.kind == "time" and split.column is None:
        yield Mistake(("split",), f"a split by {split.kind} needs `column`")
    grouped = split.kind in ("group", "stratified-group")
    # A split by group may name its group in either; there are no classes that could be meant.
    named = split.group or (split.column if split.kind == "group" else None)
    if grouped and named is None:
        yield Mistake(("split",), f"a split by {split.kind} needs `group`")
    if split.kind == "group" and split.group is not None and split.column is not None:
        yield Mistake(("split", "column"), "a split by group has no classes; choose kind: stratified-group")
    if split.group is not None and not grouped:
        yield Mistake(("split", "group"), f"a {split.kind} split parts groups; choose kind: group or stratified-group")
    if split.key is not None and split.kind not in ("random", "stratified"):
        yield Mistake(("split", "key"), f"only random and stratified splits have a key, and kind is {split.kind}")
    if split.kind == "random" and split.column is not None:
        yield Mistake(("split", "column"), "a random split has no column; choose kind: group, time or stratified")
    if split.unit is not None and split.kind != "time":
        yield Mistake(("split", "unit"), f"only a split by time has a unit, and kind is {split.kind}")
    if split.test + split.validation >= 1:
        total = f"{split.test:g} + {split.validation:g}"
        yield Mistake(("split", "test"), f"test and validation take all rows ({total}); nothing is left to train on")


def _threshold(config: ProjectConfig) -> Iterator[Mistake]:
    if config.task != "classification" and "threshold" in config.model_fields_set:
        yield Mistake(("threshold",), f"only a classification has a threshold, and task is {config.task}")
    elif (config.threshold.by == "fixed") != (config.threshold.value is not None):
        yield Mistake(("threshold",), "`by: fixed` and `value` go together")


def _estimator(config: ProjectConfig) -> Iterator[Mistake]:
    from groundwork.modeling import training  # brings scikit-learn, which not every reader of a configuration needs

    try:
        estimator = training.import_estimator(config.model.estimator)
    except UsageError as error:
        yield Mistake(("model", "estimator"), error.message if error.hint is None else f"{error.message}; {error.hint}")
        return
    accepted = inspect.signature(estimator).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values()):
        return
    for name in config.model.params:
        if name not in accepted:
            message = f"{estimator.__name__} has no parameter {name!r}"
            yield Mistake(("model", "params", name), message, nearest(name, accepted))


def _training(config: ProjectConfig) -> Iterator[Mistake]:
    model = config.model
    if model.class_weight is not None and config.task != "classification":
        yield Mistake(("model", "class_weight"), f"only a classification has classes, and task is {config.task}")
    if model.early_stopping is not None and not config.split.validation:
        yield Mistake(
            ("model", "early_stopping"), "there are no rows that could say when; give split.validation a share"
        )


def _metrics(config: ProjectConfig) -> Iterator[Mistake]:
    best: KeyPath = ("checkpoint", "keep", "best")
    named: list[tuple[KeyPath, str]] = [(("gates", metric), metric) for metric in config.gates]
    named += [(("metrics", index), metric) for index, metric in enumerate(config.metrics)]
    if config.checkpoint.keep.best is not None:
        named.append((best, config.checkpoint.keep.best))
    known = METRICS[config.task]
    for path, metric in named:
        if metric not in known and (message := check_metric(config, metric, chooses=path == best)) is not None:
            yield Mistake(path, message, nearest(metric, [*known, *environment.plugin_names("metric")]))


def _formats(config: ProjectConfig) -> Iterator[Mistake]:
    named: dict[KeyPath, str] = {("joins", index, "path"): join.path for index, join in enumerate(config.joins)}
    for path, name in {("source", "path"): config.source.path, **named}.items():
        try:
            check_table_name(name)
        except UsageError as error:
            yield Mistake(path, error.message if error.hint is None else f"{error.message}; {error.hint}")


def _features(config: ProjectConfig) -> Iterator[Mistake]:
    targets = _target_columns(config)
    for index, name in enumerate(config.features or ()):
        if name in config.exclude:
            yield Mistake(("features", index), f"{name!r} is excluded too; take it out of one of the two")
        if name in targets:
            yield Mistake(("features", index), f"{name!r} is part of the target and cannot be a feature")
    if config.target in config.exclude:
        place = ("exclude", config.exclude.index(config.target))
        yield Mistake(place, f"{config.target!r} is the target, which is never a feature; it need not be excluded")


def _kinds(config: ProjectConfig) -> Iterator[Mistake]:
    """Dates and times are no features; said here, as their types are declared, and not after the data are read."""
    declared = config.table_schema.columns if config.table_schema else {}
    chosen = config.feature_columns(declared)
    for name, column in declared.items():
        if name in chosen and column.dtype.startswith("Date"):
            yield Mistake(
                ("schema", "columns", name),
                f"{name!r} is {column.dtype}, which a model cannot learn from; exclude it, and if it matters derive a "
                f"number from it, as pl.col({name!r}).dt.weekday()",
            )


def _joins(config: ProjectConfig) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, join in enumerate(config.joins):
        if join.name in seen:
            yield Mistake(("joins", index, "name"), f"two joins are called {join.name!r}")
        seen.add(join.name)
        if join.table_schema is None:
            continue
        own = join.table_schema.columns
        wanted: dict[KeyPath, str] = {("joins", index, "on", at): name for at, name in enumerate(join.on)}
        if join.columns is not None:
            wanted |= {("joins", index, "columns", at): name for at, name in enumerate(join.columns)}
        yield from _unknown(wanted, own, f" in the table {join.name!r}")


def _steps(config: ProjectConfig) -> Iterator[Mistake]:
    policies = {"load": config.steps.load, "train": config.steps.train}
    for name, policy in policies.items():
        if policy.max_age is not None and policy.fallback == "none":
            yield Mistake(("steps", name, "max_age"), "only `fallback: previous` has a max_age")


def _columns(config: ProjectConfig) -> Iterator[Mistake]:
    """Follow the columns through the tables: source, joins, derive."""
    known: set[str] | None = set(config.table_schema.columns) if config.table_schema else None
    for index, join in enumerate(config.joins):
        yield from _unknown({("joins", index, "on", at): name for at, name in enumerate(join.on)}, known)
        added = _joined_columns(config, index)
        taken = sorted((added or set()) & (known or set()) - set(join.on))
        if taken and not (join.table_schema and set(join.on) - set(join.table_schema.columns)):
            message = f"the table before has {', '.join(taken)} already; name the `columns` to take"
            yield Mistake(("joins", index, *(["columns"] if join.columns else [])), message)
        known = known | added if known is not None and added is not None else None
    for name, text in config.derive.items():
        if known is not None and name in known:
            yield Mistake(("derive", name), f"there is a column {name!r} already; choose another name")
        yield from _expression(("derive", name), text, known)
        known = known | {name} if known is not None else None


def _known(config: ProjectConfig) -> set[str] | None:
    """Return the columns after joins and derive, or None where a table without schema leaves them open."""
    if config.table_schema is None:
        return None
    known = {*config.table_schema.columns, *config.derive}
    for index in range(len(config.joins)):
        added = _joined_columns(config, index)
        if added is None:
            return None
        known |= added
    return known


def _target(config: ProjectConfig) -> Iterator[Mistake]:
    if config.target_is_expression:
        yield from _expression(("target",), config.target, _known(config))
    else:
        hint = (
            "; a computed target reads columns as pl.col('arr_delay') > 15" if not config.target.isidentifier() else ""
        )
        yield from _unknown({("target",): config.target}, _known(config), hint)


def _groups(config: ProjectConfig) -> Iterator[Mistake]:
    for name, text in config.leakage.groups.items():
        yield from _expression(("leakage", "groups", name), text, _known(config))


def _listed(*path: str) -> Check:
    """Make the check of a list of columns, or of one column, at this path."""

    def check(config: ProjectConfig) -> Iterator[Mistake]:
        named: Any = config
        for part in path:
            named = getattr(named, part)
        if isinstance(named, str):
            yield from _unknown({path: named}, _known(config))
        elif named is not None:
            yield from _unknown({(*path, index): name for index, name in enumerate(named)}, _known(config))

    return check


def _joined_columns(config: ProjectConfig, index: int) -> set[str] | None:
    join = config.joins[index]
    if join.columns is not None:
        return set(join.columns)
    return set(join.table_schema.columns).difference(join.on) if join.table_schema else None


def _target_columns(config: ProjectConfig) -> frozenset[str]:
    try:
        return config.target_columns
    except ConfigurationError:
        return frozenset()


def _expression(path: KeyPath, text: str, known: set[str] | None) -> Iterator[Mistake]:
    try:
        expression(text)
        names = sorted(expression_columns(text), key=text.find)
    except ConfigurationError as error:
        yield Mistake(path, error.message if error.hint is None else f"{error.message}; {error.hint}")
        return
    for name in names:
        yield from _unknown({path: name}, known)


def _unknown(wanted: dict[KeyPath, str], known: Iterable[str] | None, where: str = "") -> Iterator[Mistake]:
    if known is None:
        return
    names = set(known)
    for path, name in wanted.items():
        if name not in names:
            yield Mistake(path, f"there is no column {name!r}{where}", nearest(name, sorted(names)))


_TABLE = frozenset({"table_schema", "joins", "derive"})
_CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"split"}), _split),
    (frozenset({"threshold", "task"}), _threshold),
    (frozenset({"model"}), _estimator),
    (frozenset({"model", "task", "split"}), _training),
    (frozenset({"steps"}), _steps),
    (frozenset({"extra_steps"}), step_mistakes),
    (frozenset({"source", "joins"}), _formats),
    (frozenset({"task", "gates", "metrics", "checkpoint"}), _metrics),
    (frozenset({"features", "exclude", "target"}), _features),
    (frozenset({"joins"}), _joins),
    (_TABLE, _columns),
    (_TABLE | {"target"}, _target),
    (_TABLE | {"leakage"}, _groups),
    (_TABLE | {"features"}, _listed("features")),
    (_TABLE | {"exclude"}, _listed("exclude")),
    (_TABLE | {"split"}, _listed("split", "column")),
    (_TABLE | {"split"}, _listed("split", "group")),
    (_TABLE | {"split"}, _listed("split", "key")),
    (_TABLE | {"deduplicate"}, _listed("deduplicate", "columns")),
)
