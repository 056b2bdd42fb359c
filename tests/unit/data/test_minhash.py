"""MinHash: bands that find what they promise, sketches that agree as often as theory says."""

import numpy as np
import pytest

from groundwork.data._components import Components
from groundwork.data._lsh import MOST_CENTRES, Buckets
from groundwork.data._minhash import MinHash, choose_bands, expected_recall
from groundwork.data._mix import mix


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("permutations", [64, 128, 256])
def test_bands_find_98_percent_at_the_threshold(threshold, permutations):
    bands, rows = choose_bands(threshold, permutations)

    assert bands * rows <= permutations
    assert expected_recall(threshold, bands, rows) >= 0.98
    assert rows == permutations or expected_recall(threshold, permutations // (rows + 1), rows + 1) < 0.98


@pytest.mark.parametrize("similarity", [0.5, 0.8])
@pytest.mark.parametrize("size", [12, 300])
def test_sets_share_bands_as_often_as_expected(similarity, size):
    pairs, shared = 2000, round(2 * size * similarity / (1 + similarity))
    similarity = shared / (2 * size - shared)
    numbers = np.arange(pairs * (2 * size - shared), dtype=np.uint64).reshape(pairs, -1)
    hashes = mix(np.concatenate([numbers[:, :size], numbers[:, size - shared : 2 * size - shared]], 1).ravel())

    keys = MinHash(10, 4, seed=0).keys(hashes, np.full(2 * pairs, size))

    same = keys[:, ::2] == keys[:, 1::2]
    assert pytest.approx(similarity**4, abs=0.025) == same.mean()
    assert pytest.approx(expected_recall(similarity, 10, 4), abs=0.035) == same.any(0).mean()


def test_another_seed_is_another_sketch_and_the_same_is_the_same():
    hashes, counts = mix(np.arange(100, dtype=np.uint64)), np.array([60, 0, 40])

    keys = MinHash(3, 2, seed=1).keys(hashes, counts)

    assert np.array_equal(keys, MinHash(3, 2, seed=1).keys(hashes, counts))
    assert not (keys[:, [0, 2]] == MinHash(3, 2, seed=2).keys(hashes, counts)[:, [0, 2]]).any()


def test_keys_never_change_between_versions_and_machines():
    keys = MinHash(2, 2, seed=0).keys(mix(np.arange(5, dtype=np.uint64)), np.array([2, 3]))

    assert [[17764845483639085205, 9067647069686653875], [17288058646333245320, 6055000646080411163]] == keys.tolist()


def test_a_bucket_gives_every_pair_once_up_to_its_limit():
    keys, contents = np.array([7, 3, 7, 7, 3, 9], np.uint64), np.arange(6, dtype=np.uint64)
    rounds = Buckets(np.arange(6), keys, contents).pairs(None)

    pairs = [pair for round_ in rounds for pair in zip(*round_, strict=True)]

    assert [(0, 2), (0, 3), (1, 4), (2, 3)] == sorted(pairs)
    rows = 3 * MOST_CENTRES
    giant = Buckets(np.arange(rows), np.zeros(rows, np.uint64), np.arange(rows, dtype=np.uint64))
    compared = sum(len(left) for left, _ in giant.pairs(None))
    assert MOST_CENTRES * rows - MOST_CENTRES * (MOST_CENTRES + 1) // 2 == compared
    assert list(range(MOST_CENTRES, rows)) == giant.beyond().tolist()


def test_rows_joined_on_the_way_are_no_pair_any_more():
    joined, rows = Components(50), np.arange(50)
    rounds = Buckets(rows, np.zeros(50, np.uint64), np.zeros(50, np.uint64)).pairs(joined)

    left, right = next(rounds)
    joined.join(left, right)

    assert 49 == len(left)
    assert [] == list(rounds)
    assert [0] * 50 == joined.first_rows().tolist()
