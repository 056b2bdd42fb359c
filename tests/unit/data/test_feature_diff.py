"""What changes values behind the back of who uses them is a warning."""

import pytest

from groundwork.data import Feature, FeatureRegistry


def told(old, new):
    changes = FeatureRegistry.diff(FeatureRegistry(old), FeatureRegistry(new))
    return [f"{change.severity} {change.kind}: {change.message}" for change in changes]


def x(**options):
    return Feature(**{"name": "x", "dtype": "Int64", "expression": "pl.col('a')", **options})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([x()], [x()], []),
        ([], [x()], ["info added: x 1.0.0 is new: pl.col('a')"]),
        ([x()], [], ["warning removed: x 1.0.0 is gone"]),
        (
            [x()],
            [x(expression="pl.col('b')")],
            ["warning definition: x 1.0.0: expression pl.col('a') -> pl.col('b') WITHOUT a new version"],
        ),
        (
            [x()],
            [x(dtype="Float64", rules={"min": 0})],
            [
                "warning dtype: x 1.0.0: dtype Int64 -> Float64 WITHOUT a new version",
                "warning rules: x 1.0.0: rules none -> min 0 WITHOUT a new version",
            ],
        ),
        (
            [x()],
            [x(version="1.1", expression="pl.col('b')")],
            ["info version: x: version 1.0.0 -> 1.1.0 (expression pl.col('a') -> pl.col('b'))"],
        ),
        (
            [x()],
            [x(version="1.1", dtype="Float64")],
            [
                "warning dtype: x: dtype Int64 -> Float64 without a new major version",
                "info version: x: version 1.0.0 -> 1.1.0 (dtype Int64 -> Float64)",
            ],
        ),
        (
            [x()],
            [x(), x(version="2", dtype="Float64")],
            ["info version: x: version 1.0.0 -> 2.0.0 (dtype Int64 -> Float64)"],
        ),
        (
            [x(version="1.9"), x(version="1.10")],
            [x(version="1.9")],
            ["warning version: x: version 1.10.0 -> 1.9.0, which is older (same definition, type and rules)"],
        ),
        ([x(), x(version="1.1")], [x(version="1.1")], ["warning removed: x 1.0.0 is gone"]),
        (
            [x()],
            [x(owner="ops", tags=["t"], importance=0.5, deprecated="old")],
            [
                "info owner: x 1.0.0: owner '' -> 'ops'",
                "info tags: x 1.0.0: tags none -> t",
                "info importance: x 1.0.0: importance None -> 0.5",
                "info deprecated: x 1.0.0: deprecated None -> 'old'",
            ],
        ),
    ],
)
def test_a_difference_is_told_in_words(old, new, expected):
    assert told(old, new) == expected


def test_warnings_come_first():
    added, gone = Feature(name="a", dtype="Int64"), Feature(name="z", dtype="Int64")

    assert [line.split()[0] for line in told([gone], [added])] == ["warning", "info"]


def test_a_change_is_plain_data():
    (change,) = FeatureRegistry.diff(FeatureRegistry(), FeatureRegistry([x()]))

    assert change.to_dict() == {
        "kind": "added",
        "severity": "info",
        "feature": "x",
        "message": "x 1.0.0 is new: pl.col('a')",
    }
