"""What the Open Inference Protocol asks beside infer: of the server, and of its models.

Rule: a handler has its whole response at once. What a model's tensors are like is told by the model, or by what it
answered to the example at its start; nothing is promised that infer would not do.
"""

from typing import Any

import msgspec

from groundwork.errors import ModelNotReadyError
from groundwork.serving._call import Response
from groundwork.serving._describe import package_version
from groundwork.serving._exchange import Exchange, Route, at_once
from groundwork.serving._models import Models

EXTENSIONS = ("binary_tensor_data", "model_repository")


class Repository:
    """The routes of the protocol that ask no model.

    Args:
        models: Of the app.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._encode = msgspec.json.encode

    def routes(self) -> dict[str, Route]:
        """Return the routes by path."""
        return {
            "/v2": Route("/v2", {"GET": at_once(self.server)}),
            "/v2/repository/index": Route("/v2/repository/index", {"POST": at_once(self.index)}),
        }

    def model_routes(self) -> dict[str, Route]:
        """Return the routes below a model's path, by what follows it."""
        return {"ready": Route("/v2/models/{name}/ready", {"GET": at_once(self.ready)})}

    def server(self, exchange: Exchange) -> Response:
        """``GET /v2``: what serves, and which extensions it has."""
        return Response(self._encode({"name": "groundwork", "version": package_version(), "extensions": EXTENSIONS}))

    def ready(self, exchange: Exchange) -> Response:
        """``GET /v2/models/{name}/ready``: the model is loaded and warm."""
        hosted = self._models.pick(exchange.name, exchange.version, exchange.call)
        if not hosted.ready:
            raise ModelNotReadyError(f"model {hosted.name!r} is still loading", hint="Ask again in a moment.")
        return Response(self._encode({"name": hosted.name, "ready": True}))

    def index(self, exchange: Exchange) -> Response:
        """``POST /v2/repository/index``: which models there are."""
        found: list[dict[str, Any]] = []
        waiting = self._models.waiting()
        for name in dict(self._models.items()):
            if name in waiting:
                found.append({"name": name, "version": "", "state": "UNAVAILABLE", "reason": "still loading"})
                continue
            versions = self._models.versions(name)
            found += ({"name": name, "version": version, "state": "READY", "reason": ""} for version in versions)
        return Response(self._encode(found))
