from groundwork.storage._ahead import ahead
from groundwork.storage._append import append
from groundwork.storage._async_file import AsyncFile
from groundwork.storage._atomic import AtomicWrite, atomic_write
from groundwork.storage._cells import cast_column, misfit_advice, misfits
from groundwork.storage._checkpoints import CheckpointStore
from groundwork.storage._choice import CheckpointSkippedWarning
from groundwork.storage._compression import compressor
from groundwork.storage._csv_types import LEADING_ZERO
from groundwork.storage._export import export_checkpoint
from groundwork.storage._faults import told_as_storage_error
from groundwork.storage._file_manager import FileInfo, FileManager
from groundwork.storage._formats import read, register_format, write
from groundwork.storage._hash import sha256
from groundwork.storage._journal import FileJournal
from groundwork.storage._loading import Checkpoint, load_checkpoint
from groundwork.storage._lock import FileLock
from groundwork.storage._manifest import CheckpointInfo, FileRecord, read_manifest
from groundwork.storage._polars_faults import written_by_polars
from groundwork.storage._raw import stream_raw
from groundwork.storage._retention import Keep
from groundwork.storage._store_folder import Stray, verify_checkpoint
from groundwork.storage._stream import stream, stream_schema
from groundwork.storage._table import check_table_name, resliced
from groundwork.storage._yaml import load_yaml, load_yaml_with_lines
from groundwork.storage._yaml_dump import dump_yaml

__all__ = [
    "LEADING_ZERO",
    "AsyncFile",
    "AtomicWrite",
    "Checkpoint",
    "CheckpointInfo",
    "CheckpointSkippedWarning",
    "CheckpointStore",
    "FileInfo",
    "FileJournal",
    "FileLock",
    "FileManager",
    "FileRecord",
    "Keep",
    "Stray",
    "ahead",
    "append",
    "atomic_write",
    "cast_column",
    "check_table_name",
    "compressor",
    "dump_yaml",
    "export_checkpoint",
    "load_checkpoint",
    "load_yaml",
    "load_yaml_with_lines",
    "misfit_advice",
    "misfits",
    "read",
    "read_manifest",
    "register_format",
    "resliced",
    "sha256",
    "stream",
    "stream_raw",
    "stream_schema",
    "told_as_storage_error",
    "verify_checkpoint",
    "write",
    "written_by_polars",
]
