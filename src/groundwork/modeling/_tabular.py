"""A model that takes raw rows.

Rule: a row means the same in training, in a file and in a request, as one code prepares all three; and its prediction
does not depend on the other rows of its batch. Cost: one row in about 6 ms, of which scikit-learn takes two thirds; a
batch of 64 hardly more.
"""

import io
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import ValidationError

from groundwork.data import dtype_of
from groundwork.errors import CheckpointCorrupt, ConfigurationError, ModelNotFoundError, first_line
from groundwork.modeling._instances import InputColumn, Instance, InstanceReader, example_value, json_schema
from groundwork.modeling._key_index import KeyIndex
from groundwork.modeling._prepare import lookup_table, prepare_frame
from groundwork.modeling._rules import check_of, rule_schema
from groundwork.modeling._spec import RawColumn, TableSpec
from groundwork.modeling._threads import threads_for

if TYPE_CHECKING:
    from groundwork.storage import CheckpointInfo, CheckpointStore

_SPEC_FILE = "table_spec.json"
_SHOWN = 5


class TabularModel:
    """A fitted estimator with all that raw rows need to reach it.

    Args:
        estimator: As ``training.train`` returns it.
        spec: What raw rows are and become.
        tables: Look-up tables by join name, typed; narrowed to what the spec looks up.

    Raises:
        ConfigurationError: A look-up table or one of its columns is missing, or a classifier gives no probabilities of
            two classes.
    """

    def __init__(self, estimator: Any, spec: TableSpec, tables: Mapping[str, pl.DataFrame] | None = None) -> None:
        given = tables or {}
        absent = [join.name for join in spec.used_joins() if join.name not in given]
        if absent:
            raise ConfigurationError(f"the look-up tables {', '.join(absent)} are missing", hint="pass them as tables")
        classes = list(getattr(estimator, "classes_", ()))
        if spec.task == "classification" and len(classes) != 2:
            shown = ", ".join([*map(str, classes[:_SHOWN]), *(["…"] if len(classes) > _SHOWN else [])])
            raise ConfigurationError(
                f"{spec.name!r} is to tell two classes apart, but its estimator knows {len(classes)}: {shown}",
                hint="make the target a yes or no, as pl.col('arr_delay') > 15; for a number, task: regression",
            )
        if spec.task == "classification" and not hasattr(estimator, "predict_proba"):
            raise ConfigurationError(
                f"the estimator of {spec.name!r} gives no probabilities",
                hint="choose one with predict_proba, or wrap it in sklearn.calibration.CalibratedClassifierCV",
            )
        self.estimator = estimator
        self.spec = spec
        self.tables = {join.name: lookup_table(given[join.name], join) for join in spec.used_joins()}

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.spec.name

    @property
    def version(self) -> str:
        """Which training of it."""
        return self.spec.version

    def prepare(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Turn raw rows into features.

        Args:
            frame: Raw rows; columns typed, or text as a CSV has it. Other columns are ignored.

        Returns:
            One row each, in the same order.

        Raises:
            InvalidDataError: A required column is missing or a value does not fit; the context names row and column.
        """
        return prepare_frame(frame, self.spec, self.tables, indexes=self._indexes)

    def score_features(self, features: pl.DataFrame) -> NDArray[np.float64]:
        """Score rows that are prepared already.

        Args:
            features: As ``prepare`` returns them.

        Returns:
            Probability of the positive class, or the predicted number; shape (n,).
        """
        if features.height == 0:
            return np.empty(0)
        with threads_for(features.height):
            if self.spec.task == "regression":
                return np.asarray(self.estimator.predict(features), dtype=np.float64)
            return np.asarray(self.estimator.predict_proba(features)[:, 1], dtype=np.float64)

    def predict_frame(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Predict a table of raw rows.

        Args:
            frame: See ``prepare``.

        Returns:
            One row each, in the same order: ``prediction`` and, for classification, ``probability`` of the positive
            class.

        Raises:
            InvalidDataError: See ``prepare``.
        """
        score = pl.Series("probability", self.score_features(self.prepare(frame)))
        if self.spec.task == "regression":
            return score.alias("prediction").to_frame()
        negative, positive = self.spec.classes
        label = pl.when(score >= self.spec.threshold).then(pl.lit(positive)).otherwise(pl.lit(negative))
        return score.to_frame().select(label.alias("prediction"), "probability")

    def predict(self, batch: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Predict rows as they come in a request, all in one call of the estimator.

        Args:
            batch: Rows; those that ``parse`` returned are not checked again.

        Returns:
            One each: {"prediction", "probability"}, for regression {"prediction"}.

        Raises:
            InvalidDataError: See ``parse``.
        """
        rows = batch if all(type(row) is Instance for row in batch) else self.parse(list(batch))
        return self.predict_rows([[row[name] for name in self._dtypes] for row in rows])

    def predict_rows(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Predict rows whose values have been checked, all in one call of the estimator.

        Args:
            rows: Of each the values in the order of ``input_columns``, None where there is none.

        Returns:
            See ``predict``.
        """
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self._dtypes)
        # What no row brings along is looked up anyway, and merging nulls of nine columns costs as much as the look-up.
        brought = {
            name: pl.Series(name, values, dtype)
            for (name, dtype), values in zip(self._dtypes.items(), columns, strict=True)
            if name not in self._looked_up or any(value is not None for value in values)
        }
        return self.predict_frame(pl.DataFrame(brought)).to_dicts()

    @property
    def input_columns(self) -> list[InputColumn]:
        """The columns of a row as a request gives it, with what is known of their values."""
        return self._reader.columns

    def parse(self, instances: Sequence[Any]) -> list[Instance]:
        """Check rows as they come in a request.

        A column may be absent or null where the training rows had gaps, or where a join can look it up.

        Args:
            instances: Mappings of column to value; columns that the model does not use are ignored.

        Returns:
            The rows, for ``predict``.

        Raises:
            InvalidDataError: The context lists the ``mistakes`` with row, column and message.
        """
        return self._reader.read(instances)

    def input_schema(self) -> dict[str, Any]:
        """Describe one row as JSON schema.

        Returns:
            An object schema of the columns that the model uses, with an example.
        """
        properties = {name: json_schema(dtype, nullable=name in self._optional) for name, dtype in self._dtypes.items()}
        for name in self.spec.required_columns():
            column = self.spec.columns[name]
            properties[name] |= rule_schema(column, self._dtypes[name], nullable=name in self._optional)
        for join in self.spec.used_joins():
            for name in join.columns:
                properties[name]["description"] = f"Looked up in {join.name} by {', '.join(join.on)} if not given."
        given = self.spec.example or {}
        return {
            "type": "object",
            "title": self.name,
            "properties": properties,
            "required": [name for name in self._dtypes if name not in self._optional],
            "example": {
                name: given.get(name, None if given else _example_of(self.spec.columns[name], self._dtypes[name]))
                for name in self.spec.required_columns()
            },
        }

    def save(
        self,
        store: "CheckpointStore",
        *,
        step: int,
        metrics: Mapping[str, float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        fingerprints: Mapping[str, Any] | None = None,
    ) -> "CheckpointInfo":
        """Save estimator, spec and look-up tables as one checkpoint.

        Args:
            store: Where to.
            step: Number of the checkpoint.
            metrics: Figures to keep with it; retention may go by one.
            metadata: Further facts.
            fingerprints: What the model came from, as ``{"data": "sha256:…"}``.

        Returns:
            What the store says of it.

        Raises:
            StorageError: See ``CheckpointStore.save``.
        """
        files: dict[str, bytes | Path] = {_SPEC_FILE: self.spec.model_dump_json(indent=1).encode()}
        for name, table in self.tables.items():
            buffer = io.BytesIO()
            table.write_parquet(buffer)
            files[_table_file(name)] = buffer.getvalue()
        return store.save(
            self.estimator, step=step, metrics=metrics, metadata=metadata, files=files, fingerprints=fingerprints
        )

    @cached_property
    def _dtypes(self) -> dict[str, pl.DataType]:
        raw = {name: dtype_of(self.spec.columns[name].dtype) for name in self.spec.required_columns()}
        joined = {name: self.tables[join.name].schema[name] for join in self.spec.used_joins() for name in join.columns}
        return raw | joined

    @cached_property
    def _looked_up(self) -> frozenset[str]:
        return frozenset(self.spec.optional_columns())

    @cached_property
    def _indexes(self) -> dict[str, KeyIndex]:
        return {join.name: KeyIndex(self.tables[join.name], join) for join in self.spec.used_joins()}

    @cached_property
    def _optional(self) -> frozenset[str]:
        nullable = (name for name in self.spec.required_columns() if self.spec.columns[name].nullable)
        return frozenset(self.spec.optional_columns()).union(nullable)

    @cached_property
    def _reader(self) -> InstanceReader:
        checks = {name: check_of(self.spec.columns[name], self._dtypes[name]) for name in self.spec.required_columns()}
        return InstanceReader(
            self._dtypes, self._optional, {name: check for name, check in checks.items() if check is not None}
        )


def load_model(folder: str | Path, *, trust: bool = False) -> TabularModel:
    """Load a model from a checkpoint folder, its hashes verified.

    Args:
        folder: The folder of one checkpoint.
        trust: Load types that the checkpoint format does not know to be harmless.

    Returns:
        The model; the same predictions as when it was saved. Without a version in its spec, the step is its version.

    Raises:
        ModelNotFoundError: The checkpoint holds an estimator without a table spec.
        CheckpointCorrupt: Files differ from the manifest, or the spec cannot be read.
        CheckpointNotFoundError: There is no checkpoint in this folder.
        UnsafeCheckpoint: Types that nobody has trusted.
        VersionSkew: Written by a version that cannot be read safely.
    """
    from groundwork.storage import load_checkpoint

    checkpoint = load_checkpoint(Path(folder), trust=trust)
    attached = Path(checkpoint.info.path) / "files"
    if _SPEC_FILE not in checkpoint.info.files:
        raise ModelNotFoundError(
            f"checkpoint {folder} holds no table spec, so raw rows cannot be prepared for it",
            hint="load its estimator with groundwork.storage.load_checkpoint",
        )
    try:
        spec = TableSpec.model_validate(json.loads((attached / _SPEC_FILE).read_bytes()))
        tables = {
            join.name: pl.read_parquet(attached / _table_file(join.name), glob=False) for join in spec.used_joins()
        }
    except (ValueError, ValidationError, ConfigurationError, OSError, pl.exceptions.PolarsError) as error:
        raise CheckpointCorrupt(
            f"checkpoint {folder}: its table spec or look-up tables cannot be read: {first_line(error)}"
        ) from error
    if not spec.version:
        spec = spec.model_copy(update={"version": str(checkpoint.info.step)})
    return TabularModel(checkpoint.model, spec, tables)


def _example_of(column: RawColumn, dtype: pl.DataType) -> Any:
    known = [*(column.allowed or ()), column.min, column.max]
    return next((value for value in known if value is not None), example_value(dtype))


def _table_file(name: str) -> str:
    return f"table-{name}.parquet"
