"""Why no versions fit together, in words: who asks for what, each with its own requirement.

Rule: uv tells a proof and pip a list of the last clash; both are read into the same demands and told as chains that
start at the project. What cannot be read is not guessed: then the resolver's own lines are shown.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from groundwork.environment._record import normalize

_PROJECT = ""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLAUSE = re.compile(r"(?P<asker>.+?) (?:depends?|depend) on (?P<wanted>.+)$")
_REMARK = re.compile(r"available|was not found|no version|not find|incompatible with|requires-python|Python", re.I)
_COLLECTING = re.compile(r"^\s*Collecting (?P<wanted>.+?) \(from (?P<chain>.+)\)\s*$")
_PIP_NOTHING = re.compile(r"Could not find a version that satisfies the requirement (\S+).*\(from versions: (.*)\)")


@dataclass(frozen=True)
class Demand:
    """One asks for another.

    Args:
        asker: Who asks, as the resolver writes it (``typer==0.20.1``); empty for the project itself.
        wanted: What is asked for, as ``click>=8``.
    """

    asker: str
    wanted: str


@dataclass(frozen=True)
class Conflict:
    """Requirements that exclude each other.

    Args:
        demands: Who asks for what.
        remarks: What else stands in the way, as ``only numpy<=2.5.5 is available``.
    """

    demands: tuple[Demand, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def contested(self) -> list[str]:
        """Normalized names that more than one asks for, in the order in which they came up."""
        counts: dict[str, set[frozenset[str]]] = {}
        for one in self.demands:
            counts.setdefault(_name(one.wanted), set()).add(_key(one.wanted))
        return [name for name, those in counts.items() if len(those) > 1]

    def chains(self, project: str) -> list[str]:
        """Tell each demand that takes part, beginning with the project.

        Args:
            project: What to call the project.

        Returns:
            One line each, as ``shop asks for typer<0.21; typer==0.20.1 asks for click>=8``.
        """
        contested = set(self.contested)
        last = [one for one in self.demands if _name(one.wanted) in contested] or self._ends()
        # pip tells of every version that it tried; one of each package is enough.
        kinds = {(_name(one.asker), _key(one.wanted)): one for one in reversed(last)}
        return ["; ".join(_told(one, project) for one in self._chain(demand)) for demand in reversed(kinds.values())]

    def _ends(self) -> list[Demand]:
        askers = {_name(one.asker) for one in self.demands if one.asker}
        return [one for one in self.demands if _name(one.wanted) not in askers]

    def _chain(self, demand: Demand) -> list[Demand]:
        chain = [demand]
        seen = {demand}
        while chain[0].asker != _PROJECT:
            asker = _name(chain[0].asker)
            before = next((one for one in self.demands if _name(one.wanted) == asker and one not in seen), None)
            if before is None:
                break
            chain.insert(0, before)
            seen.add(before)
        return chain


def read_conflict(output: str, project: str, direct: Sequence[str] = ()) -> Conflict | None:
    """Read what a resolver printed.

    Args:
        output: All that uv or pip printed.
        project: Name of the project, by which uv calls it.
        direct: What the project itself asks for; pip does not repeat it.

    Returns:
        The conflict, or None where the output tells of none.
    """
    if "No solution found" in output:
        return _of_uv(output, project)
    if "The conflict is caused by:" in output:
        return _of_pip(output, direct)
    nothing = _PIP_NOTHING.search(output)
    if nothing is not None and nothing[2] != "none":
        newest = nothing[2].rsplit(", ", 1)[-1]
        return Conflict(_collected(output, direct), (f"there is no {nothing[1]}; the newest version is {newest}",))
    return None


def _of_uv(output: str, project: str) -> Conflict:
    text = output.partition("No solution found")[2].partition("\nhint:")[0].partition("hint:")[0]
    # Older versions draw a tree, newer ones write "cause:"; the sentences are the same.
    text = re.sub(r"[\s\u2500-\u25b6\u00d7]+", " ", text)
    demands: list[Demand] = []
    remarks: list[str] = []
    for premise in re.findall(r"[Bb]ecause (.+?)(?:, we can conclude|$)", text):
        asker: str | None = None
        for part in _parts(premise):
            clause = _CLAUSE.match(part)
            if clause is not None:
                asker = _asker(clause["asker"], project)
                demands.append(Demand(asker, _requirement(clause["wanted"])))
            elif (required := re.match(r"you require (.+)$|your project requires (.+)$", part)) is not None:
                asker = _PROJECT
                demands.append(Demand(asker, _requirement(required[1] or required[2])))
            elif _REMARK.search(part):
                asker = None
                remarks.append(part)
            elif asker is not None and _NAME.match(part):
                demands.append(Demand(asker, _requirement(part)))
    return Conflict(tuple(dict.fromkeys(demands)), tuple(dict.fromkeys(remarks)))


def _parts(premise: str) -> list[str]:
    # "a depends on b<2 and c>1 and d depends on e": a comma inside a specifier has no blank after it.
    parts = re.split(r",? and |, (?![<>=!~])", premise)
    return [re.sub(r" \(\d+\)$", "", part).strip() for part in parts if not part.startswith("we know from")]


def _asker(text: str, project: str) -> str:
    text = re.sub(r"^(?:all versions of|all of|every version of) ", "", text.strip())
    bare = text.partition("[")[0]
    if text in ("you", "your project", "your requirements") or (project and normalize(bare) == normalize(project)):
        return _PROJECT
    return text


def _requirement(text: str) -> str:
    marker = re.search(r"\{(.+?)\}", text)
    bare = re.sub(r"\{.+?\}", "", text).strip().rstrip(".,")
    return f"{bare} where {marker[1]}" if marker else bare


def _of_pip(output: str, direct: Sequence[str]) -> Conflict:
    demands: list[Demand] = []
    told = output.partition("The conflict is caused by:")[2].partition("To fix this")[0]
    for line in told.splitlines():
        clause = _CLAUSE.match(line.strip())
        if clause is not None:
            name, _, version = clause["asker"].partition(" ")
            demands.append(Demand(f"{name}=={version}" if version else name, clause["wanted"].replace(" and ", ",")))
        elif (asked := re.match(r"\s*The user requested (?:\(constraint\) )?(.+)$", line)) is not None:
            demands.append(Demand(_PROJECT, asked[1]))
    return Conflict(tuple(dict.fromkeys([*demands, *_ways(demands, _collected(output, direct))])))


def _ways(demands: Iterable[Demand], known: Sequence[Demand]) -> list[Demand]:
    # Only those that lead to an asker: every other package that pip looked at has no part in it.
    ways: list[Demand] = []
    wanted = [_name(one.asker) for one in demands if one.asker]
    while wanted:
        name = wanted.pop()
        found = next((one for one in known if _name(one.wanted) == name and one not in ways), None)
        if found is not None:
            ways.append(found)
            wanted += [_name(found.asker)] if found.asker else []
    return ways


def _collected(output: str, direct: Sequence[str]) -> tuple[Demand, ...]:
    demands = [Demand(_PROJECT, one) for one in direct]
    for line in output.splitlines():
        found = _COLLECTING.match(line)
        if found is not None:
            asker = found["chain"].partition("->")[0].strip()
            demands.append(Demand(_PROJECT if asker.startswith("-r ") else asker, found["wanted"]))
    return tuple(dict.fromkeys(demands))


def _told(one: Demand, project: str) -> str:
    return f"{one.asker or project} asks for {one.wanted}"


def _key(requirement: str) -> frozenset[str]:
    # uv and pip write the parts of a specifier in different orders.
    name, bare = _name(requirement), requirement.partition(";")[0]
    return frozenset([name, *re.findall(r"[<>=!~]=?=?[^,\s]+", bare)])


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return normalize(found[0].rstrip("-._")) if found else ""
