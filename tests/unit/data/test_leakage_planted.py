"""Every kind of leak, planted into honest tables, is named; and honest tables are left alone."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest

from groundwork.data import NearNumbers, NearText, Splits, leakage, split

ROWS = 1600
CUSTOMERS = 250
START = datetime.datetime(2023, 1, 1)
WORDS = [f"{one}{two}{three}" for one in "bdfgklm" for two in "aeiou" for three in "nrstvxz"]


def honest(seed: int) -> pl.DataFrame:
    """Customers, visits and a target (a class or a number) that the features tell a little of."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, CUSTOMERS, ROWS)
    amount = rng.lognormal(3, 1, ROWS)
    channel = rng.choice(["web", "shop", "phone"], ROWS, p=[0.6, 0.3, 0.1])
    signal = 0.5 * np.log(amount) + 0.6 * (channel == "web") + rng.normal(0, 1.2, ROWS)
    when = [START + datetime.timedelta(hours=int(at)) for at in np.sort(rng.choice(24 * 365, ROWS, replace=False))]
    return pl.DataFrame(
        {
            "visit": np.arange(ROWS),
            "customer": [f"c{number}" for number in customer],
            "when": when,
            "joined": [
                at - datetime.timedelta(days=int(days))
                for at, days in zip(when, rng.integers(1, 900, ROWS), strict=True)
            ],
            "amount": amount,
            "age": rng.integers(18, 90, ROWS),
            "channel": channel,
            "note": [" ".join(rng.choice(WORDS, 12)) for _ in range(ROWS)],
            "returns": signal > np.quantile(signal, 0.65),
            "spend": np.exp(signal),
        }
    ).with_columns(rating=pl.when(pl.Series(rng.random(ROWS) < 0.8)).then(pl.Series(rng.integers(1, 6, ROWS))))


FEATURES = ["joined", "amount", "age", "channel", "note", "rating"]


def by_time(table: pl.DataFrame) -> Splits:
    return split(table, kind="time", column="when", unit="1d", test=0.2, validation=0.15)


def by_customer(table: pl.DataFrame) -> Splits:
    return split(table, kind="group", group="customer", test=0.2, validation=0.15)


def look(splits: Splits, target: str, *, extra: tuple[str, ...] = (), **options: Any):
    return leakage(splits, target=target, features=[*FEATURES, *extra], **options)


# Honest tables


