"""Another correct answer to exercise 02, built differently from groundwork's: what a learner may write in a day."""
# ruff: noqa: A001, A002, D102, D103 - a learner's own file, whose names say what they do

import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import math
import random
import threading

_NOTHING = object()


class LRUCache:
    """A ring of nodes ``[newer, older, key, value]`` around a head, and a dict that finds them."""

    def __init__(self, capacity):
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; at least 1")
        self.capacity = capacity
        self.hits = self.misses = 0
        self.lock = threading.RLock()
        self.loading = {}
        self.clear()

    def clear(self):
        self.nodes = {}
        self.head = []
        self.head += [self.head, self.head, None, None]

    def __len__(self):
        return len(self.nodes)

    def __contains__(self, key):
        return key in self.nodes

    def get(self, key, default=None):
        with self.lock:
            node = self.nodes.get(key)
            if node is None:
                self.misses += 1
                return default
            self.hits += 1
            unlink(node)
            self.push(node)
            return node[3]

    def put(self, key, value):
        with self.lock:
            node = self.nodes.get(key)
            if node is not None:
                unlink(node)
                node[3] = value
            else:
                node = self.nodes[key] = [None, None, key, value]
            self.push(node)
            if len(self.nodes) > self.capacity:
                oldest = self.head[0]
                unlink(oldest)
                del self.nodes[oldest[2]]

    def push(self, node):
        newest = self.head[1]
        node[:2] = self.head, newest
        newest[0] = self.head[1] = node

    def pop(self, key, default=None):
        with self.lock:
            node = self.nodes.pop(key, None)
            if node is None:
                return default
            unlink(node)
            return node[3]

    def get_or_load(self, key, load):
        with self.lock:
            value = self.get(key, _NOTHING)
            if value is not _NOTHING:
                return value
            future = self.loading.get(key)
            mine = future is None
            if mine:
                future = self.loading[key] = concurrent.futures.Future()
        if not mine:
            return future.result()
        try:
            value = load(key)
        except BaseException as error:
            with self.lock:
                del self.loading[key]
            future.set_exception(error)
            raise
        with self.lock:
            self.put(key, value)
            del self.loading[key]
        future.set_result(value)
        return value


