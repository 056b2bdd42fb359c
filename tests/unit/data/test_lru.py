"""The least recently used goes first, and a value is loaded once."""

import threading
from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import LRUCache
from groundwork.errors import ConfigurationError, UsageError

PATIENCE_S = 30


def in_threads(*functions):
    """Start them all; the returned function joins them and tells whether they ended."""
    threads = [threading.Thread(target=each, daemon=True) for each in functions]
    for thread in threads:
        thread.start()

    def joined():
        for thread in threads:
            thread.join(PATIENCE_S)
        return not any(thread.is_alive() for thread in threads)

    return joined


def wait_until(cache, key):
    """Return when somebody waits for the load of a key."""
    while not cache._loads[key].result._condition._waiters:
        pass


def test_the_least_recently_used_makes_room():
    cache = LRUCache(2)

    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("c", 3)

    assert [None, 2, 3] == [cache.get("a"), cache.get("b"), cache.get("c")]


def test_get_refreshes_and_a_question_whether_it_is_there_does_not():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)

    cache.get("a")
    assert "b" in cache
    cache.put("c", 3)

    assert [True, False, True] == ["a" in cache, "b" in cache, "c" in cache]


def test_replacing_a_value_refreshes_it_and_evicts_nobody():
    evicted = []
    cache = LRUCache(2, on_evict=lambda *pair: evicted.append(pair))
    cache.put("a", 1)
    cache.put("b", 2)

    cache.put("a", 10)
    cache.put("c", 3)

    assert evicted == [("b", 2)]
    assert cache.get("a") == 10


def test_hits_and_misses_are_counted_and_none_is_a_value():
    cache = LRUCache(2)
    cache.put("a", None)

    found = cache.get("a", "default"), cache.get("b", "default")

    assert found == (None, "default")
    assert (cache.hits, cache.misses) == (1, 1)
    assert repr(cache) == "LRUCache(1 of 2, 1 hits, 1 misses)"


def test_pop_takes_out_and_clear_empties_without_eviction():
    evicted = []
    cache = LRUCache(3, on_evict=lambda *pair: evicted.append(pair))
    for key in "abc":
        cache.put(key, key)

    popped = cache.pop("a"), cache.pop("a"), cache.pop("a", 0)
    cache.clear()

    assert popped == ("a", None, 0)
    assert (len(cache), evicted) == (0, [])


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "3", None])
def test_a_capacity_that_holds_nothing_is_refused(capacity):
    with pytest.raises(ConfigurationError, match="no whole number from 1"):
        LRUCache(capacity)


def test_what_on_evict_raises_reaches_the_caller_and_the_value_is_kept():
    def refuse(key, value):
        raise OSError(f"cannot close {key}")

    cache = LRUCache(1, on_evict=refuse)
    cache.put("a", 1)

    with pytest.raises(OSError, match="cannot close a"):
        cache.put("b", 2)

    assert (cache.get("a"), cache.get("b"), len(cache)) == (None, 2, 1)


def test_on_evict_may_use_the_cache():
    cache = LRUCache(1, on_evict=lambda key, value: sizes.append(len(cache)))
    sizes = []

    cache.put("a", 1)
    cache.put("b", 2)

    assert sizes == [1]


def test_a_value_is_loaded_when_it_is_not_there_and_only_then():
    loaded = []
    cache = LRUCache(2)

    values = [cache.get_or_load(key, lambda key: loaded.append(key) or key * 2) for key in "aab"]

    assert (values, loaded) == (["aa", "aa", "bb"], ["a", "b"])
    assert (cache.hits, cache.misses) == (1, 2)


def test_threads_that_ask_for_one_key_load_it_once():
    cache, loads, answers, release = LRUCache(2), [], [], threading.Event()

    def load(key):
        loads.append(key)
        release.wait(PATIENCE_S)
        return object()

    joined = in_threads(*[lambda: answers.append(cache.get_or_load("a", load))] * 8)
    while not cache._loads:
        pass
    release.set()

    assert joined()
    assert (len(loads), len(answers), len(set(map(id, answers)))) == (1, 8, 1)
    assert (cache.hits, cache.misses) == (7, 1)


