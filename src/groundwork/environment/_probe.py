"""What an interpreter says about itself.

Rule: standard library only and one file, because it also runs as a script under the interpreter that is asked.
"""

import json
import os
import platform
import sys
import sysconfig
from typing import Any


def facts() -> dict[str, Any]:
    """Describe the running interpreter.

    Returns:
        Its version, prefixes, folders of packages, and the variables of environment markers.
    """
    version = platform.python_version()
    implementation = sys.implementation
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return {
        "version": version,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "site_packages": list(dict.fromkeys(os.path.realpath(folder) for folder in folders)),
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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(facts()))
