import asyncio
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
nearly_right = st.lists(st.lists(scalars, min_size=2, max_size=2) | anything, max_size=4)
bodies = anything | st.fixed_dictionaries({"instances": nearly_right})


@pytest.fixture(scope="module")
def estimator():
    features = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return LogisticRegression().fit(features, [0, 0, 1, 1])


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(bodies, min_size=5, max_size=15))
def test_no_json_is_answered_with_a_500(served, estimator, model, documents):
    async def main():
        async with served({"m": estimator, "doubler": model}) as client:
            for document in documents:
                for query in ("", "?model=doubler"):
                    yield await client.request("POST", "/predict" + query, body=json.dumps(document).encode())

    async def check():
        async for answer in main():
            assert answer.status in (200, 400, 422)
            assert (answer.status == 200) == ("predictions" in answer.json)

    asyncio.run(check())


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60), min_size=5, max_size=15))
def test_no_bytes_are_answered_with_a_500(served, model, documents):
    async def main():
        async with served({"m": model}) as client:
            return [(await client.request("POST", "/predict", body=body)).status for body in documents]

    assert {400, 422} >= set(asyncio.run(main()))
