"""Work ahead: the order of the items, errors in their turn, no thread left."""

import threading

import pytest

from groundwork.storage import ahead


def started() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("groundwork-ahead")]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_results_come_in_the_order_of_the_items(count):
    assert [(at, at * 2) for at in range(count)] == list(ahead(iter(range(count)), lambda item: item * 2))
    assert started() == []


def test_a_single_item_needs_no_thread():
    seen = list(ahead(iter(["a"]), lambda _: threading.current_thread()))

    assert seen == [("a", threading.current_thread())]


@pytest.mark.parametrize("good", [0, 1, 2, 9])
def test_an_error_of_the_items_comes_after_what_stood_before_it(good):
    def items():
        yield from range(good)
        raise ValueError("damaged")

    taken = []
    with pytest.raises(ValueError, match="damaged"):
        for item, _ in ahead(items(), str):
            taken.append(item)

    assert taken == list(range(good))
    assert started() == []


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_an_error_of_the_work_comes_in_its_turn(bad):
    taken = []

    with pytest.raises(ZeroDivisionError):
        for item, _ in ahead(iter(range(9)), lambda item: 1 // (item - bad)):
            taken.append(item)

    assert taken == list(range(bad))
    assert started() == []


def test_who_stops_early_leaves_nothing_behind():
    results = ahead(iter(range(100)), str)

    next(results)
    results.close()

    assert started() == []


def test_only_a_few_items_are_taken_ahead():
    taken = []

    def items():
        for at in range(100):
            taken.append(at)
            yield at

    results = ahead(items(), str)
    next(results)
    results.close()

    assert len(taken) <= 6


def test_without_threads_the_caller_works_when_asked():
    seen = ahead(iter("ab"), lambda _: threading.current_thread(), threads=0)

    assert list(seen) == [("a", threading.current_thread()), ("b", threading.current_thread())]


def test_no_more_threads_work_than_are_asked_for():
    gate, busy = threading.Event(), []

    def items():
        yield from "ab"
        busy.extend(started())  # both are begun, and neither can end
        gate.set()
        yield "c"

    done = [item for item, _ in ahead(items(), lambda _: gate.wait(), threads=1, waiting=2)]

    assert (done, len(busy)) == (["a", "b", "c"], 1)


@pytest.mark.parametrize("waiting", [1, 7])
def test_as_many_results_wait_as_are_asked_for(waiting):
    taken = []

    def items():
        for at in range(100):
            taken.append(at)
            yield at

    results = ahead(items(), str, threads=1, waiting=waiting)
    next(results)
    results.close()

    assert len(taken) == waiting + 1
