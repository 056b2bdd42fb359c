"""What the data structures of Python cost, measured on your machine.

    python measure.py               all of it, in about a minute
    python measure.py set memory    some of it
    python measure.py --quick       smaller, to see that it runs

Each figure is the least of several runs, in the processor's time: what other programs do on the machine only ever adds.
Memory is what ``tracemalloc`` sees. ``moved``, ``sizes``, ``restarts`` and ``state`` measure your ``data.py``.
"""
# ruff: noqa: PERF401, C417 - the slow ways are what is measured

import gc
import hashlib
import itertools
import json
import math
import os
import random
import subprocess
import sys
import time
import tracemalloc
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import make_dataclass
from typing import Any

from groundwork.course import print_measurements

Row = tuple[str | float, ...]
QUICK = "--quick" in sys.argv
CLOCK = time.process_time if time.get_clock_info("process_time").resolution < 1e-6 else time.perf_counter


def seconds(*works: Callable[[], object], rounds: int = 25) -> list[float]:
    """Time calls in turns; the least of each."""
    least = [float("inf")] * len(works)
    for _ in range(1 if QUICK else rounds):
        for nth, work in enumerate(works):
            gc.collect()
            before = CLOCK()
            work()
            least[nth] = min(least[nth], CLOCK() - before)
    return least


