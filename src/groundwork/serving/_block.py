"""What goes between the server and a model: tensors, blocks of rows, and the face of whatever can predict.

Rule: an adapter finds every mistake a client can make when it decodes, so that what its ``predict`` raises is the
model's own. The rows of one request stay together as one block, which costs the queue the same whatever their number.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError

Answer: TypeAlias = "list[Any] | NDArray[Any] | dict[str, NDArray[Any]] | Exception"
"""For one block: JSON-able predictions, one a row; an array, rows first; several arrays by name; or what went wrong."""


class TensorSpec(NamedTuple):
    """One input or output of a model, as the Open Inference Protocol describes it."""

    name: str
    datatype: str
    """FP64, INT64, BOOL, BYTES and so on."""
    shape: tuple[int, ...]
    """-1 where any length will do."""


class Tensor(NamedTuple):
    """One input of a request."""

    datatype: str
    shape: tuple[int, ...]
    data: Any
    """An array of that shape; for BYTES also a flat list of texts or bytes."""


class Block(NamedTuple):
    """The rows of one request, checked, as their adapter wants them."""

    rows: int
    data: Any


class Adapter(Protocol):
    """What the server asks of a model.

    Attributes:
        version: Of the model, for answers and metrics.
        pure: Computes from its input alone and in compiled code, so that it may be called on the server's own thread
            if it is quick.
        inputs: What the Open Inference Protocol may send.
        outputs: What it gets back.
    """

    version: str
    pure: bool

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What the Open Inference Protocol may send."""
        ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gets back."""
        ...

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""
        ...

    def decode(self, body: bytes, *, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body.

        Raises:
            InvalidDataError: Its context lists the ``mistakes``, each with row, column and message.
            msgspec.ValidationError: It is JSON, but not ``{"instances": […]}``.
            msgspec.DecodeError, UnicodeDecodeError, RecursionError: It is no JSON.
        """
        ...

    def parse(self, instances: list[Any]) -> Block:
        """Return the rows of instances that are decoded already; raises ``InvalidDataError`` as ``decode`` does."""
        ...

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of tensors by name; raises ``InvalidDataError`` for what the model does not take."""
        ...

    def split(self, block: Block, max_rows: int) -> list[Block]:
        """Return the block in pieces of at most so many rows."""
        ...

    def predict(self, blocks: list[Block]) -> list[Answer]:
        """Return one answer for each block, in order, from as few calls of the model as there can be."""
        ...


def predictions(answer: Any) -> list[Any]:
    """Return the JSON-able predictions of an answer, one a row.

    Args:
        answer: Not an exception.

    Returns:
        Plain data; for several outputs an object of them for each row.
    """
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict):
        names = list(answer)
        rows = zip(*(predictions(answer[name]) for name in names), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]
    return answer.tolist()  # type: ignore[no-any-return]


def join_answers(answers: Sequence[Any]) -> Any:
    """Return one answer for the pieces of one block.

    Args:
        answers: One a piece, in order, none of them an exception.

    Returns:
        An answer of the same kind.
    """
    first = answers[0]
    if len(answers) == 1:
        return first
    if isinstance(first, list):
        return [prediction for answer in answers for prediction in answer]
    if isinstance(first, dict):
        return {name: np.concatenate([answer[name] for answer in answers]) for name in first}
    return np.concatenate(answers)


def counted(count: int, max_instances: int) -> None:
    """Refuse no instances, and more than there may be.

    Args:
        count: How many there are.
        max_instances: How many there may be.

    Raises:
        InvalidDataError: They are none, or too many.
    """
    if 0 < count <= max_instances:
        return
    message = (
        f"has {count}; send at most {max_instances} at a time" if count else "is empty; send at least one instance"
    )
    raise InvalidDataError(
        f"instances {message}", context={"mistakes": [{"row": None, "column": None, "message": message}]}
    )
