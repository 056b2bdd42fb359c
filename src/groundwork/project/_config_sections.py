"""The sections of a pipeline.yaml, one model each.

Rule: every field is described, unknown keys are refused, and a value is never converted (``"6"`` is text, not six).
The descriptions go into the JSON schema, so editors show them.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from groundwork.data import Schema
from groundwork.environment import NAME_PATTERN

STEP_NAMES = ("environment", "load", "split", "profile", "train", "evaluate", "checkpoint")

# Of each task the metrics that gates and retention may name, and whether more is better.
METRICS: dict[str, dict[str, bool]] = {
    "classification": {
        "roc_auc": True,
        "average_precision": True,
        "brier": False,
        "log_loss": False,
        "calibration_error": False,
        "accuracy": True,
        "precision": True,
        "recall": True,
        "f1": True,
    },
    "regression": {"r2": True, "mae": False, "rmse": False},
}

GATE_PATTERN = r"^(>=|<=|>|<)\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$"
PLUGIN_PATTERN = rf"^{NAME_PATTERN}$"
ESTIMATOR_PATTERN = rf"^([A-Za-z_]\w*(\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*|{NAME_PATTERN})$"

Name = Annotated[str, Field(min_length=1)]
Expression = Annotated[str, Field(min_length=1)]
_OneOrMore = Annotated[
    list[Name],
    Field(min_length=1),
    BeforeValidator(
        lambda value: [value] if isinstance(value, str) else value,
        json_schema_input_type=Name | Annotated[list[Name], Field(min_length=1)],
    ),
]
NullValues = Annotated[list[str], Field(description="Cell texts that mean a missing value, as NA.")]


class Section(BaseModel):
    """What all sections share: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Source(Section):
    """The table that the project learns from."""

    path: Name = Field(description="The file (csv, parquet; .gz, .zst, .zip too), relative to this pipeline.yaml.")
    null_values: NullValues = Field(default_factory=list)
    member: str | None = Field(default=None, description="Which file inside a .zip; needed only if there are several.")
    on_invalid: Literal["error", "drop", "quarantine"] = Field(
        default="error",
        description="Rows that break the schema stop the run, are left out, or are left out and kept in a file.",
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Expected SHA-256 of the file; another file stops the run."
    )


class Join(Section):
    """A second table whose columns are looked up for each row; a row without a match keeps nulls there."""

    name: Name = Field(description="What the run, the report and the served model call this table.")
    path: Name = Field(description="The file, relative to this pipeline.yaml.")
    null_values: NullValues = Field(default_factory=list)
    on: Annotated[list[Name], Field(min_length=1)] = Field(
        description="Columns that both tables have and that name a row of this one."
    )
    columns: Annotated[list[Name] | None, BeforeValidator(lambda value: None if value == "all" else value)] = Field(
        default=None, description="The columns to take; all (or absent): every column that is not in `on`."
    )
    table_schema: Schema | None = Field(default=None, alias="schema", description="The columns of this table.")


class Deduplicate(Section):
    """Which rows count as one."""

    kind: Literal["exact", "off"] = Field(
        default="exact", description="exact: equal rows are kept once. off: all stay."
    )
    columns: list[Name] | None = Field(default=None, description="Compare these columns only; all if absent.")


class Split(Section):
    """Which rows train, which are looked at on the way, and which give the figure that is reported."""

    kind: Literal["random", "stratified", "group", "stratified-group", "time"] = Field(
        description="random; stratified (classes keep their shares); group (a group stays on one side); "
        "stratified-group (both); time (later rows test)."
    )
    column: Name | None = Field(
        default=None,
        description="The column of time; for stratified and stratified-group the classes, the target if absent.",
    )
    group: Name | None = Field(default=None, description="The column of groups; a group may also stand in `column`.")
    key: _OneOrMore | None = Field(
        default=None,
        description="One or more columns that say which row it is: a hash of them decides, so that new rows move none. "
        "Only for random and stratified.",
    )
    unit: Annotated[str, Field(pattern=r"^[1-9]\d*(s|m|h|d|w|mo|q|y)$")] | None = Field(
        default=None, description="Rows of one span of time, as 1d, are never parted. Only for a split by time."
    )
    test: Annotated[float, Field(gt=0, lt=1)] = Field(default=0.15, description="Share of the rows that test.")
    validation: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.15, description="Share of the rows that validate."
    )


class Leakage(Section):
    """What happens when the features give the answer away or the parts of the split know of each other."""

    policy: Literal["error", "warn", "off"] = Field(
        default="warn", description="error: the run fails. warn: the run says so and goes on. off: nobody looks."
    )
    groups: dict[Name, Expression] = Field(
        default_factory=dict,
        description="What must not sit on both sides, by name: a polars expression for each, as the day of a time.",
    )


class EarlyStopping(Section):
    """When to stop adding rounds, by the validation rows of the split."""

    patience: Annotated[int, Field(ge=1)] = Field(
        default=10, description="So many rounds without a better score end the training."
    )
    min_gain: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="A score is better if it is greater by more than this."
    )
    max_rounds: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="At most so many rounds; the estimator's max_iter or n_estimators if absent."
    )


