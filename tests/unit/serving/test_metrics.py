import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from groundwork.serving import Versions
from groundwork.serving._metrics import ROWS
from groundwork.serving._tally import Spread


async def counted(client, start):
    text = (await client.get("/metrics")).body.decode()
    return sorted(line for line in text.splitlines() if line.startswith(start))


def test_versions_readiness_and_limit_of_each_model_are_told(ask, model):
    def double(batch):
        return batch

    async def talk(client):
        shown = [await counted(client, f"groundwork_{name}{{") for name in ("model_info", "model_ready")]
        return *shown, await counted(client, "groundwork_concurrency_limit{")

    infos, ready, limits = ask({"m": Versions({"1": double, "2": model}), "n": model}, talk, executor="thread")

    assert infos == [
        'groundwork_model_info{executor="thread",model="m",version="1"} 1.0',
        'groundwork_model_info{executor="thread",model="m",version="2"} 1.0',
        'groundwork_model_info{executor="thread",model="n",version="7"} 1.0',
    ]
    assert ready == ['groundwork_model_ready{model="m"} 2.0', 'groundwork_model_ready{model="n"} 1.0']
    assert [line.split()[0] for line in limits] == [
        'groundwork_concurrency_limit{model="m",version="1"}',
        'groundwork_concurrency_limit{model="m",version="2"}',
        'groundwork_concurrency_limit{model="n",version="7"}',
    ]
    assert [float(line.split()[-1]) > 0 for line in limits] == [True, True, True]


def test_a_model_that_loads_is_not_ready_and_has_no_version(served, model):
    async def main():
        async with served({"m": model}, wait=False) as client:
            return await counted(client, "groundwork_model_ready{"), await counted(client, "groundwork_model_info{")

    assert asyncio.run(main()) == (['groundwork_model_ready{model="m"} 0.0'], [])


def test_what_is_turned_away_is_counted_by_reason(ask, model):
    async def talk(client):
        key = [("x-api-key", "k")]
        await client.predict([{"x": 1}])
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 1}], headers=key))
        await model.entered()
        second = asyncio.create_task(client.predict([{"x": 1}], headers=key))
        await asyncio.sleep(0)
        refused = await client.predict([{"x": 1}], headers=key)
        limited = await client.predict([{"x": 1}], headers=key)
        model.let_go()
        await asyncio.gather(first, second)
        text = (await client.request("GET", "/metrics", headers=key)).body.decode()
        return [refused.status, limited.status], sorted(
            line for line in text.splitlines() if line.startswith("groundwork_rejected_total")
        )

    options = {"max_queue_rows": 1, "max_instances": 1, "api_keys": ["k"], "executor": "thread"}
    statuses, rejects = ask({"m": model}, talk, **options, client_rate_per_s=0.001, client_burst=3)

    assert statuses == [503, 429]
    assert rejects == [
        'groundwork_rejected_total{reason="key"} 1.0',
        'groundwork_rejected_total{reason="queue"} 1.0',
        'groundwork_rejected_total{reason="rate"} 1.0',
    ]


def test_missed_deadlines_and_clients_that_left_are_counted(ask, model):
    async def talk(client):
        model.hold()
        first = asyncio.create_task(client.predict([{"x": 1}]))
        await model.entered()
        late = await client.predict([{"x": 2}], headers=[("x-request-timeout-ms", "100")])
        gone = asyncio.Event()
        left = asyncio.create_task(client.predict([{"x": 3}], gone=gone))
        await asyncio.sleep(0)
        gone.set()
        await left
        model.let_go()
        await first
        return late.status, [await counted(client, f"groundwork_{name}") for name in ("deadline_missed", "abandoned")]

    status, shown = ask({"m": model}, talk, executor="thread", watch_after_s=0.0)

    assert status == 504
    assert shown == [
        ['groundwork_deadline_missed_total{route="/predict"} 1.0'],
        ['groundwork_abandoned_total{route="/predict"} 1.0'],
    ]


class Only(Collector):
    """One spread as a registry takes it."""

    def __init__(self, spread):
        self.spread = spread

    def collect(self):
        family = HistogramMetricFamily("rows", "Rows.", labels=["model"])
        self.spread.add_to(family, ["m"])
        yield family


@settings(deadline=None, max_examples=50)
@given(sizes=st.lists(st.one_of(st.integers(0, 3000), st.sampled_from(ROWS))))
def test_sizes_are_sorted_as_prometheus_sorts_them(sizes):
    theirs, registry = Histogram("rows", "Rows.", ["model"], buckets=ROWS, registry=None), CollectorRegistry()
    spread = Spread(ROWS)
    registry.register(Only(spread))
    theirs.labels("m")
    other = CollectorRegistry()
    other.register(theirs)

    for size in sizes:
        spread.add(size)
        theirs.labels("m").observe(size)

    expected = [line for line in generate_latest(other).decode().splitlines() if "_created" not in line]
    assert generate_latest(registry).decode().splitlines() == expected


@pytest.mark.parametrize("status", [499, 504])
def test_nothing_is_told_of_what_never_came(ask, model, status):
    name = {499: "abandoned", 504: "deadline_missed"}[status]

    async def talk(client):
        await client.predict([{"x": 1}])
        return await counted(client, f"groundwork_{name}_total")

    assert ask({"m": model}, talk) == []