def sized(size: int) -> int:
    """Make a size smaller where only a look is wanted."""
    return max(10, size // 100) if QUICK else size


def comprehension() -> tuple[str, list[Row]]:
    """Square the odd ones of 100,000 numbers: into a list three ways, and into a sum two ways."""
    numbers = range(sized(100_000))

    def loop() -> list[int]:
        found = []
        for number in numbers:
            if number % 2:
                found.append(number * number)
        return found

    ways: list[tuple[str, Callable[[], object]]] = [
        ("for and append", loop),
        ("list comprehension", lambda: [number * number for number in numbers if number % 2]),
        ("map and filter with lambdas", lambda: list(map(lambda n: n * n, filter(lambda n: n % 2, numbers)))),
        ("sum of a list comprehension", lambda: sum([number * number for number in numbers if number % 2])),
        ("sum of a generator", lambda: sum(number * number for number in numbers if number % 2)),
    ]
    taken = seconds(*(work for _, work in ways))
    return "ns a number | peak, KiB", [
        (name, least / len(numbers) * 1e9, _peak(work) / 1024) for (name, work), least in zip(ways, taken, strict=True)
    ]


def _peak(work: Callable[[], object]) -> float:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def membership() -> tuple[str, list[Row]]:
    """Ask whether an id is there, which it is in half of the questions: list, set, dict."""
    rows: list[Row] = []
    for size in (10, 1000, 100_000):
        ids = [f"sample-{number}" for number in range(size)]
        asked = random.Random(0).choices([f"sample-{number}" for number in range(2 * size)], k=sized(2000))
        row: list[str | float] = [f"{size:,} ids"]
        for held in (ids, set(ids), dict.fromkeys(ids)):
            some = asked[:20] if held is ids and size > 10_000 else asked
            row.append(_each(lambda key, held=held: key in held, some) * 1e9)
        rows.append(tuple(row))
    return "list, ns | set, ns | dict, ns (with a call)", rows


def _each(ask: Callable[[str], object], asked: list[str]) -> float:
    return seconds(lambda: [ask(key) for key in asked])[0] / len(asked)


def scan() -> tuple[str, list[Row]]:
    """Find a record by its id: a loop that stops at it, next() over a generator, a dict; and what the dict costs."""
    rows: list[Row] = []
    for size in (10, 1000, 100_000):
        records = [(f"sample-{number}", number) for number in range(size)]
        by_id = dict(records)
        asked = random.Random(0).choices(list(by_id), k=sized(2000))
        some = asked[:20] if size > 10_000 else asked

        def loop(key: str, records: list[tuple[str, int]] = records) -> int:
            for name, number in records:
                if name == key:
                    return number
            raise KeyError(key)

        def generator(key: str, records: list[tuple[str, int]] = records) -> int:
            return next(number for name, number in records if name == key)

        found = [_each(loop, some), _each(generator, some), _each(by_id.__getitem__, asked)]
        making = seconds(lambda records=records: dict(records))[0]
        rows.append((f"{size:,} records", *(each * 1e6 for each in found), making * 1e6))
    return "loop, us | generator, us | dict, us | making the dict, us", rows


def memory() -> tuple[str, list[Row]]:
    """Keep 10,000 records of four fields: bytes of each, without the values; ns to make one and to read a field."""
    fields = ("id", "label", "width", "height")
    count = sized(10_000)
    values = ("sample", "cat", 640, 480)
    makes: list[tuple[str, Callable[..., object], Callable[[object], object]]] = [
        ("dict", lambda a, b, c, d: {"id": a, "label": b, "width": c, "height": d}, lambda each: each["width"]),
        ("dataclass", make_dataclass("Plain", fields), lambda each: each.width),
        ("dataclass(slots=True)", make_dataclass("Slots", fields, slots=True), lambda each: each.width),
        ("the same, frozen", make_dataclass("Frozen", fields, slots=True, frozen=True), lambda each: each.width),
        ("namedtuple", namedtuple("Named", fields), lambda each: each.width),
        ("tuple", lambda *fields: fields, lambda each: each[2]),
        ("list", lambda *fields: list(fields), lambda each: each[2]),
    ]
    rows: list[Row] = []
    for name, make, read in makes:
        gc.collect()
        tracemalloc.start()
        held = [make(*values) for _ in range(count)]
        taken = tracemalloc.get_traced_memory()[0] - sys.getsizeof(held)
        tracemalloc.stop()
        made, reading = seconds(
            lambda make=make: [make(*values) for _ in range(count)],
            lambda held=held, read=read: [read(each) for each in held],
        )
        rows.append((name, taken / count, made / count * 1e9, reading / count * 1e9))
    return "bytes | made in, ns | read in, ns (with a call)", rows


def counting() -> tuple[str, list[Row]]:
    """Count 100,000 labels of four kinds: by hand, with get, defaultdict, Counter."""
    labels = _labels()

    def by_hand() -> dict[str, int]:
        counts: dict[str, int] = {}
        for label in labels:
            if label in counts:
                counts[label] += 1
            else:
                counts[label] = 1
        return counts

    def with_get() -> dict[str, int]:
        counts: dict[str, int] = {}
        for label in labels:
            counts[label] = counts.get(label, 0) + 1
        return counts

    def with_default() -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for label in labels:
            counts[label] += 1
        return counts

    def counter_by_one() -> Counter[str]:
        counts: Counter[str] = Counter()
        for label in labels:
            counts[label] += 1
        return counts

    ways: list[tuple[str, Callable[[], object]]] = [
        ("Counter(labels)", lambda: Counter(labels)),
        ("list.count for each label", lambda: {label: labels.count(label) for label in set(labels)}),
        ("if label in counts", by_hand),
        ("defaultdict(int)", with_default),
        ("counts.get(label, 0) + 1", with_get),
        ("Counter, += 1 for each", counter_by_one),
    ]
    taken = seconds(*(work for _, work in ways))
    return "ns a label", [(name, least / len(labels) * 1e9) for (name, _), least in zip(ways, taken, strict=True)]


def grouping() -> tuple[str, list[Row]]:
    """Group the places of 100,000 labels of four kinds: by hand, with setdefault, defaultdict."""
    labels = _labels()

    def group_by_hand() -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, label in enumerate(labels):
            if label not in places:
                places[label] = []
            places[label].append(place)
        return places

    def group_with_setdefault() -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, label in enumerate(labels):
            places.setdefault(label, []).append(place)
        return places

    def group_with_default() -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, label in enumerate(labels):
            places[label].append(place)
        return places

    ways: list[tuple[str, Callable[[], object]]] = [
        ("defaultdict(list)", group_with_default),
        ("if label not in places", group_by_hand),
        ("setdefault", group_with_setdefault),
    ]
    taken = seconds(*(work for _, work in ways))
    return "ns a label", [(name, least / len(labels) * 1e9) for (name, _), least in zip(ways, taken, strict=True)]


def _labels() -> list[str]:
    return random.Random(0).choices(["cat", "dog", "owl", "yak"], k=sized(100_000))


def queues() -> tuple[str, list[Row]]:
    """Take the oldest and put a new one, as a full cache does: list, deque, dict in its order, OrderedDict."""
    rows: list[Row] = []
    turns = sized(2000)
    for size in (100, 10_000, 1_000_000):
        size = sized(size)
        found = [_turns(kind, size, turns) / turns * 1e9 for kind in ("list", "deque", "dict", "OrderedDict")]
        rows.append((f"{size:,} entries", *found))
    return "list, ns | deque, ns | dict, ns | OrderedDict, ns", rows


def _turns(kind: str, size: int, turns: int) -> float:
    if kind in ("list", "deque"):
        held = list(range(size)) if kind == "list" else deque(range(size))
        take = (lambda: held.pop(0)) if kind == "list" else held.popleft
        add = held.append
    elif kind == "dict":
        plain = dict.fromkeys(range(size))
        take, add = (lambda: plain.pop(next(iter(plain)))), (lambda key: plain.__setitem__(key, None))
    else:
        ordered = OrderedDict.fromkeys(range(size))
        take, add = (lambda: ordered.popitem(last=False)), (lambda key: ordered.__setitem__(key, None))
    fresh = iter(range(size, size + 100 * turns))

    def turn() -> None:
        for _ in range(turns):
            take()
            add(next(fresh))

    return seconds(turn, rounds=5)[0]


def duplicates() -> tuple[str, list[Row]]:
    """Look for equal rows, of which there are none: a list of those seen, a set of them, a dict of the rows."""
    rows: list[Row] = []

    def ask(table: list[tuple[int, str]], seen: list[object] | set[object]) -> list[object]:
        add = seen.append if isinstance(seen, list) else seen.add
        kept = []
        for row in table:
            if row not in seen:
                add(row)
                kept.append(row)
        return kept

    for size in (100, 1000, 10_000):
        table = [(number, f"airport {number % 7}") for number in range(sized(size))]
        # A quadratic one is not asked often.
        with_list = seconds(lambda table=table: ask(table, []), rounds=1 if size == 10_000 else 5)
        others = seconds(lambda table=table: ask(table, set()), lambda table=table: list(dict.fromkeys(table)))
        rows.append((f"{len(table):,} rows", *(each * 1e3 for each in with_list + others)))
    return "list, ms | set, ms | dict.fromkeys, ms", rows


def leak() -> tuple[str, list[Row]]:
    """Guess labels that are coin tosses, of 100 patients with ten rows each, by the training row that is most alike."""
    chance = random.Random(0)
    rows: list[tuple[int, list[float], int]] = []
    for patient in range(100):
        body, label = [chance.gauss(0, 1) for _ in range(4)], chance.randrange(2)
        rows += [(patient, [chance.gauss(value, 0.2) for value in body], label) for _ in range(10)]
    tested = set(chance.sample(range(100), 10))
    shuffled = chance.sample(rows, len(rows))
    ways = [
        ("random split", shuffled[100:], shuffled[:100]),
        ("group split", [r for r in rows if r[0] not in tested], [r for r in rows if r[0] in tested]),
    ]
    found: list[Row] = []
    for name, train, test in ways:
        right = sum(min(train, key=lambda row, of=one: math.dist(row[1], of[1]))[2] == one[2] for one in test)
        both = len({row[0] for row in train} & {row[0] for row in test})
        found.append((name, both, 100 * right / len(test)))
    return "patients on both sides | guessed right, %", found


def short_hash() -> tuple[str, list[Row]]:
    """Take the first bits of a SHA-256 for the row: how many of 5,000 different rows are thrown away."""
    rows: list[Row] = []
    whole = [hashlib.sha256(f"row {number}".encode()).digest() for number in range(5000)]
    for bits in (16, 24, 32, 64):
        rows.append((f"{bits} bits", len(whole) - len({digest[: bits // 8] for digest in whole})))
    return "different rows thrown away", rows


def moved() -> tuple[str, list[Row]]:
    """Add one flight to 10,000 and split again, 20 % test and 10 % validation: how many changed their part."""
    import polars as pl
    from data import split

    size = sized(10_000)
    frames = [pl.DataFrame({"flight": [f"flight {number}" for number in range(rows)]}) for rows in (size, size + 1)]
    code = f"print(*(hash(f'flight {{n}}') % 10 for n in range({size})))"
    tenths = []
    for seed in ("1", "2"):
        variables = {**os.environ, "PYTHONHASHSEED": seed}
        said = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, check=True, text=True)
        tenths.append([int(tenth) for tenth in said.stdout.split()])
    part_of = ["test", "test", "validation"] + 7 * ["train"]
    ways = [("by hash(), in the next process", [dict(enumerate(part_of[each] for each in run)) for run in tenths])]
    for name, options in (("shuffled and cut", {}), ("by key", {"key": "flight"})):
        found = []
        for frame in frames:
            parts = split(frame, kind="random", test=0.2, validation=0.1, seed=7, **options)
            named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
            found.append({flight: part for part, rows in named.items() for flight in rows["flight"]})
        ways.append((name, found))
    found_rows: list[Row] = []
    for name, (before, after) in ways:
        changed = sum(part != after[flight] for flight, part in before.items())
        test = [flight for flight, part in after.items() if part == "test"]
        found_rows.append((name, changed, 100 * sum(before.get(each) == "train" for each in test) / len(test)))
    return "rows that changed their part | of the new test, was trained on before, %", found_rows


def sizes() -> tuple[str, list[Row]]:
    """Ask for 20 % test and 10 % validation, by key and by one of 200 days: the shares that come."""
    import polars as pl
    from data import split

    rows: list[Row] = []
    for size in (100, 1000, 10_000) if QUICK else (100, 1000, 10_000, 100_000):
        frame = pl.DataFrame({"flight": range(size), "day": [f"day {number % 200}" for number in range(size)]})
        row: list[str | float] = [f"{size:,} rows"]
        for options in ({"kind": "random", "key": "flight"}, {"kind": "group", "column": "day"}):
            parts = split(frame, test=0.2, validation=0.1, seed=7, **options)
            row += [parts.test.height / size, parts.validation.height / size]
        rows.append(tuple(row))
    return "by key, test | validation | by day, test | validation", rows


def restarts() -> tuple[str, list[Row]]:
    """Stop one epoch of 2,000 rows by 8 ten times, after 20 batches each, eight made ahead; then let it end."""
    import polars as pl
    from data import BatchLoader

    def wrong(counts: str) -> Callable[[dict[str, int]], Iterator[list[int]]]:
        def batches(state: dict[str, int]) -> Iterator[list[int]]:
            numbers, waiting = iter(range(state["at"], 250)), deque[int]()
            while True:
                for number in itertools.islice(numbers, 8 - len(waiting)):
                    waiting.append(number)
                    state["at"] = number + 1 if counts == "made" else state["at"]
                if not waiting:
                    return
                number = waiting.popleft()
                yield list(range(8 * number, 8 * number + 8))
                state["at"] = number + 1 if counts == "after" else state["at"]

        return batches

    def yours(state: dict[str, Any]) -> Iterator[list[int]]:
        loader = BatchLoader(pl.DataFrame({"row": range(2000)}), 8, shuffle=True, seed=7)
        if "loader" in state:
            loader.load_state_dict(json.loads(state["loader"]))
        for batch in loader:
            state["loader"] = json.dumps(loader.state_dict())
            yield batch["row"].to_list()

    rows: list[Row] = []
    for name, batches in (
        ("counts what was made", wrong("made")),
        ("counts after the yield", wrong("after")),
        ("begins the epoch anew", wrong("nothing")),
        ("yours", yours),
    ):
        state: dict[str, Any] = {"at": 0}
        learnt: Counter[int] = Counter()
        for life in range(11):
            for batch in itertools.islice(batches(state), 20 if life < 10 else None):
                learnt.update(batch)
        rows.append((name, 2000 - len(learnt), sum(times > 1 for times in learnt.values()), max(learnt.values())))
    return "never learnt | learnt twice or more | most often", rows


def state_size() -> tuple[str, list[Row]]:
    """Write a state down with the order in it, and yours; make the order again."""
    import polars as pl
    from data import BatchLoader

    rows: list[Row] = []
    for size in (20_000, 1_000_000):
        size = sized(size)
        order = list(range(size))
        again = seconds(lambda order=order: random.Random("7 0").shuffle(order), rounds=3)[0]
        loader = BatchLoader(pl.DataFrame({"row": range(size)}), 32, shuffle=True, seed=7)
        yours = len(json.dumps(loader.state_dict()))
        rows.append((f"{size:,} rows", len(json.dumps(order)), yours, again * 1e3))
    return "with the order, bytes | yours, bytes | the order made again, ms", rows


PARTS = {
    "comprehension": comprehension,
    "set": membership,
    "dict": scan,
    "memory": memory,
    "count": counting,
    "group": grouping,
    "lru": queues,
    "duplicates": duplicates,
    "hash": short_hash,
    "leak": leak,
    "moved": moved,
    "sizes": sizes,
    "restarts": restarts,
    "state": state_size,
}

if __name__ == "__main__":
    print_measurements(PARTS, about=__doc__)
