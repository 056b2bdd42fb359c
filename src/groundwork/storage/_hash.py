"""The fingerprint of a file's content.

Cost: one pass over the bytes (about 1 GB/s) in constant memory.
"""

import hashlib
import os

from groundwork.storage._faults import told_as_storage_error


def sha256(path: str | os.PathLike[str]) -> str:
    """Compute the SHA-256 of a file.

    Args:
        path: The file.

    Returns:
        64 lower-case hexadecimal digits.

    Raises:
        StorageError: The file is missing or cannot be read.
    """
    with told_as_storage_error(path, "cannot read"), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
