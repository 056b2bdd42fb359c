"""The contract of ``DatasetIndex``: samples found by what they are, and changed without leaving traces.

The subject offers ``Sample(id, label=None, split=None, metadata={})`` and ``DatasetIndex(samples=(), *, indexed=())``:
see the README of exercise 02 for its methods.
"""

import json
from collections import Counter
from functools import partial
from typing import Any

from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import expect_error
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("data/index")

LABELS = ("cat", "dog", "cat", None, "cat", "owl", "dog", "cat")
SPLITS = ("train", "train", "test", "train", None, "test", "train", "validation")
CAMERAS = ("north", "south", "north", "west", "south", "north", "north", "west")


def animals(subject: Any) -> list[Any]:
    """Make eight samples, each with a camera and an hour."""
    described = zip(LABELS, SPLITS, CAMERAS, strict=True)
    return [
        subject.Sample(f"s{nth}", label, split, {"camera": camera, "hour": nth % 3})
        for nth, (label, split, camera) in enumerate(described)
    ]


def index_of(subject: Any, samples: Any = None) -> Any:
    """Index samples, by camera too."""
    return subject.DatasetIndex(animals(subject) if samples is None else samples, indexed=("camera",))


def ids(samples: Any) -> list[str]:
    """List the ids of samples."""
    return [sample.id for sample in samples]


def told(samples: Any) -> list[tuple[Any, ...]]:
    """List all that samples say."""
    return [(each.id, each.label, each.split, dict(each.metadata)) for each in samples]


@CHECKS.check(
    Level.BASIC,
    rule="A sample is found by its id; an unknown one is an error that names it, in each method; all come as added.",
    why="get() that returns None for a typing mistake fails a hundred lines later, with no word about the id.",
    hint="A dict from id to sample keeps the order by itself; turn its KeyError into a sentence.",
)
def a_sample_is_found_by_its_id(subject: Any, lab: Lab) -> None:
    """Eight samples, some given and some added."""
    samples = animals(subject)
    index = index_of(subject, samples[:5])
    for sample in samples[5:]:
        index.add(sample)
    expect(told([index.get("s3"), index.get("s7")]), told([samples[3], samples[7]]), "samples s3 and s7")
    expect((len(index), "s3" in index, "s9" in index), (8, True, False), "the length, 's3' in index, 's9' in index")
    expect(ids(index), ids(samples), "ids in their order")
    for what, call in (
        ("get('s9'), which is not there,", partial(index.get, "s9")),
        ("remove('s9'), which is not there,", partial(index.remove, "s9")),
        ("assign('s9', 'test'), which is not there,", partial(index.assign, "s9", "test")),
    ):
        expect_error(call, what, naming="s9")


@CHECKS.check(
    Level.BASIC,
    rule="Samples are found by label, split and metadata, and counted; a value that nobody has, or None, is no group.",
    why="Each training script that loops over all samples to find its own is a place where one condition is wrong.",
    hint="collections.defaultdict(set): a set of ids for each label but None. where(a=1, b=2) is an intersection.",
    after=["a_sample_is_found_by_its_id"],
)
def samples_are_found_by_what_they_are(subject: Any, lab: Lab) -> None:
    """By each of them, by two values of the metadata, and by values that there are not."""
    index = index_of(subject)
    expect(ids(index.by_label("cat")), ["s0", "s2", "s4", "s7"], "ids of the cats")
    expect(ids(index.by_split("train")), ["s0", "s1", "s3", "s6"], "ids of the train samples")
    expect(ids(index.where(camera="north")), ["s0", "s2", "s5", "s6"], "ids of where(camera='north')")
    expect(ids(index.where(camera="north", hour=0)), ["s0", "s6"], "ids of where(camera='north', hour=0)")
    expect(ids(index.where(hour=1)), ["s1", "s4", "s7"], "ids of where(hour=1), a key that is not in indexed")
    expect(index.by_label("yak") + index.by_split("yak") + index.where(camera="yak"), [], "samples of what is not")
    expect(index.labels, Counter(cat=4, dog=2, owl=1), "labels")
    expect(index.splits, Counter(train=4, test=2, validation=1), "splits")


@CHECKS.check(
    Level.EDGE,
    rule="A second sample of one id is refused, and the index is as it was.",
    why="The later one silently wins: one label in a thousand is another's, and no count shows it.",
    hint="Look for the id before you touch anything.",
    after=["samples_are_found_by_what_they_are"],
)
def a_second_sample_of_one_id_is_refused(subject: Any, lab: Lab) -> None:
    """Added, and in the list given at first."""
    index, twin = index_of(subject), subject.Sample("s0", "dog", "test", {"camera": "west"})
    expect_error(lambda: index.add(twin), "adding s0 again", naming="s0")
    expect_error(lambda: index_of(subject, [twin, twin]), "two samples s0", naming="s0")
    expect(told(index), told(animals(subject)), "samples after the refusal")
    expect((index.labels["dog"], index.splits["test"]), (2, 2), "dogs and test samples after the refusal")
    expect(ids(index.where(camera="west")), ["s3", "s7"], "ids of where(camera='west') after the refusal")


