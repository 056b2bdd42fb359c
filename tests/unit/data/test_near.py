"""Near duplicates of texts: what is told is near, planted copies are found, order and chance change nothing."""

import random
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import NearNumbers, NearText, near_groups, near_pairs
from groundwork.data._jaccard import Jaccard
from groundwork.errors import ConfigurationError, InvalidDataError

# Few letters and words, so that shingles meet; wide ones, so that code points of every length occur.
TEXTS = st.lists(
    st.one_of(st.none(), st.text("ab é漢😀 \n", max_size=12), st.sampled_from(["a b", "A  b ", "ab", "ba", ""])),
    max_size=12,
)
WAYS = [{"size": 2}, {"shingle": "word", "size": 1}, {"shingle": "word", "size": 2, "normalise": False}]


def shingles(text, *, shingle="character", size=2, normalise=True):
    """Tell the same as the library, in plain Python."""
    if text is None:
        return {None}
    if normalise:
        text = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    units = tuple(text.split() if shingle == "word" else text)
    return {units[at : at + size] for at in range(max(1, len(units) - size + 1))} if units else set()


def jaccard(one, other):
    return len(one & other) / len(one | other) if one | other else 1.0


def partition(groups):
    return {frozenset(np.flatnonzero(groups == first).tolist()) for first in np.unique(groups)}


def documents(count, seed, words=60, spread=4000):
    rng = random.Random(seed)
    return [[f"{rng.randrange(spread):x}" for _ in range(words)] for _ in range(count)]


def planted(count, seed):
    """Return texts, half of them with a copy of some other words, and the similarity of each such pair."""
    rng = random.Random(seed)
    texts, likeness = [], {}
    for words in documents(count, seed):
        texts.append(" ".join(words))
        if rng.random() < 0.5:
            copy = list(words)
            for place in rng.sample(range(len(copy)), rng.randint(1, 8)):
                copy[place] = f"{rng.randrange(4000):x}"
            texts.append(" ".join(copy))
            pair = (len(texts) - 2, len(texts) - 1)
            likeness[pair] = jaccard(*(shingles(texts[at], size=5) for at in pair))
    return texts, likeness


@pytest.mark.parametrize("count", [1500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_planted_near_copies_are_found_and_nothing_else_is(count):
    texts, likeness = planted(count, seed=1)
    near = {pair for pair, value in likeness.items() if value >= 0.8}

    pairs = near_pairs(pl.DataFrame({"text": texts}), NearText("text", threshold=0.8))

    told = {(left, right): value for left, right, value in pairs.iter_rows()}
    assert len(near) > count / 6
    assert len(near & told.keys()) >= 0.95 * len(near)
    right = [pair for pair in told if jaccard(*(shingles(texts[at], size=5) for at in pair)) >= 0.8]
    assert len(right) >= 0.99 * len(told)
    assert {pair: likeness[pair] for pair in near & told.keys()} == {pair: told[pair] for pair in near & told.keys()}


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.sampled_from(WAYS), st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_every_pair_told_has_exactly_that_similarity(texts, way, threshold):
    sets = [shingles(text, **way) for text in texts]

    pairs = near_pairs(pl.DataFrame({"text": texts}, schema={"text": pl.String}), NearText("text", threshold, **way))

    for left, right, similarity in pairs.iter_rows():
        assert left < right
        assert jaccard(sets[left], sets[right]) == similarity
        assert similarity >= threshold
    assert pairs.select("left", "right").is_unique().all()


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.sampled_from(WAYS))
def test_rows_of_one_set_are_always_one_group(texts, way):
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})

    groups = near_groups(frame, NearText("text", threshold=1.0, **way))

    sets = [shingles(text, **way) for text in texts]
    assert [sets.index(each) for each in sets] == groups.tolist()


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.sampled_from(WAYS), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_labels_alone(texts, way, rng):
    order = rng.sample(range(len(texts)), len(texts))
    near = NearText("text", threshold=0.5, **way)
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})

    groups, shuffled = near_groups(frame, near), near_groups(frame[order], near)

    assert partition(groups) == {frozenset(order[row] for row in rows) for rows in partition(shuffled)}


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.sampled_from(WAYS), st.sampled_from([0.3, 0.8]))
def test_groups_are_what_the_pairs_connect(texts, way, threshold):
    frame, near = pl.DataFrame({"text": texts}, schema={"text": pl.String}), NearText("text", threshold, **way)

    groups, pairs = near_groups(frame, near), near_pairs(frame, near)

    expected = list(range(len(texts)))
    for _ in texts:
        for left, right, _similarity in pairs.iter_rows():
            expected[left] = expected[right] = min(expected[left], expected[right])
    assert expected == groups.tolist()


