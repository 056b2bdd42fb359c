"""Signs that an evaluation would promise more than the model can keep.

Rule: every finding carries its numbers; nothing is guessed from names. A feature is *suspicious* from a score of 0.80
alone, and *gives the answer away* from 0.95, or from 0.85 if no unsuspicious feature comes within 0.15 of it. (On the
flights, ``dep_delay`` alone ranks at 0.90 and the next feature at 0.67.) Cost: features are scored on at most 50,000
rows, the rest are joins on the keys.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from groundwork.data._association import Target, as_numbers, column_scores, is_ordered
from groundwork.data._columns import require_columns
from groundwork.data._expression import expression
from groundwork.data._split import Splits
from groundwork.errors import InvalidDataError, first_line

_SAMPLE = 50_000
_SUSPICIOUS = 0.80
_CLEAR = 0.85
_CERTAIN = 0.95
_GAP = 0.15
_MOST_PAIRED = 25
_FEW = 0.01
_AGREE = 0.95


@dataclass(frozen=True)
class LeakageFinding:
    """One sign of leakage.

    Attributes:
        kind: ``column`` (features tell the target), ``group`` (one group on both sides), ``duplicate`` (equal rows on
            both sides), ``time`` (train reaches into the time of test).
        severity: ``error`` where a score cannot be trusted, ``warning`` where somebody should look.
        columns: The columns concerned.
        message: One sentence with the numbers.
        evidence: The numbers.
    """

    kind: Literal["column", "group", "duplicate", "time"]
    severity: Literal["warning", "error"]
    columns: list[str]
    message: str
    evidence: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "columns": list(self.columns),
            "message": self.message,
            "evidence": dict(self.evidence),
        }


def leakage(
    splits: Splits,
    *,
    target: str,
    features: Sequence[str],
    groups: Mapping[str, pl.Expr | str] | None = None,
    time: str | None = None,
    seed: int = 0,
) -> list[LeakageFinding]:
    """Look for leakage in a split table.

    Args:
        splits: The parts; validation counts as train where the question is what test shares with it.
        target: The target's column.
        features: The columns that the model will see.
        groups: Groups that must stay on one side, each a column, an expression or its text, by a name for messages.
        time: The column that orders the rows, if one does. If it holds times and no group is made of it,
            its days are one.
        seed: Of the sample.

    Returns:
        The findings, errors first; an empty list where there are none.

    Raises:
        InvalidDataError: There is no such column.
        ConfigurationError: A group's expression is not allowed.
    """
    require_columns(splits.train, [target, *features, *([time] if time else [])], what="the train part")
    known = pl.concat([splits.train, splits.validation]) if splits.validation.height else splits.train
    findings = [
        *_columns(splits.train, target, [name for name in features if name != target], seed),
        *_groups(known, splits.test, dict(groups or {}), time),
        *_copied_rows(known, splits.test),
        *_copied_samples(known, splits.test, [name for name in features if name != target], target),
        *(_time(known, splits.test, time) if time else ()),
    ]
    if target in features:
        message = f"the target {target} is itself a feature; exclude: [{target}]"
        findings.insert(0, LeakageFinding("column", "error", [target], message, {}))
    return sorted(findings, key=lambda finding: finding.severity != "error")


def _columns(train: pl.DataFrame, target: str, features: list[str], seed: int) -> Iterator[LeakageFinding]:
    rows = train.filter(pl.col(target).is_not_null())
    rows = rows.sample(_SAMPLE, seed=seed) if rows.height > _SAMPLE else rows
    if rows.height < 2 or rows[target].n_unique() < 2:
        return
    goal = Target.of(rows[target])
    scored = {name: column_scores(rows[name], goal) for name in features}
    best = {name: max(scores.values(), default=0.0) for name, scores in scored.items()}
    honest = max((score for score in best.values() if score < _SUSPICIOUS), default=0.5)
    for name, score in sorted(best.items(), key=lambda item: -item[1]):
        severity = _severity(score, honest)
        if severity:
            way = max(scored[name], key=scored[name].__getitem__)
            yield LeakageFinding(
                "column",
                severity,
                [name],
                _sentence(name, score, honest, goal, severity, way),
                {
                    "score": round(score, 4),
                    "measure": goal.measure,
                    "way": way,
                    "next_score": round(honest, 4),
                    "rows": rows.height,
                },
            )
    yield from _pairs(rows, [name for name in features if best[name] < _SUSPICIOUS], goal, best, honest)


def _sentence(name: str, score: float, honest: float, goal: Target, severity: str, way: str) -> str:
    how = {"order": "", "categories": " by its categories", "missing": " by where it is missing"}[way]
    verdict = "gives the answer away" if severity == "error" else "is suspiciously close to the answer"
    return (
        f"{name} {verdict}: alone it predicts the target{how} with {goal.measure} {score:.3f} "
        f"(the best other feature: {honest:.3f}); unless it is known at prediction time, exclude: [{name}]"
    )


def _pairs(
    rows: pl.DataFrame, features: list[str], goal: Target, best: dict[str, float], honest: float
) -> Iterator[LeakageFinding]:
    """Try differences: scheduled and actual time are harmless alone, and together they are the delay."""
    ordered = [name for name in features if is_ordered(rows[name]) and rows[name].n_unique() > 2][:_MOST_PAIRED]
    numbers = {name: as_numbers(rows[name]) for name in ordered}
    for one, two in itertools.combinations(ordered, 2):
        score = goal.score(numbers[one] - numbers[two])
        severity = _severity(score, honest)
        if severity:
            verdict = "gives the answer away" if severity == "error" else "is suspiciously close to the answer"
            message = (
                f"{one} minus {two} {verdict}: {goal.measure} {score:.3f} (alone {best[one]:.3f} and {best[two]:.3f}); "
                "exclude the one that is known only afterwards"
            )
            evidence = {"score": round(score, 4), "measure": goal.measure, "way": "difference", "rows": rows.height}
            yield LeakageFinding("column", severity, [one, two], message, evidence)


def _severity(score: float, honest: float) -> Literal["warning", "error"] | None:
    if score >= _CERTAIN or (score >= _CLEAR and score - honest >= _GAP):
        return "error"
    return "warning" if score >= _SUSPICIOUS else None


def _groups(
    known: pl.DataFrame, test: pl.DataFrame, groups: dict[str, pl.Expr | str], time: str | None
) -> Iterator[LeakageFinding]:
    keys = {name: _key(known, given) for name, given in groups.items()}
    declared = any(key.meta.root_names() == [time] for key in keys.values())
    if time and not declared and isinstance(known.schema[time], pl.Datetime | pl.Date):
        keys = {f"day of {time}": pl.col(time).dt.truncate("1d"), **keys}
    for name, key in keys.items():
        left, right = _keys(known, key, name), _keys(test, key, name)
        shared = right.unique().join(left.unique(), on="key", how="semi")
        if not shared.height:
            continue
        affected = right.join(shared, on="key", how="semi").height
        share = affected / test.height
        severity: Literal["warning", "error"] = "error" if share >= _FEW else "warning"
        message = (
            f"{shared.height:,} of the test part's {right.unique().height:,} values of {name} also stand in train; "
            f"{affected:,} test rows ({share:.1%}) share theirs, so the test score flatters; split by time or by group"
        )
        evidence = {
            "group": name,
            "shared": shared.height,
            "values_train": left.unique().height,
            "values_test": right.unique().height,
            "rows_test": affected,
            "share_test": round(share, 6),
            "examples": sorted(shared["key"].head(1000).cast(pl.String).to_list())[:5],
        }
        yield LeakageFinding("group", severity, sorted(key.meta.root_names()), message, evidence)


def _key(frame: pl.DataFrame, given: pl.Expr | str) -> pl.Expr:
    if isinstance(given, pl.Expr):
        return given
    return pl.col(given) if given in frame.columns or "(" not in given else expression(given)


def _keys(frame: pl.DataFrame, key: pl.Expr, name: str) -> pl.DataFrame:
    try:
        return frame.select(key.alias("key")).drop_nulls()
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(
            f"group {name!r} cannot be computed: {first_line(error)}",
            hint=f"the table has {', '.join(frame.columns[:20])}",
        ) from None


def _copied_rows(known: pl.DataFrame, test: pl.DataFrame) -> Iterator[LeakageFinding]:
    copies = test.join(known.unique(), on=known.columns, how="semi", nulls_equal=True).height
    if not copies:
        return
    share = copies / test.height
    message = (
        f"{copies:,} test rows ({share:.1%}) are exact copies of train rows in all {known.width} columns; "
        "deduplicate before the split"
    )
    evidence = {"rows_test": copies, "share_test": round(share, 6), "compared": "all columns"}
    severity: Literal["warning", "error"] = "error" if share >= _FEW else "warning"
    yield LeakageFinding("duplicate", severity, list(known.columns), message, evidence)


def _copied_samples(
    known: pl.DataFrame, test: pl.DataFrame, features: list[str], target: str
) -> Iterator[LeakageFinding]:
    """Look for rows equal in what the model sees, under another name or time.

    Coarse features make rows equal by chance, but then their targets differ as chance has it; copies agree.
    """
    if not features or set(known.columns) == {*features, target}:
        return
    seen = known.group_by([*features, target]).len("same")
    totals = seen.group_by(features).agg(pl.col("same").sum().alias("alike"))
    matched = test.select([*features, target]).join(totals, on=features, how="inner", nulls_equal=True)
    share = matched.height / test.height if test.height else 0.0
    if share < _FEW:
        return
    agreed = matched.join(seen, on=[*features, target], how="left", nulls_equal=True)
    agreement = float((agreed["same"].fill_null(0) / agreed["alike"]).mean())  # type: ignore[arg-type]
    rates = known[target].value_counts(normalize=True)["proportion"]
    chance = float((rates * rates).sum())
    if agreement < _AGREE or agreement - chance < (1 - chance) / 2:
        return
    message = (
        f"{matched.height:,} test rows ({share:.1%}) equal train rows in every feature, and their targets agree in "
        f"{agreement:.1%} (chance: {chance:.1%}); look for copies under another name or time"
    )
    evidence = {
        "rows_test": matched.height,
        "share_test": round(share, 6),
        "agreement": round(agreement, 6),
        "chance": round(chance, 6),
        "compared": "features",
    }
    yield LeakageFinding("duplicate", "warning", [*features, target], message, evidence)


def _time(known: pl.DataFrame, test: pl.DataFrame, time: str) -> Iterator[LeakageFinding]:
    last: Any = known[time].max()
    first: Any = test[time].min()
    if last is None or first is None or last < first:
        return
    inside = int((test[time] <= last).sum())
    share = inside / test.height
    message = (
        f"train reaches to {last} in {time}, and test begins at {first}; {inside:,} test rows ({share:.1%}) are not "
        "later than what the model has seen; split by time"
    )
    evidence = {"last_train": str(last), "first_test": str(first), "rows_test": inside, "share_test": round(share, 6)}
    yield LeakageFinding("time", "error" if share >= _FEW else "warning", [time], message, evidence)
