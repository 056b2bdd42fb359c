"""The contracts of ``evaluate_classification``, ``evaluate_regression`` and ``confidence_interval``.

The subject offers ``evaluate_classification(outcome, probability, threshold=0.5)`` with at least ``accuracy``,
``precision``, ``recall``, ``f1`` and ``roc_auc``; ``evaluate_regression(outcome, prediction)`` with at least ``rmse``,
``mae`` and ``r2``; both as dicts. ``confidence_interval(metric, outcome, prediction, samples=1000, level=0.95, seed=0,
groups=None)`` has ``value``, ``low``, ``high`` and ``level``; ``metric`` is a function of outcome and prediction.
"""

from collections.abc import Callable
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import chance_of_others, expect_error
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._mod_scenes import expect_number

CHECKS = Contract("modeling/evaluation")
INTERVALS = Contract("modeling/intervals")

_NAN = float("nan")


def _expect_figures(found: Any, expected: dict[str, float], what: str) -> None:
    for name, value in expected.items():
        if name not in found:
            raise ContractBroken(f"{what} has no {name}; expected {', '.join(expected)}")
        expect_number(found[name], value, f"{name} of {what}")


@CHECKS.check(
    Level.BASIC,
    rule="The figures are those of the field: rmse, mae, r2; accuracy, precision, recall, f1, area under the ROC.",
    why="Everybody compares them with those of others; a figure of one's own with a known name misleads.",
    hint="true positives, false positives, false negatives, true negatives: the first four figures are made of these.",
)
def figures_are_those_of_the_field(subject: Any, lab: Lab) -> None:
    """Eight rows that can be counted by hand, lists and arrays, two thresholds; and four numbers."""
    import numpy as np

    outcome = [1, 1, 1, 0, 0, 0, 0, 1]
    probability = [0.9, 0.8, 0.3, 0.7, 0.2, 0.1, 0.4, 0.6]
    usual = {"accuracy": 0.75, "precision": 0.75, "recall": 0.75, "f1": 0.75, "roc_auc": 13 / 16}
    _expect_figures(subject.evaluate_classification(outcome, probability), usual, "a classification")
    strict = {"accuracy": 0.625, "precision": 2 / 3, "recall": 0.5, "f1": 4 / 7, "roc_auc": 13 / 16}
    found = subject.evaluate_classification(np.array(outcome), np.array(probability), threshold=0.7)
    _expect_figures(found, strict, "a classification with a threshold of 0.7, which counts as positive")
    numbers = {"rmse": 1.5**0.5, "mae": 1.0, "r2": 1 - 6 / 20}
    _expect_figures(subject.evaluate_regression([1, 3, 5, 7], [2, 3, 4, 9]), numbers, "a regression")


@CHECKS.check(
    Level.EDGE,
    rule="Equal scores count half, so the AUC does not depend on the order of the rows; labels may be booleans.",
    why="A model that says 0.5 to everybody is rated 1.0 if the positives happen to stand first, and 0.0 if last.",
    hint="Of two equal scores neither is greater: average the ranks, or count half a pair.",
    after=["figures_are_those_of_the_field"],
)
def equal_scores_count_half(subject: Any, lab: Lab) -> None:
    """One score for all; then scores of one digit, in three orders, against the pairs counted one by one."""
    import numpy as np

    for outcome in ([1, 0], [0, 1], [0, 1, 0, 1]):
        found = subject.evaluate_classification(outcome, [0.5] * len(outcome))
        _expect_figures(found, {"roc_auc": 0.5, "recall": 1.0, "precision": 0.5}, f"one score for all, of {outcome}")
    drawn = lab.generator.random(60) < 0.4
    drawn[:2] = True, False
    scores = np.round(lab.generator.random(60), 1)

    def holds(rows: list[int]) -> None:
        positive: Any = drawn[rows]
        probability: Any = scores[rows]
        if positive.all() or not positive.any():
            return
        more = probability[positive][:, None] - probability[~positive]
        auc = float(np.mean((more > 0) + 0.5 * (more == 0)))
        found = subject.evaluate_classification(positive, probability)
        _expect_figures(found, {"roc_auc": auc}, f"{len(rows)} scores of one digit")

    for order in (np.arange(60), np.argsort(drawn, kind="stable"), np.argsort(~drawn, kind="stable")):
        lab.smallest(order.tolist(), holds)


