"""What the DIR of ``groundwork store`` turns out to be: a store, a run's store, or one checkpoint."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from groundwork.errors import CheckpointNotFoundError, UsageError
from groundwork.storage import (
    CheckpointInfo,
    CheckpointStore,
    export_checkpoint,
    read_manifest,
    verify_checkpoint,
)

_STEP = re.compile(r"(corrupt-)?step-\d{8,}.*")
_OF_A_STORE = re.compile(r"\.lock|(corrupt-)?step-\d{8,}.*")


class Place:
    """A store, or one checkpoint's folder.

    Args:
        folder: As the user named it.

    Raises:
        UsageError: Nothing is there that holds checkpoints.
    """

    def __init__(self, folder: Path) -> None:
        self.root = _resolved(folder)
        single = (self.root / "manifest.json").exists() or _STEP.fullmatch(self.root.name)
        if not single and not any(_OF_A_STORE.fullmatch(path.name) for path in self.root.iterdir()):
            raise UsageError(
                f"{folder} holds no checkpoints",
                hint="name a folder with step-… folders in it, a run, or one checkpoint",
            )
        self.store = None if single else CheckpointStore(self.root)

    def require_store(self, what: str) -> CheckpointStore:
        """Return the store, where one checkpoint will not do.

        Args:
            what: The command, for the message.

        Returns:
            The store.

        Raises:
            UsageError: DIR is one checkpoint.
        """
        if self.store is None:
            # A checkpoint that was exported lies in no store.
            within = _STEP.fullmatch(self.root.name) is not None
            place = f": {self.root.absolute().parent}" if within else ", a folder with step-… folders in it"
            raise UsageError(f"{self.root} is one checkpoint", hint=f"{what} needs the store{place}")
        return self.store

    def rows(self) -> list[dict[str, Any]]:
        """Describe each checkpoint with a sound manifest.

        Returns:
            Plain data by checkpoint: what ``info`` says, its size in bytes, and whether it is latest and best.
        """
        if self.store is None:
            return [self.row(None)]
        infos = self.store.list()
        return [self._row(info, infos[-1].step, self._best()) for info in infos]

    def row(self, which: str | None) -> dict[str, Any]:
        """Describe one checkpoint.

        Args:
            which: "latest", "best" or a step as text; latest if None.

        Returns:
            As ``rows``.

        Raises:
            UsageError: ``which`` is none of these, or given for one checkpoint.
            CheckpointNotFoundError: There is none.
            CheckpointCorrupt: Its manifest is damaged.
        """
        if self.store is None:
            self._require_none(which)
            return self._row(read_manifest(self.root), None, None)
        return self._row(self.store.info(_choice(self.store, which)), self.store.info().step, self._best())

    def verify(self, progress: Callable[[int, int], None] | None) -> dict[str, str | None]:
        """Compare everything with the manifests.

        Args:
            progress: Takes how many have been compared, and of how many.

        Returns:
            By folder name: None, or what is wrong.
        """
        if self.store is None:
            return {self.root.name: verify_checkpoint(self.root)}
        return {f"step-{step:08d}": wrong for step, wrong in self.store.verify(progress=progress).items()}

    def strays(self) -> dict[str, str]:
        """Name what lies there and is no sound checkpoint.

        Returns:
            What it is, by name.
        """
        return {} if self.store is None else {stray.path.name: stray.what for stray in self.store.strays()}

    def export(self, which: str | None, target: Path) -> None:
        """Copy one checkpoint.

        Args:
            which: As in ``row``.
            target: Where to.
        """
        if self.store is None:
            self._require_none(which)
            export_checkpoint(self.root, target)
        else:
            self.store.export(_choice(self.store, which), target)

    def _row(self, info: CheckpointInfo, latest: int | None, best: int | None) -> dict[str, Any]:
        size = sum(record.size for record in info.members().values())
        return {**info.to_dict(), "size": size, "latest": info.step == latest, "best": info.step == best}

    def _best(self) -> int | None:
        with suppress(UsageError, CheckpointNotFoundError):  # nothing says what is best
            return None if self.store is None else self.store.info("best").step
        return None

    def _require_none(self, which: str | None) -> None:
        if which is not None:
            raise UsageError(f"{self.root} is one checkpoint; there is no {which} in it", hint="leave that out")


def _resolved(folder: Path) -> Path:
    if not folder.exists():
        # Where links are not allowed, as on Windows, runs/latest is a file that names the run.
        if folder.name != "latest" or not (folder.parent / "latest.json").exists():
            raise UsageError(f"{folder}: there is no such folder", hint="check the path")
        from groundwork.project import find_run

        folder = find_run(folder).folder
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name a folder; a .zip must be unpacked first")
    inner = folder / "checkpoints"
    if inner.is_dir():
        return inner
    if (folder / "run.json").exists():
        raise UsageError(f"{folder}: this run has no checkpoints", hint="groundwork runs tells what became of it")
    return folder


def _choice(store: CheckpointStore, which: str | None) -> str | int:
    if which is None:
        return "latest"
    if which == "best":
        try:
            store.info(which)
        except UsageError as error:
            raise UsageError(error.message, hint="take latest, or a step as groundwork store ls lists them") from error
        except CheckpointNotFoundError:  # told by what is asked for
            pass
    return int(which) if which.isascii() and which.isdigit() else which
