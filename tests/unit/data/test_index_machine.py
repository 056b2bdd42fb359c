"""Whatever is done to an index, it answers as a plain list of samples would; what fails changes nothing."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from groundwork.data import DatasetIndex, Sample
from groundwork.errors import InvalidDataError

IDS = st.sampled_from(["a", "b", "c", "d", "e", "ö", "\u2028"])
LABELS = st.sampled_from([None, "cat", "dog", "猫"])
SPLITS = st.sampled_from([None, "train", "test"])
CAMERAS = [1, 1.5, True, False, None, "1", "front", 0]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
METADATA = st.fixed_dictionaries({}, optional={"camera": st.sampled_from(CAMERAS), "note": VALUES})


def same(one, two):
    """Tell whether two values are one in JSON, where true is not 1."""
    return one == two and isinstance(one, bool) == isinstance(two, bool)


class IndexMachine(RuleBasedStateMachine):
    """A DatasetIndex beside a list."""

    @initialize(ids=st.lists(IDS, unique=True))
    def begin(self, ids):
        self.model = [Sample(one) for one in ids]
        self.index = DatasetIndex(self.model, indexed=["camera"])

    def at(self, name):
        return next((place for place, one in enumerate(self.model) if one.id == name), None)

    @rule(name=IDS, label=LABELS, split=SPLITS, metadata=METADATA)
    def add(self, name, label, split, metadata):
        sample = Sample(name, label, split, metadata)
        if self.at(name) is None:
            self.index.add(sample)
            self.model.append(sample)
        else:
            with pytest.raises(InvalidDataError, match="already"):
                self.index.add(sample)

    @rule(name=IDS)
    def remove(self, name):
        if self.at(name) is None:
            with pytest.raises(InvalidDataError, match="there is no sample"):
                self.index.remove(name)
        else:
            assert self.index.remove(name) == self.model.pop(self.at(name))

    @rule(name=IDS, label=LABELS, split=SPLITS, metadata=METADATA)
    def replace(self, name, label, split, metadata):
        sample = Sample(name, label, split, metadata)
        if self.at(name) is None:
            with pytest.raises(InvalidDataError, match="there is no sample"):
                self.index.replace(sample)
        else:
            self.index.replace(sample)
            self.model[self.at(name)] = sample

    @rule(name=IDS, split=SPLITS)
    def assign(self, name, split):
        if self.at(name) is None:
            with pytest.raises(InvalidDataError, match="there is no sample"):
                self.index.assign(name, split)
        else:
            self.index.assign(name, split)
            self.model[self.at(name)] = replace(self.model[self.at(name)], split=split)

    @rule(name=IDS, wrong=st.sampled_from([5, ["train"], b"test"]))
    def assign_nonsense(self, name, wrong):
        with pytest.raises(InvalidDataError):
            self.index.assign(name, wrong)

    @rule(name=IDS)
    def put_a_list_under_an_indexed_key(self, name):
        sample = Sample(name, "cat", "train", {"camera": ["front"]})

        with pytest.raises(InvalidDataError, match="is indexed, and a list"):
            self.index.add(sample)
        with pytest.raises(InvalidDataError, match="is indexed, and a list"):
            self.index.replace(sample)

    @rule()
    def write_and_read(self):
        text = self.index.to_json()

        self.index = DatasetIndex.from_json(text)

        assert self.index.to_json() == text

    @rule(per_label=st.integers(1, 3), seed=st.integers(0, 9), split=SPLITS, again=st.booleans())
    def draw(self, per_label, seed, split, again):
        pool = [one for one in self.model if one.label and split in (None, one.split)]
        counts = {
            label: sum(one.label == label for one in pool) for label in {one.label for one in self.model} - {None}
        }
        split_known = split is None or any(one.split == split for one in self.model)
        if not counts or not split_known or min(counts.values()) < (1 if again else per_label):
            with pytest.raises(InvalidDataError):
                self.index.balanced_sample(per_label, seed=seed, split=split, replace=again)
            return

        drawn = self.index.balanced_sample(per_label, seed=seed, split=split, replace=again)

        assert Counter(one.label for one in drawn) == dict.fromkeys(counts, per_label)
        assert all(one in pool for one in drawn)
        assert again or len({one.id for one in drawn}) == len(drawn)

    @invariant()
    def it_answers_as_the_list_does(self):
        assert list(self.index) == self.model
        assert len(self.index) == len(self.model)
        for name in ["a", "b", "c", "d", "e", "ö", "\u2028"]:
            assert (name in self.index) == (self.at(name) is not None)
        for one in self.model:
            assert self.index.get(one.id) is not None
        for label in ["cat", "dog", "猫", "nobody"]:
            assert self.index.by_label(label) == [one for one in self.model if one.label == label]
        for split in ["train", "test", "nowhere"]:
            assert self.index.by_split(split) == [one for one in self.model if one.split == split]
        for camera in CAMERAS:
            expected = [one for one in self.model if "camera" in one.metadata and same(one.metadata["camera"], camera)]
            assert self.index.where(camera=camera) == expected
        assert self.index.labels == Counter(one.label for one in self.model if one.label is not None)
        assert self.index.splits == Counter(one.split for one in self.model if one.split is not None)

    @invariant()
    def it_keeps_nothing_of_what_left(self):
        groups = [self.index._by_label, self.index._by_split, *self.index._by_value.values()]
        assert all(members for each in groups for members in each._members.values())
        assert list(self.index._ranks) == [one.id for one in self.model]


TestIndexMachine = IndexMachine.TestCase
TestIndexMachine.settings = settings(deadline=None, max_examples=50, stateful_step_count=30)
