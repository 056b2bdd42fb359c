"""scikit-learn's own transformers, made with defaults that hold in production.

Rule: an unknown category is never an error, a column that was missing everywhere stays in place, and what is drawn at
random is drawn from a seed; all else is scikit-learn's. Cost: scikit-learn is imported on the first call.
"""

import inspect
from typing import Any, Literal

import numpy as np

from groundwork.errors import ConfigurationError
from groundwork.modeling.preprocessing._choice import require_one_of

Impute = Literal["mean", "median", "most_frequent", "constant"]
"""What replaces a gap."""
Scale = Literal["standard", "robust", "minmax"]
"""To what numbers are brought: mean and deviation, median and quartiles, 0 to 1."""
Encode = Literal["onehot", "ordinal", "target"]
"""What a category becomes."""
TargetType = Literal["auto", "continuous", "binary", "multiclass"]
"""What is predicted: a number, one of two classes, or one of several."""


def imputer(
    how: Impute = "median", *, fill_value: float | str | None = None, indicator: bool = False, missing: Any = np.nan
) -> Any:
    """Make a transformer that fills gaps.

    Args:
        how: ``mean``, ``median``, ``most_frequent`` (of several the least) or ``constant``.
        fill_value: The constant.
        indicator: Add a column of 0 and 1 for every column that had gaps in training.
        missing: What a gap is; None for text.

    Returns:
        An unfitted ``sklearn.impute.SimpleImputer``; a column that was missing everywhere in training becomes 0, or
        the constant.

    Raises:
        ConfigurationError: There is no such way, or ``constant`` has no constant.
    """
    from sklearn.impute import SimpleImputer

    require_one_of(how, ("mean", "median", "most_frequent", "constant"), "the imputation")
    if (how == "constant") != (fill_value is not None):
        wrong = "without a fill_value" if how == "constant" else f"with the fill_value {fill_value!r}"
        raise ConfigurationError(
            f"the imputation is {how!r} {wrong}", hint="constant takes a fill_value, the others learn theirs"
        )
    return SimpleImputer(
        missing_values=missing,
        strategy=how,
        fill_value=fill_value,
        add_indicator=indicator,
        keep_empty_features=True,
    )


def scaler(how: Scale = "standard") -> Any:
    """Make a transformer that brings numbers to one scale; gaps stay gaps, and a constant becomes 0.

    Args:
        how: ``standard`` (mean 0, deviation 1), ``robust`` (median 0, quartiles 1 apart) or ``minmax`` (0 to 1 in
            training; other rows may lie outside).

    Returns:
        An unfitted ``StandardScaler``, ``RobustScaler`` or ``MinMaxScaler``.

    Raises:
        ConfigurationError: There is no such way.
    """
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    ways = {"standard": StandardScaler, "robust": RobustScaler, "minmax": MinMaxScaler}
    require_one_of(how, ways, "the scale")
    return ways[how]()


def encoder(
    how: Encode = "onehot",
    *,
    min_frequency: int | float | None = None,
    target_type: TargetType = "auto",
    smooth: float | Literal["auto"] = "auto",
    folds: int = 5,
    seed: int = 0,
) -> Any:
    """Make a transformer that turns categories into numbers.

    Args:
        how: ``onehot`` (a column a category; unknown ones are 0 in all), ``ordinal`` (their place among the sorted; NaN
            and unknown become NaN, but None, which scikit-learn does not take for missing, has a place of its own) or
            ``target`` (the mean of the target, shrunk towards that of all rows; unknown ones get the mean of all).
        min_frequency: For ``onehot`` and ``ordinal``: categories seen less often, or in a smaller share of the rows,
            are one.
        target_type: For ``target``; ``auto`` takes whole numbers for classes, so say ``continuous`` where they count.
        smooth: For ``target``: how many rows the mean of all counts for; ``auto`` by the variance.
        folds: For ``target``: ``fit_transform`` encodes each fold by what the others teach, so that no training row
            sees its own target.
        seed: For ``target``: which rows share a fold.

    Returns:
        An unfitted ``OneHotEncoder`` (dense), ``OrdinalEncoder`` or ``TargetEncoder``.

    Raises:
        ConfigurationError: There is no such way, or a number is out of range.
    """
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    require_one_of(how, ("onehot", "ordinal", "target"), "the encoding")
    if min_frequency is not None and not min_frequency > 0:
        raise ConfigurationError(
            f"min_frequency is {min_frequency}", hint="a number of rows from 1, or a share of them"
        )
    if how == "target":
        require_one_of(target_type, ("auto", "continuous", "binary", "multiclass"), "the type of the target")
        if folds < 2:
            raise ConfigurationError(f"folds is {folds}; rows are encoded by other folds", hint="2 or more, as folds=5")
        return _target_encoder(target_type, smooth, folds, seed)
    if how == "onehot":
        return OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=min_frequency, sparse_output=False)
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        min_frequency=min_frequency,
    )


def _target_encoder(target_type: TargetType, smooth: float | Literal["auto"], folds: int, seed: int) -> Any:
    from sklearn.model_selection import KFold
    from sklearn.preprocessing import TargetEncoder

    # Until 1.8 the folds were drawn by the encoder itself; from 1.9 on that is deprecated, and a splitter draws them.
    draws = inspect.signature(TargetEncoder).parameters["random_state"].default is None
    how = {"cv": folds, "random_state": seed} if draws else {"cv": KFold(folds, shuffle=True, random_state=seed)}
    return TargetEncoder(target_type=target_type, smooth=smooth, **how)
