"""A groundwork model of tables behind the server.

Rule: a row is held against the schema of the training rows: types, gaps and the rules for values. The quick way admits
only what the model's own ``parse`` admits, with the same result; what it does not admit goes there, to be read after
all or to be refused with every mistake named by row and column. Cost: about a microsecond a row of ten columns.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import polars as pl

from groundwork.serving._block import Block, Tensor, TensorSpec, counted
from groundwork.serving._blockwise import BlockwiseAdapter, Results, instances_of
from groundwork.serving._tensor_rows import instances_of_tensors

if TYPE_CHECKING:
    from groundwork.modeling import TabularModel

_DATATYPES = {"Int": "INT", "UInt": "UINT", "Float": "FP"}
_LARGEST = 2**63 - 1


class TableAdapter(BlockwiseAdapter):
    """A model that takes raw rows.

    Args:
        model: As ``modeling.load_model`` returns it.
    """

    def __init__(self, model: "TabularModel") -> None:
        self._model = model
        self.version = model.version or "1"
        self.pure = type(model.estimator).__module__.startswith("sklearn.")
        self._names = [column.name for column in model.input_columns]
        fields: list[Any] = []
        for at, column in enumerate(model.input_columns):
            kind = _type_of(column.dtype)
            fields.append((f"c{at}", kind | None, None) if column.optional else (f"c{at}", kind))
        row = msgspec.defstruct(
            "Row",
            fields,
            # Otherwise those that may be absent would have to come last.
            kw_only=True,
            rename={f"c{at}": name for at, name in enumerate(self._names)},
        )
        body = msgspec.defstruct("Body", [("instances", list[row])], forbid_unknown_fields=True)  # type: ignore[valid-type]
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(body).decode
        self._after: list[tuple[int, Callable[[Any], Any] | None, Callable[[Any], str | None] | None]] = []
        for at, column in enumerate(model.input_columns):
            # msgspec has no type for these, or one that takes other texts than ``parse`` does.
            read = column.read if column.dtype.is_temporal() or column.dtype == pl.UInt64 else None
            if read is not None or column.check is not None:
                self._after.append((at, read, column.check))

    @cached_property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """One tensor for each column."""
        return tuple(TensorSpec(column.name, _datatype(column.dtype), (-1,)) for column in self._model.input_columns)

    @cached_property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The prediction, and the probability of the positive class."""
        spec = self._model.spec
        if spec.task == "regression":
            return (TensorSpec("prediction", "FP64", (-1,)),)
        kind = {bool: "BOOL", int: "INT64"}.get(type(spec.classes[1]), "BYTES")
        return (TensorSpec("prediction", kind, (-1,)), TensorSpec("probability", "FP64", (-1,)))

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of one row."""
        return self._model.input_schema()

    def decode(self, body: bytes, *, max_instances: int) -> Block:
        """Return the rows of a ``/predict`` body."""
        try:
            instances = self._decode(body).instances
            counted(len(instances), max_instances)
            rows = [list(msgspec.structs.astuple(instance)) for instance in instances]
            if self._after and not self._admitted(rows):
                return self.parse(instances_of(body, max_instances))
        except msgspec.ValidationError:
            # A number is written otherwise, or there is a mistake, which is to be named together with all others.
            return self.parse(instances_of(body, max_instances))
        return Block(len(rows), rows)

    def parse(self, instances: list[Any]) -> Block:
        """Let the model parse."""
        rows = self._model.parse(instances)
        return Block(len(rows), [[row[name] for name in self._names] for row in rows])

    def tensors(self, inputs: Mapping[str, Tensor]) -> Block:
        """Return the rows of one tensor for each column."""
        return self.parse(instances_of_tensors(inputs))

    def _join(self, parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else [row for part in parts for row in part]

    def _run(self, data: Any) -> Results:
        return self._model.predict_rows(data)

    def _admitted(self, rows: list[list[Any]]) -> bool:
        """Read what JSON has no type for, in place, and hold the rules against every value."""
        for at, read, check in self._after:
            for row in rows:
                value = row[at]
                if value is None:
                    continue
                if read is not None:
                    try:
                        row[at] = value = read(value)
                    except (TypeError, ValueError, OverflowError):
                        return False
                if check is not None and check(value) is not None:
                    return False
        return True


def _type_of(dtype: pl.DataType) -> Any:
    if dtype.is_integer():
        low, high = pl.select(low=pl.lit(0, dtype).lower_bound(), high=pl.lit(0, dtype).upper_bound()).row(0)
        return Annotated[int, msgspec.Meta(ge=low, le=high if high <= _LARGEST else None)]
    if dtype.is_float():
        return float
    if dtype == pl.Boolean:
        return bool
    return str


def _datatype(dtype: pl.DataType) -> str:
    if dtype == pl.Boolean:
        return "BOOL"
    name = str(dtype)
    kind = name.rstrip("0123456789")
    return _DATATYPES[kind] + name[len(kind) :] if kind in _DATATYPES else "BYTES"
