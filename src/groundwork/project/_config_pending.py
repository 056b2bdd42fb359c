"""Stand-ins until the parts that own these models are merged."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Column(BaseModel):
    """One column of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dtype: str
    nullable: bool = True
    min: Any = None
    max: Any = None
    allowed: list[Any] | None = None
    regex: str | None = None
    unique: bool = False


class Schema(BaseModel):
    """The columns of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    columns: dict[str, Column]


class PreprocessingSettings(BaseModel):
    """How features become numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    categorical: Literal["ordinal", "onehot"] = "ordinal"
    numeric_impute: Literal["median", "mean"] | None = None
    scale: Literal["standard", "robust", "minmax"] | None = None
    min_frequency: int | None = Field(default=None, ge=1)
