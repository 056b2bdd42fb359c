"""Noticing a save.

Rule: a save is a change of content. Times and sizes are looked at often, contents now and then, because a network file
system may show an old time for seconds while the content is new already, and an editor may write the same bytes again.
Cost: one ``stat`` a file each 50 ms, one reading of the files each half second; they are small.
"""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from groundwork.course._progress import digest_of

_POLL_S = 0.05
_READ_S = 0.5
_SUFFIXES = (".py", ".toml")

Seen = tuple[tuple[str, int, int], ...]


class _Clock(Protocol):
    def monotonic(self) -> float: ...


class Saves:
    """Tells of each save in a folder, once.

    Args:
        folder: The learner's folder; its own ``.py`` and ``.toml`` files count.
        clock: Gives the time; ``time`` unless given.
    """

    def __init__(self, folder: Path, *, clock: _Clock = time) -> None:
        self._folder, self._clock = folder, clock
        self._seen, self._digests = self._look(), self._read()
        self._read_at = clock.monotonic()

    def poll(self) -> bool:
        """Look once.

        Returns:
            Whether the content of a file has changed, or one came or went, since the last look that said so.
        """
        seen = self._look()
        if seen == self._seen and self._clock.monotonic() - self._read_at < _READ_S:
            return False
        digests = self._read()
        self._seen, self._read_at = seen, self._clock.monotonic()
        changed = digests != self._digests
        self._digests = digests
        return changed

    def _files(self) -> Iterable[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
        except OSError:  # the folder is being moved, or its server is away for a moment
            return ()

    def _look(self) -> Seen:
        found = []
        for path in self._files():
            try:
                status = path.stat()
            except OSError:  # it is just being replaced
                continue
            found.append((path.name, status.st_mtime_ns, status.st_size))
        return tuple(found)

    def _read(self) -> dict[str, str]:
        found = {path.name: digest_of(path) for path in self._files()}
        return {name: digest for name, digest in found.items() if digest is not None}


class Watcher:
    """Looks for saves in a thread, so that one is acknowledged while checks are running.

    Args:
        saves: What to look with.
        on_save: Called in that thread at each save.
    """

    def __init__(self, saves: Saves, on_save: Callable[[], None]) -> None:
        self._saves, self._on_save = saves, on_save
        self._saved, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="groundwork-learn-watch", daemon=True)

    @property
    def pending(self) -> bool:
        """Whether there was a save that ``wait`` has not told of yet."""
        return self._saved.is_set()

    def __enter__(self) -> "Watcher":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()

    def wait(self) -> None:
        """Wait for a save."""
        # With a timeout, or Ctrl-C would not be heard on Windows.
        while not self._saved.wait(1.0):
            pass
        self._saved.clear()

    def _run(self) -> None:
        while not self._ended.wait(_POLL_S):
            if self._saves.poll():
                self._on_save()
                self._saved.set()
