"""An index answers without a walk, and what it holds comes back equal."""

import copy
import json
import pickle
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, DatasetIndex, Sample
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError, VersionSkew


def pets(**more):
    """Six samples of two classes in two splits."""
    return DatasetIndex(
        [
            Sample("a1", "cat", "train", {"camera": "front", "patient_id": 1}),
            Sample("a2", "cat", "train", {"camera": "back", "patient_id": 1}),
            Sample("a3", "cat", "test", {"camera": "front", "patient_id": 2}),
            Sample("b1", "dog", "train", {"camera": "front", "patient_id": 3}),
            Sample("b2", "dog", "test", {"camera": "back", "patient_id": 3}),
            Sample("c1", None, None, {"camera": None}),
        ],
        **more,
    )


def ids(samples):
    return [one.id for one in samples]


def many(count, **options):
    return DatasetIndex((Sample(f"s{at}", f"c{at % 3}") for at in range(count)), **options)


def test_a_sample_cannot_change():
    given_to_it = {"camera": "front", "tags": ["x"]}
    sample = Sample("a", "cat", "train", given_to_it)

    given_to_it["camera"] = "back"
    given_to_it["tags"].append("y")

    assert sample.metadata == {"camera": "front", "tags": ["x"]}
    with pytest.raises(AttributeError):
        sample.label = "dog"
    with pytest.raises(TypeError):
        sample.metadata["camera"] = "back"


def test_a_sample_reads_as_it_is_written():
    sample = Sample("a", None, "train", {"n": 1})

    assert repr(sample) == "Sample('a', None, 'train', {'n': 1})"
    assert eval(repr(sample)) == sample


def test_a_sample_goes_through_pickle_copy_and_sets():
    sample = Sample("a", "cat", None, {"n": [1, {"x": None}]})

    assert pickle.loads(pickle.dumps(sample)) == sample
    assert copy.deepcopy(sample) == sample
    assert {sample, Sample("a", "cat", None, {"n": [1, {"x": None}]})} == {sample}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"id": ""}, "id '' is no name"),
        ({"id": 5}, "id 5 is no name"),
        ({"id": "\ud800"}, "id: "),
        ({"label": 5}, r"sample 'a': label: 5 \(int\) cannot be kept"),
        ({"split": b"x"}, r"sample 'a': split: b'x' \(bytes\)"),
        ({"metadata": [1]}, r"sample 'a': metadata: \[1\]"),
        ({"metadata": {"x": float("nan")}}, r"metadata\['x'\]: nan"),
        ({"metadata": {"x": [1, float("inf")]}}, r"metadata\['x'\]\[1\]: inf"),
        ({"metadata": {"x": {"y": (1,)}}}, r"metadata\['x'\]\['y'\]: \(1,\) \(tuple\)"),
        ({"metadata": {"x": {1: 2}}}, r"metadata\['x'\]: the key 1: 1 \(int\)"),
        ({"metadata": {"x": "\udfff"}}, r"metadata\['x'\]: "),
        ({"metadata": {"x": 1 << 2_000}}, r"metadata\['x'\]: 'an integer'"),
        ({"metadata": {"x": {1, 2}}}, r"metadata\['x'\]: \{1, 2\} \(set\)"),
    ],
)
def test_what_json_would_not_give_back_is_refused_by_its_path(arguments, message):
    with pytest.raises(InvalidDataError, match=message):
        Sample(**{"id": "a", **arguments})


def test_metadata_that_contains_itself_is_refused():
    endless = []
    endless.append(endless)

    with pytest.raises(InvalidDataError, match=r"metadata\['x'\]\[0\].*cannot be kept"):
        Sample("a", metadata={"x": endless})


def test_samples_are_found_by_id_label_split_and_metadata():
    index = pets(indexed=["camera"])

    assert index.get("b1").label == "dog"
    assert ids(index.by_label("cat")) == ["a1", "a2", "a3"]
    assert ids(index.by_split("test")) == ["a3", "b2"]
    assert ids(index.where(camera="front")) == ["a1", "a3", "b1"]
    assert ids(index.where(camera="front", patient_id=1)) == ["a1"]
    assert ids(index.where(patient_id=3)) == ["b1", "b2"]
    assert ids(index.where(camera=None)) == ["c1"]
    assert index.where(patient_id=None) == []
    assert len(index.where()) == 6
    assert (index.indexed, repr(index)) == (("camera",), "DatasetIndex(6 samples, 2 labels, 2 splits)")