def test_a_slow_load_holds_up_no_other_key():
    cache, release = LRUCache(2), threading.Event()
    joined = in_threads(lambda: cache.get_or_load("slow", lambda key: release.wait(PATIENCE_S)))
    while not cache._loads:
        pass

    quick = cache.get_or_load("quick", len)
    release.set()

    assert quick == 5
    assert joined()


def test_an_error_is_shared_by_those_who_wait_and_kept_for_nobody():
    cache, errors, release, loads = LRUCache(2), [], threading.Event(), []

    def fail(key):
        loads.append(key)
        release.wait(PATIENCE_S)
        raise OSError("away")

    def ask():
        try:
            cache.get_or_load("a", fail)
        except OSError as error:
            errors.append(str(error))

    joined = in_threads(ask, ask)
    while not cache._loads:
        pass
    wait_until(cache, "a")
    release.set()
    assert joined()

    assert (errors, loads) == (["away", "away"], ["a"])
    assert (cache.hits, cache.misses) == (0, 2)
    assert cache.get_or_load("a", len) == 1


def test_when_the_loading_thread_is_interrupted_one_of_the_waiting_loads():
    cache, answers, release, interrupted = LRUCache(2), [], threading.Event(), []

    def interrupt(key):
        release.wait(PATIENCE_S)
        raise KeyboardInterrupt

    def first():
        try:
            cache.get_or_load("a", interrupt)
        except KeyboardInterrupt:
            interrupted.append(True)

    one = in_threads(first)
    while not cache._loads:
        pass
    two = in_threads(lambda: answers.append(cache.get_or_load("a", len)))
    wait_until(cache, "a")
    release.set()

    assert one()
    assert two()
    assert (interrupted, answers) == ([True], [1])
    assert (cache.hits, cache.misses) == (0, 2)


@pytest.mark.parametrize(
    ("meanwhile", "kept"),
    [
        (lambda cache: cache.put("a", "newer"), "newer"),
        (lambda cache: cache.pop("a"), None),
        (lambda cache: cache.clear(), None),
    ],
    ids=["put", "pop", "clear"],
)
def test_what_happens_during_a_load_wins_over_it(meanwhile, kept):
    cache = LRUCache(2)

    def load(key):
        meanwhile(cache)
        return "older"

    answer = cache.get_or_load("a", load)

    assert (answer, cache.get("a")) == ("older", kept)


def test_an_error_after_a_clear_leaves_the_next_load_alone():
    cache = LRUCache(2)

    def load(key):
        cache.clear()
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        cache.get_or_load("a", load)

    assert cache.get_or_load("a", len) == 1


def test_a_load_that_asks_for_its_own_key_is_refused_instead_of_waiting_for_ever():
    cache = LRUCache(2)

    with pytest.raises(UsageError, match="asks for 'a' itself"):
        cache.get_or_load("a", lambda key: cache.get_or_load(key, len))


def test_many_threads_leave_a_cache_of_the_right_size_and_lose_no_eviction():
    evicted = []
    cache = LRUCache(5, on_evict=lambda key, value: evicted.append(key))

    def work(first):
        for number in range(first, first + 300):
            assert cache.get_or_load(number, str) == str(number)

    assert in_threads(*[lambda first=first: work(first) for first in (0, 300, 600, 900)])()

    assert (len(cache), len(evicted), len(set(evicted))) == (5, 1195, 1195)


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from(["put", "get", "pop", "load"]), st.integers(0, 6), st.integers())),
)
def test_any_sequence_of_calls_does_what_an_ordered_dict_does(capacity, calls):
    cache, model = LRUCache(capacity), OrderedDict()

    for name, key, value in calls:
        if name == "put" or (name == "load" and key not in model):
            model[key] = value
        if name != "pop" and key in model:
            model.move_to_end(key)
        if len(model) > capacity:
            model.popitem(last=False)
        if name == "put":
            cache.put(key, value)
        elif name == "get":
            assert cache.get(key) == model.get(key)
        elif name == "pop":
            assert cache.pop(key) == model.pop(key, None)
        else:
            assert cache.get_or_load(key, lambda key, value=value: value) == model[key]

        assert len(cache) == len(model)
        assert all(key in cache for key in model)
