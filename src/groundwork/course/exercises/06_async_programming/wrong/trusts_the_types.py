"""Believes that JSON is an object and that its instances are a list."""

import json
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_request_is_the_clients_fault",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    def parse(self, body):
        try:
            instances = json.loads(body)["instances"]
        except (ValueError, RecursionError) as error:
            raise right.Refused(400, "no JSON") from error
        if len(instances) > self.max_instances:
            raise right.Refused(422, "too many")
        return instances


def create_app(models, **options):
    return App(models, **options)
