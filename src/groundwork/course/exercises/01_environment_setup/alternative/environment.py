"""Another correct answer to exercise 01, built differently from groundwork's: what a learner may write in a day.

It reads character by character where groundwork has expressions, judges markers itself, and believes pyvenv.cfg where
groundwork asks the interpreter.
"""
# ruff: noqa: D101, D102 - a learner's own file, whose names say what they do

import base64
import csv
import dataclasses
import hashlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import sysconfig
import types
import typing

# --- 1. Settings


class SettingsError(ValueError):
    """All that is wrong, one line each."""


class Secret:
    """A text that only ``reveal()`` gives away."""

    def __init__(self, text):
        self.reveal = lambda: text

    def __repr__(self):
        return "Secret('***')"

    def __str__(self):
        return "***"

    def __eq__(self, other):
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self):
        return hash(self.reveal())

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise TypeError("a Secret is not pickled")


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$", "`": "`"}


def parse_env(text, *, source=".env"):
    """Values by name; SettingsError names the lines that are none."""
    values, mistakes = entries(text)
    if mistakes:
        raise SettingsError("\n".join(f"{source}:{line}: {words}" for line, words in mistakes))
    return {name: value for name, (value, line) in values.items()}


def entries(text):
    """Value and line by name, and what is wrong as (line, words)."""
    values, mistakes = {}, []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(lines):
        number, begin = number + 1, number + 1
        line = lines[begin - 1].strip(" \t")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name = re.sub(r"^export[ \t]+", "", name).strip(" \t")
        if not equals or not NAME.fullmatch(name):
            mistakes.append((begin, "is no NAME=value"))
            continue
        if value.lstrip(" \t")[:1] not in ("'", '"'):
            values[name] = (unquoted(value), begin)
            continue
        # The rest of the file, as a quoted value may go over lines.
        rest = "\n".join([lines[begin - 1].partition("=")[2].lstrip(" \t"), *lines[begin:]])
        content, after = quoted(rest)
        if content is None:
            mistakes.append((begin, f"the quote of {name} is never closed"))
            break
        number = begin + rest[:after].count("\n")
        trailing = rest[after:].partition("\n")[0].strip(" \t")
        if trailing and not trailing.startswith("#"):
            mistakes.append((begin, f"text follows the quotes of {name}"))
        else:
            values[name] = (content, begin)
    return values, mistakes


def unquoted(value):
    """Without the comment after a space."""
    return re.sub(r"[ \t]#.*", "", value).strip(" \t")


def quoted(text):
    """Content of the quotes with which the text begins, and the place after them; None where they are not closed."""
    mark, place, content = text[0], 1, []
    while place < len(text):
        letter = text[place]
        if letter == mark:
            return "".join(content), place + 1
        if mark == '"' and letter == "\\" and place + 1 < len(text):
            following = text[place + 1]
            content.append(LETTERS.get(following, letter + following))
            place += 2
        else:
            content.append(letter)
            place += 1
    return None, place


def format_env(values):
    """Everything in double quotes."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "$": "\\$", "`": "\\`"}
    lines = []
    for name, value in values.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a variable")
        if not isinstance(value, str) or "\0" in value:
            raise ValueError(f"the value of {name} is no text that a variable can hold")
        lines.append(f'{name}="' + "".join(escapes.get(letter, letter) for letter in value) + '"\n')
    return "".join(lines)


def to_bool(text):
    """What people write for true and false."""
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    return words[text.strip().lower()]


def to_path(text):
    """A path; nothing is none."""
    if not text:
        raise ValueError("empty")
    return pathlib.Path(text)


READERS = {
    bool: (to_bool, "true or false"),
    int: (int, "a whole number"),
    float: (float, "a number"),
    str: (str, "text"),
    pathlib.Path: (to_path, "a path"),
    Secret: (Secret, "text"),
}


def convert(value, wanted):
    """The value as its type says; ValueError says what it is not."""
    parts = typing.get_args(wanted)
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        if value == "" or value is None:
            return None
        (wanted,) = [part for part in parts if part is not type(None)]
        parts = typing.get_args(wanted)
    if typing.get_origin(wanted) is list:
        items = value.split(",") if isinstance(value, str) else value
        items = [item.strip() if isinstance(item, str) else item for item in items]
        return [convert(item, parts[0]) for item in items if item != ""]
    if not isinstance(value, str):
        if type(value) is wanted:
            return value
        if wanted is float and type(value) is int:
            return float(value)
        raise ValueError(f"is a {type(value).__name__}, not a {wanted.__name__}")
    read, words = READERS[wanted]
    try:
        return read(value)
    except (ValueError, KeyError):
        raise ValueError(f"is not {words}") from None


def load_settings(schema, *, env_file=None, environ=None, prefix="", arguments=None):
    """Defaults < .env < environment < arguments; every mistake in one error."""
    fields = {field.name: field for field in dataclasses.fields(schema)}
    wanted = typing.get_type_hints(schema)
    variables = {prefix + name.upper(): name for name in fields}
    raw, mistakes = {}, []
    for name, value, place in layers(env_file, environ, prefix, variables, arguments, mistakes):
        raw[name] = (value, place)
    values = {}
    for name in fields:
        if name in raw:
            value, place = raw[name]
            try:
                values[name] = convert(value, wanted[name])
            except ValueError as error:
                shown = "the value" if wanted[name] is Secret else repr(value)
                mistakes.append(f"{place}: {name}: {shown} {error}")
        elif required(fields[name]):
            mistakes.append(f"{name} is not set; set {prefix}{name.upper()}")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return schema(**values)


def required(field):
    """Whether there is no default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def layers(env_file, environ, prefix, variables, arguments, mistakes):
    """Every (setting, raw value, place), the last of which wins."""
    if env_file is not None and os.path.exists(env_file):
        text = pathlib.Path(env_file).read_text(encoding="utf-8")
        found, wrong = entries(text)
        mistakes += [f"{env_file}:{line}: {words}" for line, words in wrong]
        for name, (value, line) in found.items():
            if name in variables:
                yield variables[name], value, f"{env_file}:{line}"
            elif prefix and name.startswith(prefix):
                mistakes.append(f"{env_file}:{line}: {name} is no setting")
    here = os.environ if environ is None else environ
    yield from ((variables[name], here[name], name) for name in variables if name in here)
    for name, value in (arguments or {}).items():
        if name not in variables.values():
            mistakes.append(f"argument {name}: is no setting")
        elif value is not None:
            yield name, value, f"argument {name}"