class Model(Section):
    """What is trained."""

    estimator: Annotated[str, Field(pattern=ESTIMATOR_PATTERN)] = Field(
        description="Import path of a scikit-learn estimator, as sklearn.ensemble.HistGradientBoostingClassifier; or "
        "the name of a plugin."
    )
    params: dict[Name, Any] = Field(default_factory=dict, description="Keyword arguments of the estimator.")
    class_weight: Literal["balanced"] | None = Field(
        default=None, description="balanced: each class counts as much as any other, however few its rows."
    )
    early_stopping: EarlyStopping | None = Field(
        default=None, description="Stop when the validation rows say so, and keep the best round."
    )


class Threshold(Section):
    """From which probability on a prediction says yes; chosen on the validation rows, never on the test rows."""

    by: Literal["f1", "youden", "accuracy", "fixed"] = Field(
        default="f1", description="What the threshold makes best; fixed: it is `value`."
    )
    value: Annotated[float, Field(gt=0, lt=1)] | None = Field(default=None, description="The threshold, if fixed.")


class Keep(Section):
    """Which checkpoints stay."""

    last: Annotated[int, Field(ge=1)] = Field(default=3, description="How many of the newest stay.")
    best: Name | None = Field(default=None, description="The one best by this metric stays as well.")


class Checkpoint(Section):
    """How models are kept."""

    keep: Keep = Field(default_factory=Keep, description="Which checkpoints stay.")


class RetryPolicy(Section):
    """How often a step is tried, and how long to wait between."""

    attempts: Annotated[int, Field(ge=1)] = Field(default=3, description="Attempts in all, the first included.")
    initial_s: Annotated[float, Field(ge=0)] = Field(default=0.5, description="Seconds before the second attempt.")
    cap_s: Annotated[float, Field(ge=0)] = Field(default=30.0, description="No wait is longer than this.")


class StepPolicy(Section):
    """What happens when a step fails or takes long."""

    retry: RetryPolicy | None = Field(default=None, description="Try again after a transient failure; absent: never.")
    timeout_s: Annotated[float, Field(gt=0)] | None = Field(default=None, description="Seconds the step may take.")
    optional: bool = Field(default=False, description="If it fails, the run goes on and ends PARTIAL_FAILURE.")


class ExtraStep(StepPolicy):
    """A step of a plugin: where it runs, what it is given, and what happens when it fails."""

    after: Literal["environment", "load", "split", "profile", "train", "evaluate", "checkpoint"] = Field(
        default="checkpoint", description="The step that it follows; of several, in the order of the file."
    )
    params: dict[Name, Any] = Field(default_factory=dict, description="Keyword arguments of the step.")


class FallbackPolicy(StepPolicy):
    """What happens when a step fails for which an earlier run can stand in."""

    fallback: Literal["none", "previous"] = Field(
        default="none",
        description="previous: if it fails, what an earlier good run with the same configuration made serves instead, "
        "and the run ends PARTIAL_FAILURE.",
    )
    max_age: Annotated[str, Field(pattern=r"^[1-9]\d*(m|h|d|w)$")] | None = Field(
        default=None, description="Of fallback: previous, nothing older serves, as 12h, 7d; absent: any age."
    )


class Steps(Section):
    """The steps of a run, in their order, and the policy of each."""

    environment: StepPolicy = Field(default_factory=StepPolicy, description="Check and fingerprint the environment.")
    load: FallbackPolicy = Field(
        default_factory=FallbackPolicy, description="Read, validate, join, derive, deduplicate."
    )
    split: StepPolicy = Field(default_factory=StepPolicy, description="Split and look for leakage.")
    profile: StepPolicy = Field(default_factory=StepPolicy, description="Describe every column.")
    train: FallbackPolicy = Field(default_factory=FallbackPolicy, description="Fit preprocessing and model.")
    evaluate: StepPolicy = Field(default_factory=StepPolicy, description="Metrics on the test rows, and the gates.")
    checkpoint: StepPolicy = Field(default_factory=StepPolicy, description="Save the model.")

    def policy(self, name: str) -> StepPolicy:
        """Return the policy of one step.

        Args:
            name: One of ``STEP_NAMES``.

        Returns:
            What the file says, or the default.
        """
        policy: StepPolicy = getattr(self, name)
        return policy


GateText = Annotated[str, Field(pattern=GATE_PATTERN)]


@dataclass(frozen=True)
class Gate:
    """A bound that a metric of the test rows must keep.

    Attributes:
        metric: Name of the metric.
        operator: ``>=``, ``<=``, ``>`` or ``<``.
        value: The bound.
    """

    metric: str
    operator: str
    value: float

    @classmethod
    def parse(cls, metric: str, text: str) -> "Gate":
        """Read a gate as pipeline.yaml writes it.

        Args:
            metric: Name of the metric.
            text: Operator and number, as ``>= 0.66``, matching ``GATE_PATTERN``.

        Returns:
            The gate.
        """
        operator = re.match(r"[<>]=?", text)
        found = operator.group() if operator else ""
        return cls(metric, found, float(text.removeprefix(found)))

    def passes(self, value: float) -> bool:
        """Say whether a measured value keeps the bound; a NaN never does.

        Args:
            value: The metric on the test rows.

        Returns:
            True if it does.
        """
        compared = {
            ">=": value >= self.value,
            "<=": value <= self.value,
            ">": value > self.value,
            "<": value < self.value,
        }
        return compared[self.operator]

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.value:g}"


def _spelled_out(key: str) -> BeforeValidator:
    """Let a section be given as one word, as ``leakage: error`` for ``leakage: {policy: error}``."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


ShortDeduplicate = Annotated[Deduplicate, _spelled_out("kind")]
ShortLeakage = Annotated[Leakage, _spelled_out("policy")]
