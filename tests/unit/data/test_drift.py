"""What has changed between two tables: the numbers by hand and by scipy, and the verdicts."""

import datetime
import json
import math
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from groundwork.data import Dataset, Profile, drift, profile
from groundwork.data._drift_measures import chance_of_index, kolmogorov_smirnov, stability_index

VALUES = st.lists(st.integers(-20, 20), min_size=4, max_size=60)


def one(before, now, **options):
    (found,) = drift(pl.DataFrame({"a": before}), pl.DataFrame({"a": now}), **options)
    return found


def stored(frame):
    return Profile.from_dict(json.loads(json.dumps(profile(frame).to_dict())))


def index_by_hand(before, now):
    """PSI over the reference's deciles with a bin below, one above and one of the missing, written out."""
    known = sorted(value for value in before if value is not None)
    deciles = [known[max(math.ceil(len(known) * level / 10), 1) - 1] for level in range(1, 10)]
    uppers = sorted({*deciles, known[-1]})

    def place(value):
        if value is None:
            return "missing"
        if value < known[0]:
            return "below"
        return next((upper for upper in uppers if value <= upper), "above")

    one, two = Counter(map(place, before)), Counter(map(place, now))
    total = 0.0
    for name in {*one, *two}:
        r, c = max(one[name], 0.5) / len(before), max(two[name], 0.5) / len(now)
        total += (c - r) * math.log(c / r)
    return total


def test_the_index_of_two_bins_is_what_one_computes_by_hand():
    found = stability_index(np.array([0.5, 0.5]), np.array([0.3, 0.7]), 100, 100)

    assert (0.3 - 0.5) * math.log(0.3 / 0.5) + (0.7 - 0.5) * math.log(0.7 / 0.5) == pytest.approx(found)
    assert 0.0 == stability_index(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 10, 20)


@pytest.mark.parametrize(("rows", "floor"), [(100, 0.005), (1_000_000, 1e-4)])
def test_an_empty_bin_counts_as_half_a_row_or_a_ten_thousandth(rows, floor):
    found = stability_index(np.array([0.0, 1.0]), np.array([0.5, 0.5]), rows, 10)

    assert (0.5 - floor) * math.log(0.5 / floor) + (0.5 - 1) * math.log(0.5) == pytest.approx(found)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.one_of(st.none(), st.integers(-20, 20)), min_size=1, max_size=60).filter(any),
    st.lists(st.one_of(st.none(), st.integers(-25, 25)), min_size=1, max_size=60),
)
def test_the_index_of_numbers_is_what_one_computes_by_hand(before, now):
    types = {"a": pl.Int64}
    (found,) = drift(pl.DataFrame({"a": before}, schema=types), pl.DataFrame({"a": now}, schema=types))

    assert index_by_hand(before, now) == pytest.approx(found.psi)
    assert 1.0 == pytest.approx(sum(share for _, share, _ in found.bins))
    assert 1.0 == pytest.approx(sum(share for _, _, share in found.bins))


@settings(deadline=None, max_examples=50)
@given(VALUES, VALUES)
def test_the_distance_of_two_samples_is_scipys(before, now):
    found = one(before, now)

    assert stats.ks_2samp(before, now, method="asymp").statistic == pytest.approx(found.ks)
    assert (True, "none") == (found.exact, one(before, before).severity)


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.05, 0.1])
def test_the_probability_of_the_distance_is_near_scipys(shift):
    rows = np.random.default_rng(3)
    before, now = rows.normal(size=4000), rows.normal(shift, size=3000)

    found, wanted = one(before, now), stats.ks_2samp(before, now, method="asymp")

    assert wanted.statistic == pytest.approx(found.ks)
    assert wanted.pvalue == pytest.approx(found.ks_p, rel=0.05, abs=1e-9)
    assert stats.kstwobign.sf(found.ks * math.sqrt(4000 * 3000 / 7000)) == pytest.approx(found.ks_p)


def test_chance_follows_the_chi_square_distribution():
    rows = np.random.default_rng(8)
    indices = [one(rows.normal(size=300), rows.normal(size=300)) for _ in range(200)]

    shares = [np.mean([found.psi_p < level for found in indices]) for level in (0.1, 0.5, 0.9)]
    assert [0.1, 0.5, 0.9] == pytest.approx(shares, abs=0.1)
    assert stats.chi2.sf(0.2 / (1 / 100 + 1 / 200), 10) == pytest.approx(chance_of_index(0.2, 11, 100, 200))
    assert 1.0 == chance_of_index(0.3, 1, 10, 10)
    assert 1.0 == kolmogorov_smirnov(0.0, 10, 10)