# --- 2. The doctor


@dataclasses.dataclass(frozen=True)
class Finding:
    check: str
    severity: str
    found: str
    expected: str = ""
    fix: str = ""


class Place:
    """An environment: where it lies, and what it says of itself."""

    def __init__(self, python, lock, project):
        self.asked = python
        path = pathlib.Path(os.path.abspath(python or sys.executable))
        if path.is_dir():
            path = path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.python, self.lock, self.project = path, lock, project

    @property
    def root(self):
        return self.python.parent.parent

    @property
    def facts(self):
        return facts(self)


ASK = "import json, sys, sysconfig, platform; print(json.dumps([sys.prefix, sys.base_prefix, platform.python_version(), sysconfig.get_path('purelib')]))"  # noqa: E501


def ask(place):
    """What the interpreter says: prefix, base, version, folder of packages."""
    if place.asked is None:
        return [sys.prefix, sys.base_prefix, platform.python_version(), sysconfig.get_path("purelib")]
    command = [str(place.python), "-I", "-c", ASK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)


def facts(place):
    """Version and folder of packages; an environment tells both without being started."""
    config = place.root / "pyvenv.cfg"
    found = re.search(r"^version(?:_info)? *= *(\S+)", config.read_text(), re.MULTILINE) if config.exists() else None
    if found is None:
        return ask(place)[2:]
    major, minor = found[1].split(".")[:2]
    library = "Lib" if os.name == "nt" else f"lib/python{major}.{minor}"
    return found[1], str(place.root / library / "site-packages")


def check(python=None, *, only=None, lock=None, workdir=None):
    """At least one finding for each check asked for."""
    names = list(CHECKS) if only is None else [only] if isinstance(only, str) else list(only)
    if unknown := [name for name in names if name not in CHECKS]:
        raise ValueError(f"there is no check {unknown[0]!r}; there are {', '.join(CHECKS)}")
    project = pathlib.Path(workdir or ".").absolute()
    if lock is None and (project / "requirements.lock").exists():
        lock = project / "requirements.lock"
    place = Place(python, None if lock is None else pathlib.Path(lock), project)
    return [finding for name in names for finding in alone(name, place)]