def test_a_chain_is_one_group():
    text = "the quick brown fox jumps over the lazy dog and runs into the deep dark wood"
    frame = pl.DataFrame({"text": [text, text[7:], text[14:], "nothing of the kind"]})

    pairs = near_pairs(frame, NearText("text", threshold=0.85))

    assert [(0, 1), (1, 2)] == pairs.select("left", "right").rows()
    assert [0, 0, 0, 3] == near_groups(frame, NearText("text", threshold=0.85)).tolist()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("\uff26\uff55\uff4c\uff4c \uff57\uff49\uff44\uff54\uff48", "full width", True),
        ("cafe\u0301 au lait", "CAFÉ au\n\tlait ", True),
        ("漢字かな交じり文", "漢字かな交じり文です", False),
        (None, "", False),
        ("", " \n", True),
    ],
)
@pytest.mark.parametrize("shingle", ["character", "word"])
def test_normalised_texts_are_compared(one, other, same, shingle):
    frame = pl.DataFrame({"text": [one, other]})

    groups = near_groups(frame, NearText("text", threshold=0.9, shingle=shingle))

    assert [0, 0 if same else 1] == groups.tolist()


def test_unless_normalised_texts_are_compared_as_they_are():
    frame = pl.DataFrame({"text": ["a text", "A text", "a  text"]})

    groups = near_groups(frame, NearText("text", threshold=1.0, normalise=False))
    words = near_groups(frame, NearText("text", threshold=1.0, normalise=False, shingle="word"))

    assert [0, 1, 2] == groups.tolist()
    assert [0, 1, 0] == words.tolist()


def test_words_of_any_script_are_words():
    frame = pl.DataFrame({"text": ["漢字 かな 文", "漢字 文 かな", "かな"]})

    pairs = near_pairs(frame, NearText("text", threshold=0.3, shingle="word", size=1))

    assert [(0, 1, 1.0), (0, 2, 1 / 3)] == pairs.rows()


def test_missing_equals_missing_and_columns_make_one_set():
    frame = pl.DataFrame(
        {
            "title": ["abcd", "abcd", None, None, "wxyz", ""],
            "body": ["wxyz", "wxyz", "wxyz", "wxyz", "abcd", "wxyz"],
        }
    )

    groups = near_groups(frame, NearText(["title", "body"], threshold=0.9))

    assert [0, 0, 2, 2, 4, 5] == groups.tolist()
    pairs = near_pairs(frame, NearText(["title", "body"], threshold=0.5, size=4))
    assert (0, 5, 0.5) in pairs.rows()


def test_columns_named_equal_keep_rows_apart():
    text = "one and the same text in both languages"
    frame = pl.DataFrame({"text": [text, text + "!", text, text + "!"], "language": ["en", None, None, "en"]})

    groups = near_groups(frame, NearText("text", equal="language"))

    assert [0, 1, 1, 0] == groups.tolist()


class Offered:
    """A table of another library, as the Arrow interface shows it."""

    def __init__(self, frame):
        self.__arrow_c_stream__ = frame.__arrow_c_stream__


def test_tables_of_any_kind_and_enumerations_are_taken():
    frame = pl.DataFrame({"text": ["a text", "A  text", "other"]})

    expected = [0, 0, 2]

    assert expected == near_groups(frame.lazy(), NearText("text")).tolist()
    assert expected == near_groups(frame.cast(pl.Categorical), NearText("text")).tolist()
    assert expected == near_groups(Offered(frame), NearText("text")).tolist()


def test_a_table_without_rows_has_no_groups():
    frame = pl.DataFrame(schema={"text": pl.String})

    assert [] == near_groups(frame, NearText("text")).tolist()
    assert {"left": pl.Int64, "right": pl.Int64, "similarity": pl.Float64} == near_pairs(frame, NearText("text")).schema


