"""Raw values to the object that the schema describes, with every mistake on the way.

Rule: a mistake never ends the search for further ones, and no message shows a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from groundwork.environment._settings_convert import UnfitError, convert, part_of
from groundwork.environment._settings_layers import Given
from groundwork.environment._settings_mistakes import Mask, Mistake, Source, nearest
from groundwork.environment._settings_schema import NOTHING, Group, KeyPath, Setting, variable
from groundwork.errors import UsageError

_DEFAULT = Source("default")


@dataclass
class Builder:
    """Makes settings of what the layers give.

    Args:
        given: The raw value of each path, of the highest layer that has one.
        mask: Keeps secrets out of messages.
        prefix: What the variables begin with, for advice.
        unused: Variables that no setting has; one may be misspelt.

    Attributes:
        mistakes: What was found.
        sources: Where each setting came from, by dotted name.
    """

    given: Mapping[KeyPath, Given]
    mask: Mask
    prefix: str = ""
    unused: tuple[str, ...] = field(default=(), repr=False)
    mistakes: list[Mistake] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)

    def build(self, group: Group, path: KeyPath = (), default: Any = NOTHING) -> Any:
        """Make what a schema describes, or add mistakes.

        Args:
            group: The schema.
            path: Where it stands.
            default: An object whose values stand in for what is not given, or ``NOTHING``.

        Returns:
            The object; ``NOTHING`` when there were mistakes.
        """
        before, values = len(self.mistakes), {}
        for setting in group.settings.values():
            inherited = NOTHING if default is NOTHING else getattr(default, setting.name)
            value = self._value(setting, (*path, setting.name), inherited)
            if value is not NOTHING:
                values[setting.name] = value
        sound = len(self.mistakes) == before
        if not sound and not group.judges_alone:
            return NOTHING
        try:
            built = group.build(values)
        except (ValueError, UsageError) as error:
            self._refused(error, group, path)
            return NOTHING
        return built if sound else NOTHING

    def _value(self, setting: Setting, path: KeyPath, inherited: Any) -> Any:
        if setting.group is not None and any(each[: len(path)] == path and each != path for each in self.given):
            default = setting.default() if inherited is NOTHING else inherited
            return self.build(setting.group, path, NOTHING if default is None else default)
        if path in self.given:
            return self._converted(setting, path, self.given[path])
        if inherited is NOTHING and setting.required:
            if setting.group is not None:
                return self.build(setting.group, path)
            self.mistakes.append(self._missing(path))
            return NOTHING
        self._note_default(setting, path)
        return inherited

    def _converted(self, setting: Setting, path: KeyPath, given: Given) -> Any:
        name = ".".join(path)
        self.sources[name] = given.source
        try:
            return None if setting.group is not None else convert(given.raw, setting.wanted)
        except UnfitError as error:
            self.mistakes.append(Mistake(name, self._words(error, setting), given.source))
            return NOTHING

    def _words(self, error: UnfitError, setting: Setting) -> str:
        if setting.secret:
            # The part may be a key of a mapping of secrets, and the words of others may quote.
            return "the value is refused" if error.quotes else f"the value {error.problem}"
        shown = self.mask.shown(error.value) if isinstance(error.value, str) else "the value"
        within = f"{self.mask.words(error.within)}: " if error.within else ""
        return f"{within}{shown} {self.mask.words(error.problem) if error.quotes else error.problem}"

    def _missing(self, path: KeyPath) -> Mistake:
        name = variable(path, self.prefix)
        # The environment has many names, and a prefix makes them alike.
        near = nearest(name, self.unused, 0.75)
        meant = f"; {near} is set, which no setting reads" if near else ""
        return Mistake(".".join(path), f"not set, and there is no default; set {name}{meant}")

    def _note_default(self, setting: Setting, path: KeyPath) -> None:
        inner = [] if setting.group is None or setting.optional else list(setting.group.leaves(path))
        for each in [leaf for leaf, _ in inner] or [path]:
            self.sources[".".join(each)] = _DEFAULT

    def _refused(self, error: Exception, group: Group, path: KeyPath) -> None:
        """Add what the schema's own rules say, but not of what was found wrong before."""
        if not hasattr(error, "errors"):
            self.mistakes.append(Mistake(".".join(path), self.mask.words(str(error)), self._place(path)))
            return
        known = {mistake.setting for mistake in self.mistakes}
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            setting, inside = group.settings.get(str(next(iter(each["loc"]), ""))), each["loc"][1:]
            here = path if setting is None else (*path, setting.name)
            told = any(name == ".".join(here) or name.startswith(f"{'.'.join(here)}.") for name in known if setting)
            # A default that waits for other values is no mistake of its own.
            if told or each["type"] == "default_factory_not_called":
                continue
            hidden = setting is not None and setting.secret
            words = f"the value is refused: {each['type']}" if hidden else self.mask.words(each["msg"])
            within = "" if hidden or not inside else f"{part_of(inside)}: "
            self.mistakes.append(Mistake(".".join(here), f"{within}{words}", self._place(here)))

    def _place(self, path: KeyPath) -> Source | None:
        return self.sources.get(".".join(path))