def alone(name, place):
    """The findings of one check; its own failure is one."""
    try:
        wrong = [Finding(name, severity, *words) for severity, *words in CHECKS[name](place)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        wrong = [Finding(name, "error", f"{name} cannot be checked: {error}", "an answer", "mend what it names")]
    return wrong or [Finding(name, "ok", "as it should be")]


def check_interpreter(place):
    """Does it run, and is it one of an environment?"""
    try:
        prefix, base, version, _ = ask(place)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        yield "error", f"{place.python} does not run: {error}", "an interpreter", "create the environment anew"
        return
    if tuple(int(part) for part in version.split(".")[:2]) < (3, 11):
        yield "error", f"Python {version}", "3.11 or later", "install a newer Python"
    if prefix == base:
        yield "warning", f"{prefix} is no environment of its own", "a .venv", "python3 -m venv .venv"


def check_moved(place):
    """Do its commands start its own interpreter?"""
    scripts = place.python.parent
    for script in sorted(scripts.iterdir()) if (place.root / "pyvenv.cfg").exists() else ():
        if script.is_symlink() or not script.is_file():
            continue
        with script.open("rb") as file:
            first = os.fsdecode(file.readline(1000))
        if first.startswith("#!/") and "python" in first:
            folder = os.path.dirname(first[2:].strip())
            if os.path.realpath(folder) != os.path.realpath(scripts):
                yield "error", f"{script.name} starts the Python of {folder}", f"that of {scripts}", "create it anew"
                return


def normalized(name):
    """The form in which names compare equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(folder):
    """(version, dist-info folder) by normalized name."""
    found = {}
    for info in sorted(pathlib.Path(folder).glob("*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        found[normalized(name)] = (version, info)
    return found


def logical_lines(text):
    """(number, line), joined where lines end in a backslash."""
    begin, parts = 1, []
    for number, line in enumerate(text.split("\n"), start=1):
        parts.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield begin, " ".join(parts)
            begin, parts = number + 1, []


def pins(lock):
    """(name, version) of what the lock wants here, by its text and the markers."""
    for begin, line in logical_lines(lock.read_text(encoding="utf-8")):
        line = re.sub(r"(^|\s)#.*", "", line)
        line = re.sub(r"\s--hash\S+", "", line).strip()
        if not line:
            continue
        requirement, _, marker = line.partition(";")
        match = re.fullmatch(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*(\S+)", requirement.strip())
        if match is None:
            raise ValueError(f"{lock.name}, line {begin}: {line[:40]!r} is not name==version")
        yield normalized(match[1]), match[2], marker


def check_packages(place):
    """Is there what the lock wants?"""
    if place.lock is None:
        return
    version, folder = place.facts
    here = installed(folder)
    for name, wanted, marker in pins(place.lock):
        if not applies(marker, version):
            continue
        found = here.get(name, (None, None))[0]
        if found is None:
            yield "error", f"{name} is not installed", f"{name} {wanted}", f"pip install {name}=={wanted}"
        elif version_key(found) != version_key(wanted):
            yield "error", f"{name} {found}", f"{name} {wanted}", f"pip install {name}=={wanted}"


def check_files(place):
    """Is every file what its RECORD says?"""
    site = pathlib.Path(place.facts[1])
    for name, (version, info) in installed(site).items():
        wrong = damaged(site, info)
        if wrong:
            fix = f"pip install --force-reinstall {name}=={version}"
            yield "error", f"{name}: {', '.join(wrong)}", "every file as its RECORD says", fix


def damaged(site, info):
    """Files that are not what RECORD says, in words."""
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError):
        return ["RECORD cannot be read"]
    if not rows:
        return ["RECORD is empty"]
    return [f"{row[0]} {what}" for row in rows if (what := wrong_with(site, *row[:3]))]


def wrong_with(site, path, promised, size):
    """What is wrong with one file, or None."""
    kind, _, digest = promised.partition("=")
    if not digest:
        return None
    try:
        content = (site / path).read_bytes()
    except OSError:
        return "is missing"
    return None if digest == encoded(hashlib.new(kind, content).digest()) else "is changed"


def encoded(digest):
    """As RECORD writes it."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_dependencies(place):
    """Is there all that what is installed needs?"""
    for name, other, wanted, found in needs(place):
        if found is None:
            yield (
                "error",
                f"{name} needs {other}, which is not installed",
                other + wanted,
                f"pip install '{other}{wanted}'",
            )


def check_conflicts(place):
    """Does it suit those that need it?"""
    for name, other, wanted, found in needs(place):
        if found is not None and not fits(found, wanted):
            told = f"{name} needs {other}{wanted}, and {found} is installed"
            yield "error", told, other + wanted, f"pip install '{other}{wanted}'"


def needs(place):
    """(package, other, range, version of the other or None) of each requirement that counts here."""
    version, folder = place.facts
    here = installed(folder)
    for name, (_, info) in here.items():
        for line in requirements(info):
            needed, _, marker = line.partition(";")
            match = re.match(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?([^)]*)\)?\s*$", needed)
            if match is not None and applies(marker, version):
                other = normalized(match[1])
                yield name, other, match[2].strip(), here.get(other, (None,))[0]


