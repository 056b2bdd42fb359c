"""The whole of a pipeline.yaml as one frozen model.

Rule: two configurations with one digest run alike; where the file lies is not part of the digest.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from groundwork.data import Schema, expression_columns
from groundwork.modeling import PreprocessingSettings
from groundwork.project._config_sections import (
    Checkpoint,
    Deduplicate,
    Expression,
    ExtraStep,
    Gate,
    GateText,
    Join,
    Leakage,
    Model,
    Name,
    Section,
    ShortDeduplicate,
    ShortLeakage,
    Source,
    Split,
    StepPolicy,
    Steps,
    Threshold,
)
from groundwork.storage import dump_yaml


class ProjectConfig(Section):
    """A project: its data, its model, and what a run of it must keep."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")] = Field(description="Name of project and model.")
    description: str | None = Field(default=None, description="What it predicts, for people.")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(default=0, description="All randomness comes from it.")
    source: Source = Field(description="The table that the project learns from.")
    table_schema: Schema | None = Field(
        default=None, alias="schema", description="The columns of the source; each is read and checked as declared."
    )
    joins: list[Join] = Field(default_factory=list, description="Tables whose columns are looked up, in this order.")
    derive: dict[Name, Expression] = Field(
        default_factory=dict,
        description="New columns: a polars expression for each, in order; later ones may use earlier ones.",
    )
    target: Expression = Field(
        description="The column to predict, or a polars expression. Rows where it is null are dropped."
    )
    task: Literal["classification", "regression"] = Field(
        default="classification", description="Two classes with a probability, or a number."
    )
    features: list[Name] | None = Field(
        default=None, description="The columns to learn from; if absent, all but `exclude` and those of the target."
    )
    exclude: list[Name] = Field(default_factory=list, description="Columns that the model must not see.")
    deduplicate: ShortDeduplicate = Field(
        default_factory=Deduplicate, description="Which rows count as one: exact, off, or kind and columns."
    )
    split: Split = Field(description="Which rows train, validate and test.")
    leakage: ShortLeakage = Field(
        default_factory=Leakage, description="What a leak does: error, warn, off, or policy and groups."
    )
    preprocessing: PreprocessingSettings = Field(
        default_factory=PreprocessingSettings, description="How columns become numbers."
    )
    model: Model = Field(description="What is trained.")
    threshold: Threshold = Field(
        default_factory=Threshold, description="From which probability on a prediction says yes."
    )
    gates: dict[Name, GateText] = Field(
        default_factory=dict, description='Bounds that the test rows must keep, as `roc_auc: ">= 0.66"`.'
    )
    metrics: list[Name] = Field(
        default_factory=list, description="Metrics of plugins to compute on the test rows; those of gates are anyway."
    )
    checkpoint: Checkpoint = Field(default_factory=Checkpoint, description="How models are kept.")
    steps: Steps = Field(default_factory=Steps, description="Retry, time limit, fallback of each step.")
    extra_steps: dict[Name, ExtraStep] = Field(
        default_factory=dict, description="Steps of plugins, by name, between the others."
    )

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self._folder

    def path_of(self, relative: str) -> Path:
        """Return where a file that the configuration names lies.

        Args:
            relative: The path as pipeline.yaml gives it.

        Returns:
            The path from the project's folder; an absolute one unchanged.
        """
        return self._folder / relative

    def policy(self, step: str) -> StepPolicy:
        """Return the policy of one step, be it of a plugin.

        Args:
            step: Its name.
        """
        return self.extra_steps[step] if step in self.extra_steps else self.steps.policy(step)

    @property
    def parsed_gates(self) -> tuple[Gate, ...]:
        """The gates in the order of the file."""
        return tuple(Gate.parse(metric, text) for metric, text in self.gates.items())

    @property
    def target_is_expression(self) -> bool:
        """Whether the target is computed; else it is the name of a column."""
        return "pl." in self.target

    @property
    def target_columns(self) -> frozenset[str]:
        """The columns that the target is made of; they are never features."""
        return frozenset(expression_columns(self.target)) if self.target_is_expression else frozenset({self.target})

    def feature_columns(self, available: Iterable[str]) -> list[str]:
        """Choose the features among the columns of the joined and derived table.

        Args:
            available: The columns that there are.

        Returns:
            ``features`` if given, else all that are neither excluded nor part of the target, in the order given.
        """
        hidden = self.target_columns.union(self.exclude)
        return list(self.features) if self.features is not None else [name for name in available if name not in hidden]

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain data, defaults filled in.

        Returns:
            Names as in pipeline.yaml; what is absent and has no default is left out.
        """
        unused = {"threshold"} if self.task == "regression" else set()
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=unused)

    def to_yaml(self) -> str:
        """Return the configuration as YAML, defaults filled in, that ``load_config`` reads back equal.

        Returns:
            The text; the same configuration gives the same text.
        """
        return dump_yaml(self.to_dict())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON; derive and joins count in their order, as it matters there."""
        ordered = {**self.to_dict(), "derive": list(self.derive.items())}
        text = json.dumps(ordered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