@CHECKS.check(
    Level.FAULT,
    rule="What cannot be judged is refused: nothing at all, NaN, one class only, unequal lengths, no probability.",
    why="NaN >= 0.5 is false: a model that says NaN to all has an accuracy of 0.9 where nine of ten are negative.",
    hint="Look before you count, and raise an error of your choice that says which value it is.",
    after=["figures_are_those_of_the_field"],
)
def what_cannot_be_judged_is_refused(subject: Any, lab: Lab) -> None:
    """Each of them, for both functions."""
    classes: list[tuple[str, list[Any], list[Any]]] = [
        ("no rows", [], []),
        ("a probability that is NaN", [0, 1, 0], [0.1, _NAN, 0.2]),
        ("an outcome that is NaN", [0, 1, _NAN], [0.1, 0.9, 0.2]),
        ("one class only", [0, 0, 0], [0.1, 0.9, 0.2]),
        ("the other class only", [1, 1], [0.1, 0.9]),
        ("two outcomes and one probability", [0, 1], [0.5]),
        ("a probability of 1.5", [0, 1], [0.5, 1.5]),
    ]
    for what, outcome, score in classes:
        expect_error(lambda o=outcome, s=score: subject.evaluate_classification(o, s), f"a classification of {what}")  # type: ignore[misc]
    numbers: list[tuple[str, list[Any], list[Any]]] = [
        ("no rows", [], []),
        ("a prediction that is NaN", [1.0, 2.0], [1.0, _NAN]),
        ("an outcome that is NaN", [1.0, _NAN], [1.0, 2.0]),
        ("two outcomes and one prediction", [1.0, 2.0], [1.5]),
    ]
    for what, outcome, score in numbers:
        expect_error(lambda o=outcome, s=score: subject.evaluate_regression(o, s), f"a regression of {what}")  # type: ignore[misc]


def _error(outcome: Any, prediction: Any) -> float:
    import numpy as np

    return float(np.mean(np.abs(np.asarray(outcome) - np.asarray(prediction))))


def _interval(found: Any) -> tuple[float, float, float]:
    return float(found.value), float(found.low), float(found.high)


@INTERVALS.check(
    Level.BASIC,
    rule="The interval holds the figure of all rows, is as wide as theory says, and wider for a higher level.",
    why="0.71 is better than 0.70 by 0.01, or by nothing at all: with 400 rows the interval is 0.1 wide.",
    hint="Draw row numbers with replacement, as many as there are rows; quantiles of the figures of a thousand draws.",
)
def an_interval_is_as_wide_as_it_should_be(subject: Any, lab: Lab) -> None:
    """The mean error of 400 rows, of which the width is known."""
    import numpy as np

    outcome = lab.generator.normal(size=400)
    prediction = np.zeros(400)
    error = np.abs(outcome)
    value, low, high = _interval(found := subject.confidence_interval(_error, outcome, prediction, samples=1000))
    expect_number(value, float(error.mean()), "the value of the interval")
    expect_number(found.level, 0.95, "the level, which nobody has named")
    if not low < value < high:
        raise ContractBroken(f"the interval is {low:.4f} to {high:.4f} around {value:.4f}; expected low < value < high")
    deviation = float(error.std()) / len(error) ** 0.5
    _expect_width(high - low, 3.92 * deviation, "0.95")
    narrow = subject.confidence_interval(_error, outcome, prediction, samples=1000, level=0.5)
    _expect_width(float(narrow.high) - float(narrow.low), 1.349 * deviation, "0.5")


def _expect_width(found: float, expected: float, level: str) -> None:
    # A thousand draws have some chance in them; half of the rows would make it 1.4 times as wide.
    if not 0.8 < found / expected < 1.25:
        raise ContractBroken(f"the interval of level {level} is {found:.4f} wide; expected about {expected:.4f}")


@INTERVALS.check(
    Level.EDGE,
    rule="A row is drawn whole, its outcome with its prediction.",
    why="Drawn apart they do not belong together: the interval is that of a model that guesses.",
    hint="One array of row numbers for both: outcome[rows], prediction[rows].",
    after=["an_interval_is_as_wide_as_it_should_be"],
)
def a_row_is_drawn_whole(subject: Any, lab: Lab) -> None:
    """A prediction that is always off by one, and a metric that sees how many rows it gets."""
    outcome = lab.generator.normal(size=50) * 100
    sizes = set()

    def metric(observed: Any, predicted: Any) -> float:
        sizes.add((len(observed), len(predicted)))
        return _error(observed, predicted)

    value, low, high = _interval(subject.confidence_interval(metric, outcome, outcome + 1.0, samples=50))
    for found, what in ((value, "value"), (low, "low"), (high, "high")):
        expect_number(found, 1.0, f"{what}, where each row is off by one", tolerance=1e-6)
    expect(sizes, {(50, 50)}, "the sizes that the metric was given")