def test_one_indexed_key_may_stand_alone():
    assert DatasetIndex(indexed="camera").indexed == ("camera",)


def test_counts_are_copies():
    index = pets()

    index.labels["cat"] = 100
    index.splits.clear()

    assert (index.labels, index.splits) == ({"cat": 3, "dog": 2}, {"train": 3, "test": 2})


@pytest.mark.parametrize("call", ["get", "remove"])
def test_an_unknown_id_names_near_ones(call):
    with pytest.raises(InvalidDataError, match="no sample 'a9' among 6") as caught:
        getattr(pets(), call)("a9")

    assert set(caught.value.context["near"]) == {"a1", "a2", "a3"}
    assert "did you mean" in caught.value.hint


def test_a_duplicate_is_refused_and_nothing_of_it_stays():
    index = pets()

    with pytest.raises(InvalidDataError, match="a sample 'a1' already"):
        index.add(Sample("a1", "bird", "validation", {"camera": "front"}))

    assert (index.labels["bird"], index.splits["validation"], index.get("a1").label) == (0, 0, "cat")


def test_a_duplicate_in_the_first_samples_is_refused():
    with pytest.raises(InvalidDataError, match="a sample 'a' already"):
        DatasetIndex([Sample("a"), Sample("a")])


@pytest.mark.parametrize("call", ["add", "replace"])
def test_only_samples_are_taken(call):
    with pytest.raises(InvalidDataError, match="'a9' is no Sample"):
        getattr(pets(), call)("a9")


def test_replace_and_assign_keep_the_place():
    index = pets(indexed=["camera"])

    index.assign("a3", "train")
    index.assign("a1", "test")
    index.assign("a1", "train")
    index.replace(Sample("a2", "dog", "train", {"camera": "front"}))

    assert ids(index) == ["a1", "a2", "a3", "b1", "b2", "c1"]
    assert ids(index.by_split("train")) == ["a1", "a2", "a3", "b1"]
    assert ids(index.by_label("dog")) == ["a2", "b1", "b2"]
    assert ids(index.where(camera="front")) == ["a1", "a2", "a3", "b1"]


def test_a_group_that_everybody_left_is_gone_also_if_its_order_was_lost():
    index = DatasetIndex([Sample("a"), Sample("b", split="test")])
    index.assign("a", "test")

    index.assign("a", None)
    index.assign("b", None)

    assert (index.by_split("test"), index.splits) == ([], {})


def test_a_question_looks_at_its_answer_only():
    index = many(30_000)
    looked_at = []

    class Counted(dict):
        def __getitem__(self, key):
            looked_at.append(key)
            return super().__getitem__(key)

    index.add(Sample("rare", "rare", "rare"))
    index._samples = Counted(index._samples)

    index.by_label("rare"), index.by_split("rare"), index.get("rare")

    assert looked_at == ["rare", "rare"]


def test_a_misspelt_key_of_the_metadata_is_an_error_with_the_near_ones():
    with pytest.raises(InvalidDataError, match="no sample has metadata 'camra'") as caught:
        pets(indexed=["camera"]).where(camra="front")

    assert caught.value.hint == "did you mean camera?"
    assert DatasetIndex().where(camra="front") == []


@pytest.mark.parametrize("name", [True, 1, None])
def test_a_label_or_split_that_is_no_text_is_an_error(name):
    with pytest.raises(InvalidDataError, match="every label is text"):
        pets().by_label(name)
    with pytest.raises(InvalidDataError, match="every split is text"):
        pets().by_split(name)


def test_a_balanced_sample_is_reproducible_and_has_no_sample_twice():
    index = many(300)

    drawn = index.balanced_sample(20, seed=7)

    assert ids(drawn) == ids(index.balanced_sample(20, seed=7))
    assert ids(drawn) != ids(index.balanced_sample(20, seed=8))
    assert len(set(ids(drawn))) == 60
    assert [one.label for one in drawn] == ["c0"] * 20 + ["c1"] * 20 + ["c2"] * 20


def test_a_balanced_sample_is_the_same_in_every_process():
    code = "from groundwork.data import *; index = DatasetIndex(Sample(f's{i}', f'c{i % 3}') for i in range(300))"
    code += "; print([one.id for one in index.balanced_sample(5, seed=7)])"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip

    assert runs == [f"{ids(many(300).balanced_sample(5, seed=7))}\n"] * 2