def requirements(info):
    """What METADATA asks for, in its head alone."""
    try:
        text = (info / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    head = text.partition("\n\n")[0]
    return [line.partition(":")[2] for line in head.split("\n") if line.startswith("Requires-Dist:")]


def check_dotenv(place):
    """Are the names of the example set? Values are of no interest here."""
    example, actual = place.project / ".env.example", place.project / ".env"
    if not example.exists():
        return
    wanted, _ = entries(example.read_text(encoding="utf-8"))
    here, broken = entries(actual.read_text(encoding="utf-8")) if actual.exists() else ({}, [])
    for line, words in broken:
        yield "error", f".env:{line} {words}", "NAME=value", f"mend line {line}"
    for name in wanted:
        if name not in here and name not in os.environ:
            yield "error", f"{name} is not set", f"{name}, as in .env.example", f"add {name}=... to .env"


CHECKS = {
    "interpreter": check_interpreter,
    "moved": check_moved,
    "packages": check_packages,
    "files": check_files,
    "dependencies": check_dependencies,
    "conflicts": check_conflicts,
    "dotenv": check_dotenv,
}


# --- Versions and markers


def version_key(text):
    """What compares as versions do: 1.10 after 1.9, 1.0 like 1.0.0, a candidate before its release."""
    release, rest = re.match(r"v?([\d.]*\d)(.*)", text.strip().lower()).groups()
    numbers = [int(part) for part in release.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    rest = re.sub(r"[-_.]", "", rest.partition("+")[0])
    return numbers, (1 if rest.startswith("post") else -1) if rest else 0, rest


def compare(left, operator, right):
    """One comparison of versions."""
    if right.endswith(".*"):
        same = (left + ".").startswith(right[:-1])
        return same == (operator == "==")
    if operator == "~=":
        return version_key(left) >= version_key(right) and (left + ".").startswith(right.rpartition(".")[0] + ".")
    one, other = version_key(left), version_key(right)
    order = (one > other) - (one < other)
    return {
        "==": order == 0,
        "===": left == right,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[operator]


def fits(version, wanted):
    """Whether a version is within ``>=1,<2``."""
    clauses = [re.match(r"\s*([<>=!~]+)\s*(\S+)", clause).groups() for clause in wanted.split(",") if clause.strip()]
    return all(compare(version, operator, other) for operator, other in clauses)


TOKEN = re.compile(r"\s*(\(|\)|'[^']*'|\"[^\"]*\"|[<>=!~]+|not\s+in|[A-Za-z_.]+)")


def applies(marker, version):
    """Whether a marker holds; one that cannot be read does."""
    if not marker.strip():
        return True
    tokens = TOKEN.findall(marker)
    try:
        return either(tokens, variables_of(version))
    except (IndexError, KeyError):
        return True


def variables_of(version):
    """What markers speak of."""
    return {
        "python_version": ".".join(version.split(".")[:2]),
        "python_full_version": version,
        "sys_platform": sys.platform,
        "platform_system": platform.system(),
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "implementation_name": sys.implementation.name,
        "os_name": os.name,
        "extra": "",
    }


def either(tokens, values):
    """One, or another."""
    held = both(tokens, values)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        held = both(tokens, values) or held
    return held


def both(tokens, values):
    """One, and another."""
    held = single(tokens, values)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        held = single(tokens, values) and held
    return held


def single(tokens, values):
    """A comparison, or something in parentheses."""
    if tokens[0] == "(":
        tokens.pop(0)
        held = either(tokens, values)
        tokens.pop(0)
        return held
    left, operator, right = (tokens.pop(0) for _ in range(3))
    one, other = (token[1:-1] if token[0] in "'\"" else values[token] for token in (left, right))
    if operator.endswith("in"):
        return (one in other) == (operator == "in")
    if {left, right} & {"python_version", "python_full_version"}:
        return compare(one, operator, other)
    return (one == other) == (operator == "==")


# --- 3. The fingerprint

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED")


class Fingerprint:
    """What results depend on, by name: flat texts."""

    def __init__(self, values):
        self.values = values

    def to_dict(self):
        return dict(self.values)

    @property
    def digest(self):
        return hashlib.sha256(json.dumps(self.values, sort_keys=True).encode()).hexdigest()


def fingerprint():
    """Of the running interpreter."""
    values = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    values |= {name: os.environ.get(name, "unset") for name in THREADS}
    for folder in reversed(sys.path):
        for name, (version, info) in installed(folder or ".").items():
            values[f"package {name}"] = version
            values[f"build {name}"] = build(info)
    return Fingerprint(values)


def build(info):
    """A short hash over what RECORD says of the package's own files."""
    try:
        rows = (info / "RECORD").read_bytes().splitlines()
    except OSError:
        return "unknown"
    return hashlib.sha256(b"\n".join(sorted(row for row in rows if b",sha256=" in row))).hexdigest()[:12]


def diff(a, b):
    """One line for each name that differs."""
    old, new = (one if isinstance(one, dict) else one.to_dict() for one in (a, b))
    lines = []
    for name in sorted({*old, *new}):
        was, now = old.get(name, "not installed"), new.get(name, "not installed")
        # A package of another version is another build anyway.
        version = name.replace("build ", "package ", 1)
        if was != now and (name == version or old.get(version) == new.get(version)):
            lines.append(f"{name.removeprefix('package ')} {was} -> {now}")
    return lines
