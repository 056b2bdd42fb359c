"""Columns that give the target away.

Rule: a feature is *suspicious* from a score of 0.80 alone, and *gives the answer away* from 0.95, or from 0.85 if no
unsuspicious feature comes within 0.15 of it. (On the flights, ``dep_delay`` alone ranks at 0.90 and the next feature at
0.67.) Differences of two columns count as columns. Cost: a few sorts of each feature on at most 50,000 rows.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import polars as pl

from groundwork.data._association import Target, as_numbers, column_scores, is_ordered, is_time, telling_word
from groundwork.data._leakage_finding import LeakageFinding, Severity

SAMPLE = 50_000
_SUSPICIOUS = 0.80
_CLEAR = 0.85
_CERTAIN = 0.95
_GAP = 0.15
_MOST_PAIRED = 25

_HOW = {
    "order": "",
    "fit": " by its value",
    "categories": " by its categories",
    "missing": " by where it is missing",
    "word": " by a word",
}


def column_findings(
    train: pl.DataFrame, target: str, features: list[str], time: str | None, seed: int
) -> Iterator[LeakageFinding]:
    """Score each feature, and the differences of two.

    Args:
        train: The rows to learn from.
        target: The target's column.
        features: What the model sees, without the target.
        time: The column that says when a row is; times among the features are also held against it.
        seed: Of the sample.

    Yields:
        A finding for each feature or pair that scores too well, the best first.
    """
    rows = sampled(train, target, seed)
    if rows is None:
        return
    goal = Target.of(rows[target])
    scored = {name: column_scores(rows[name], goal) for name in features}
    best = {name: max(scores.values(), default=0.0) for name, scores in scored.items()}
    honest = max((score for score in best.values() if score < _SUSPICIOUS), default=0.5)
    for name, score in sorted(best.items(), key=lambda item: -item[1]):
        severity = _severity(score, honest)
        if severity:
            way = max(scored[name], key=scored[name].__getitem__)
            evidence = {
                "score": round(score, 4),
                "measure": goal.measure_of(way),
                "way": way,
                "next_score": round(honest, 4),
                "rows": rows.height,
            }
            if way == "word":
                evidence["word"] = telling_word(rows[name], goal)[0]
            message = _sentence(name, score, honest, severity, evidence)
            yield LeakageFinding("column", severity, [name], message, evidence)
    unsuspicious = [name for name in features if best[name] < _SUSPICIOUS]
    yield from _pairs(rows, unsuspicious, goal, best, honest, time)


def sampled(train: pl.DataFrame, target: str, seed: int) -> pl.DataFrame | None:
    """Draw the rows to score by.

    Args:
        train: The rows to learn from.
        target: The target's column.
        seed: Of the draw.

    Returns:
        At most 50,000 rows with a target; None where it has but one value.
    """
    rows = train.filter(pl.col(target).is_not_null())
    rows = rows.sample(SAMPLE, seed=seed) if rows.height > SAMPLE else rows
    return rows if rows.height > 1 and rows[target].n_unique() > 1 else None


def _verdict(severity: str) -> str:
    return "gives the answer away" if severity == "error" else "is suspiciously close to the answer"


def _sentence(name: str, score: float, honest: float, severity: str, evidence: dict[str, object]) -> str:
    how = f" by the word {evidence['word']!r}" if "word" in evidence else _HOW[str(evidence["way"])]
    return (
        f"{name} {_verdict(severity)}: alone it predicts the target{how} with {evidence['measure']} {score:.3f} "
        f"(the best other feature: {honest:.3f}); unless it is known at prediction time, exclude: [{name}]"
    )


def _pairs(
    rows: pl.DataFrame, features: list[str], goal: Target, best: dict[str, float], honest: float, time: str | None
) -> Iterator[LeakageFinding]:
    """Try differences: scheduled and actual time are harmless alone, and together they are the delay."""
    ordered = [name for name in features if is_ordered(rows[name]) and rows[name].n_unique() > 2][:_MOST_PAIRED]
    pairs = list(itertools.combinations(ordered, 2))
    if time is not None and time not in ordered and is_time(rows[time]):
        pairs += [(name, time) for name in ordered if is_time(rows[name])]
    numbers = {name: as_numbers(rows[name]) for pair in pairs for name in pair}
    for one, two in pairs:
        with np.errstate(all="ignore"):  # infinity minus infinity is nothing, and a score takes it for missing
            apart = numbers[one] - numbers[two]
        scores = goal.number_scores(apart)
        way = max(scores, key=scores.__getitem__)
        severity = _severity(scores[way], honest)
        if severity:
            measure = goal.measure_of(way)
            alone = " and ".join(f"{best[name]:.3f}" for name in (one, two) if name in best)
            message = (
                f"{one} minus {two} {_verdict(severity)}: {measure} {scores[way]:.3f} (alone {alone}); "
                "exclude the one that is known only afterwards"
            )
            evidence = {"score": round(scores[way], 4), "measure": measure, "way": "difference", "rows": rows.height}
            yield LeakageFinding("column", severity, [one, two], message, evidence)


def _severity(score: float, honest: float) -> Severity | None:
    if score >= _CERTAIN or (score >= _CLEAR and score - honest >= _GAP):
        return "error"
    return "warning" if score >= _SUSPICIOUS else None
