"""Another correct answer to exercise 03, built differently from groundwork's: what a learner may write in a day."""
# ruff: noqa: D102, D103 - a learner's own file, whose names say what they do

import argparse
import asyncio
import collections
import concurrent.futures
import contextlib
import csv
import dataclasses
import functools
import hashlib
import inspect
import json
import logging
import sys
import threading
import time
import types
import typing
import warnings

import numpy as np


def around(fn, watching):
    """Wrap fn; ``watching(args, kwargs)`` gives a context manager, in which a call is made, awaited or read."""
    if inspect.iscoroutinefunction(fn):

        async def wrapper(*args, **kwargs):
            with watching(args, kwargs):
                return await fn(*args, **kwargs)

    elif inspect.isgeneratorfunction(fn):

        def wrapper(*args, **kwargs):
            with watching(args, kwargs):
                return (yield from fn(*args, **kwargs))

    else:

        def wrapper(*args, **kwargs):
            with watching(args, kwargs):
                return fn(*args, **kwargs)

    return functools.wraps(fn)(wrapper)


def with_options(decorate):
    """Make a decorator that can stand without parentheses: ``@decorator`` and ``@decorator(option=1)``."""

    @functools.wraps(decorate)
    def decorator(fn=None, **options):
        return decorate(fn, **options) if fn is not None else functools.partial(decorate, **options)

    return decorator


@dataclasses.dataclass(frozen=True)
class Timing:
    """What one call took."""

    name: str
    wall_s: float
    error: BaseException | None


@with_options
def timed(fn, hook=None, clock=time):
    logger = logging.getLogger(fn.__module__)
    tell = hook or (lambda timing: logger.info("%s took %.6f s", timing.name, timing.wall_s))

    @contextlib.contextmanager
    def watching(args, kwargs):
        begin_s, failure = clock.monotonic(), None
        try:
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            tell(Timing(fn.__qualname__, clock.monotonic() - begin_s, failure))

    return around(fn, watching)


SECRETS = ("password", "secret", "token", "api_key")


def shown(fn, args, kwargs):
    bound = inspect.signature(fn).bind(*args, **kwargs)
    given = {**bound.arguments, **bound.kwargs}
    variadic = {p.name for p in bound.signature.parameters.values() if p.kind is p.VAR_KEYWORD}
    return ", ".join(
        f"{name}={'***' if any(secret in name.lower() for secret in SECRETS) else repr(value)[:80]}"
        for name, value in given.items()
        if name not in variadic
    )


@with_options
def logged(fn, logger=None, level=logging.DEBUG, error_level=logging.ERROR, clock=time):
    log = logger or logging.getLogger(fn.__module__)

    @contextlib.contextmanager
    def watching(args, kwargs):
        name, begin_s = fn.__qualname__, clock.monotonic()
        if log.isEnabledFor(level):
            log.log(level, "%s(%s)", name, shown(fn, args, kwargs))
        try:
            yield
        except Exception as error:
            log.log(error_level, "%s raised %s", name, type(error).__name__, exc_info=error)
            raise
        log.log(level, "%s took %.6f s", name, clock.monotonic() - begin_s)

    return around(fn, watching)


def key_of(value):
    """A key that is equal where the content is: type and value, arrays by their bytes."""
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return "array", value.dtype.str, value.shape, digest
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(key_of, value))
    if isinstance(value, dict):
        return dict, frozenset((key_of(key), key_of(each)) for key, each in value.items())
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(map(key_of, value))
    return type(value), value


class Entries:
    """Results by key: at most so many, each for so long; who asks while one is made waits for it."""

    def __init__(self, most, ttl_s, clock):
        self.most, self.ttl_s, self.clock = most, float("inf") if ttl_s is None else ttl_s, clock
        self.lock = threading.Lock()
        self.futures = collections.OrderedDict()

    def find(self, key):
        """The future of the result, and whether the caller is the one who has to make it."""
        with self.lock:
            future, ends_s = self.futures.get(key, (None, 0.0))
            if future is not None and ends_s > self.clock.monotonic():
                self.futures.move_to_end(key)
                return future, False
            future = concurrent.futures.Future()
            self.futures[key] = future, float("inf")
            self.futures.move_to_end(key)
            while self.most is not None and len(self.futures) > self.most:
                self.futures.popitem(last=False)
            return future, True

    @contextlib.contextmanager
    def making(self, key, future):
        try:
            yield
        except BaseException as error:
            with self.lock:
                if self.futures.get(key, (None,))[0] is future:
                    del self.futures[key]
            future.set_exception(error)
            raise
        with self.lock:
            if self.futures.get(key, (None,))[0] is future:
                self.futures[key] = future, self.clock.monotonic() + self.ttl_s


