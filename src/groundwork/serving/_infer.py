"""``POST /v2/models/{name}/infer``: the Open Inference Protocol on the core's own path.

Rule: the same admission, queue, batches and deadlines as ``/predict``; only what goes in and out is written otherwise.
"""

from functools import partial
from typing import Any

from groundwork.serving._block import counted
from groundwork.serving._body import refuse_encoded
from groundwork.serving._call import Response
from groundwork.serving._core import Core
from groundwork.serving._exchange import Exchange, Route
from groundwork.serving._infer_wire import HEAD_LENGTH_HEADER, InferRequest, read_request, write_answer
from groundwork.serving._outputs import outputs_of


class Infer:
    """The infer routes of one app.

    Args:
        core: Of the app.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def model_routes(self) -> dict[str, Route]:
        """Return the routes below a model's path, by what follows it."""
        return {"infer": Route("/v2/models/{name}/infer", {"POST": self.infer}, limited=True)}

    def infer(self, exchange: Exchange) -> None:
        """Put the rows of the tensors into the model's queue."""
        call, options = exchange.call, self._core.options
        hosted = self._core.pick(exchange)
        refuse_encoded(call.headers)
        request = read_request(call.body, call.headers.get(HEAD_LENGTH_HEADER))
        for tensor in request.inputs.values():
            if tensor.shape:
                counted(tensor.shape[0], options.max_instances)
        block = hosted.adapter.tensors(request.inputs)
        blocks = (
            [block] if block.rows <= options.max_batch_rows else hosted.adapter.split(block, options.max_batch_rows)
        )
        exchange.post(hosted.batcher, blocks, partial(_answer, request))
        if hosted.shadow is not None:
            hosted.shadow.mirror(lambda adapter: adapter.tensors(request.inputs))


def _answer(request: InferRequest, exchange: Exchange, answer: Any) -> Response:
    hosted = exchange.hosted
    outputs = outputs_of(answer)
    body, head_length = write_answer(hosted.name, hosted.adapter.version, outputs, request)
    if head_length is None:
        return Response(body)
    return Response(
        body, content_type=b"application/octet-stream", headers=((HEAD_LENGTH_HEADER, b"%d" % head_length),)
    )