def test_classes_are_drawn_from_independently():
    drawn = many(300).balanced_sample(5, seed=7)

    places = [int(one.id[1:]) // 3 for one in drawn]
    assert places[:5] != places[5:10] != places[10:]


def test_another_class_changes_nothing_for_the_others():
    index = many(300)
    before = ids(index.balanced_sample(1, seed=7))

    index.add(Sample("new", "a new class"))

    assert ids(index.balanced_sample(1, seed=7)) == ["new", *before]


def test_a_balanced_sample_may_come_from_one_split_and_may_repeat():
    index = pets()

    assert ids(index.balanced_sample(1, seed=0, split="test")) == ["a3", "b2"]
    assert ids(index.balanced_sample(3, seed=0, split="test", replace=True)) == ["a3"] * 3 + ["b2"] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_label": 3}, "class 'dog' has 2 samples, and 3 of each are asked for"),
        ({"per_label": 9}, r"class 'cat' has 3 samples, and 9 of each are asked for \(1 more such classes\)"),
        ({"per_label": 2, "split": "test"}, "class 'cat' has 1 sample in 'test'"),
        ({"per_label": 1, "split": "nowhere"}, "there is no split 'nowhere'"),
    ],
)
def test_a_class_with_too_few_is_named(options, message):
    with pytest.raises(InvalidDataError, match=message):
        pets().balanced_sample(seed=0, **options)


def test_a_class_with_none_in_the_split_is_named_also_with_replacement():
    index = pets()
    index.add(Sample("d", "bird", "train"))

    with pytest.raises(InvalidDataError, match="class 'bird' has 0 samples in 'test'") as caught:
        index.balanced_sample(1, seed=0, split="test", replace=True)

    assert caught.value.hint == "remove the class, or add samples of it"


@pytest.mark.parametrize("options", [{"per_label": 0}, {"per_label": True}, {"per_label": 1.5}, {"seed": -1}])
def test_a_number_that_cannot_work_is_refused(options):
    with pytest.raises(ConfigurationError, match="is no whole number from"):
        pets().balanced_sample(**{"per_label": 1, "seed": 0, **options})


def test_an_index_without_labels_has_nothing_to_balance():
    with pytest.raises(InvalidDataError, match="no sample has a label"):
        DatasetIndex([Sample("a")]).balanced_sample(1, seed=0)


def test_the_summary_counts_and_is_json():
    summary = pets().summary()

    assert json.loads(json.dumps(summary)) == summary
    assert summary == {
        "samples": 6,
        "labels": {"cat": 3, "dog": 2},
        "splits": {"train": 3, "test": 2},
        "labels_by_split": {"train": {"cat": 2, "dog": 1}, "test": {"cat": 1, "dog": 1}},
        "imbalance": 1.5,
        "missing": {"label": 1, "split": 1, "metadata": {"camera": 1, "patient_id": 1}},
    }
    assert DatasetIndex().summary()["imbalance"] is None


def test_a_patient_in_two_splits_leaks_and_a_camera_does_not():
    (finding,) = pets().leakage()

    assert (finding.kind, finding.severity, finding.columns) == ("group", "error", ["patient_id"])
    assert finding.message == (
        "values of patient_id in several splits: 1, over 2 of 5 samples; the first is 3 (1 in train, 1 in test)"
    )
    assert finding.evidence["examples"] == [{"value": "3", "splits": {"train": 1, "test": 1}}]


def test_any_key_can_be_asked_for():
    (finding,) = pets().leakage("camera")

    assert (finding.columns, finding.evidence["values"], finding.evidence["samples"]) == (["camera"], 2, 5)
    with pytest.raises(InvalidDataError, match="no sample has the metadata key 'lens'"):
        pets().leakage("lens")


@pytest.mark.parametrize("name", ["patient_id", "patientId", "sourceURL", "file", "image path", "content-hash", "UUID"])
def test_a_name_that_identifies_is_looked_at(name):
    index = DatasetIndex(
        [Sample("a", split="train", metadata={name: 1}), Sample("b", split="test", metadata={name: 1})]
    )

    kind = "duplicate" if "hash" in name else "group"

    assert [(kind, [name])] == [(finding.kind, finding.columns) for finding in index.leakage()]


