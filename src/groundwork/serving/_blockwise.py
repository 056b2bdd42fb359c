"""Many blocks, one call of the model.

Rule: when the call fails it is halved until the rows at fault stand alone; the blocks they belong to get an exception
that names them, and every other block its answer. The good case costs one call.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from groundwork.errors import InvalidDataError, PredictionError
from groundwork.serving._block import Answer, Block, Tensor, TensorSpec, counted
from groundwork.serving._mistakes import Mistake, mistakes_of

Results: TypeAlias = "list[Any] | NDArray[Any] | dict[str, NDArray[Any]]"


class PredictRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /predict``."""

    instances: list[Any]


_decode = msgspec.json.Decoder(PredictRequest).decode


def instances_of(body: bytes, max_instances: int) -> list[Any]:
    """Return the instances of a ``/predict`` body as plain data.

    Args:
        body: JSON.
        max_instances: How many there may be.

    Returns:
        At least one.

    Raises:
        InvalidDataError: There are none, or too many.
        msgspec.ValidationError: It is JSON, but not ``{"instances": […]}``.
        msgspec.DecodeError: It is no JSON.
    """
    instances = _decode(body).instances
    counted(len(instances), max_instances)
    return instances


class BlockwiseAdapter(ABC):
    """An adapter whose model takes rows of any number in one call.

    A subclass says how rows are read, joined and predicted; data that ``[start:stop]`` does not cut by rows also how
    they are cut.
    """

    version = "1"
    pure = False

    @cached_property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What the Open Inference Protocol may send."""
        return ()

    @cached_property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gets back."""
        return (TensorSpec("predictions", "BYTES", (-1,)),)

    @abstractmethod
    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one instance."""

    @abstractmethod
    def parse(self, instances: list[Any]) -> Block:
        """Return the rows of instances that are decoded already."""

    @abstractmethod
    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of tensors by name."""

    @abstractmethod
    def _join(self, parts: list[Any]) -> Any:
        """Return the data of several blocks as the model takes it."""

    @abstractmethod
    def _run(self, data: Any) -> Results:
        """Return the model's results: a list or an array, one a row, or several arrays by name."""

    def _cut(self, data: Any, start: int, stop: int) -> Any:
        """Return some rows of joined data."""
        return data[start:stop]

    def decode(self, body: bytes, *, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body."""
        return self.parse(instances_of(body, max_instances))

    def split(self, block: Block, max_rows: int) -> list[Block]:
        """Return the block in pieces of at most so many rows."""
        if block.rows <= max_rows:
            return [block]
        data = self._join([block.data])
        starts = range(0, block.rows, max_rows)
        return [
            Block(min(max_rows, block.rows - start), self._cut(data, start, min(start + max_rows, block.rows)))
            for start in starts
        ]

    def predict(self, blocks: list[Block]) -> list[Answer]:
        """Return one answer for each block, in order."""
        data = self._join([block.data for block in blocks])
        total = sum([block.rows for block in blocks])
        failed: Exception | None = None
        try:
            results = self._run(data)
        except Exception as error:  # noqa: BLE001 - isolation is the point: a failure belongs to the rows that cause it
            failed = error
        if failed is not None:
            # Not in the handler, or the error of each half would carry that of the whole along, and the log with it.
            return self._isolated(blocks, data, total, failed)
        lengths = _lengths(results)
        if lengths != {total}:
            return [_wrong_length(lengths, total)] * len(blocks)
        if total == len(blocks) and type(results) is list:
            return [[result] for result in results]
        return _shared_out(results, blocks)

    def _isolated(self, blocks: list[Block], data: Any, total: int, error: Exception) -> list[Answer]:
        each = self._halved(data, 0, total, error)
        answers: list[Answer] = []
        causes: dict[type[BaseException], BaseException] = {}
        at = 0
        for block in blocks:
            answer = _answer(each[at : at + block.rows])
            if isinstance(answer, PredictionError) and answer.__cause__ is not None:
                # One cause stands for all of its kind in a batch, so that the log tells it once.
                answer.__cause__ = causes.setdefault(type(answer.__cause__), answer.__cause__)
            answers.append(answer)
            at += block.rows
        return answers

    def _halved(self, data: Any, start: int, stop: int, error: Exception) -> list[Any]:
        """Return a result or an exception for each of some rows, which failed together."""
        if stop - start == 1:
            return [error]
        middle = (start + stop) // 2
        each: list[Any] = []
        for first, last in ((start, middle), (middle, stop)):
            try:
                each += _by_row(self._run(self._cut(data, first, last)), last - first)
                continue
            except Exception as failure:  # noqa: BLE001 - as above
                failed = failure
            each += self._halved(data, first, last, failed)
        return each


def plain(results: Any) -> Results:
    """Return what a model gave as a list, an array or several arrays by name.

    Args:
        results: numpy's, polars', torch's or Python's own.

    Returns:
        A column of numbers as a list, which is what JSON's encoder is quick with; larger arrays as they are.
    """
    if isinstance(results, np.ndarray) and results.ndim > 1:
        return results
    if hasattr(results, "tolist"):
        results = results.tolist()
    return results if isinstance(results, list) else list(results)


def _shared_out(results: Any, blocks: list[Block]) -> list[Answer]:
    answers: list[Answer] = []
    at = 0
    for block in blocks:
        stop = at + block.rows
        if isinstance(results, dict):
            answers.append({name: result[at:stop] for name, result in results.items()})
        else:
            answers.append(results[at:stop])
        at = stop
    return answers


def _by_row(results: Any, count: int) -> list[Any]:
    lengths = _lengths(results)
    if lengths != {count}:
        raise _wrong_length(lengths, count)
    if isinstance(results, dict):
        return [{name: result[row] for name, result in results.items()} for row in range(count)]
    return list(results)


def _stacked(each: list[Any]) -> Answer:
    """Undo ``_by_row``."""
    first = each[0]
    if isinstance(first, np.ndarray):
        return np.stack(each)
    if isinstance(first, dict) and all(isinstance(value, np.generic | np.ndarray) for value in first.values()):
        return {name: np.stack([row[name] for row in each]) for name in first}
    return each


def _answer(each: list[Any]) -> Answer:
    """Return the answer of a block from those of its rows: one exception for all that failed."""
    failures = [(row, answer) for row, answer in enumerate(each) if isinstance(answer, Exception)]
    if not failures:
        return _stacked(each)
    mistakes: list[Mistake] = []
    for row, error in failures:
        if isinstance(error, InvalidDataError):
            mistakes += mistakes_of(error, row)
    if mistakes:
        return InvalidDataError("instances break the schema", context={"mistakes": mistakes})
    row, error = failures[0]
    failed = PredictionError(
        f"the model failed on instances[{row}]; the server's log says why", context={"row": row, "rows": len(failures)}
    )
    failed.__cause__ = error
    return failed


def _lengths(results: Any) -> set[int]:
    return {len(result) for result in results.values()} if isinstance(results, dict) else {len(results)}


def _wrong_length(lengths: set[int], total: int) -> PredictionError:
    told = " and ".join(map(str, sorted(lengths)))
    return PredictionError(
        f"predict returned {told} results for {total} rows", hint="Return one result for each row, in order."
    )