@INTERVALS.check(
    Level.FAULT,
    rule="One seed gives one interval, another seed another one; the global generators are left alone.",
    why="np.random.seed(0) in a metric: whatever the program draws afterwards is the same each time, splits included.",
    hint="np.random.default_rng(seed) is a generator of your own.",
    after=["an_interval_is_as_wide_as_it_should_be"],
)
def an_interval_depends_on_its_seed_alone(subject: Any, lab: Lab) -> None:
    """Twice with one seed, after other seeds of the global generators; then with two other seeds."""
    outcome = lab.generator.normal(size=80)

    def interval(**options: Any) -> tuple[float, float, float]:
        return _interval(subject.confidence_interval(_error, outcome, outcome * 0.5, samples=100, **options))

    found = []
    for chance in (1, 2):
        with chance_of_others("confidence_interval", chance):
            found.append(interval(seed=7))
    expect(found[1], found[0], "the interval of seed 7, asked for again")
    if interval(seed=8)[1:] == found[0][1:] == interval(seed=9)[1:]:
        raise ContractBroken("seeds 7, 8 and 9 gave one interval; expected the seed to count")
    expect(interval(), interval(seed=0), "the interval without a seed, and that of seed 0")


@INTERVALS.check(
    Level.EDGE,
    rule="With groups it is the groups that are drawn, each with all of its rows.",
    why="A thousand rows of twenty patients are twenty measurements: an interval of rows is seven times too narrow.",
    hint="Draw group names with replacement, and np.concatenate the row numbers of each that was drawn.",
    after=["a_row_is_drawn_whole"],
)
def groups_are_drawn_whole(subject: Any, lab: Lab) -> None:
    """Twenty groups of thirty equal rows; they stand mixed."""
    import numpy as np

    groups = lab.generator.permutation(np.repeat(np.arange(20), 30))
    error = lab.generator.normal(size=20)[groups]
    zeros = np.zeros(600)
    rows = subject.confidence_interval(_mean, error, zeros, samples=400)
    whole = subject.confidence_interval(_mean, error, zeros, samples=400, groups=groups)
    expect_number(float(whole.value), float(rows.value), "the value, which does not depend on the groups")
    ratio = (float(whole.high) - float(whole.low)) / (float(rows.high) - float(rows.low))
    if not 3.5 < ratio < 8.0:
        raise ContractBroken(f"with groups of 30 equal rows it is {ratio:.1f} times as wide; expected about 5.5 times")
    names = np.array([f"patient {number}" for number in groups])
    named = subject.confidence_interval(_mean, error, zeros, samples=50, groups=names)
    if not float(named.low) < float(named.value) < float(named.high):
        raise ContractBroken("groups that are texts gave no interval around the value; expected one")


def _mean(outcome: Any, prediction: Any) -> float:
    import numpy as np

    return float(np.mean(outcome) - np.mean(prediction))


@INTERVALS.check(
    Level.EDGE,
    rule="No rows, unequal lengths, a level outside (0, 1) and no samples are refused.",
    why="An interval from nan to nan passes every comparison: nan < 0.05 is as false as nan > 0.05.",
    hint="Look before you draw.",
    after=["an_interval_is_as_wide_as_it_should_be"],
)
def an_interval_of_nothing_is_refused(subject: Any, lab: Lab) -> None:
    """Each of them."""
    wrong: list[tuple[str, Callable[[], Any]]] = [
        ("no rows", lambda: subject.confidence_interval(_error, [], [])),
        ("unequal lengths", lambda: subject.confidence_interval(_error, [1.0, 2.0], [1.0])),
        ("a level of 95", lambda: subject.confidence_interval(_error, [1.0, 2.0], [1.0, 3.0], level=95)),
        ("no samples", lambda: subject.confidence_interval(_error, [1.0, 2.0], [1.0, 3.0], samples=0)),
    ]
    for what, call in wrong:
        expect_error(call, f"an interval of {what}")