@CHECKS.check(
    Level.EDGE,
    rule="A removed sample is nowhere: not in a look-up, not in a count; and its id is free.",
    why="The picture that a person had deleted comes back by way of the label's list, which nobody cleaned.",
    hint="Undo each thing that add did; drop a label whose last sample went.",
    after=["samples_are_found_by_what_they_are"],
)
def a_removed_sample_is_nowhere(subject: Any, lab: Lab) -> None:
    """The only owl; then another sample of its id."""
    index = index_of(subject)
    expect(told([index.remove("s5")]), told(animals(subject)[5:6]), "what remove('s5') gave")
    expect((len(index), "s5" in index, ids(index)[4:]), (7, False, ["s4", "s6", "s7"]), "what is left")
    found = index.by_label("owl") + index.by_split("test") + index.where(camera="north") + index.where(hour=2)
    expect("s5" in ids(found), False, "s5 by label, split or metadata")
    expect(dict(index.labels), {"cat": 4, "dog": 2}, "labels without the only owl")
    index.add(subject.Sample("s5", "cat"))
    expect(ids(index.by_label("cat")), ["s0", "s2", "s4", "s7", "s5"], "ids of the cats with a new s5")


@CHECKS.check(
    Level.EDGE,
    rule="A change is seen everywhere, and the sample keeps its place: among all, and in each group.",
    why="A sample that moved to test and is still listed in train is a leak that the index itself made.",
    hint="Take the old sample out of every group, put the new one in; give each id a number, and sort a group by it.",
    after=["samples_are_found_by_what_they_are"],
)
def a_change_is_seen_everywhere(subject: Any, lab: Lab) -> None:
    """One sample gets another split, another one a new label and camera."""
    index = index_of(subject)
    index.assign("s1", "test")
    expect(index.get("s1").split, "test", "split of s1 after assign")
    expect(ids(index.by_split("train")), ["s0", "s3", "s6"], "ids of train after s1 went to test")
    expect(ids(index.by_split("test")), ["s1", "s2", "s5"], "ids of test after s1 came")
    expect(dict(index.splits), {"train": 3, "test": 3, "validation": 1}, "splits after assign")
    index.replace(subject.Sample("s5", "cat", "test", {"camera": "south"}))
    expect(ids(index), [f"s{nth}" for nth in range(8)], "ids in their order after replace")
    expect((index.by_label("owl"), dict(index.labels)), ([], {"cat": 5, "dog": 2}), "owls and labels after replace")
    expect(ids(index.where(camera="north")), ["s0", "s2", "s6"], "ids of where(camera='north') after replace")
    expect(ids(index.where(camera="south")), ["s1", "s4", "s5"], "ids of where(camera='south') after replace")
    expect_error(lambda: index.replace(subject.Sample("s9")), "replacing s9, which is not there", naming="s9")


@CHECKS.check(
    Level.EDGE,
    rule="What it answers belongs to the caller: changing it does not change the index.",
    why="A script shuffles the list of cats in place, and pops some: the index has fewer cats from then on.",
    hint="Return list(...) and Counter(...), never the thing inside.",
    after=["samples_are_found_by_what_they_are"],
)
def its_answers_are_copies(subject: Any, lab: Lab) -> None:
    """Every list and count is emptied by the caller."""
    index = index_of(subject)
    for answer in (index.by_label("cat"), index.by_split("train"), index.where(camera="north"), index.by_label("yak")):
        answer.clear()
    index.labels.clear()
    index.splits["train"] += 5
    found = len(index.by_label("cat")), len(index.by_split("train")), len(index.where(camera="north"))
    expect(found, (4, 4, 4), "cats, train samples and those of the north after the caller emptied the lists")
    expect((index.labels["cat"], index.splits["train"]), (4, 4), "counts after the caller changed the counters")


@CHECKS.check(
    Level.EDGE,
    rule="An index comes back from its JSON as it was, in its order.",
    why="The index is what makes a training run repeatable: it must survive being written down.",
    hint="A list of the samples' fields, json.dumps; dicts built on the side are built anew.",
    after=["a_removed_sample_is_nowhere", "a_change_is_seen_everywhere"],
)
def json_brings_it_back(subject: Any, lab: Lab) -> None:
    """Texts in other scripts, nested metadata, nothing at all; after a sample went to the end and one changed."""
    index = index_of(subject)
    index.add(subject.Sample("ключ \u2028", "猫", None, {"box": [1, 2.5, None], "lens": {"iso": 100, "ok": True}}))
    index.add(index.remove("s0"))
    index.assign("s4", "test")
    text = index.to_json()
    if not isinstance(text, str):
        expect(type(text).__name__, "str", "type of to_json()")
    json.loads(text)
    again = subject.DatasetIndex.from_json(text)
    expect(told(again), told(index), "samples that came back")
    expect(again.to_json(), text, "JSON of the index that came back")
    expect((again.labels, again.splits), (index.labels, index.splits), "counts that came back")
    expect(len(subject.DatasetIndex.from_json(subject.DatasetIndex().to_json())), 0, "length of an empty one")
