"""One feature: what it is called, how it is computed, what its values must be.

Rule: a feature cannot change; another way to compute it is another version. What cannot work is refused when the
feature is made, before there is a table.
"""

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal

import polars as pl
from pydantic import ValidationError

from groundwork.data._expression import expression as parsed
from groundwork.data._feature_function import function_hash, function_inputs, function_path
from groundwork.data._feature_version import version_text
from groundwork.data._schema import Column
from groundwork.errors import ConfigurationError

RULES = ("nullable", "min", "max", "allowed", "regex")

FeatureKind = Literal["column", "expression", "code", "function"]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A column that a model reads, and how to come by it.

    Without ``expression`` and ``function`` it is the table's column of its own name.

    Attributes:
        name: Its name, which is that of its column.
        dtype: Type of the values, as ``schema.Column`` names them; what is computed is cast to it.
        version: Semantic version; two ways to compute a feature are two versions.
        owner: Who answers for it.
        description: What it says.
        expression: Text as ``expression()`` takes it, or a polars expression (which cannot be exported).
        function: Takes one polars Series for each input and returns one of the same length.
        inputs: Columns and features that it reads; found out from an expression, and from a function's parameters.
            Its own name among them is the table's column.
        rules: What the values must keep: nullable, min, max, allowed, regex, as in ``schema.Column``.
        importance: How much a model made of it.
        tags: Words to find it by.
        deprecated: Why it should not be used any more, and what instead.

    Raises:
        ConfigurationError: Something of it cannot work; the message has the feature's name.
    """

    name: str
    dtype: str
    version: str = "1.0.0"
    owner: str = ""
    description: str = ""
    expression: str | pl.Expr | None = field(default=None, compare=False)
    function: Callable[..., Any] | None = field(default=None, compare=False)
    inputs: tuple[str, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict, compare=False)
    importance: float | None = None
    tags: tuple[str, ...] = ()
    deprecated: str | None = None
    column: Column = field(init=False, repr=False)
    definition: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name or "@" in self.name:
            raise ConfigurationError(f"feature name {self.name!r} is not text, or empty, or holds @")
        self._require_texts()
        if self.expression is not None and self.function is not None:
            raise self._error("it has an expression and a function", "give one of the two")
        if self.function is not None and not callable(self.function):
            raise self._error(f"function {self.function!r} cannot be called", "pass the function itself")
        self._set("version", version_text(self.version))
        self._set("column", self._column())
        self._set("dtype", self.column.dtype)
        self._set("rules", _rules(self.column))
        self._set("tags", tuple(self.tags))
        self._set("inputs", self._inputs())
        self._set("definition", self._definition())
        if self.importance is not None:
            self._set("importance", self._number(self.importance))

    @property
    def kind(self) -> FeatureKind:
        """How it is computed: ``column``, ``expression`` (text), ``code`` (a polars expression) or ``function``."""
        if self.function is not None:
            return "function"
        if self.expression is None:
            return "column"
        return "expression" if isinstance(self.expression, str) else "code"

    @property
    def key(self) -> str:
        """Name and version, as ``speed@1.2.0``."""
        return f"{self.name}@{self.version}"

    @property
    def source_hash(self) -> str | None:
        """Hash of the function's source; None where there is no function or no source."""
        return None if self.function is None else function_hash(self.function)

    @property
    def polars(self) -> pl.Expr:
        """The expression, of a feature that is no function."""
        if self.expression is None:
            return pl.col(self.name)
        return self.expression if isinstance(self.expression, pl.Expr) else parsed(self.expression)

    def same_values(self, other: "Feature") -> bool:
        """Tell whether another feature computes the same values under the same rules.

        Args:
            other: The other; its words and its importance do not count.
        """
        return (self.definition, self.inputs, self.column) == (other.definition, other.inputs, other.column)

    def _require_texts(self) -> None:
        for name in ("owner", "description", "deprecated"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (value is None and name == "deprecated"):
                raise self._error(f"{name} {value!r} is no text", "write text")
        for name in ("inputs", "tags"):
            value = getattr(self, name)
            if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
                raise self._error(f"{name} {value!r} is no list of texts", f"write {name}=['…']")

    def _column(self) -> Column:
        if not isinstance(self.rules, Mapping):
            raise self._error(f"rules {self.rules!r} are no mapping", "write rules={'min': 0}")
        unknown = [name for name in self.rules if name not in RULES]
        if unknown:
            raise self._error(f"there is no rule {unknown[0]!r}", f"rules are {', '.join(RULES)}")
        try:
            plain = {name: _plain(value) for name, value in self.rules.items()}
            return Column.model_validate({"dtype": self.dtype, **plain})
        except ValidationError as error:
            told = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
            raise self._error(told, "see docs/data.md for the rules of columns") from None

    def _inputs(self) -> tuple[str, ...]:
        if self.function is not None:
            return tuple(self.inputs) or function_inputs(self.function)
        try:
            read = tuple(dict.fromkeys(self.polars.meta.root_names()))
        except ConfigurationError as error:
            raise self._error(error.message, error.hint) from None
        if isinstance(self.expression, pl.Expr) and self.expression.meta.has_multiple_outputs():
            raise self._error(f"{self.expression} gives several columns", "one feature is one column")
        if self.inputs and set(self.inputs) != set(read):
            raise self._error(
                f"inputs are {', '.join(self.inputs)}, and it reads {', '.join(read)}", "leave inputs out"
            )
        return read

    def _definition(self) -> str:
        if self.function is not None:
            return f"{function_path(self.function)} ({self.source_hash or 'source unknown'})"
        return str(self.expression if self.expression is not None else f"the column {self.name}")

    def _number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise self._error(f"importance {value!r} is no number", "give a finite number")
        return float(value)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _error(self, problem: str, hint: str | None) -> ConfigurationError:
        return ConfigurationError(f"feature {self.name}: {problem}", hint=hint, context={"feature": self.name})


def _rules(column: Column) -> dict[str, Any]:
    """Give the rules that say something, as YAML writes them."""
    said = {name: getattr(column, name) for name in RULES}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    return {name: value for name, value in plain.items() if value != Column.model_fields[name].default}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
