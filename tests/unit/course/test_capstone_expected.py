"""What the night must come to, calculated in another way than groundwork's own parts do."""

import csv
import math

import numpy as np
import pytest

from groundwork.course._capstone_expected import (
    Model,
    close,
    features,
    figures,
    flights,
    prepared,
    width_by_days,
    write_flights,
)
from groundwork.course._capstone_source import busy_at_first, days, hangs_at_first, never_answered
from groundwork.modeling.evaluation import evaluate_regression
from groundwork.modeling.preprocessing import impute, scale


def test_the_flights_are_sent_in_no_order_and_some_twice_the_right_line_last(tmp_path):
    write_flights(tmp_path / "flights.csv")
    write_flights(tmp_path / "again.csv")
    with open(tmp_path / "flights.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    known = flights()
    last = {int(row["id"]): float(row["delay_min"]) for row in rows}
    assert (len(known) + 40, len(known)) == (len(rows), len(last))
    assert {number: flight.delay_min for number, flight in known.items()} == last
    assert [int(row["id"]) for row in rows] != sorted(int(row["id"]) for row in rows)
    assert (tmp_path / "flights.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_every_flight_has_a_day_of_weather_and_the_moods_are_of_different_days():
    wanted = {f"/weather/{flight.origin}/{flight.day}" for flight in flights().values()}

    assert wanted <= set(days())
    assert {*busy_at_first(), hangs_at_first(), *never_answered()} <= wanted
    assert not {*never_answered(), hangs_at_first()} & busy_at_first()


def test_a_storm_that_was_none_is_bounded_and_an_unknown_day_is_missing():
    known = flights()
    day = next(each.number for each in known.values() if (each.origin, each.day) == ("EWR", 15748))
    unknown = [each.number for each in known.values() if f"/weather/{each.origin}/{each.day}" in never_answered()]

    assert max(value for value in days()["/weather/EWR/15748"]["wind_speed"] if value is not None) > 1000
    assert features(known, [day])[0][3] < 30
    assert unknown
    assert np.isnan(features(known, unknown)[:, 2:]).all()


def test_what_is_prepared_is_what_groundwork_prepares():
    train = np.array([[1.0, 5.0], [math.nan, 5.0], [3.0, 5.0], [8.0, 5.0]])
    test = np.array([[math.nan, 6.0]])

    assert close(np.vstack(prepared(train, test)), np.vstack(scale(*impute(train, test))))


def test_the_figures_are_those_that_groundwork_has():
    outcome, predicted = [12.0, -3.0, 40.0], [10.0, 0.0, 35.0]

    found = evaluate_regression(outcome, predicted)

    assert figures(outcome, predicted) == pytest.approx({name: found[name] for name in ("rmse", "mae", "r2")})
    assert figures([400.0, 0.0], [180.0, 0.0])["mae"] == 0.0


def test_a_model_learns_and_predicts_the_mean_before_it_has():
    known = flights()
    train = sorted(known)[:200]
    model = Model(known, train)
    rows = features(known, train)
    before = model.predict(rows, 0)

    model.learn([train] * 20)

    outcome = [known[number].delay_min for number in train]
    mean = np.mean(np.clip(outcome, -180, 180))
    assert before == pytest.approx([mean] * 200)
    assert figures(outcome, model.predict(rows, 20))["rmse"] < figures(outcome, before)["rmse"]
    assert 21 == len(model.weights)


def test_an_interval_over_days_is_wider_where_a_day_is_bad_for_all():
    outcome, on = [0.0] * 50 + [100.0] * 50, [1] * 50 + [2] * 50

    assert width_by_days(outcome, [0.0] * 100, on) == 100.0
    assert width_by_days(outcome, [0.0] * 100, list(range(100))) < 30


@pytest.mark.parametrize(
    ("found", "expected"), [([1.0, 2.0], True), ([1.0], False), ("ab", False), (None, False), ([1.0, math.nan], False)]
)
def test_whatever_is_reported_is_close_or_not(found, expected):
    assert expected == close(found, [1.0, 2.0])
