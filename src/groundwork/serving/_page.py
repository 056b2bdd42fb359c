"""The page at ``/``: try the models without writing a client, and watch the server at work.

Rule: one file, nothing fetched from elsewhere, and a content security policy that admits these two elements alone by
their digests; what the page shows is data, put in as JSON that cannot close its element.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

from groundwork.serving._example import example


class PageModel(NamedTuple):
    """What the page shows of a model.

    Attributes:
        name: Under which it is served.
        versions: Version to the schema of one instance; the first is chosen at first.
    """

    name: str
    versions: Mapping[str, Mapping[str, Any]]


class Page(NamedTuple):
    """The page and what a browser may do with it."""

    html: bytes
    policy: bytes


def page(title: str, models: Sequence[PageModel], loading: Sequence[str] = ()) -> Page:
    """Return the page.

    Args:
        title: Its heading.
        models: Those that can be asked; the form is made from their schemas.
        loading: Names of those that cannot be asked yet.

    Returns:
        HTML, and its content security policy.
    """
    frame, style, script = _assets()
    data = {
        "loading": list(loading),
        "models": [
            {
                "name": model.name,
                "versions": [
                    {"version": version, "schema": schema, "example": example(schema)}
                    for version, schema in model.versions.items()
                ],
            }
            for model in models
        ],
    }
    shown = {
        "title": escape(title),
        "style": style,
        "models": json.dumps(data, default=str).replace("<", "\\u003c"),
        "script": script,
    }
    # In one go: what is put in for one mark is not searched for the next.
    pieces = frame.split("@")
    html = "".join(shown[piece] if index % 2 else piece for index, piece in enumerate(pieces))
    return Page(html.encode(), _policy(style, script))


@cache
def _assets() -> tuple[str, str, str]:
    folder = files("groundwork.serving") / "_assets"
    frame, style, form, live = (
        (folder / name).read_text(encoding="utf-8") for name in ("page.html", "page.css", "form.js", "live.js")
    )
    return frame, style, form + live


@cache
def _policy(style: str, script: str) -> bytes:
    """Allow these very elements, requests to the server itself, and nothing else."""
    style_digest, script_digest = (b64encode(sha256(text.encode()).digest()).decode() for text in (style, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style_digest}'; script-src 'sha256-{script_digest}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ).encode()
