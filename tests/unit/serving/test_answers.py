from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from groundwork.serving._answers import SECONDS, Answers


def exposed(collector):
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode().splitlines()


def test_answers_are_counted_by_route_and_status():
    answers = Answers()

    for status in (200, 200, 499):
        answers.add("/predict", status, 0.1)
    answers.add("/", 200, 0.1)

    lines = exposed(answers)
    assert 'groundwork_requests_total{route="/predict",status="200"} 2.0' in lines
    assert 'groundwork_requests_total{route="/predict",status="499"} 1.0' in lines
    assert 'groundwork_requests_total{route="/",status="200"} 1.0' in lines
    assert 'groundwork_request_seconds_count{route="/predict"} 3.0' in lines


@settings(deadline=None, max_examples=50)
@given(times=st.lists(st.one_of(st.floats(0, 20), st.sampled_from(SECONDS))))
def test_times_are_sorted_as_prometheus_sorts_them(times):
    answers = Answers()
    name, words = "groundwork_request_seconds", "From a request's first byte to its answer."
    theirs = Histogram(name, words, ["route"], buckets=SECONDS, registry=None)

    for seconds in times:
        answers.add("/", 200, seconds)
        theirs.labels("/").observe(seconds)

    ours = [line for line in exposed(answers) if name in line]
    expected = [line for line in exposed(theirs) if "_created" not in line]
    assert sorted(ours) == sorted(expected)