@with_options
def cached(fn, max_entries=128, ttl_s=None, clock=time):
    entries, signature = Entries(max_entries, ttl_s, clock), inspect.signature(fn)

    def key(args, kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return key_of(bound.args), key_of(bound.kwargs)

    if inspect.iscoroutinefunction(fn):

        async def wrapper(*args, **kwargs):
            place = key(args, kwargs)
            while True:
                future, mine = entries.find(place)
                if mine:
                    with entries.making(place, future):
                        future.set_result(await fn(*args, **kwargs))
                    return future.result()
                if not future.done():
                    # Unlike await, it does not cancel what it waits for when the waiter is cancelled.
                    [waited], _ = await asyncio.wait([asyncio.wrap_future(future)])
                    waited.exception()
                # Whoever made it was cancelled; that is nothing to those who waited.
                if not isinstance(future.exception(), asyncio.CancelledError):
                    return future.result()

    else:

        def wrapper(*args, **kwargs):
            future, mine = entries.find(place := key(args, kwargs))
            if mine:
                with entries.making(place, future):
                    future.set_result(fn(*args, **kwargs))
            return future.result()

    return functools.wraps(fn)(wrapper)


def fits(value, hint):
    """Whether a value is what an annotation says."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is typing.Any:
        return True
    if hint is None:
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is typing.Literal:
        return value in inner
    if origin in (list, set, frozenset, collections.abc.Sequence):
        return isinstance(value, origin) and all(fits(each, inner[0]) for each in value)
    if origin in (dict, collections.abc.Mapping):
        return isinstance(value, origin) and all(fits(k, inner[0]) and fits(v, inner[1]) for k, v in value.items())
    if hint is float:
        return isinstance(value, (int, float, np.floating)) and not isinstance(value, bool)
    return isinstance(value, origin or hint)


def given(parameter, value):
    """The values of one parameter; of *args and **kwargs there are several."""
    if parameter.kind is parameter.VAR_POSITIONAL:
        return value
    return value.values() if parameter.kind is parameter.VAR_KEYWORD else [value]


@with_options
def validated(fn, result=False):
    signature = inspect.signature(fn)

    @functools.cache
    def hints():
        return typing.get_type_hints(fn)

    def refuse(name, value):
        raise ValueError(f"{fn.__qualname__}: {name} is {value!r:.60}; expected {hints()[name]}")

    def check(args, kwargs):
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            for each in given(signature.parameters[name], value):
                if name in hints() and not fits(each, hints()[name]):
                    refuse(name, each)

    def checked(value):
        if result and "return" in hints() and not fits(value, hints()["return"]):
            refuse("return", value)
        return value

    if inspect.iscoroutinefunction(fn):

        async def wrapper(*args, **kwargs):
            check(args, kwargs)
            return checked(await fn(*args, **kwargs))

    else:

        def wrapper(*args, **kwargs):
            check(args, kwargs)
            return checked(fn(*args, **kwargs))

    return functools.wraps(fn)(wrapper)


def deprecated(*, since, removed_in, alternative):
    def decorate(fn):
        text = f"{fn.__qualname__} is deprecated since {since}, gone in {removed_in}: use {alternative}"

        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            warnings.warn(text, DeprecationWarning, stacklevel=2)
            return fn(*args, **kwargs)

        return wrapper

    return decorate


def chosen(ways, how):
    if how not in ways:
        raise ValueError(f"there is no way {how!r}; there are {', '.join(ways)}")
    return ways[how]


def same_width(train, others):
    for part in others:
        if part.shape[1] != train.shape[1]:
            raise ValueError(f"train has {train.shape[1]} columns, another part {part.shape[1]}")
    return (train, *others)


def impute(train, *others, how="median"):
    fill = chosen({"median": np.nanmedian, "mean": np.nanmean}, how)(train, axis=0)
    return tuple(np.where(np.isnan(part), fill, part) for part in same_width(train, others))


def scale(train, *others, how="standard"):
    ways = {
        "standard": lambda: (np.nanmean(train, axis=0), np.nanstd(train, axis=0)),
        "minmax": lambda: (np.nanmin(train, axis=0), np.nanmax(train, axis=0) - np.nanmin(train, axis=0)),
    }
    center, width = chosen(ways, how)()
    width = np.where(width == 0, 1.0, width)
    return tuple((part - center) / width for part in same_width(train, others))


def numbers(outcome, prediction):
    observed, predicted = np.asarray(outcome, dtype=float), np.asarray(prediction, dtype=float)
    if observed.shape != predicted.shape or observed.ndim != 1:
        raise ValueError(f"outcome {observed.shape} and prediction {predicted.shape} must have one length")
    if not observed.size:
        raise ValueError("there are no rows to judge")
    if not np.isfinite(observed).all() or not np.isfinite(predicted).all():
        raise ValueError("an outcome or a prediction is missing or infinite")
    return observed, predicted


def evaluate_classification(outcome, probability, *, threshold=0.5):
    observed, score = numbers(outcome, probability)
    if set(np.unique(observed)) != {0.0, 1.0}:
        raise ValueError(f"the outcomes are {np.unique(observed)[:5]}; there must be 0 and 1, and nothing else")
    if score.min() < 0 or score.max() > 1:
        raise ValueError(f"a probability lies outside [0, 1]: {score.min()} to {score.max()}")
    positive, called = observed == 1, score >= threshold
    hits = int(np.sum(positive & called))
    return {
        "accuracy": float(np.mean(positive == called)),
        "precision": hits / max(1, int(called.sum())),
        "recall": hits / int(positive.sum()),
        "f1": 2 * hits / int(positive.sum() + called.sum()),
        "roc_auc": area(positive, score),
        "rows": len(observed),
    }


def area(positive, score):
    """The share of pairs in which the positive has the higher score; equal ones count half."""
    negatives = np.sort(score[~positive])
    below = np.searchsorted(negatives, score[positive], side="left")
    not_above = np.searchsorted(negatives, score[positive], side="right")
    return float(np.mean(below + not_above) / 2 / len(negatives))


def evaluate_regression(outcome, prediction):
    observed, predicted = numbers(outcome, prediction)
    error = predicted - observed
    spread = float(np.sum((observed - observed.mean()) ** 2))
    left = float(np.sum(error**2))
    r2 = 1 - left / spread if spread else float(left == 0)
    return {"rmse": float(np.sqrt(np.mean(error**2))), "mae": float(np.mean(abs(error))), "r2": r2, "rows": len(error)}


Interval = collections.namedtuple("Interval", "value low high level")


def confidence_interval(metric, outcome, prediction, *, samples=1000, level=0.95, seed=0, groups=None):
    observed, predicted = numbers(outcome, prediction)
    if not 0 < level < 1 or samples < 1:
        raise ValueError(f"level is {level}, samples {samples}; expected a level in (0, 1), and samples")
    chance = np.random.default_rng(seed)
    units = np.arange(len(observed)) if groups is None else np.unique(groups, return_inverse=True)[1]
    order = np.argsort(units, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(units[order])) + 1)
    drawn = []
    for _ in range(samples):
        picked = chance.integers(len(members), size=len(members))
        rows = order[picked] if groups is None else np.concatenate([members[each] for each in picked])
        drawn.append(metric(observed[rows], predicted[rows]))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(metric(observed, predicted)), float(low), float(high), level)


class UnknownPlugin(LookupError):
    """Nobody has registered this."""


PLUGINS = {}


def register(kind, name, value=None):
    if value is None:
        return functools.partial(register, kind, name)
    if PLUGINS.setdefault((kind, name), value) is not value:
        raise ValueError(f"the {kind} {name!r} is there already: {PLUGINS[kind, name]!r}")
    return value


def find_plugin(kind, name):
    try:
        return PLUGINS[kind, name]
    except KeyError:
        known = sorted(each for its, each in PLUGINS if its == kind)
        raise UnknownPlugin(f"there is no {kind} {name!r}; there are {', '.join(known)}") from None


def main():
    """Judge a file of outcomes and predictions; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scorecard", description="Judge the predictions in a CSV file.")
    parser.add_argument("file", help="has the columns outcome and prediction")
    parser.add_argument("--metric", help="a registered metric, with its interval", default="mae")
    options = parser.parse_args()
    try:
        with open(options.file, newline="", encoding="utf-8") as file:
            rows = [(float(row["outcome"]), float(row["prediction"])) for row in csv.DictReader(file)]
        found = evaluate_regression(*zip(*rows, strict=True)) if rows else numbers([], [])
        metric = find_plugin("metric", options.metric)
        interval = confidence_interval(metric, *map(np.array, zip(*rows, strict=True)))
    except (OSError, KeyError, ValueError, UnknownPlugin) as error:
        print(f"scorecard: {error}", file=sys.stderr)
        return 1
    print(json.dumps({**found, options.metric: interval._asdict()}, indent=2))
    return 0


@functools.partial(register, "metric", "mae")
def mean_absolute_error(outcome, prediction):
    return float(np.mean(np.abs(outcome - prediction)))


if __name__ == "__main__":
    sys.exit(main())
