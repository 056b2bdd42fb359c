"""Stand-ins until the parts that own these models are merged."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PreprocessingSettings(BaseModel):
    """How features become numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    categorical: Literal["ordinal", "onehot"] = "ordinal"
    numeric_impute: Literal["median", "mean"] | None = None
    scale: Literal["standard", "robust", "minmax"] | None = None
    min_frequency: int | None = Field(default=None, ge=1)
