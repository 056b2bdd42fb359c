"""The samples of a dataset in memory: what there is, of which class, on which side of the split.

Rule: a question costs what its answer costs, never a walk over all samples; an operation that fails changes nothing.
Samples, and every group of them, keep the order in which they came in; ``replace`` and ``assign`` keep the place.
Threads: any number may read while nobody writes; writers take turns under a lock of the caller's, who alone knows which
calls belong together. Cost: docs/data.md has the bytes of a sample.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from groundwork.data._index_checks import no_such_sample, require_keys, require_sample, require_text
from groundwork.data._index_json import index_from_json, index_to_json
from groundwork.data._index_leakage import index_leakage
from groundwork.data._index_summary import index_summary
from groundwork.data._index_table import samples_of_table, table_of_samples
from groundwork.data._leakage_finding import LeakageFinding
from groundwork.data._sample import Sample
from groundwork.data._sample_draw import balanced_draw
from groundwork.data._sample_groups import SampleGroups
from groundwork.errors import InvalidDataError

_MISSING: Any = object()


class DatasetIndex:
    """Samples by id, label, split and metadata.

    Args:
        samples: The first samples.
        indexed: Keys of the metadata by which ``where`` finds without a walk; their values are text, numbers,
            booleans or None.

    Raises:
        InvalidDataError: An id comes twice, something is no ``Sample``, or an indexed value is a list or a dict.
    """

    def __init__(self, samples: Iterable[Sample] = (), *, indexed: Sequence[str] = ()) -> None:
        self._samples: dict[str, Sample] = {}
        self._ranks: dict[str, int] = {}
        self._next_rank = itertools.count()
        self._by_label: SampleGroups[str] = SampleGroups(self._ranks)
        self._by_split: SampleGroups[str] = SampleGroups(self._ranks)
        names = (indexed,) if isinstance(indexed, str) else indexed
        self._by_value: dict[str, SampleGroups[Any]] = {name: SampleGroups(self._ranks) for name in names}
        for sample in samples:
            self.add(sample)

    @property
    def indexed(self) -> tuple[str, ...]:
        """The metadata keys by which ``where`` finds without a walk."""
        return tuple(self._by_value)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the field's name
        return id in self._samples

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples.values())

    def __repr__(self) -> str:
        return f"DatasetIndex({len(self):,} samples, {len(self.labels)} labels, {len(self.splits)} splits)"

    def add(self, sample: Sample) -> None:
        """Take a sample in, at the end.

        Args:
            sample: The sample.

        Raises:
            InvalidDataError: Its id is there already, it is no ``Sample``, or an indexed value is a list or a dict.
        """
        require_sample(sample, self._by_value)
        if sample.id in self._samples:
            raise InvalidDataError(
                f"there is a sample {sample.id!r} already",
                hint="replace() puts another in its place; ids must differ",
                context={"id": sample.id},
            )
        self._ranks[sample.id] = next(self._next_rank)
        self._put(sample)

    def remove(self, id: str) -> Sample:  # noqa: A002 - the field's name
        """Take a sample out.

        Args:
            id: Its id.

        Returns:
            The sample.

        Raises:
            InvalidDataError: There is none.
        """
        sample = self.get(id)
        self._leave_groups(sample)
        del self._samples[sample.id], self._ranks[sample.id]
        return sample

    def replace(self, sample: Sample) -> None:
        """Put a sample in the place of the one with its id.

        Args:
            sample: The new one.

        Raises:
            InvalidDataError: There is none with this id, or see ``add``.
        """
        require_sample(sample, self._by_value)
        self._leave_groups(self.get(sample.id))
        self._put(sample)

    def assign(self, id: str, split: str | None) -> None:  # noqa: A002 - the field's name
        """Move a sample to a split.

        Args:
            id: Its id.
            split: The part, or None for no part.

        Raises:
            InvalidDataError: There is no such sample, or the split is no text.
        """
        self.replace(replace(self.get(id), split=split))

    def get(self, id: str) -> Sample:  # noqa: A002 - the field's name
        """Find a sample.

        Args:
            id: Its id.

        Returns:
            The sample.

        Raises:
            InvalidDataError: There is none; the hint names ids that look alike.
        """
        found = self._samples.get(id)
        if found is None:
            raise no_such_sample(id, self._samples)
        return found

    def by_label(self, label: str) -> list[Sample]:
        """Give the samples of a class.

        Args:
            label: The class.

        Returns:
            Its samples, in order; empty where there are none.

        Raises:
            InvalidDataError: It is no text, which no label equals.
        """
        require_text("label", label)
        return list(map(self._samples.__getitem__, self._by_label.ids(label)))

    def by_split(self, split: str) -> list[Sample]:
        """Give the samples of a split.

        Args:
            split: The part.

        Returns:
            Its samples, in order; empty where there are none.

        Raises:
            InvalidDataError: It is no text, which no split equals.
        """
        require_text("split", split)
        return list(map(self._samples.__getitem__, self._by_split.ids(split)))

    def where(self, /, **metadata: Any) -> list[Sample]:
        """Give the samples whose metadata has all of these values.

        A key that a sample lacks equals nothing, not even None; true and 1 differ. With an indexed key among
        them it costs the smallest indexed group, with none a walk over all samples.

        Args:
            metadata: Value by key.

        Returns:
            The samples, in order; all of them where nothing is asked.

        Raises:
            InvalidDataError: A key is not indexed and no sample has it; the hint names keys that look alike.
        """
        groups = [self._by_value[name].ids(_key(value)) for name, value in metadata.items() if name in self._by_value]
        ids = min(groups, key=len) if groups else self._samples
        wanted = [(name, _key(value)) for name, value in metadata.items()]
        samples = map(self._samples.__getitem__, ids)
        found = [one for one in samples if all(_key(one.metadata.get(name, _MISSING)) == key for name, key in wanted)]
        if not found:
            require_keys([name for name in metadata if name not in self._by_value], self._samples.values())
        return found

    @property
    def labels(self) -> Counter[str]:
        """How many samples each class has; a copy."""
        return self._by_label.counts()

    @property
    def splits(self) -> Counter[str]:
        """How many samples each split has; a copy."""
        return self._by_split.counts()

    def balanced_sample(
        self, per_label: int, *, seed: int, split: str | None = None, replace: bool = False
    ) -> list[Sample]:
        """Draw equally many samples of every class.

        What is drawn of a class depends on the seed, its name and its samples in their order, not on other classes.

        Args:
            per_label: How many of each.
            seed: Same index and seed, same samples.
            split: Draw from this part only.
            replace: Whether a sample may be drawn twice.

        Returns:
            Classes in alphabetical order; within one the order of the index, or with ``replace`` that of the draw.

        Raises:
            InvalidDataError: A class has too few samples, there is no class, or no such split.
            ConfigurationError: ``per_label`` is not a whole number from 1, or the seed none from 0.
        """
        if split is not None and split not in self.splits:
            known = ", ".join(self.splits) or "none"
            raise InvalidDataError(f"there is no split {split!r}", hint=f"there are: {known}", context={"split": split})
        classes = {label: self.by_label(label) for label in sorted(self.labels)}
        if split is not None:
            classes = {label: [one for one in some if one.split == split] for label, some in classes.items()}
        return balanced_draw(classes, per_label, seed=seed, replace=replace, place=f" in {split!r}" if split else "")

    def summary(self) -> dict[str, Any]:
        """Count what there is.

        Returns:
            JSON: ``samples``; ``labels`` and ``splits`` with counts; ``labels_by_split``; ``imbalance``, the largest
            class over the smallest (None below two classes); ``missing``: how many have no label, no split, and by
            metadata key no value.
        """
        return index_summary(self, self.labels, self.splits)

    def leakage(self, key: str | None = None) -> list[LeakageFinding]:
        """Look for what stands in several splits and must not.

        Args:
            key: The metadata key whose values must each stay in one split, as ``"patient"``. Without it: every key
                that identifies (its name says so, as ``patient_id`` or ``sha256``; or it is text, and
                of 20 values or more at least half differ), and samples with the same label and
                metadata, where these differ as much.

        Returns:
            The findings, errors first (1% of the samples concerned or more); empty where there are none.

        Raises:
            InvalidDataError: No sample has this key.
        """
        return index_leakage(self, key)

    def to_json(self) -> str:
        """Write everything as JSON.

        Returns:
            Text that ``from_json`` turns into an equal index, in the same order.

        Raises:
            InvalidDataError: A list in some metadata was changed, and now holds what JSON cannot; with its path.
        """
        return index_to_json(self, self.indexed)

    @classmethod
    def from_json(cls, text: str) -> "DatasetIndex":
        """Read what ``to_json`` wrote.

        Args:
            text: The text.

        Returns:
            The index.

        Raises:
            InvalidDataError: It is no such text; the message says what and where.
            VersionSkew: A later version wrote it.
        """
        samples, indexed = index_from_json(text)
        return cls(samples, indexed=indexed)

    @classmethod
    def from_table(
        cls,
        table: Any,
        *,
        id: str,  # noqa: A002 - the field's name
        label: str | None = None,
        split: str | None = None,
        metadata: Sequence[str] = (),
        indexed: Sequence[str] = (),
    ) -> "DatasetIndex":
        """Make an index of a table, one sample a row.

        Args:
            table: A Dataset, a polars frame, or any table that offers itself through Arrow.
            id: Column of the ids; whole numbers become text.
            label: Column of the classes; whole numbers and booleans become text.
            split: Column of the parts.
            metadata: Columns to keep; dates and times become ISO 8601 text.
            indexed: See ``DatasetIndex``.

        Returns:
            The index.

        Raises:
            InvalidDataError: A column is not there or of a type that does not fit, an id is missing or comes twice.
        """
        rows = samples_of_table(table, id=id, label=label, split=split, metadata=metadata)
        return cls(rows, indexed=indexed)

    def to_table(self) -> pl.DataFrame:
        """Give the samples as a table.

        Returns:
            Columns id, label, split, and one for each metadata key in the order of its first appearance; null
            where a sample lacks it.

        Raises:
            InvalidDataError: A key is named as one of those three, or its values have no common type.
        """
        return table_of_samples(self)

    def _put(self, sample: Sample) -> None:
        self._samples[sample.id] = sample
        for groups, key in self._groups_of(sample):
            groups.add(key, sample.id)

    def _leave_groups(self, sample: Sample) -> None:
        for groups, key in self._groups_of(sample):
            groups.remove(key, sample.id)

    def _groups_of(self, sample: Sample) -> Iterator[tuple[SampleGroups[Any], Any]]:
        if sample.label is not None:
            yield self._by_label, sample.label
        if sample.split is not None:
            yield self._by_split, sample.split
        for name, groups in self._by_value.items():
            if name in sample.metadata:
                yield groups, _key(sample.metadata[name])


def _key(value: Any) -> Any:
    # As keys of a dict, and by ==, True and 1 are one; in JSON they are two.
    return (bool, value) if isinstance(value, bool) else value
