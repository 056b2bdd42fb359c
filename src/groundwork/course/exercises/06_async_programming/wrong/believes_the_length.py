"""Believes the length that a client says, and that every client says one."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_body_is_bounded",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def read(self, scope, receive):
        bound, length = self.max_body_bytes, int(dict(scope["headers"]).get(b"content-length", 0))
        self.max_body_bytes = bound if length > bound else 10**15
        try:
            return await super().read(scope, receive)
        finally:
            self.max_body_bytes = bound


def create_app(models, **options):
    return App(models, **options)
