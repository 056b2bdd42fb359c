import asyncio
import gc
import inspect
import os
import signal
import threading
import weakref
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, UsageError
from groundwork.modeling import CacheInfo, cache_of, cached, timed
from groundwork.testing import VirtualClock


def counting(**options):
    calls = []

    @cached(**options)
    def same(value):
        calls.append(value)
        return value

    return same, calls


def test_a_result_is_computed_once_for_equal_arguments():
    same, calls = counting()

    results = [same(3), same(3), same(4), same(value=4)]

    assert ([3, 3, 4, 4], [3, 4]) == (results, calls)


def test_a_bare_decorator_keeps_name_doc_signature_and_kind():
    @cached
    def area(width: float, /, height: float = 2.0, *, unit: str = "m") -> float:
        """Multiply."""
        return width * height

    assert (6.0, "area", "Multiply.") == (area(3.0), area.__name__, area.__doc__)
    assert "(width: float, /, height: float = 2.0, *, unit: str = 'm') -> float" == str(inspect.signature(area))


@pytest.mark.parametrize(
    "values",
    [
        [1, True, 1.0, "1", b"1", None],
        [0, False, 0.0, -0.0, ""],
        [(1,), (True,), (1.0,), [1], (1, 1), ((1,),), (0.0,), (-0.0,), ("a", 1), ("a", True)],
        [np.arange(3), np.arange(3.0), np.arange(4), np.zeros(1), -np.zeros(1)],
        [pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]}), pl.DataFrame({"b": [1]})],
        [{"a": 1}, {"a": 1.0}, {"a": 1, "b": 2}],
    ],
)
def test_values_that_only_look_alike_are_different_keys(values):
    same, calls = counting()

    results = [same(value) for value in [*values, *values]]

    assert len(values) == len(calls)
    assert all(value is result for value, result in zip([*values, *values], results, strict=True))


def test_an_equal_array_hits_and_so_does_nan():
    same, calls = counting()

    for value in (np.arange(5), np.arange(5), float("nan"), float("nan"), {"b": 1, "a": 2}, {"a": 2, "b": 1}):
        same(value)

    assert 3 == len(calls)


def test_a_class_that_claims_to_equal_a_number_is_not_taken_for_it():
    class Sly(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    same, calls = counting()
    same(5)

    assert Sly is type(same(Sly(5)))
    assert 2 == len(calls)


def test_an_argument_without_content_is_an_error_that_names_it():
    @cached
    def load(path, source):
        return path

    with pytest.raises(UsageError, match=r"load: argument 'source': a builtins\.object") as caught:
        load("a", object())

    assert "ignore=('source',)" in caught.value.hint


def test_ignored_parameters_are_no_part_of_the_key():
    calls = []

    @cached(ignore=("log",))
    def load(path, log=None):
        calls.append(log)
        return path

    assert ["a", "a"] == [load("a", object()), load("a", log=object())]
    assert [["a"], ["a"]] == [load(["a"], object()), load(["a"], log=object())]
    assert 2 == len(calls)


def test_an_error_is_raised_and_not_kept():
    calls = []

    @cached
    def fails(value):
        calls.append(value)
        raise ValueError(value)

    for _ in range(2):
        with pytest.raises(ValueError, match="7"):
            fails(7)

    assert [7, 7] == calls


def test_a_wrong_call_stays_a_type_error():
    same, _ = counting()

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'value'"):
        same()


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5], [(1,), (2,), (3,), (4,), (5,)]])
def test_the_least_recently_used_entry_leaves(values):
    a, b, c, d, e = values
    same, calls = counting(max_entries=3)

    for value in (a, b, c, a, b, d, e, b, d, e, a):
        same(value)

    # d took the place of c, e that of a, and a then that of b.
    assert [a, b, c, d, e, a] == calls
    assert CacheInfo(hits=5, misses=6, waits=0, evictions=3, entries=3, size_bytes=0) == same.cache_info()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 6)), st.integers(0, 4))
def test_what_leaves_is_what_a_plain_model_of_lru_says(asked, room):
    same, calls = counting(max_entries=room)
    kept, computed = [], []

    for value in asked:
        same(value)
        if value in kept:
            kept.remove(value)
        else:
            computed.append(value)
        kept = [*kept, value][-room:] if room else []

    assert computed == calls
    assert len(asked) - len(computed) == same.cache_info().hits