def unlink(node):
    node[0][1], node[1][0] = node[1], node[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a dataset."""

    id: str
    label: str | None = None
    split: str | None = None
    metadata: dict = dataclasses.field(default_factory=dict)


class DatasetIndex:
    """Samples by id, and the ids of each label, each split and each value of the metadata."""

    def __init__(self, samples=(), *, indexed=()):
        # Every key is indexed here, so nothing needs to be said.
        self.samples = {}
        self.places = {}
        self.next_place = 0
        self.groups = collections.defaultdict(set)
        for sample in samples:
            self.add(sample)

    def add(self, sample):
        if sample.id in self.samples:
            raise ValueError(f"sample {sample.id!r} is there already")
        self.places[sample.id] = self.next_place
        self.next_place += 1
        self.enter(sample)

    def enter(self, sample):
        self.samples[sample.id] = sample
        for group in groups_of(sample):
            self.groups[group].add(sample.id)

    def leave(self, sample):
        for group in groups_of(sample):
            self.groups[group].remove(sample.id)
            if not self.groups[group]:
                del self.groups[group]

    def get(self, id):
        try:
            return self.samples[id]
        except KeyError:
            raise KeyError(f"no sample {id!r}") from None

    def remove(self, id):
        sample = self.get(id)
        self.leave(sample)
        del self.samples[id], self.places[id]
        return sample

    def replace(self, sample):
        self.leave(self.get(sample.id))
        self.enter(sample)

    def assign(self, id, split):
        self.replace(dataclasses.replace(self.get(id), split=split))

    def __contains__(self, id):
        return id in self.samples

    def __len__(self):
        return len(self.samples)

    def __iter__(self):
        return iter(list(self.samples.values()))

    def chosen(self, ids):
        return [self.samples[id] for id in sorted(ids, key=self.places.__getitem__)]

    def by_label(self, label):
        return self.chosen(self.groups.get(("label", label), ()))

    def by_split(self, split):
        return self.chosen(self.groups.get(("split", split), ()))

    def where(self, **metadata):
        wanted = [self.groups.get(("metadata", key, text(value)), set()) for key, value in metadata.items()]
        return self.chosen(set.intersection(*wanted) if wanted else self.samples)

    def counts(self, kind):
        found = {group[1]: len(ids) for group, ids in self.groups.items() if group[0] == kind}
        return collections.Counter({name: count for name, count in found.items() if name is not None})

    @property
    def labels(self):
        return self.counts("label")

    @property
    def splits(self):
        return self.counts("split")

    def balanced_sample(self, per_label, *, seed, split=None, replace=False):
        chance = random.Random(seed)
        chosen = []
        for label in sorted(self.labels):
            samples = [each for each in self.by_label(label) if split is None or each.split == split]
            if len(samples) < per_label and not (replace and samples):
                raise ValueError(f"label {label!r} has {len(samples)} samples, {per_label} are wanted")
            chosen += chance.choices(samples, k=per_label) if replace else chance.sample(samples, per_label)
        return chosen

    def to_json(self):
        return json.dumps([dataclasses.asdict(sample) for sample in self], ensure_ascii=False)

    @classmethod
    def from_json(cls, text):
        return cls(Sample(**fields) for fields in json.loads(text))


def groups_of(sample):
    yield "label", sample.label
    yield "split", sample.split
    for key, value in sample.metadata.items():
        yield "metadata", key, text(value)


def text(value):
    """A metadata value may be a list; its JSON can be hashed."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


@dataclasses.dataclass(frozen=True)
class Deduplicated:
    """The rows that stay, and how many went."""

    frame: object
    removed: int


def deduplicate(frame, *, columns=None, keep="first"):
    if keep not in ("first", "last", "none"):
        raise ValueError(f"keep is {keep!r}; first, last or none")
    seen = collections.defaultdict(list)
    for nth, row in enumerate((frame if columns is None else frame.select(columns)).rows()):
        seen[tuple(map(comparable, row))].append(nth)
    if keep == "none":
        stay = [places[0] for places in seen.values() if len(places) == 1]
    else:
        stay = [places[0 if keep == "first" else -1] for places in seen.values()]
    return Deduplicated(frame[sorted(stay)], frame.height - len(stay))


def comparable(value):
    """Not a number equals nothing, not even itself; here it shall."""
    return "not a number", None if isinstance(value, float) and math.isnan(value) else value


@dataclasses.dataclass(frozen=True)
class Splits:
    """The parts of a table."""

    train: object
    validation: object
    test: object


def split(frame, *, kind, test, validation=0.0, column=None, key=None, seed=0):
    if not (0 < test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ValueError(f"test={test} and validation={validation} leave no rows for train or for test")
    for name in (column, key):
        if name is not None and name not in frame.columns:
            raise ValueError(f"there is no column {name!r}; there are {', '.join(frame.columns)}")
    shares = test, validation
    if kind == "time":
        return cut_by_time(frame, column, shares)
    if kind == "group" or key is not None:
        parts = [part_of(value, seed, shares) for value in frame[column if kind == "group" else key].to_list()]
    elif kind == "random":
        parts = shuffled([None] * frame.height, shares, seed)
    elif kind == "stratified":
        parts = shuffled(frame[column].to_list(), shares, seed)
    else:
        raise ValueError(f"kind is {kind!r}; random, stratified, group or time")
    return Splits(*(frame[[nth for nth, part in enumerate(parts) if part == name]] for name in "tve"))


def part_of(value, seed, shares):
    """A place in [0, 1) that depends on nothing but the value and the seed."""
    digest = hashlib.sha256(f"{seed} {value!r}".encode()).digest()
    place = int.from_bytes(digest[:7], "big") / 2**56
    return "e" if place < shares[0] else "v" if place < sum(shares) else "t"


def shuffled(classes, shares, seed):
    """Cut each class, in a random order, at its shares."""
    chance = random.Random(f"{seed}")
    members = collections.defaultdict(list)
    for nth, name in enumerate(classes):
        members[name].append(nth)
    least = 3 if shares[1] else 2
    parts = ["t"] * len(classes)
    for name, places in members.items():
        if len(places) < least:
            raise ValueError(f"class {name!r} has {len(places)} rows; {least} parts need {least}")
        chance.shuffle(places)
        tests, validations = (max(1, round(share * len(places))) if share else 0 for share in shares)
        for nth in places[:tests]:
            parts[nth] = "e"
        for nth in places[tests : tests + validations]:
            parts[nth] = "v"
    return parts


def cut_by_time(frame, column, shares):
    times = frame[column].to_list()
    order = sorted(range(len(times)), key=times.__getitem__)
    starts = [nth for nth in range(1, len(order)) if times[order[nth]] != times[order[nth - 1]]]
    end = nearest(starts, (1 - shares[0]) * len(order))
    begin = nearest([nth for nth in starts if nth < end], (1 - sum(shares)) * len(order)) if shares[1] else end
    return Splits(frame[order[:begin]], frame[order[begin:end]], frame[order[end:]])


def nearest(starts, wanted):
    if not starts:
        raise ValueError("too few different times for so many parts")
    return min(starts, key=lambda start: abs(start - wanted))


class BatchLoader:
    """The rows of a table in batches; an order that depends on seed and epoch alone."""

    def __init__(
        self, frame, batch_size, *, shuffle=False, seed=0, drop_last=False, transform=None, workers=0, prefetch=2
    ):
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; at least 1")
        self.frame = frame
        self.transform = transform or (lambda batch: batch)
        self.workers, self.ahead = workers, max(1, prefetch)
        self.shuffle, self.seed = shuffle, seed
        self.batch_size, self.drop_last = batch_size, drop_last
        self.epoch = self.begin = self.delivered = 0
        content = hashlib.sha256(repr(frame.schema).encode())
        for rows in frame.iter_slices(10_000):
            content.update(repr(rows.rows()).encode())
        self.content = content.hexdigest()

    def facts(self):
        names = ("shuffle", "seed", "batch_size", "drop_last", "content")
        return {"rows": self.frame.height, **{name: getattr(self, name) for name in names}}

    def __len__(self):
        whole, rest = divmod(self.frame.height, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def set_epoch(self, epoch):
        if epoch != self.epoch:
            self.epoch, self.begin, self.delivered = epoch, 0, 0

    def state_dict(self):
        return {"epoch": self.epoch, "delivered": self.delivered, **self.facts()}

    def load_state_dict(self, state):
        wrong = [
            f"{name} is {state.get(name)}, here {value}"
            for name, value in self.facts().items()
            if state.get(name) != value
        ]
        if wrong:
            raise ValueError("the state is of another loader: " + "; ".join(wrong))
        self.epoch, self.begin, self.delivered = state["epoch"], state["delivered"], state["delivered"]

    def __iter__(self):
        order = list(range(self.frame.height))
        if self.shuffle:
            random.Random(f"{self.seed} {self.epoch}").shuffle(order)
        begin, self.begin = self.begin, 0
        self.delivered = begin
        for batch in self.made(order, begin):
            self.delivered += 1
            yield batch
        self.delivered = 0
        self.epoch += 1

    def made(self, order, begin):
        """The batches still to be delivered; with workers some of them are made ahead."""
        places = (order[n * self.batch_size : (n + 1) * self.batch_size] for n in range(begin, len(self)))
        if not self.workers:
            yield from (self.transform(self.frame[each]) for each in places)
            return
        pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        try:
            waiting = collections.deque()
            for each in places:
                waiting.append(pool.submit(lambda each=each: self.transform(self.frame[each])))
                if len(waiting) > self.ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
