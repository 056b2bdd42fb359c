"""The contract of ``LRUCache`` under threads, with loads that fail, and with many entries."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._caching import CHECKS as CHECKS
from groundwork.testing.contracts._data_scenes import Counted, cpu_s, operations_of, within
from groundwork.testing.contracts._failures import expect

_STUCK_S = 3.0
"""How long a thread may hang; nothing correct waits for it."""
_PATIENCE_S = 30.0


@CHECKS.check(
    Level.FAULT,
    rule="Threads that ask for the same key at once share one load.",
    why="When the cache is cold, forty requests load the same 2 GB forty times, and the machine is out of memory.",
    hint="The first to miss leaves a concurrent.futures.Future under the key; the others wait for its result.",
    after=["a_cache_gives_back_what_was_put"],
)
def a_key_is_loaded_once(subject: Any, lab: Lab) -> None:
    """Eight threads, one key, a load that takes its time."""
    cache, loads, another = subject.LRUCache(4), [], threading.Event()
    asked, all_asked = itertools.count(1), threading.Event()

    def load(key: str) -> str:
        loads.append(key)
        if len(loads) > 1:
            another.set()
        all_asked.wait(_PATIENCE_S)
        another.wait(0.1)
        return "model"

    def ask() -> Any:
        if next(asked) == 8:
            all_asked.set()
        return cache.get_or_load("a", load)

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(ask) for _ in range(8)]
        expect({call.result(_PATIENCE_S) for call in calls}, {"model"}, "what eight threads got")
    expect(len(loads), 1, "loads of one key by eight threads at once")
    expect(cache.get_or_load("a", load), "model", "the key when it is there")
    expect((len(loads), cache.get("a")), (1, "model"), "loads, and the value in the cache, afterwards")


@CHECKS.check(
    Level.FAULT,
    rule="While a key is loaded, the other keys can be used.",
    why="A lock that is held during a load of ten seconds stops every request, also those whose model is there.",
    hint="Hold the lock only while you look and while you store, never while load() runs.",
    after=["a_key_is_loaded_once"],
)
def a_slow_load_holds_nobody_up(subject: Any, lab: Lab) -> None:
    """A load that ends only when another key has been read and loaded."""
    cache, begun, others_done = subject.LRUCache(4), threading.Event(), threading.Event()
    cache.put("b", 2)
    waited: list[bool] = []

    def load(key: str) -> int:
        begun.set()
        waited.append(others_done.wait(_STUCK_S))
        return 1

    def others() -> tuple[Any, Any]:
        begun.wait(_PATIENCE_S)
        found = cache.get("b"), cache.get_or_load("c", lambda key: 3)
        others_done.set()
        return found

    with ThreadPoolExecutor(2) as pool:
        slow, quick = pool.submit(cache.get_or_load, "a", load), pool.submit(others)
        expect((slow.result(_PATIENCE_S), quick.result(_PATIENCE_S)), (1, (2, 3)), "what the two threads got")
    if waited != [True]:
        raise ContractBroken("other keys waited for the load of a; expected them to be served meanwhile")


@CHECKS.check(
    Level.FAULT,
    rule="A load that fails raises its own error, is not kept, and is tried again by whoever asks next.",
    why="A network error of one second becomes an error for ever, or a key that everybody waits for and nobody loads.",
    hint="Take the mark of the running load away in except BaseException, before you raise.",
    after=["a_key_is_loaded_once"],
)
def a_failed_load_is_not_kept(subject: Any, lab: Lab) -> None:
    """It fails twice, then succeeds."""
    cache, error = subject.LRUCache(4), OSError("no such model")

    def load(key: str) -> Any:
        raise error

    for _ in range(2):
        try:
            found = within(lambda: cache.get_or_load("a", load), _STUCK_S, "get_or_load after a failed load")
        except OSError as raised:
            if raised is not error:
                raise ContractBroken(f"get_or_load raised {raised!r}; expected the error of load itself") from raised
        else:
            raise ContractBroken(f"get_or_load gave {found!r} although load raised; expected its error")
        expect(("a" in cache, len(cache)), (False, 0), "'a' in cache, and the length, after a failed load")
    found = within(lambda: cache.get_or_load("a", lambda key: "model"), _STUCK_S, "get_or_load after a failed load")
    expect(found, "model", "the key when load succeeds")


@CHECKS.check(
    Level.LOAD,
    rule="A get or a put costs the same in a cache of ten as in one of ten thousand.",
    why="A list of keys in the order of use is scanned at each get: the cache becomes slower than what it caches.",
    hint="list.remove and min() look at everything. OrderedDict.move_to_end and popitem do not.",
    after=["a_get_refreshes", "a_put_replaces"],
)
def using_it_does_not_scan(subject: Any, lab: Lab) -> None:
    """Comparisons and hashes are counted, with 1,000 entries; then time, with a hundred and with forty thousand."""
    cache = subject.LRUCache(1000)
    for number in range(1000):
        cache.put(Counted(number), number)
    for name, call in (
        ("get", lambda: cache.get(Counted(500))),
        ("put of what is there", lambda: cache.put(Counted(501), 0)),
        ("put of something new", lambda: cache.put(Counted(2000), 0)),
        ("in", lambda: Counted(502) in cache),
    ):
        if (found := operations_of(call)) > 30:
            raise ContractBroken(f"{name}: {found:,} hashes and comparisons with 1,000 entries; expected a few")
    few, many = (_cost(subject, capacity) for capacity in (100, 40_000))
    if many > 6 * few:
        raise ContractBroken(f"400 times the entries make it {many / few:.0f} times as slow; expected about as fast")


def _cost(subject: Any, capacity: int) -> float:
    cache = subject.LRUCache(capacity)
    for number in range(capacity):
        cache.put(number, number)
    new = iter(range(capacity, 10 * capacity + 10_000))

    def use() -> None:
        for _ in range(100):
            cache.put(next(new), 0)
            cache.get(capacity - 1)

    return cpu_s(use, best_of=5)