@pytest.mark.parametrize("name", ["width", "idea", "camera", "humid"])
def test_a_name_that_does_not_identify_is_not(name):
    index = DatasetIndex(
        [Sample("a", split="train", metadata={name: 1}), Sample("b", split="test", metadata={name: 1})]
    )

    assert index.leakage() == []


def test_text_that_mostly_differs_identifies():
    index = DatasetIndex(
        Sample(f"s{at}", split="test" if at < 40 else "train", metadata={"caption": f"text {at % 190}", "n": at})
        for at in range(200)
    )

    (finding,) = index.leakage()

    assert (finding.kind, finding.columns, finding.evidence["values"]) == ("group", ["caption"], 10)


def test_copies_under_another_id_are_found():
    index = DatasetIndex(
        Sample(f"s{at}", "x", "test" if at < 20 else "train", {"size": at % 995, "mean": at % 995 / 7})
        for at in range(1_000)
    )

    (finding,) = index.leakage()

    assert (finding.kind, finding.severity, finding.columns) == ("duplicate", "error", [])
    assert finding.evidence["examples"][0] == {"value": "s0", "splits": {"test": 1, "train": 1}}
    assert finding.evidence["samples"] == 10


def test_few_samples_are_a_warning():
    index = DatasetIndex(
        Sample(f"s{at}", "x", "test" if at < 20 else "train", {"patient_id": at % 999}) for at in range(1_000)
    )

    assert [finding.severity for finding in index.leakage()] == ["warning", "warning"]


def test_values_of_different_types_are_different():
    index = DatasetIndex(
        [Sample("a", split="train", metadata={"key": 1}), Sample("b", split="test", metadata={"key": "1"})]
    )

    assert index.leakage() == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.text(min_size=1), st.tuples(st.none() | st.text(), st.dictionaries(st.text(), VALUES))),
    st.lists(st.text(), unique=True),
)
def test_an_index_comes_back_from_json_value_for_value_and_in_order(samples, indexed):
    plain = {key for _, data in samples.values() for key, value in data.items() if isinstance(value, list | dict)}
    index = DatasetIndex(
        (Sample(name, label, label, metadata) for name, (label, metadata) in samples.items()),
        indexed=[key for key in indexed if key not in plain],
    )

    again = DatasetIndex.from_json(index.to_json())

    assert [repr(one.to_dict()) for one in again] == [repr(one.to_dict()) for one in index]
    assert (again.indexed, again.to_json()) == (index.indexed, index.to_json())


def test_a_list_that_was_changed_into_nonsense_is_named_when_written():
    index = DatasetIndex([Sample("a", metadata={"tags": ["x"]})])

    index.get("a").metadata["tags"].append(float("nan"))

    with pytest.raises(InvalidDataError, match=r"sample 'a': metadata\['tags'\]\[1\]: nan"):
        index.to_json()


def test_the_json_is_one_line_a_sample():
    assert DatasetIndex([Sample("ö", "cat", metadata={"n": 1})]).to_json() == (
        '{"format": "groundwork.dataset-index", "version": 1, "indexed": [], "samples": [\n'
        '{"id": "ö", "label": "cat", "split": null, "metadata": {"n": 1}}\n]}\n'
    )


def test_what_a_later_version_wrote_is_refused():
    text = pets().to_json().replace('"version": 1', '"version": 2')

    with pytest.raises(VersionSkew, match="of version 2, and this groundwork reads up to 1"):
        DatasetIndex.from_json(text)


HEAD = '{"format": "groundwork.dataset-index", "version": 1, "indexed": [], "samples": '


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1: this is no JSON"),
        ('{"a":\n', "line 2, column 1"),
        ("[]", "this is no index"),
        ('{"format": "x"}', "this is no index"),
        ('{"format": "groundwork.dataset-index", "version": true}', "version: True is no version"),
        ('{"format": "groundwork.dataset-index", "version": 0}', "version: 0 is no version"),
        ('{"format": "groundwork.dataset-index", "version": 1, "indexed": [1]}', "indexed: "),
        ('{"format": "groundwork.dataset-index", "version": 1, "indexed": []}', "samples: there is no list"),
        (HEAD + "[5]}", r"samples\[0\]: 5 is no sample"),
        (HEAD + '[{"id": "a"}]}', r"samples\[0\]: \['id'\] is no sample"),
        (HEAD + '[{"id": 5, "label": null, "split": null, "metadata": {}}]}', r"samples\[0\]: id 5 is no name"),
        (HEAD + '[{"id": "a", "id": "b"}]}', "the key 'id' is given twice"),
        (HEAD + "[NaN]}", "NaN is no JSON"),
        (HEAD + "[" + "9" * 5_000 + "]}", "this is no index: Exceeds the limit"),
        ("[" * 100_000, "nested too deep"),
        (None, "from text, not from NoneType"),
    ],
)
def test_what_is_no_index_says_where(text, message):
    with pytest.raises(InvalidDataError, match=message):
        DatasetIndex.from_json(text)


