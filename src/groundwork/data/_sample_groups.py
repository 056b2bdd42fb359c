"""Which samples share a label, a split, or a value of the metadata.

Rule: a group answers in the order in which its samples entered the index, whatever came and went in between.
A group is a dict used as an ordered set: adding and removing take constant time, which a list's removal does not. A
sample that joins a group late (it changed its split) marks the group; the next question sorts it once.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class SampleGroups(Generic[K]):
    """Ids by key.

    Args:
        ranks: The place of each id in the order of the index; shared with it, and read only.
    """

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self._ranks = ranks
        self._members: defaultdict[K, dict[str, None]] = defaultdict(dict)
        self._unsorted: set[K] = set()

    def add(self, key: K, id: str) -> None:  # noqa: A002 - the field's name
        """Let an id join the group of a key, which it is not in.

        Args:
            key: The group.
            id: The sample; it has a rank.
        """
        members = self._members[key]
        if members and key not in self._unsorted and self._ranks[next(reversed(members))] > self._ranks[id]:
            self._unsorted.add(key)
        members[id] = None

    def remove(self, key: K, id: str) -> None:  # noqa: A002 - the field's name
        """Let an id leave the group of a key, which it is in; a group of nobody is forgotten.

        Args:
            key: The group.
            id: The sample.
        """
        members = self._members[key]
        del members[id]
        if not members:
            del self._members[key]
            self._unsorted.discard(key)

    def ids(self, key: K) -> dict[str, None]:
        """Give the ids of a group in the order of the index.

        Args:
            key: The group.

        Returns:
            An ordered set, to be read only; empty for a key that nobody has.
        """
        if key in self._unsorted:
            self._members[key] = dict.fromkeys(sorted(self._members[key], key=self._ranks.__getitem__))
            self._unsorted.discard(key)
        return self._members.get(key, {})

    def counts(self) -> Counter[K]:
        """Count the samples of each group."""
        return Counter({key: len(members) for key, members in self._members.items()})