@pytest.mark.parametrize("seed", range(30))
def test_honest_tables_have_no_findings(seed):
    table = honest(seed)
    target = ("returns", "spend")[seed % 2]
    near = (NearText("note"), NearNumbers(["amount", "age"], decimals=6))[seed // 2 % 2]

    in_time = look(by_time(table), target, keys=["visit", ["customer", "when"]], time="when", near=near)
    in_groups = look(by_customer(table), target, keys=["visit"], groups={"customer": "customer"}, near=near)

    assert in_time == []
    assert in_groups == []


# Columns that give the target away


def of_target(table: pl.DataFrame, target: str, rng: np.random.Generator) -> np.ndarray:
    """The target as ranks from 0 to 1; of a class the middle of its ranks."""
    return table[target].cast(pl.Float64).rank().to_numpy() / table.height


def copy(table, target, rng):
    return table.with_columns(leak=target)


def noisy_monotone(table, target, rng):
    ranks = of_target(table, target, rng)
    return table.with_columns(leak=np.exp(3 * (ranks + rng.normal(0, 0.08, table.height))))


def reversed_and_rounded(table, target, rng):
    ranks = of_target(table, target, rng)
    return table.with_columns(leak=-np.round(20 * (ranks + rng.normal(0, 0.03, table.height))).astype(np.int64))


def hump(table, target, rng):
    """High in the middle: neither rises nor falls with the target, yet bins of it tell it."""
    away = rng.choice([-1, 1], table.height) * (1 - of_target(table, target, rng))
    return table.with_columns(leak=away + rng.normal(0, 0.03, table.height))


def tail_only(table, target, rng):
    """Tells the large values, and of the mass of small ones nothing: ranks agree in part."""
    value = table[target].to_numpy()
    edge = np.quantile(value, 0.7)
    return table.with_columns(leak=np.where(value > edge, value, rng.uniform(0, edge, table.height)))


def missing_where_it_happens(table, target, rng):
    ranks = of_target(table, target, rng)
    return table.with_columns(leak=pl.when(pl.Series(ranks > 0.65)).then(pl.Series(rng.integers(0, 9, table.height))))


def category(table, target, rng):
    ranks = of_target(table, target, rng)
    codes = np.array(["k7", "a1", "z3", "b9", "m4", "c2", "x8", "d5"])
    return table.with_columns(leak=codes[np.minimum(ranks * 8, 7).astype(int)])


def word_in_text(table, target, rng):
    told = of_target(table, target, rng) > 0.65
    return table.with_columns(
        leak=pl.Series(
            [f"{note} {'Refunded,' if yes else 'fine'}" for note, yes in zip(table["note"], told, strict=True)]
        )
    )


def difference_of_two(table, target, rng):
    """Scheduled and actual: harmless alone."""
    start = rng.uniform(0, 100, table.height)
    return table.with_columns(leak=start, leak_end=start + 3 * of_target(table, target, rng))


def future_timestamp_that_tells(table, target, rng):
    """How long after the row it was closed is the answer, whenever the row was."""
    days = 30 * of_target(table, target, rng) + rng.uniform(0, 1, table.height)
    return table.with_columns(leak=pl.col("when") + pl.Series(days * 86_400e6).cast(pl.Int64).cast(pl.Duration("us")))


def future_timestamp_that_tells_nothing(table, target, rng):
    days = rng.uniform(1, 30, table.height)
    return table.with_columns(leak=pl.col("when") + pl.Series(days * 86_400e6).cast(pl.Int64).cast(pl.Duration("us")))


def encoded_id(table, target, rng):
    return table.with_columns(leak=pl.col(target).cast(pl.Float64).mean().over("customer"))


def smoothed_encoded_id(table, target, rng):
    value = pl.col(target).cast(pl.Float64)
    return table.with_columns(leak=(value.sum().over("customer") + 4 * value.mean()) / (pl.len().over("customer") + 4))


@dataclass(frozen=True)
class Column:
    plant: Callable[[pl.DataFrame, str, np.random.Generator], pl.DataFrame]
    way: str | None
    columns: set[str] = field(default_factory=lambda: {"leak"})
    severity: str = "error"
    targets: tuple[str, ...] = ("returns", "spend")


COLUMNS = [
    Column(copy, None),
    Column(noisy_monotone, None),
    Column(reversed_and_rounded, None),
    Column(hump, None),
    Column(tail_only, "fit", targets=("spend",)),
    Column(missing_where_it_happens, "missing"),
    Column(category, "categories", targets=("returns",)),
    Column(category, "categories", targets=("spend",)),
    Column(word_in_text, "word", targets=("returns",)),
    Column(word_in_text, "word", targets=("spend",)),
    Column(difference_of_two, "difference", {"leak", "leak_end"}),
    Column(future_timestamp_that_tells, "difference", {"leak", "when"}),
    Column(future_timestamp_that_tells_nothing, "later", {"leak", "when"}, "warning"),
    Column(encoded_id, "encoding", {"leak", "customer"}),
    Column(smoothed_encoded_id, "encoding", {"leak", "customer"}),
]
PLANTED = [(one, target) for one in COLUMNS for target in one.targets]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))])
@pytest.mark.parametrize(("leak", "target"), PLANTED, ids=[f"{one.plant.__name__}-{target}" for one, target in PLANTED])
def test_a_planted_column_is_named(leak, target, seed):
    rng = np.random.default_rng(100 + seed)
    table = leak.plant(honest(seed), target, rng)
    extra = tuple(name for name in ("leak", "leak_end") if name in table.columns)

    findings = look(by_time(table), target, extra=extra, time="when")

    assert {finding.kind for finding in findings} == {"column"}
    named = [finding for finding in findings if set(finding.columns) == leak.columns]
    assert leak.severity in {finding.severity for finding in named}
    assert leak.way is None or leak.way in {finding.evidence["way"] for finding in named}
    assert all("leak" in finding.columns for finding in findings)
    assert all("leak" in finding.message for finding in findings)


def test_an_encoding_of_train_rows_alone_is_a_warning():
    table = honest(0)
    parts = by_customer(table)
    rate = pl.col("returns").cast(pl.Float64).mean().over("age")
    train = parts.train.with_columns(leak=rate)
    learned = train.group_by("age").agg(pl.col("leak").first())
    validation, test = (
        part.join(learned, on="age", how="left", maintain_order="left").with_columns(
            pl.col("leak").fill_null(table["returns"].mean())
        )
        for part in (parts.validation, parts.test)
    )

    (finding,) = look(Splits(train, validation, test), "returns", extra=("leak",))

    assert (finding.severity, finding.columns) == ("warning", ["leak", "age"])
    assert finding.evidence["computed_over"] == "train"


# What parts share


