"""A server of several models, to be looked at from outside; options come as JSON, the address goes to stdout."""

import json
import random
import subprocess
import sys
import time
from contextlib import contextmanager

from sklearn.linear_model import LogisticRegression

from groundwork.serving import Versions, serve


@contextmanager
def serving(**options):
    """Run this file in a process of its own; gives the address."""
    server = subprocess.Popen([sys.executable, __file__, json.dumps(options)], stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        code = server.wait(timeout=60)
        server.stdout.close()
    assert code == 0


class Table:
    """Columns of every kind that a form shows."""

    def input_schema(self):
        return {
            "type": "object",
            "properties": {
                "x": {"type": "number", "minimum": -1e6, "maximum": 1e6, "description": "What is doubled"},
                "kind": {"enum": ["a", "b"]},
                "note": {"type": ["string", "null"]},
                "loud": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "count": {"type": "integer"},
            },
            "required": ["x", "kind"],
            "additionalProperties": False,
            "examples": [{"x": 1.5, "kind": "b", "note": None, "loud": True, "tags": ["one", "two"], "count": 3}],
        }

    def parse(self, instances):
        mistakes = [
            {"row": row, "column": "x", "message": f"{instance.get('x')!r} is not a number"}
            for row, instance in enumerate(instances)
            if type(instance.get("x")) not in (int, float)
        ]
        if mistakes:
            from groundwork.errors import InvalidDataError

            raise InvalidDataError("instances break the schema", context={"mistakes": mistakes})
        return instances

    def predict(self, batch):
        time.sleep(0.002)
        return [{"double": 2 * row["x"], "kind": row.get("kind")} for row in batch]


def risk():
    rng = random.Random(1)
    rows = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(50)]
    return LogisticRegression().fit(rows, [int(sum(row) > 0) for row in rows])


if __name__ == "__main__":
    models = {"table": Versions({"3": Table(), "4": Table()}), "risk": risk()}
    serve(models, port=0, on_ready=lambda url: print(url, flush=True), **json.loads(sys.argv[1]))
