"""The server held to its own description, by a tool that others wrote: a real server, data that fits and that does not."""

import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

pytestmark = pytest.mark.integration

EXAMPLES = 8
KEY = "k" * 20


@contextmanager
def serving(**options):
    script = Path(__file__).with_name("sight_server.py")
    server = subprocess.Popen([sys.executable, str(script), json.dumps(options)], stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0
        server.stdout.close()


def description(url, query=""):
    request = urllib.request.Request(f"{url}/openapi.json{query}", headers={"X-API-Key": KEY})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def checks_of(schemathesis):
    from schemathesis.specs.openapi import checks

    return [
        schemathesis.checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]


def hold(schemathesis, document, url, headers):
    """Send what the description admits, and what it does not, to every route; return the statuses that came."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    checks, statuses = checks_of(schemathesis), {}
    modes = list(schemathesis.GenerationMode)
    for result in schema.get_all_operations():
        operation = result.ok()
        came = statuses[f"{operation.method.upper()} {operation.path}"] = set()
        for mode in modes:
            # Where nothing is taken, nothing can be wrong.
            if mode is schemathesis.GenerationMode.POSITIVE or operation.query or operation.headers or operation.body:
                run(one_case(checks, came, headers), operation.as_strategy(generation_mode=mode))
    return statuses


def one_case(checks, came, headers):
    def each(case):
        # A deadline that nobody can meet is answered with 504, as it should be.
        (case.headers or {}).pop("X-Request-Timeout-Ms", None)
        answer = case.call_and_validate(checks=checks, headers=headers)
        came.add(answer.status_code)

    return each


def run(each, cases):
    from hypothesis import given

    settings(
        deadline=None,
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(given(cases)(each))()