FRAME = pl.DataFrame(
    {
        "name": [7, 8, 9],
        "class": pl.Series(["cat", None, "dog"], dtype=pl.Categorical),
        "part": ["train", "test", None],
        "day": pl.Series(["2013-01-01", None, "2013-01-02"]).str.to_date(),
        "size": [1.5, 2.0, None],
        "kind": pl.Series(["x", "y", "x"], dtype=pl.Enum(["x", "y"])),
    }
)


class Foreign:
    """A table of another library, as pandas or pyarrow offer theirs."""

    def __arrow_c_stream__(self, requested_schema=None):
        return FRAME.__arrow_c_stream__(requested_schema)


def test_a_table_becomes_an_index_and_an_index_a_table():
    index = DatasetIndex.from_table(
        FRAME, id="name", label="class", split="part", metadata=["day", "size", "kind"], indexed=["kind"]
    )

    assert list(index) == [
        Sample("7", "cat", "train", {"day": "2013-01-01", "size": 1.5, "kind": "x"}),
        Sample("8", None, "test", {"day": None, "size": 2.0, "kind": "y"}),
        Sample("9", "dog", None, {"day": "2013-01-02", "size": None, "kind": "x"}),
    ]
    assert index.to_table().to_dict(as_series=False) == {
        "id": ["7", "8", "9"],
        "label": ["cat", None, "dog"],
        "split": ["train", "test", None],
        "day": ["2013-01-01", None, "2013-01-02"],
        "size": [1.5, 2.0, None],
        "kind": ["x", "y", "x"],
    }


@pytest.mark.parametrize("table", [FRAME.lazy(), Dataset.scan(FRAME), Foreign()])
def test_any_table_will_do(table):
    assert ids(DatasetIndex.from_table(table, id="name", metadata="size")) == ["7", "8", "9"]


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (FRAME, {"id": "nme"}, "no column 'nme'"),
        (FRAME, {"id": "name", "metadata": ["sze"]}, "no column 'sze'"),
        (FRAME, {"id": "size"}, "column 'size' is Float64, and ids, labels and splits are text"),
        (FRAME, {"id": "part"}, "row 3: id None is no name"),
        (FRAME, {"id": "kind"}, "a sample 'x' already"),
        (pl.DataFrame({"i": ["a"], "x": [float("nan")]}), {"id": "i", "metadata": ["x"]}, r"row 1: sample 'a': .*nan"),
    ],
)
def test_a_table_that_does_not_fit_says_why(frame, options, message):
    with pytest.raises(InvalidDataError, match=message):
        DatasetIndex.from_table(frame, **options)


def test_what_is_no_table_is_refused():
    with pytest.raises(UsageError, match="list is no table"):
        DatasetIndex.from_table([1], id="a")


def test_an_empty_index_is_an_empty_table():
    assert dict(DatasetIndex().to_table().schema) == {"id": pl.String, "label": pl.String, "split": pl.String}


def test_whole_numbers_and_others_under_one_key_are_one_column():
    index = DatasetIndex([Sample("a", metadata={"n": 1}), Sample("b", metadata={"n": 1.5}), Sample("c")])

    assert index.to_table()["n"].to_list() == [1.0, 1.5, None]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([{"label": 1}], "the metadata key 'label' has the name of a column of its own"),
        ([{"n": 1}, {"n": "x"}], "metadata 'n' holds int, str, which no column holds together"),
    ],
)
def test_metadata_that_fits_no_table_is_named(metadata, message):
    index = DatasetIndex(Sample(str(at), metadata=each) for at, each in enumerate(metadata))

    with pytest.raises(InvalidDataError, match=message):
        index.to_table()
