"""How often each value of a column occurs, counted batch by batch.

Rule: exact while a column has at most ``most`` different values; beyond that the rare ones are forgotten by the
Misra-Gries rule, so that a remaining count is too small by at most ``lost``, and ``lost`` is at most rows / (most + 1)
for every time that the table was full. Memory: three times ``most`` values and counts.
"""

from dataclasses import dataclass, field

import polars as pl


@dataclass
class ValueCounts:
    """A table of values and counts that does not grow without end.

    Attributes:
        dtype: Type of the values.
        most: How many different values are kept; None for all.
        exact: Whether nothing has been forgotten.
        lost: How much a count may be too small.
    """

    dtype: pl.DataType
    most: int | None = None
    exact: bool = True
    lost: int = 0
    _batches: list[pl.DataFrame] = field(default_factory=list)
    _rows: int = 0

    def add(self, values: pl.Series) -> pl.DataFrame | None:
        """Count the values of the next batch.

        Args:
            values: The values, none missing.

        Returns:
            The last exact table, at the moment when the first value is forgotten; else None.
        """
        counts = values.rename("value").value_counts(name="count").cast({"count": pl.Int64})
        self._batches.append(counts)
        self._rows += counts.height
        if self.most is None or self._rows <= 2 * self.most:
            return None
        return self._settle()

    def finish(self) -> pl.DataFrame | None:
        """Settle what has been added so far.

        Returns:
            As ``add``.
        """
        return self._settle()

    def table(self) -> pl.DataFrame:
        """Give the values and their counts.

        Returns:
            Columns ``value`` and ``count``, in no order.
        """
        if len(self._batches) > 1:
            self._settle()
        empty = pl.DataFrame(schema={"value": self.dtype, "count": pl.Int64()})
        return self._batches[0] if self._batches else empty

    def _settle(self) -> pl.DataFrame | None:
        if not self._batches:
            return None
        table = pl.concat(self._batches)
        if len(self._batches) > 1:
            table = table.group_by("value").agg(pl.col("count").sum())
        whole = None
        if self.most is not None and table.height > self.most:
            whole = table if self.exact else None
            # Agarwal et al., "Mergeable summaries", PODS 2012: what remains is too small by no more than what is taken.
            taken = int(table["count"].top_k(self.most + 1).min() or 0)  # type: ignore[arg-type]
            table = table.with_columns(pl.col("count") - taken).filter(pl.col("count") > 0)
            self.exact, self.lost = False, self.lost + taken
        self._batches, self._rows = [table], table.height
        return whole