def test_the_table_is_not_changed():
    frame = pl.DataFrame({"text": ["É  x", "plain", None, " ﬁ"]})
    before = frame.clone()

    near_groups(frame, NearText("text"))

    assert frame.equals(before)
    assert ["É  x", "plain", None, " ﬁ"] == frame["text"].to_list()


def counted(monkeypatch):
    compared = []
    original = Jaccard.of

    def of(self, left, right):
        compared.append(len(left))
        return original(self, left, right)

    monkeypatch.setattr(Jaccard, "of", of)
    return compared


def test_exact_copies_are_never_compared(monkeypatch):
    compared = counted(monkeypatch)
    frame = pl.DataFrame({"text": ["one text that occurs often"] * 5000 + ["and another"]})

    groups = near_groups(frame, NearText("text"))

    assert [0] * 5000 + [5000] == groups.tolist()
    assert 0 == sum(compared)


def test_near_copies_in_one_bucket_are_compared_once_each(monkeypatch):
    compared = counted(monkeypatch)
    body = " ".join(f"{number:x}" for number in range(4000, 4100))
    frame = pl.DataFrame({"text": [f"{body} {number:x}" for number in range(2000)]})

    groups = near_groups(frame, NearText("text"))

    assert [0] * 2000 == groups.tolist()
    assert sum(compared) < 3 * 2000


def test_a_giant_bucket_of_different_rows_does_not_cost_its_square(monkeypatch):
    compared = counted(monkeypatch)
    # One band of one minimum: a shared word puts nearly all rows into the same buckets, and none are near.
    monkeypatch.setattr("groundwork.data._near_text.choose_bands", lambda threshold, permutations: (2, 1))
    rng = random.Random(0)
    texts = [f"same {rng.randrange(10**9)}" for _ in range(3000)]

    groups = near_groups(pl.DataFrame({"text": texts}), NearText("text", 0.9, shingle="word", size=1))

    assert list(range(3000)) == groups.tolist()
    assert 3000 < sum(compared) <= 2 * 64 * 3000


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"columns": []}, "no names of columns"),
        ({"columns": 3}, "no names of columns"),
        ({"columns": ["a", "a"]}, "each once"),
        ({"columns": "a", "equal": [1]}, "no names of columns"),
        ({"columns": "a", "threshold": 0}, "threshold 0"),
        ({"columns": "a", "threshold": 1.2}, "threshold 1.2"),
        ({"columns": "a", "threshold": "0.8"}, "threshold '0.8'"),
        ({"columns": "a", "threshold": True}, "threshold True"),
        ({"columns": "a", "shingle": "byte"}, "shingle 'byte'"),
        ({"columns": "a", "size": 0}, "size 0"),
        ({"columns": "a", "size": 2.5}, "size 2.5"),
        ({"columns": "a", "permutations": 0}, "permutations 0"),
        ({"columns": "a", "seed": -1}, "seed -1"),
        ({"columns": "a", "threshold": 0.01}, "128 permutations find only 72% of the pairs at threshold 0.01"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        NearText(**settings)


def test_the_hint_for_too_few_permutations_holds():
    with pytest.raises(ConfigurationError) as caught:
        NearText("a", threshold=0.01)

    needed = int(caught.value.hint.split("permutations=")[1].split()[0])
    assert needed == NearText("a", threshold=0.01, permutations=needed).permutations


def test_columns_that_are_not_there_or_no_text_are_named():
    frame = pl.DataFrame({"text": ["a"], "number": [1]})

    with pytest.raises(InvalidDataError, match="no column 'txt'"):
        near_groups(frame, NearText("txt"))
    with pytest.raises(InvalidDataError, match="no column 'language'"):
        near_groups(frame, NearText("text", equal="language"))
    with pytest.raises(InvalidDataError, match=r"column number is Int64, .* text"):
        near_pairs(frame, NearText(["text", "number"]))
    with pytest.raises(InvalidDataError, match=r"column text is String, .* numbers"):
        near_groups(frame, NearNumbers("text", decimals=1))
    with pytest.raises(ConfigurationError, match="near 'text'"):
        near_groups(frame, "text")
