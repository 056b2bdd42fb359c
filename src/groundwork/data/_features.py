"""The features that models read, in one place: what they are, who uses them, what they are made of.

Rule: a name and a version mean one definition for ever; another definition under the same version is refused. A
registry that refuses something is as it was before. Threads: any number may read while nobody registers.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar, overload

import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._dataset import Dataset
from groundwork.data._feature import Feature
from groundwork.data._feature_apply import computed, computed_batches
from groundwork.data._feature_correlation import Correlation, correlated
from groundwork.data._feature_diff import FeatureChange, feature_changes
from groundwork.data._feature_lineage import Lineage, lineage
from groundwork.data._feature_versions import FeatureVersions
from groundwork.data._feature_yaml import features_from_yaml, features_to_yaml
from groundwork.data._tables import as_frame
from groundwork.errors import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])


class FeatureUse(NamedTuple):
    """Who uses a feature.

    Attributes:
        feature: Its name.
        version: Its version.
        by: The model or run.
    """

    feature: str
    version: str
    by: str


class FeatureRegistry:
    """Features by name and version.

    Args:
        features: The first ones.

    Raises:
        ConfigurationError: See ``register``.
    """

    def __init__(self, features: Sequence[Feature] = ()) -> None:
        self._defined = FeatureVersions()
        self._users: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for feature in features:
            self.register(feature)

    def __contains__(self, name: object) -> bool:
        return name in self._defined.by_name

    def __len__(self) -> int:
        return len(self._defined.by_name)

    def __iter__(self) -> Iterator[Feature]:
        return iter([self.get(name) for name in self._defined.by_name])

    def __repr__(self) -> str:
        return f"FeatureRegistry({len(self)} features: {', '.join(list(self._defined.by_name)[:5])})"

    def register(self, feature: Feature) -> Feature:
        """Take a feature in.

        Args:
            feature: The feature. The same once more may bring other words (owner, description, tags, deprecated).

        Returns:
            The feature.

        Raises:
            ConfigurationError: Its version has another definition already, or it closes a circle.
        """
        if not isinstance(feature, Feature):
            raise ConfigurationError(f"{feature!r} is no Feature", hint="write Feature(name=…, dtype=…, …)")
        return self._defined.put(feature)

    def feature(self, *, dtype: str, name: str | None = None, **options: Any) -> Callable[[F], F]:
        """Register the function below as a feature.

        Args:
            dtype: Type of its values.
            name: Its name; the function's unless given.
            options: What else ``Feature`` takes; the description is the docstring's first line unless given.

        Returns:
            A decorator that gives the function back as it is.
        """

        def decorate(function: F) -> F:
            words = (function.__doc__ or "").strip().splitlines()
            given = {"description": words[0] if words else "", **options}
            self.register(Feature(name=name or function.__name__, dtype=dtype, function=function, **given))
            return function

        return decorate

    def get(self, name: str, version: str = "latest") -> Feature:
        """Find a feature.

        Args:
            name: Its name, or name and version as ``speed@1.2.0``.
            version: Its version; "latest" is the newest release, or the newest pre-release where there is no release.

        Returns:
            The feature.

        Raises:
            ConfigurationError: There is none; the hint names near ones, or the versions.
        """
        return self._defined.find(name, version)

    def versions(self, name: str) -> list[str]:
        """Name the versions of a feature, oldest first.

        Args:
            name: Its name.

        Returns:
            The versions.

        Raises:
            ConfigurationError: There is no such feature.
        """
        return self._defined.of(self.get(name).name)

    def use(self, name: str, *, by: str, version: str = "latest") -> FeatureUse:
        """Note that a model or a run reads a feature.

        Args:
            name: The feature.
            by: Who, as ``"late-flights@3"``; once more changes nothing.
            version: Its version.

        Returns:
            What was noted.

        Raises:
            ConfigurationError: There is no such feature, or ``by`` is no text.
        """
        feature = self.get(name, version)
        if not isinstance(by, str) or not by:
            raise ConfigurationError(f"by {by!r} names nobody", hint="name the model or the run")
        self._users[feature.name, feature.version][by] = None
        return FeatureUse(feature.name, feature.version, by)

    def usage(self, name: str) -> list[FeatureUse]:
        """Tell who uses a feature.

        Args:
            name: The feature.

        Returns:
            All uses, of its oldest version first.

        Raises:
            ConfigurationError: There is no such feature.
        """
        own = self.get(name).name
        return [
            FeatureUse(own, version, by) for version in self.versions(own) for by in self._users.get((own, version), ())
        ]

    def lineage(self, name: str | None = None) -> Lineage:
        """Follow a feature down to the columns of the table.

        Args:
            name: The feature; all of them unless given.

        Returns:
            The graph.

        Raises:
            ConfigurationError: There is no such feature.
        """
        if name is None:
            return lineage(self._defined.by_name, self._defined.latest())
        feature = self.get(name)
        return lineage([feature.name], {**self._defined.latest(), feature.name: feature})

    def dependents(self, name: str) -> list[str]:
        """Name the features that read a feature or a column, directly or through others.

        Args:
            name: The feature, or a column of the table.

        Returns:
            Their names, each after those that it reads.
        """
        graph = self.lineage()
        found: dict[str, None] = {}
        for each in graph.order:
            if each != name and any(read == name or read in found for read in graph.reads[each]):
                found[each] = None
        return list(found)

    @overload
    def apply(self, table: Dataset, names: Sequence[str] | None = None) -> Dataset: ...
    @overload
    def apply(self, table: Any, names: Sequence[str] | None = None) -> pl.DataFrame: ...
    def apply(self, table: Any, names: Sequence[str] | None = None) -> Any:
        """Compute features on a table, each after those that it reads.

        Args:
            table: A Dataset, a polars frame, or any table that offers itself through Arrow.
            names: The features, as ``speed`` or ``speed@1.2.0``; unless given all that are not deprecated, in their
                latest versions.

        Returns:
            The table with the features as columns; of a Dataset a Dataset, computed batch by batch.

        Raises:
            InvalidDataError: The table lacks a column, a feature cannot be computed, or a value breaks a rule; the
                message has feature, row and value.
            ConfigurationError: There is no such feature, or one is asked for in two versions.
        """
        features, wanted = self._wanted(names)
        if isinstance(table, Dataset):
            return Dataset.scan(lambda: computed_batches(table, features, wanted))
        return computed(as_frame(table), features, wanted)

    def correlations(
        self, table: Any, names: Sequence[str] | None = None, threshold: float = 0.95
    ) -> list[Correlation]:
        """Find features that say the same.

        Args:
            table: See ``apply``.
            names: Features, computed on the way, and columns of the table; all features unless given.
            threshold: From which strength on a pair is told, from 0 to 1.

        Returns:
            The pairs, strongest first; numbers with Pearson and Spearman, categories with Cramér's V.

        Raises:
            InvalidDataError: See ``apply``.
            ConfigurationError: The threshold is not from 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise ConfigurationError(f"threshold {threshold!r} is not from 0 to 1")
        frame, names = as_frame(table), [names] if isinstance(names, str) else names
        asked = None if names is None else [name for name in names if name.partition("@")[0] in self]
        features, wanted = self._wanted(asked)
        plain = [name for name in names or () if name not in (asked or ())]
        require_columns(frame, plain)
        return correlated(computed(frame, features, wanted), list(dict.fromkeys([*wanted, *plain])), threshold)

    def set_importance(self, importance: Mapping[str, float]) -> None:
        """Note how much a fitted model made of its features.

        Args:
            importance: By name, as ``dict(zip(model.feature_names_in_, model.feature_importances_))``.

        Raises:
            ConfigurationError: There is no such feature, or a value is no number; then nothing is noted.
        """
        noted = [replace(self.get(name), importance=value) for name, value in importance.items()]
        for feature in noted:
            self._defined.by_name[feature.name][feature.version] = feature

    def to_yaml(self) -> str:
        """Write all features in all versions, and who uses them.

        Returns:
            Text that ``from_yaml`` reads.

        Raises:
            ConfigurationError: A feature is a polars expression made in code, or a function that nobody can import.
        """
        return features_to_yaml(
            (self._defined.by_name[name][version], list(self._users.get((name, version), ())))
            for name in self._defined.by_name
            for version in self.versions(name)
        )

    @classmethod
    def from_yaml(cls, text: str, *, modules: Sequence[str] = (), source: str = "<text>") -> "FeatureRegistry":
        """Read features.

        Args:
            text: What ``to_yaml`` wrote, or somebody by hand.
            modules: Modules (and packages, with all within) whose functions may be imported, which runs their code.
            source: The file, for messages.

        Returns:
            The registry. A function whose source has changed gives a ``FeatureChangedWarning``.

        Raises:
            InvalidDataError: It is no YAML, or holds no features.
            ConfigurationError: A feature cannot work, with its line.
            VersionSkew: A later version wrote it.
        """
        registry = cls()
        for feature, used_by in features_from_yaml(text, modules, source):
            registry.register(feature)
            for by in used_by:
                registry.use(feature.name, by=by, version=feature.version)
        return registry

    @staticmethod
    def diff(old: "FeatureRegistry", new: "FeatureRegistry") -> list[FeatureChange]:
        """Tell in words what is different.

        Args:
            old: The registry before.
            new: The registry after.

        Returns:
            The changes, warnings first.
        """
        return feature_changes(old._defined.by_name, new._defined.by_name)

    def _wanted(self, names: Sequence[str] | None) -> tuple[dict[str, Feature], list[str]]:
        features = self._defined.latest()
        if names is None:
            return features, [name for name, feature in features.items() if feature.deprecated is None]
        asked: dict[str, Feature] = {}
        for each in [names] if isinstance(names, str) else names:
            feature = self.get(each)
            if asked.setdefault(feature.name, feature).version != feature.version:
                raise ConfigurationError(
                    f"feature {feature.name} is asked for in two versions", hint="apply one at a time"
                )
            if feature.deprecated is not None:
                warnings.warn(
                    f"feature {feature.key} is deprecated: {feature.deprecated}", DeprecationWarning, stacklevel=3
                )
        return {**features, **asked}, list(asked)
