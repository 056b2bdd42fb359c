"""Files that are never torn, checkpoints that are never lost."""

from groundwork.storage._cells import parse_column, unparsed
from groundwork.storage._stream import stream, stream_schema

__all__ = ["parse_column", "stream", "stream_schema", "unparsed"]
