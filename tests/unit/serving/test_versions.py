import asyncio
import threading
from types import SimpleNamespace

import pytest

from groundwork.errors import ConfigurationError, ModelNotFoundError
from groundwork.serving import Served, Versions
from groundwork.serving._metrics import Metrics
from groundwork.serving._models import Models
from groundwork.serving._options import AppOptions
from groundwork.serving._versions import Split


class Says:
    """Answers each row with its own word."""

    def __init__(self, word):
        self.word = word
        self.seen = []

    def predict(self, batch):
        self.seen += batch
        if self.word is None:
            raise ValueError("broken")
        return [self.word] * len(batch)


def call(key=None):
    return SimpleNamespace(headers={} if key is None else {b"x-routing-key": key})


async def started(models, **options):
    metrics = Metrics()
    hosted = Models(models, AppOptions(**options), metrics)
    await hosted.start()
    return hosted, metrics


def test_calls_are_shared_out_by_weight():
    split = Split({"1": 0.75, "2": 0.25, "3": 0.0}, seed=1)

    picked = [split.pick(None) for _ in range(4000)]

    assert picked.count("3") == 0
    assert 900 < picked.count("2") < 1100


def test_a_routing_key_gets_the_same_version_each_time_and_keys_spread_by_weight():
    split = Split({"1": 0.75, "2": 0.25})

    picked = [split.pick(b"user-%d" % number) for number in range(4000)]

    assert picked == [split.pick(b"user-%d" % number) for number in range(4000)]
    assert 900 < picked.count("2") < 1100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"versions": {}}, "no version to serve"),
        ({"versions": {"1": 0}, "weights": {"2": 1}}, "no version '2'; there are: 1"),
        ({"versions": {"1": 0}, "shadow": "2"}, "no version '2'"),
        ({"versions": {"1": 0}, "weights": {"1": -1}}, "must be 0.0 or more"),
        ({"versions": {"1": 0}, "weights": {"1": 0}}, "one of them above"),
        ({"versions": {"1": 0}, "shadow": "1"}, "one of them above"),
        ({"versions": {"1": 0, "2": 0}, "shadow": "2", "weights": {"1": 1, "2": 1}}, "is the shadow and has a weight"),
    ],
)
def test_versions_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        Versions(**arguments)


@pytest.mark.parametrize("wrong", [{"executor": "gpu"}, {"threads": 0}])
def test_a_place_to_run_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Served(model=0, **wrong)


def test_without_weights_the_first_version_answers_and_any_can_be_named():
    async def main():
        models, _ = await started({"m": Versions({"a": Says(1), "b": Served(model=Says(2), executor="inline")})})
        picked = [models.pick("m", None, call()), models.pick(None, "b", None)]
        listed = models.versions("m"), [hosted.adapter.version for _, hosted in models.items()], models.waiting()
        with pytest.raises(ModelNotFoundError, match="no version 'c' of model 'm'; there are: a, b"):
            models.pick("m", "c", None)
        with pytest.raises(ModelNotFoundError, match="no model 'n'; there are: m"):
            models.pick("n", None, None)
        await models.stop()
        return [hosted.adapter.version for hosted in picked], [hosted.runs for hosted in picked], listed

    assert asyncio.run(main()) == (["a", "b"], ["thread", "inline"], (["a", "b"], ["a"], []))


def test_a_shadow_is_asked_too_and_nobody_hears_of_it(ask):
    shadow = Says(2)

    async def talk(client):
        answers = [await client.predict([number]) for number in range(3)]
        while len(shadow.seen) < 4:
            await asyncio.sleep(0)
        return answers, (await client.get("/metrics")).body.decode()

    answers, metrics = ask({"m": Versions({"1": Says(1), "2": shadow}, shadow="2")}, talk)

    assert [answer.json["predictions"] for answer in answers] == [[1]] * 3
    assert [answer.json["version"] for answer in answers] == ["1"] * 3
    assert shadow.seen == [{}, 0, 1, 2]
    assert 'groundwork_shadow_calls_total{model="m",outcome="answered"}' in metrics


def test_a_shadow_that_fails_is_counted_and_costs_nobody():
    async def main():
        models, metrics = await started({"m": Versions({"1": Says(1), "2": Says(None)}, shadow="2")})
        hosted = models.pick(None, None, call())
        for decode in (lambda adapter: adapter.parse([1]), lambda adapter: 1 / 0):
            hosted.shadow.mirror(decode)
        while metrics.exposition().count(b'outcome="failed"} 2.0') == 0:
            await asyncio.sleep(0)
        models.pick(None, "2", None).ready = False
        hosted.shadow.mirror(lambda adapter: adapter.parse([1]))
        while b'outcome="skipped"} 1.0' not in metrics.exposition():
            await asyncio.sleep(0)
        await models.stop()
        return True

    assert asyncio.run(asyncio.wait_for(main(), 30))


def test_a_shadow_that_is_behind_is_skipped():
    class Held(Says):
        let_go = threading.Event()

        def predict(self, batch):
            self.let_go.wait(30)
            return super().predict(batch)

    async def main():
        shadow = Held(2)
        shadow.let_go.set()  # for the example that warms it
        versions = Versions({"1": Says(1), "2": Served(model=shadow, executor="thread")}, shadow="2")
        models, metrics = await started({"m": versions}, max_batch_rows=2)
        shadow.let_go.clear()
        hosted = models.pick(None, None, call())
        for _ in range(20):
            hosted.shadow.mirror(lambda adapter: adapter.parse([1]))
        while b'outcome="skipped"}' not in metrics.exposition():
            await asyncio.sleep(0)
        shadow.let_go.set()
        await models.stop()
        return len(shadow.seen)

    assert asyncio.run(asyncio.wait_for(main(), 30)) < 20
