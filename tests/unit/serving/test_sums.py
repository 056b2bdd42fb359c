from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from groundwork.serving._sums import exposition, families, lasting, total


def counted(requests, waiting, seconds):
    """What one process tells."""
    registry = CollectorRegistry()
    Counter("asked", "Asked.", ["route"], registry=registry).labels("/a").inc(requests)
    Gauge("waiting", "Waiting.", registry=registry).set(waiting)
    Gauge("model_info", "Info.", ["version"], registry=registry).labels("1").set(1)
    Gauge("model_ready", "Ready.", registry=registry).set(waiting)
    Histogram("took", "Took.", buckets=(1.0,), registry=registry).observe(seconds)
    return families(registry.collect())


def lines(found):
    return [line for line in exposition(found).decode().splitlines() if not line.startswith("#")]


def test_counts_and_levels_add_up_and_facts_are_told_once():
    summed = lines(total([counted(2, 3, 0.5), counted(5, 1, 2.0)]))

    assert 'asked_total{route="/a"} 7.0' in summed
    assert "waiting 4.0" in summed
    assert 'model_info{version="1"} 1.0' in summed
    assert "model_ready 1.0" in summed
    assert 'took_bucket{le="1.0"} 1.0' in summed
    assert 'took_bucket{le="+Inf"} 2.0' in summed
    assert "took_sum 2.5" in summed


def test_the_beginning_of_all_is_that_of_the_first():
    first, second = counted(1, 0, 0.1), counted(1, 0, 0.1)
    begun = {
        value
        for found in (first, second)
        for each in found
        for (name, _), value in each.samples.items()
        if name == "asked_created"
    }

    (told,) = [float(line.split()[1]) for line in lines(total([first, second])) if line.startswith("asked_created")]

    assert told == min(begun)


def test_of_a_process_that_ended_stays_what_it_counted():
    kept = lines(total([lasting(counted(2, 3, 0.5)), counted(1, 1, 0.5)]))

    assert 'asked_total{route="/a"} 3.0' in kept
    assert "waiting 1.0" in kept


def test_adding_up_leaves_the_parts_as_they_are():
    part = counted(2, 3, 0.5)
    before = lines(part)

    total([part, part])

    assert lines(part) == before