def test_an_entry_that_leaves_while_it_is_read_is_read_whole():
    same, _ = counting(max_entries=1)
    same("a")
    (read,) = cache_of(same)._table.entries.values()

    same("b")

    assert ("a", ["b"]) == (read.value, [each.value for each in cache_of(same)._table.entries.values()])


def test_many_threads_on_a_small_cache_always_get_their_own_result():
    same, _ = counting(max_entries=2)
    wrong = []

    def ask(offset):
        wrong.extend(value for value in range(2000) if same((value + offset) % 5) != (value + offset) % 5)

    threads = [threading.Thread(target=ask, args=(offset,)) for offset in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    info = same.cache_info()
    assert ([], 2, 8000) == (wrong, info.entries, info.hits + info.misses + info.waits)


def test_an_order_that_was_lost_is_found_again():
    same, _ = counting(max_entries=2)
    same(1), same(2), same(1)
    cache_of(same)._table._heap.clear()

    same(3)

    assert [1, 3] == [each.value for each in cache_of(same)._table.entries.values()]


def test_bytes_bound_the_values_and_one_too_large_is_not_kept():
    calls = []

    @cached(max_bytes=1000)
    def zeros(count):
        calls.append(count)
        return np.zeros(count)

    for count in (50, 60, 60, 50, 500, 60, 50):
        zeros(count)

    # 400 and 480 bytes fit together, 4000 never do.
    assert [50, 60, 500] == calls
    assert (880, 2) == (zeros.cache_info().size_bytes, zeros.cache_info().entries)


@pytest.mark.parametrize("value", [3, (3,)])
def test_a_result_ends_when_its_time_is_over(value):
    clock = VirtualClock()
    same, calls = counting(ttl_s=10, clock=clock)
    same(value)

    clock.advance(9)
    same(value)
    clock.advance(1)
    same(value)

    assert [value, value] == calls
    assert (1, 2, 1) == (*same.cache_info()[:2], same.cache_info().entries)


def test_one_call_or_all_can_be_forgotten():
    same, calls = counting()
    for value in (1, 2, (3,)):
        same(value)

    forgotten = [same.invalidate(1), same.invalidate(1), same.invalidate(value=(3,))]
    same(1)
    same(2)
    same.clear()

    assert ([True, False, True], [1, 2, (3,), 1]) == (forgotten, calls)
    assert CacheInfo(0, 0, 0, 0, 0, 0) == same.cache_info()
    same(2)
    assert 2 == calls[-1]


def test_forgetting_again_and_again_keeps_no_memory_of_it():
    same, _ = counting(max_entries=2)

    for value in range(500):
        same(value % 2)
        same.invalidate(value % 2)

    assert len(cache_of(same)._table._heap) <= 66


def test_the_same_object_is_given_to_all_unless_copies_are_asked_for():
    shared, _ = counting()
    copied, _ = counting(copy=True)
    array = np.zeros(2)

    shared(array)
    copied(array)[0] = 9
    first, second = copied(np.zeros(2)), copied(np.zeros(2))

    assert shared(np.zeros(2)) is array
    assert [0.0, 0.0] == first.tolist()
    assert first is not second
    [copied(key).append(1) for key in ([1], [1])]
    assert [1] == copied([1])


def test_copies_are_given_by_the_quick_path_as_well():
    @cached(copy=True)
    def rows(count):
        return [0] * count

    rows(2).append(1)
    rows(2).append(1)

    assert [0, 0] == rows(2)


def test_star_arguments_are_part_of_the_key():
    calls = []

    @cached
    def many(*args, **kwargs):
        calls.append((args, kwargs))
        return len(calls)

    assert [1, 2, 1, 3, 3] == [many(1, 2), many((1, 2)), many(1, 2), many(a=1, b=2), many(b=2, a=1)]


def test_a_function_without_a_python_signature_can_be_cached():
    top = cached(max)

    assert [3, 3] == [top(1, 3), top(1, 3)]
    assert 1 == cache_of(top).info().hits


def test_a_generator_is_replayed_with_what_it_returns():
    ran = []

    @cached
    def items(count):
        ran.append(count)
        yield from range(count)
        return "end"

    def read():
        got = yield from items(2)
        ends.append(got)

    ends = []

    assert [[0, 1], [0, 1]] == [list(read()), list(read())]
    assert ([2], ["end", "end"]) == (ran, ends)
    assert inspect.isgeneratorfunction(items)


def test_async_functions_and_generators_are_cached():
    ran = []

    @cached
    async def double(value):
        ran.append(value)
        await asyncio.sleep(0)
        return 2 * value

    @cached
    async def items(count):
        ran.append("items")
        for each in range(count):
            yield each

    async def run():
        numbers = [await double(3), await double(3), await double((3,)), await double((3,))]
        return numbers, [each async for each in items(2)], [each async for each in items(2)]

    assert ([6, 6, (3, 3), (3, 3)], [0, 1], [0, 1]) == asyncio.run(run())
    assert [3, (3,), "items"] == ran
    assert inspect.iscoroutinefunction(double)
    assert inspect.isasyncgenfunction(items)


class Model:
    calls: ClassVar = []

    @cached
    def predict(self, value):
        self.calls.append(value)
        return id(self), value

    @cached
    @classmethod
    def above(cls, value):
        cls.calls.append(value)
        return cls, value

    @classmethod
    @cached
    def below(cls, value):
        return cls, value

    @staticmethod
    @cached
    def static(value):
        return value

    @cached
    @staticmethod
    def static_too(value):
        return value

    @cached
    def nothing(self):
        return []


class Better(Model):
    pass


def test_results_of_methods_belong_to_one_instance_and_go_with_it():
    Model.calls.clear()
    Model.predict.clear()
    one, other = Model(), Model()

    results = [one.predict(1), one.predict(1), other.predict(1), one.predict((1,)), one.predict((1,))]
    gone = weakref.ref(one)
    ident = id(one)
    del one
    gc.collect()

    assert [(ident, 1), (ident, 1), (id(other), 1), (ident, (1,)), (ident, (1,))] == results
    assert [1, 1, (1,)] == Model.calls
    assert (None, 1) == (gone(), Model.predict.cache_info().entries)
    assert Model.predict.invalidate(other, 1)
    assert 0 == Model.predict.cache_info().entries


def test_classmethods_and_staticmethods_are_cached_in_either_order():
    assert [(Model, 1), (Better, 1)] == [Model.above(1), Better.above(1)]
    assert [(Model, 1), (Better, 1)] == [Model.below(1), Better().below(1)]
    assert [4, 4] == [Model.static(4), Model().static(4)]
    assert [4, 4] == [Model.static_too(4), Model().static_too(4)]
    model = Model()
    assert model.nothing() is model.nothing()
    assert model.nothing() is not Model().nothing()


def test_the_bytes_of_an_instance_leave_with_it():
    class Source:
        @cached(max_bytes=10_000)
        def load(self, count):
            return np.zeros(count)

    source = Source()
    source.load(100)
    del source
    gc.collect()

    assert (0, 0) == (Source.load.cache_info().entries, Source.load.cache_info().size_bytes)


def test_an_instance_that_cannot_be_referred_to_weakly_is_refused():
    class Slim:
        __slots__ = ()

        @cached
        def load(self):
            return 1

    with pytest.raises(UsageError, match="Slim") as caught:
        Slim().load()

    assert "__weakref__" in caught.value.hint


def test_a_method_cached_without_its_instance_is_shared():
    class Source:
        @cached(ignore=("self",))
        def load(self, value):
            return [value]

    assert Source().load(1) is Source().load(1)


def test_cache_of_sees_through_other_decorators_and_refuses_what_has_none():
    same = timed(cached(lambda value: value))
    same(1)

    assert 1 == cache_of(same).info().misses
    with pytest.raises(UsageError, match="has no cache"):
        cache_of(len)


def test_a_cached_function_may_be_cached_again_with_a_cache_of_its_own():
    inner = cached(lambda value: [value])
    outer = cached(max_entries=1)(inner)

    outer(1), outer(2)

    assert (1, 2) == (cache_of(outer).info().entries, cache_of(inner).info().entries)


@pytest.mark.parametrize(
    "options",
    [{"max_entries": -1}, {"max_bytes": -1}, {"ttl_s": float("nan")}, {"ignore": "value"}, {"ignore": ("x",)}],
)
def test_options_that_cannot_be_are_refused_at_once(options):
    with pytest.raises(ConfigurationError):
        counting(**options)


@pytest.mark.parametrize("thing", [int, property(len), 3])
def test_what_is_no_function_is_refused(thing):
    with pytest.raises(ConfigurationError, match="goes around a function"):
        cached(thing)


def waited(fn, calls):
    """Wait until so many calls wait for a flight."""
    seen = threading.Event()
    while cache_of(fn).info().waits < calls:
        seen.wait(0.001)


def test_threads_that_ask_at_once_compute_once():
    calls, release = [], threading.Event()

    @cached
    def slow(value):
        calls.append(value)
        release.wait(30)
        return [value]

    results = []
    threads = [threading.Thread(target=lambda: results.append(slow(1))) for _ in range(4)]
    for each in threads:
        each.start()
    waited(slow, 3)
    release.set()
    for each in threads:
        each.join()

    assert [1] == calls
    assert 1 == len({id(result) for result in results})


def test_an_error_reaches_all_threads_that_wait():
    calls, release, errors = [], threading.Event(), []

    @cached
    def slow(value):
        calls.append(value)
        release.wait(30)
        raise ValueError("no")

    def ask():
        try:
            slow(1)
        except ValueError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    waited(slow, 2)
    release.set()
    for each in threads:
        each.join()

    assert ([1], 3, 1) == (calls, len(errors), len(set(map(id, errors))))


def test_tasks_that_ask_at_once_compute_once_and_share_an_error():
    calls = []

    @cached
    async def slow(value):
        calls.append(value)
        await asyncio.sleep(0)
        if value < 0:
            raise ValueError("no")
        return [value]

    async def run():
        good = await asyncio.gather(*(slow(1) for _ in range(4)))
        bad = await asyncio.gather(*(slow(-1) for _ in range(3)), return_exceptions=True)
        return good, bad

    good, bad = asyncio.run(run())

    assert [1, -1] == calls
    assert (1, 1) == (len(set(map(id, good))), len(set(map(id, bad))))
    assert isinstance(bad[0], ValueError)


@pytest.mark.parametrize(
    ("cancelled", "computed"), [(1, [1]), (0, [1, 1])], ids=["the waiting one", "the computing one"]
)
def test_of_two_tasks_one_may_be_cancelled_and_the_other_gets_its_value(cancelled, computed):
    calls = []

    async def run():
        release = asyncio.Event()

        @cached
        async def slow(value):
            calls.append(value)
            await release.wait()
            return value

        tasks = [asyncio.create_task(slow(1)), asyncio.create_task(slow(1))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gone = tasks.pop(cancelled)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        release.set()
        return await tasks[0], gone.cancelled()

    assert (1, True) == asyncio.run(run())
    assert computed == calls


def test_a_call_that_would_wait_for_itself_is_refused():
    @cached
    def circle(value):
        return circle(value)

    @cached
    async def circle_async(value):
        return await circle_async(value)

    with pytest.raises(UsageError, match="calls itself with the same arguments"):
        circle(1)
    with pytest.raises(UsageError, match="calls itself with the same arguments"):
        asyncio.run(circle_async(1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_threads_that_only_its_parent_has():
    calls, release = [], threading.Event()

    @cached
    def slow(value):
        calls.append(value)
        if len(calls) == 1:
            release.wait(30)
        return value

    computing = threading.Thread(target=slow, args=(1,))
    computing.start()
    while not calls:
        threading.Event().wait(0.001)
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # a child that waits for ever fails this test and does not stop the others
        os._exit(0 if slow(1) == 1 else 1)  # no clean-up of pytest's in the child
    status = os.waitpid(child, 0)[1]
    release.set()
    computing.join()

    assert 0 == os.waitstatus_to_exitcode(status)


def test_recursion_with_other_arguments_is_fine():
    @cached
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert 832040 == fibonacci(30)
    assert 31 == fibonacci.cache_info().misses


@pytest.mark.parametrize("forget", ["clear", "invalidate"])
def test_what_is_forgotten_while_it_is_computed_is_handed_out_but_not_kept(forget):
    calls = []

    @cached
    def slow(value):
        calls.append(value)
        if len(calls) == 1:
            slow.clear() if forget == "clear" else slow.invalidate(value)
        return value

    assert [1, 1, 1] == [slow(1), slow(1), slow(1)]
    assert [1, 1] == calls


def test_sizes_count_what_collections_and_objects_hold():
    from groundwork.modeling._cached_table import size_of

    class Holder:
        def __init__(self):
            self.array = np.zeros(1000)

    frame = pl.DataFrame({"a": range(1000)})

    assert 8000 == size_of(np.zeros(1000))
    assert 8000 == size_of(frame)
    for holding in ([np.zeros(1000)], {"a": np.zeros(1000)}, Holder()):
        assert 8000 < size_of(holding) < 9000
