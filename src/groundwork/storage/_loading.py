"""One checkpoint folder, loaded.

Rule: no byte becomes a model before it has been compared with the manifest.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.errors import CheckpointNotFoundError
from groundwork.storage._building import old_copy
from groundwork.storage._manifest import CheckpointInfo, verified
from groundwork.storage._payload import decode_model

_PUBLISHED = re.compile(r"step-\d{8,}")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint.

    Attributes:
        model: The estimator, or a dict of names to arrays.
        info: What its manifest says.
    """

    model: Any
    info: CheckpointInfo


def load_checkpoint(
    folder: str | os.PathLike[str], *, trust: bool = False, allow_version_skew: bool = False
) -> Checkpoint:
    """Load one checkpoint folder, after comparing every file with its manifest.

    Args:
        folder: As ``checkpoints/step-00000400``.
        trust: Load types that the allowlist does not know; only for files whose maker you know.
        allow_version_skew: Load an estimator that another scikit-learn minor version saved.

    Returns:
        The model and what is known of it.

    Raises:
        CheckpointNotFoundError: There is no such folder.
        CheckpointCorrupt: A file differs from the manifest.
        UnsafeCheckpoint: It holds types that are not trusted.
        VersionSkew: It was saved by versions that cannot be read safely here.
        StorageError: It cannot be read.
    """
    path = Path(folder)
    try:
        info, data = verified(path, with_model=True)
    except CheckpointNotFoundError:
        if not (_PUBLISHED.fullmatch(path.name) and path.parent.is_dir()):
            raise
        # Perhaps it is just being replaced: then the old one is here, or the new one is there by now.
        with suppress(CheckpointNotFoundError):
            return load_checkpoint(old_copy(path), trust=trust, allow_version_skew=allow_version_skew)
        info, data = verified(path, with_model=True)
    return Checkpoint(decode_model(info, data, trust=trust, allow_version_skew=allow_version_skew), info)
