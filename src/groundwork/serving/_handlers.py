"""What the routes beside prediction answer.

Rule: a handler has its whole response at once; it waits for nothing and asks no model.
"""

from urllib.parse import parse_qsl

import msgspec

from groundwork.serving._call import Response
from groundwork.serving._describe import metadata
from groundwork.serving._exchange import Exchange, Route, at_once
from groundwork.serving._metrics import Metrics
from groundwork.serving._models import Models
from groundwork.serving._openapi import ModelApi, openapi
from groundwork.serving._options import AppOptions
from groundwork.serving._page import PageModel, page
from groundwork.serving._problem import Problem


class Handlers:
    """The routes of one app that ask no model.

    Args:
        models: Of the app.
        metrics: Of the app.
        options: Of the app.

    Attributes:
        draining: The server is about to stop and says that it is not ready.
        waits_for: What else has to be ready before this server is, or "".
    """

    def __init__(self, models: Models, metrics: Metrics, options: AppOptions) -> None:
        self.draining = False
        self.waits_for = ""
        self._models = models
        self._metrics = metrics
        self._options = options
        self._encode = msgspec.json.encode

    def routes(self) -> dict[str, Route]:
        """Return the routes by path."""
        return {
            "/v2/health/live": Route("/v2/health/live", {"GET": at_once(self.live)}, open=True),
            "/v2/health/ready": Route("/v2/health/ready", {"GET": at_once(self.ready)}, open=True),
            "/metrics": Route("/metrics", {"GET": at_once(self.exposition)}),
            "/openapi.json": Route("/openapi.json", {"GET": at_once(self.openapi)}),
            "/": Route("/", {"GET": at_once(self.page)}),
        }

    def model_routes(self) -> dict[str, Route]:
        """Return the routes below a model's path, by what follows it."""
        return {"": Route("/v2/models/{name}", {"GET": at_once(self.model)})}

    def live(self, exchange: Exchange) -> Response:
        """``GET /v2/health/live``: the process answers."""
        return Response(b'{"live":true}')

    def ready(self, exchange: Exchange) -> Response:
        """``GET /v2/health/ready``: every model is loaded and warm, and the server is not about to stop."""
        waiting = self._models.waiting()
        if not (self.draining or waiting or self.waits_for):
            return Response(b'{"ready":true}')
        detail = "the server is stopping" if self.draining else f"still loading: {', '.join(waiting) or self.waits_for}"
        raise Problem(503, "not_ready", detail, headers=[(b"retry-after", b"1")])

    def model(self, exchange: Exchange) -> Response:
        """``GET /v2/models/{name}``: what a model is and takes."""
        hosted = self._models.pick(exchange.name, exchange.version, exchange.call)
        versions = self._models.versions(hosted.name)
        return Response(self._encode(metadata(hosted.name, hosted.adapter, versions, hosted.outputs)))

    def exposition(self, exchange: Exchange) -> Response:
        """``GET /metrics``: for Prometheus."""
        return Response(self._metrics.exposition(), content_type=self._metrics.content_type)

    def openapi(self, exchange: Exchange) -> Response:
        """``GET /openapi.json``: the API's description; of one model by ``?model=``."""
        query = dict(parse_qsl(exchange.call.query.decode("latin-1")))
        named = query.get("model")
        names = [self._models.pick(named, None, None).name] if named is not None else dict(self._models.items())
        options = self._options
        models = [self._api(name) for name in names]
        keys = bool(options.api_keys)
        return Response(self._encode(openapi(options.title, models, keys=keys, max_instances=options.max_instances)))

    def page(self, exchange: Exchange) -> Response:
        """``GET /``: a page to try and watch the models."""
        loading = self._models.waiting()
        names = [name for name, _ in self._models.items() if name not in loading]
        html, policy = page(self._options.title, [self._shown(name) for name in names], loading)
        return Response(
            html,
            content_type=b"text/html; charset=utf-8",
            headers=((b"content-security-policy", policy), (b"x-content-type-options", b"nosniff")),
        )

    def _api(self, name: str) -> ModelApi:
        versions = self._models.versions(name)
        hosted = self._models.pick(name, versions[0], None)
        told = metadata(name, hosted.adapter, versions, ())
        return ModelApi(name, versions, told["schema"], told["inputs"])

    def _shown(self, name: str) -> PageModel:
        versions = self._models.versions(name)
        picked = {version: self._models.pick(name, version, None) for version in versions}
        return PageModel(name, {version: hosted.adapter.input_schema() for version, hosted in picked.items()})