def sharing(finding, part: str) -> tuple:
    return finding.kind, finding.severity, finding.evidence["part"], finding.evidence[f"rows_{part}"]


def test_a_shared_key_is_named():
    table = honest(1)
    parts = by_time(table)
    test = parts.test.with_columns(
        visit=pl.when(pl.int_range(pl.len()) < 30).then(pl.lit(7)).otherwise(pl.col("visit"))
    )

    (finding,) = look(Splits(parts.train, parts.validation, test), "returns", keys=["visit"], time="when")

    assert sharing(finding, "test") == ("key", "error", "test", 30)
    assert finding.columns == ["visit"]
    assert finding.evidence["examples"] == ["7"]
    assert finding.evidence["rows_known_from"] == {"train": 30, "validation": 0}


def test_a_shared_key_of_two_columns_is_named():
    parts = by_time(honest(1))
    moved = parts.validation[:1].with_columns(pl.lit(0, pl.Int64).alias("age"), note=pl.lit("another"))
    test = pl.concat([parts.test, moved])

    (finding,) = look(Splits(parts.train, parts.validation, test), "returns", keys=[["customer", "when"]])

    assert sharing(finding, "test") == ("key", "warning", "test", 1)
    assert finding.columns == ["customer", "when"]
    assert finding.evidence["rows_known_from"] == {"train": 0, "validation": 1}
    assert finding.evidence["examples"] == [f"{moved['customer'][0]}, {moved['when'][0]}"]


def test_a_shared_group_is_named_for_test_and_for_validation():
    splits = split(honest(2), kind="random", test=0.2, validation=0.15)

    findings = look(splits, "spend", groups={"customer": "customer"})

    assert [(one.kind, one.severity, one.evidence["part"]) for one in findings] == [
        ("group", "error", "test"),
        ("group", "error", "validation"),
    ]
    assert all(one.evidence["group"] == "customer" for one in findings)


def test_exact_duplicates_over_the_border_are_named_for_each_part():
    parts = by_customer(honest(3))
    validation = pl.concat([parts.validation, parts.train[:20]])
    test = pl.concat([parts.test, parts.validation[:9]])

    findings = look(Splits(parts.train, validation, test), "returns", keys=[])

    copies = [one for one in findings if one.kind == "duplicate" and one.evidence["compared"] == "all columns"]
    assert [sharing(copies[0], "test"), sharing(copies[1], "validation")] == [
        ("duplicate", "error", "test", 9),
        ("duplicate", "error", "validation", 20),
    ]
    assert copies[0].evidence["rows_known_from"] == {"train": 0, "validation": 9}


@pytest.mark.parametrize(
    "near", [NearText("note"), NearNumbers(["amount", "age"], decimals=4), NearNumbers("amount", tolerance=1e-8)]
)
def test_near_duplicates_over_the_border_are_named(near):
    parts = by_customer(honest(4))
    almost = parts.train[:25].with_columns(
        pl.col("note") + " end", pl.col("amount") + 1e-9, visit=pl.col("visit") + ROWS
    )
    test = pl.concat([parts.test, almost])

    (finding,) = look(Splits(parts.train, parts.validation, test), "returns", keys=["visit"], near=near)

    assert sharing(finding, "test") == ("near-duplicate", "error", "test", 25)
    assert finding.columns == ([near.columns] if isinstance(near.columns, str) else near.columns)
    assert finding.evidence["groups"] == 25
    assert len(finding.evidence["examples"]) == 5
    assert all(one["known"] != one["found"] for one in finding.evidence["examples"])


def test_near_duplicates_between_train_and_validation_are_named():
    parts = by_customer(honest(5))
    validation = pl.concat([parts.validation, parts.train[:1].with_columns(pl.col("note") + " end")])

    (finding,) = look(Splits(parts.train, validation, parts.test), "returns", near=NearText("note"))

    assert sharing(finding, "validation") == ("near-duplicate", "warning", "validation", 1)


def test_an_overlap_in_time_is_named():
    parts = by_time(honest(6))
    late = parts.test[-5:]
    splits = Splits(pl.concat([parts.train, late[:1]]), parts.validation, pl.concat([parts.test[:-5], late[1:]]))

    findings = look(splits, "returns", time="when", groups={"visit": "visit", "instant": "when"})

    times = [one for one in findings if one.kind == "time"]
    assert [(one.severity, one.columns, one.evidence["part"]) for one in times] == [
        ("error", ["when"], "test"),
        ("error", ["when"], "validation"),
    ]
    assert times[0].evidence["last_train"] == str(late["when"][0])