def test_small_samples_of_one_population_raise_no_alarm_however_large_the_index():
    rows = np.random.default_rng(0)
    found = [one(rows.normal(size=40), rows.normal(size=40)) for _ in range(100)]

    assert 20 < sum(each.psi >= 0.1 for each in found)
    assert {"none"} == {each.severity for each in found}


@pytest.mark.parametrize(("shift", "severity"), [(0.05, "none"), (0.4, "moderate"), (1.0, "severe")])
def test_severity_follows_the_usual_thresholds(shift, severity):
    rows = np.random.default_rng(1)

    found = one(rows.normal(size=5000), rows.normal(shift, size=5000))

    assert severity == found.severity
    assert {"none": found.psi < 0.1, "moderate": 0.1 <= found.psi < 0.25, "severe": found.psi >= 0.25}[severity]


@pytest.mark.parametrize(("before", "now"), [(1, 7), (7, 1)])
def test_a_constant_that_becomes_another_is_severe_in_either_direction(before, now):
    assert "severe" == one([before] * 500, [now] * 500).severity


def test_missing_values_are_a_bin_of_their_own():
    found = one([1, 2, None, 4] * 100, [1, None, None, None] * 100)

    assert ("missing", 0.25, 0.75) == found.bins[-1]
    assert "severe" == found.severity
    assert "missing 25.0% -> 75.0%" in found.message


def test_new_and_vanished_categories_are_named_and_counted():
    found = one(["a", "b", "c", "a"] * 100, ["a", "d", "e", "d"] * 100)

    assert (["d", "e"], 2) == (found.new_categories, found.new_count)
    assert (["b", "c"], 2) == (found.vanished_categories, found.vanished_count)
    assert ("new", 0.0, 0.75) == found.bins[-1]
    assert "severe" == found.severity
    assert "2 new: d, e; 2 vanished: b, c" in found.message


def test_the_index_of_categories_is_what_one_computes_by_hand():
    found = one(["a"] * 60 + ["b"] * 40, ["a"] * 30 + ["b"] * 60 + ["c"] * 10)

    wanted = [(0.6, 0.3), (0.4, 0.6), (0.5 / 100, 0.1)]
    assert sum((c - r) * math.log(c / r) for r, c in wanted) == pytest.approx(found.psi)


@pytest.mark.parametrize(("values", "size"), [(4000, 8000), (400, 500), (30, 100), (10**9, 5000)])
def test_new_names_among_many_rare_ones_are_what_chance_brings(values, size):
    rows = np.random.default_rng(2)
    found = [one(*(rows.integers(0, values, (2, size)).astype(str).tolist())) for _ in range(30)]

    assert {"none"} == {each.severity for each in found}
    assert all(each.psi < 0.1 or size == 100 for each in found)


def test_more_new_names_than_chance_brings_are_drift():
    rows = np.random.default_rng(2)
    before, now = rows.integers(0, 4000, 8000).astype(str), rows.integers(2000, 6000, 8000).astype(str)

    assert "severe" == one(before.tolist(), now.tolist()).severity
    assert "none" == one(before.tolist(), before.tolist()).severity


def test_fifty_categories_at_most_have_bins_of_their_own():
    names = [f"v{i}" for i in range(100)] * 100

    assert 51 == len([label for label, *_ in one(names, names).bins])


def test_columns_that_came_went_or_changed_their_kind_are_severe():
    before = pl.DataFrame({"kept": [1, 2], "gone": [1, 2], "typed": [1, 2], "wider": [1, 2]})
    now = pl.DataFrame({"kept": [1, 2], "fresh": ["x", "y"], "typed": ["1", "2"], "wider": [1.0, 2.0]})

    found = {each.column: each for each in drift(before, now)}

    assert {"gone": "severe", "fresh": "severe", "typed": "severe", "wider": "moderate", "kept": "none"} == {
        name: each.severity for name, each in found.items()
    }
    assert {"gone": "vanished", "fresh": "new", "typed": "dtype", "wider": "dtype", "kept": None} == {
        name: each.change for name, each in found.items()
    }
    assert "typed: Int64 became String" == found["typed"].message
    assert ("fresh is new", "gone is no longer there") == (found["fresh"].message, found["gone"].message)
    assert {(2, 2)} == {each.rows for each in found.values()}


def test_a_column_without_a_single_value_has_not_changed_its_type():
    found = one([1, 2, 3] * 50, pl.Series([None] * 150, dtype=pl.String))

    assert (None, "severe") == (found.change, found.severity)
    assert one(pl.Series([None] * 150, dtype=pl.String), [1, 2, 3] * 50).psi > 1


