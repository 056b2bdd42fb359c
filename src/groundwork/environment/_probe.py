"""What an interpreter says about itself.

Rule: standard library only and one file, because it also runs as a script under the interpreter that is asked, be it
older than ours; and under ``-S``, where a broken start-up file keeps it from starting as usual.
"""

from __future__ import annotations  # for interpreters that are too old, so that they can say so

import json
import os
import platform
import sys
import sysconfig
from importlib.machinery import FrozenImporter
from typing import Any

# Start-up files may print; what counts comes after this.
MARK = "\x1egroundwork\x1e"


def facts() -> dict[str, Any]:
    """Describe the running interpreter.

    Returns:
        Its version, prefixes, folders of packages, search path, modules of the standard library that a file can hide,
        and the variables of environment markers.
    """
    version = platform.python_version()
    implementation = sys.implementation
    prefix = _prefix()
    places = {"base": prefix, "platbase": prefix} if sys.flags.no_site else None
    folders = [sysconfig.get_path(name, vars=places) for name in ("purelib", "platlib")]
    return {
        "version": version,
        "prefix": prefix,
        "base_prefix": sys.base_prefix,
        "site_packages": list(dict.fromkeys(os.path.realpath(folder) for folder in folders)),
        "path": [os.path.abspath(entry) for entry in sys.path],
        "stdlib": os.path.realpath(sysconfig.get_path("stdlib")),
        "modules": [name for name in getattr(sys, "stdlib_module_names", ()) if _hideable(name)],
        "markers": {
            "implementation_name": implementation.name,
            "implementation_version": "{}.{}.{}".format(*implementation.version[:3]),
            "os_name": os.name,
            "platform_machine": platform.machine(),
            "platform_python_implementation": platform.python_implementation(),
            "platform_release": platform.release(),
            "platform_system": platform.system(),
            "platform_version": platform.version(),
            "python_full_version": version,
            "python_version": "{}.{}".format(*sys.version_info[:2]),
            "sys_platform": sys.platform,
        },
    }


def _prefix() -> str:
    # Without the module site, Python before 3.14 does not know that it belongs to an environment.
    scripts = os.path.dirname(os.path.abspath(sys.executable))
    for root in (os.path.dirname(scripts), scripts):
        if sys.flags.no_site and os.path.isfile(os.path.join(root, "pyvenv.cfg")):
            return root
    return sys.prefix


def _hideable(name: str) -> bool:
    # Built-in and frozen modules are found before any file.
    return name not in sys.builtin_module_names and FrozenImporter.find_spec(name) is None


if __name__ == "__main__":
    sys.stdout.write(MARK + json.dumps(facts()))
