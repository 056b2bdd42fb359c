"""A second correct ``atomic_write``: a class instead of a generator, tempfile and pathlib instead of descriptors."""

import os
import stat
import tempfile
from pathlib import Path


class atomic_write:  # noqa: N801 - it is called like a function
    """Collect the content in a private file beside the target; publish it when the block ends well."""

    def __init__(self, path, mode="wb", *, durable=True, encoding=None, newline=None):
        if mode not in ("wb", "w"):
            raise ValueError(f"mode {mode!r}; pass 'wb' or 'w'")
        self.target = Path(path).resolve()
        self.durable = durable
        self.options = {"mode": mode, "encoding": encoding, "newline": newline}

    def __enter__(self):
        """Open the private file."""
        self.file = tempfile.NamedTemporaryFile(
            dir=self.target.parent, prefix=".", suffix=".part", delete=False, **self.options
        )
        return self.file

    def __exit__(self, kind, error, trace):
        """Publish or discard."""
        private = Path(self.file.name)
        try:
            if kind is None:
                self.file.flush()
                private.chmod(self.bits())
                if self.durable:
                    os.fsync(self.file.fileno())
            self.close(quietly=kind is not None)
            if kind is None:
                private.replace(self.target)
        except BaseException:
            self.close(quietly=True)
            private.unlink(missing_ok=True)
            raise
        if kind is not None:
            private.unlink()
        elif self.durable and os.name == "posix":
            self.sync_folder()
        return False

    def close(self, *, quietly):
        """Close the private file; its last flush may fail once more on a disk that is full anyway."""
        try:
            self.file.close()
        except OSError:
            if not quietly:
                raise

    def bits(self):
        """Return the target's permission bits, or what a new file would get."""
        if self.target.exists():
            return stat.S_IMODE(self.target.stat().st_mode)
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask

    def sync_folder(self):
        """Make the rename durable."""
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
