"""Small real tables: those that come with scikit-learn, as polars frames.

Rule: real numbers, nothing downloaded, nothing written; a table is read once a process.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from groundwork.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

_LOADERS: dict[str, dict[str, bool]] = {
    "breast_cancer": {},
    "diabetes": {"scaled": False},
    "iris": {},
    "wine": {},
}
SmallName = Literal["breast_cancer", "diabetes", "iris", "wine"]


@dataclass(frozen=True, slots=True)
class SmallData:
    """A small real table.

    Attributes:
        name: As asked for.
        frame: The features, and the target as last column.
        target: The target's column.
        task: Whether it is a class or a number.
    """

    name: str
    frame: "pl.DataFrame"
    target: str
    task: Literal["classification", "regression"]

    @property
    def features(self) -> list[str]:
        """All columns but the target."""
        return [name for name in self.frame.columns if name != self.target]


@cache
def small_data(name: SmallName) -> SmallData:
    """Read a small real table.

    Args:
        name: ``breast_cancer`` (569 rows, two classes), ``diabetes`` (442, a number), ``iris`` (150, three classes) or
            ``wine`` (178, three classes).

    Returns:
        The table; polars frames cannot be changed in place, so that tests may share it.

    Raises:
        UsageError: There is no such table.
    """
    if name not in _LOADERS:
        raise UsageError(f"there is no small table {name!r}", hint=f"there are {', '.join(_LOADERS)}")
    import polars as pl
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")(**_LOADERS[name])
    columns = {
        re.sub(r"\W+", "_", str(feature)).strip("_"): found.data[:, n] for n, feature in enumerate(found.feature_names)
    }
    frame = pl.DataFrame(columns).with_columns(target=pl.Series(found.target))
    return SmallData(name, frame, "target", "regression" if name == "diabetes" else "classification")
