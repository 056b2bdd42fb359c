"""The server held to its own description, by a tool that others wrote, over real sockets."""

import json
import sys
import urllib.request
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package
from sight_server import serving

pytestmark = pytest.mark.integration

EXAMPLES = 8
KEY = "k" * 20
WITH_KEY = {"X-API-Key": KEY}


def fetch(url, body=None):
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, content, WITH_KEY), timeout=60) as answer:
        return answer.status, json.load(answer)


def hold(schemathesis, document, url, headers):
    """Send what the description admits, and what it does not, to every route; return the statuses that came."""
    from schemathesis.specs.openapi import checks

    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    held = [
        schemathesis.checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    statuses = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        came = statuses[f"{operation.method.upper()} {operation.path}"] = set()
        for mode in schemathesis.GenerationMode:
            # Where nothing is taken, nothing can be wrong.
            if mode is schemathesis.GenerationMode.POSITIVE or operation.query or operation.headers or operation.body:
                run(case_of(held, came, headers), operation.as_strategy(generation_mode=mode))
    return statuses


def case_of(held, came, headers):
    def each(case):
        # A deadline that nobody can meet is answered with 504, as it should be.
        (case.headers or {}).pop("X-Request-Timeout-Ms", None)
        came.add(case.call_and_validate(checks=held, headers=headers).status_code)

    return each


def run(each, cases):
    settings(
        deadline=None,
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(cases)(each))()


@pytest.mark.parametrize("keys", [None, [KEY]], ids=["open", "keys"])
@pytest.mark.filterwarnings("ignore")  # what the tool warns of in itself
def test_every_answer_is_one_that_the_description_has(needs, keys):
    schemathesis = needs("schemathesis")

    with serving(api_keys=keys) as url:
        _, document = fetch(f"{url}/openapi.json")
        statuses = hold(schemathesis, document, url, WITH_KEY)

    gets = {path: came for path, came in statuses.items() if path.startswith("GET") and "openapi" not in path}
    assert gets == {path: {200} for path in gets}
    assert {200, 422} <= statuses["POST /predict"]
    assert {400} <= statuses["POST /v2/models/table/infer"]


@pytest.mark.filterwarnings("ignore")  # what the tool warns of in itself
def test_without_a_key_every_answer_is_a_401_that_the_description_has(needs):
    schemathesis = needs("schemathesis")

    with serving(api_keys=[KEY]) as url:
        _, document = fetch(f"{url}/openapi.json")
        statuses = hold(schemathesis, document, url, {"X-API-Key": "wrong"})

    healthy = {"GET /v2/health/live", "GET /v2/health/ready"}
    # A header that cannot be read is told of before the key is looked at.
    assert {path: came - {400} for path, came in statuses.items()} == {
        path: {200} if path in healthy else {401} for path in statuses
    }


@pytest.mark.filterwarnings("ignore")  # what the tool warns of in itself
def test_a_description_of_one_model_holds_too(needs):
    schemathesis = needs("schemathesis")

    with serving() as url:
        _, document = fetch(f"{url}/openapi.json?model=risk")
        statuses = hold(schemathesis, document, url, {})

    assert not any("table" in path for path in statuses)
    assert document["paths"]["/predict"]["post"]["parameters"][0]["schema"]["enum"] == ["risk"]


def test_the_examples_of_a_description_are_answered():
    with serving() as url:
        answers = {}
        for model in ("table", "risk"):
            _, document = fetch(f"{url}/openapi.json?model={model}")
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                    for example in (content or {"schema": {}})["schema"].get("examples", []):
                        answers[model, path], _ = fetch(f"{url}{path}?model={model}", example)

    assert answers == dict.fromkeys(answers, 200)
    assert {("table", "/predict"), ("risk", "/predict"), ("risk", "/v2/models/risk/infer")} <= set(answers)
