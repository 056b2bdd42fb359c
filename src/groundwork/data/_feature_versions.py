"""Features by name and version.

Rule: a name and a version mean one definition for ever; another definition under the same version is refused, and then
nothing has changed.
"""

import difflib
from dataclasses import replace

from groundwork.data._feature import Feature
from groundwork.data._feature_lineage import lineage
from groundwork.data._feature_version import latest_version, version_order, version_text
from groundwork.errors import ConfigurationError

_NAMED = 20


class FeatureVersions:
    """What a registry knows.

    Attributes:
        by_name: Feature by version by name, in the order in which they came.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, Feature]] = {}

    def put(self, feature: Feature) -> Feature:
        """Take a feature in.

        Args:
            feature: The feature. The same once more may bring other words (owner, description, tags, deprecated).

        Returns:
            The feature, with the importance that was noted before.

        Raises:
            ConfigurationError: Its version has another definition already, or it closes a circle.
        """
        versions = self.by_name.get(feature.name, {})
        known = versions.get(feature.version)
        if known is not None and not known.same_values(feature):
            raise ConfigurationError(
                f"feature {feature.key} is registered already and differs: {_told(known)}, and now {_told(feature)}",
                hint="give the new one a higher version",
                context={"feature": feature.name, "version": feature.version},
            )
        if known is not None and feature.importance is None:
            feature = replace(feature, importance=known.importance)
        together = {**versions, feature.version: feature}
        lineage([feature.name], {**self.latest(), feature.name: together[latest_version(list(together))]})
        self.by_name.setdefault(feature.name, {})[feature.version] = feature
        return feature

    def find(self, name: str, version: str) -> Feature:
        """Find a feature.

        Args:
            name: Its name, or name and version as ``speed@1.2.0``.
            version: Its version, or "latest".

        Returns:
            The feature.

        Raises:
            ConfigurationError: There is none; the hint names near ones, or the versions.
        """
        plain, _, own = str(name).partition("@")
        versions = self.by_name.get(plain)
        if versions is None:
            near = difflib.get_close_matches(plain, self.by_name, n=3, cutoff=0.5)
            known = ", ".join(list(self.by_name)[:_NAMED]) or "none"
            raise ConfigurationError(
                f"there is no feature {plain!r}",
                hint=f"did you mean {' or '.join(near)}?" if near else f"there are: {known}",
                context={"feature": plain},
            )
        wanted = own or version
        wanted = latest_version(list(versions)) if wanted == "latest" else version_text(wanted)
        if wanted not in versions:
            raise ConfigurationError(
                f"feature {plain} has no version {wanted}",
                hint=f"it has {', '.join(self.of(plain))}",
                context={"feature": plain, "version": wanted},
            )
        return versions[wanted]

    def of(self, name: str) -> list[str]:
        """Name the versions of a feature that is there.

        Args:
            name: Its name.

        Returns:
            The versions, oldest first.
        """
        return sorted(self.by_name[name], key=version_order)

    def latest(self) -> dict[str, Feature]:
        """Give every feature in its latest version.

        Returns:
            Feature by name.
        """
        return {name: versions[latest_version(list(versions))] for name, versions in self.by_name.items()}


def _told(feature: Feature) -> str:
    rules = f" with {feature.rules}" if feature.rules else ""
    return f"{feature.dtype} {feature.definition}{rules}"