def test_times_are_compared_by_what_is_missing_only():
    early, late = (datetime.datetime(year, 1, 1) for year in (2013, 2014))

    assert ("none", 0.0, None) == (lambda each: (each.severity, each.psi, each.ks))(one([early] * 99, [late] * 99))
    assert "severe" == one([early] * 99, [late] * 50 + [None] * 49).severity


def test_a_table_without_rows_is_compared_by_its_columns_only():
    found = one(pl.Series([1, 2, 3]), pl.Series([], dtype=pl.Int64))

    assert ("none", None, "a: nothing to compare") == (found.severity, found.psi, found.message)


@pytest.mark.parametrize("seed", range(3))
def test_profiles_from_files_give_what_the_tables_give_within_a_hundredth(seed):
    rows = np.random.default_rng(seed)

    def table(shift, zeros):
        delays = np.where(rows.random(20_000) < zeros, 0.0, rows.normal(shift, 3, 20_000))
        return pl.DataFrame({"x": delays, "few": rows.integers(0, 9, 20_000), "s": rows.choice(list("abc"), 20_000)})

    before, now = table(0, 0.3), table(0.8, 0.25)
    exact = {each.column: each for each in drift(before, now)}
    kept = {each.column: each for each in drift(stored(before), stored(now))}

    for name, each in exact.items():
        assert each.psi == pytest.approx(kept[name].psi, abs=0.01)
        assert each.ks == (None if kept[name].ks is None else pytest.approx(kept[name].ks, abs=0.01))
        assert each.severity == kept[name].severity
    assert [True, False, True] == [exact["x"].exact, kept["x"].exact, kept["few"].exact]
    assert exact["s"] == kept["s"]


def test_of_categories_that_a_profile_does_not_keep_nothing_is_said():
    before = pl.DataFrame({"s": [f"v{i}" for i in range(1000)]})
    now = pl.DataFrame({"s": [f"v{i}" for i in range(500, 1500)]})

    (kept,) = drift(stored(before), stored(now))
    (exact,) = drift(before, now)

    assert (None, None) == (kept.new_count, kept.vanished_count)
    assert (500, 500) == (exact.new_count, exact.vanished_count)


def test_datasets_and_profiles_can_be_mixed_and_a_report_is_json(tmp_path):
    frame = pl.DataFrame({"a": [1, 2, 3, None], "s": ["x", "y", None, "x"]})
    frame.write_parquet(tmp_path / "a.parquet")

    found = drift(stored(frame), Dataset.scan(tmp_path / "a.parquet"))

    assert ["none", "none"] == [each.severity for each in found]
    plain = [each.to_dict() for each in found]
    assert plain == json.loads(json.dumps(plain, allow_nan=False))


def test_the_worst_comes_first():
    before = pl.DataFrame({"same": [1.0, 2.0] * 300, "a": [1, 2] * 300, "b": ["x"] * 600})
    now = pl.DataFrame({"same": [1.0, 2.0] * 300, "a": [1, 2, 2] * 200, "b": ["y"] * 600})

    found = drift(before, now)

    assert [("b", "severe"), ("a", "moderate"), ("same", "none")] == [(each.column, each.severity) for each in found]


def test_numbers_that_became_infinite_are_severe_in_tables_and_in_profiles():
    before, now = pl.DataFrame({"a": [1.0, 2.0] * 500}), pl.DataFrame({"a": [1.0, 2.0, math.inf, math.inf] * 250})

    for left, right in ((before, now), (stored(before), stored(now))):
        (found,) = drift(left, right)

        assert ("severe", 0.5, (0.0, 0.5), True) == (found.severity, found.ks, found.infinite, found.exact)
        assert ("inf", 0.0, 0.5) in found.bins
        assert "infinite 0.0% -> 50.0%" in found.message
        assert [0.0, 0.5] == json.loads(json.dumps(found.to_dict(), allow_nan=False))["infinite"]


@pytest.mark.parametrize("end", [math.inf, -math.inf])
def test_a_reference_with_infinite_numbers_is_compared_like_any_other(end):
    rows = np.random.default_rng(4).normal(size=3000)
    mixed, only = [*rows, *[end] * 1000], [end] * 100

    assert ("none", 0.0, 0.0) == (one(mixed, mixed).severity, one(mixed, mixed).psi, one(mixed, mixed).ks)
    assert ("severe", 0.25) == (one(mixed, rows).severity, one(mixed, rows).ks)
    assert [(str(end), 1.0, 0.0), ("finite", 0.0, 1.0)] == sorted(one(only, rows[:100]).bins, key=lambda each: each[2])
    assert "none" == one(only, only).severity
    (kept,) = drift(stored(pl.DataFrame({"a": mixed})), stored(pl.DataFrame({"a": rows})))
    assert (0.25, "severe") == (pytest.approx(kept.ks, abs=0.01), kept.severity)
