"""What every step of a run knows: the project, and where its files go."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from groundwork.project._artefacts import Artefact, artefact
from groundwork.project._config_schema import ProjectConfig

TARGET = "__target__"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Job:
    """What every step knows.

    Attributes:
        config: The project.
        folder: The run's folder.
        run_id: The run's name, which the model carries as its version.
    """

    config: ProjectConfig
    folder: Path
    run_id: str

    @property
    def work(self) -> Path:
        """Folder for intermediate files; made on first use."""
        path = self.folder / "work"
        path.mkdir(exist_ok=True)
        return path

    def kept(self, name: str) -> Artefact:
        """Describe a file that a step has written below the run's folder.

        Args:
            name: Path relative to the run's folder.
        """
        return artefact(self.folder, name)

    def table(self, described: Artefact) -> pl.DataFrame:
        """Read a Parquet file that an earlier step has written.

        Args:
            described: The artefact in that step's output.
        """
        return pl.read_parquet(self.folder / described["path"], glob=False)

    def relative(self, path: Path) -> str:
        """Name a file below the run's folder as outputs do.

        Args:
            path: The file or folder.
        """
        return path.relative_to(self.folder).as_posix()
