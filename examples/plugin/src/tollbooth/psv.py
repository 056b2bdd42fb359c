"""Tables whose cells are parted by vertical bars; the module itself is the plugin."""

import polars as pl


def read(file):
    """Read a table; its cells stay text, which the schema of the project brings to types."""
    return pl.read_csv(file, separator="|", infer_schema=False)


def write(file, value):
    """Write a table."""
    value.write_csv(file, separator="|")
