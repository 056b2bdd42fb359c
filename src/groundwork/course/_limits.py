"""What a learner's process may take, and what bounds it.

Rule: bounds of memory, file size and descriptors are the kernel's and hold for all that the process starts; where the
system has no such bound, it is left out. Nothing here needs root.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
_MS_RDONLY, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 4096, 16384, 1 << 18
_PR_SET_CHILD_SUBREAPER, _CAPABILITY_VERSION_3 = 36, 0x20080522
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1
_CAPSET = {"x86_64": 126, "aarch64": 91}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of everything that a learner's code does.

    Attributes:
        memory_bytes: Address space by which the process may grow in one check; asking for more fails the check.
        file_bytes: Size of one file.
        descriptors: Open files and sockets of one process.
        processes: Processes at once.
        output_bytes: What may be printed in all.
    """

    memory_bytes: int = 3_000_000_000 + 80_000_000 * (os.cpu_count() or 1)  # each thread reserves some
    file_bytes: int = 512 * 1024 * 1024
    descriptors: int = 1024
    processes: int = 128
    output_bytes: int = 16 * 1024 * 1024


LIMITS = Limits()


def restrain(limits: Limits = LIMITS) -> None:
    """Set the kernel's bounds for this process and all that it starts.

    Args:
        limits: Which.
    """
    if sys.platform == "win32":
        return
    import resource

    # The host sees growth beyond the bound and ends it; four times as much the kernel does not even give.
    wanted = {
        "RLIMIT_DATA": 4 * limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.descriptors,
        "RLIMIT_CORE": 0,
    }
    for name, value in wanted.items():
        which = getattr(resource, name, None)
        if which is not None:
            _, hard = resource.getrlimit(which)
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with suppress(OSError, ValueError):  # macOS refuses some
                resource.setrlimit(which, (most, most))


def adopt_orphans() -> None:
    """Become the parent of each descendant whose own parent ends; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def leave_the_network() -> bool:
    """Move this process to a network of its own that has nothing but loopback.

    It needs Linux and, without root, that users may make namespaces; it must be called before any thread starts.

    Returns:
        Whether it did; False also where the kernel refuses.
    """
    return _apart(_CLONE_NEWNET, _raise_loopback)


def hide(places: Iterable[str]) -> bool:
    """Put something empty over files and folders, for this process and all that it starts.

    It needs what ``leave_the_network`` needs. Cost: 1 ms.

    Args:
        places: Absolute paths; one that is not there stays so.

    Returns:
        Whether nothing of them is to be seen; False also where the kernel refuses.
    """
    found = sorted(places)
    return _apart(_CLONE_NEWNS, partial(_cover, found)) and not any(map(_is_seen, found))


def _apart(what: int, change: Callable[[], None]) -> bool:
    """Have a network or a view of the files of one's own, and change it, with no more rights than before afterwards."""
    if sys.platform != "linux":
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        done = kernel.unshare(what) == 0
    else:
        number = _CAPSET.get(os.uname().machine)
        # Without a way to give the new rights back, a learner could read files that have no permission bits.
        done = number is not None and kernel.unshare(_CLONE_NEWUSER | what) == 0
    if not done:
        return False
    change()
    if user != 0:
        with suppress(OSError):
            _write("/proc/self/uid_map", f"{user} {user} 1")
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/gid_map", f"{group} {group} 1")
        kernel.syscall(number, struct.pack("Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
    return True


def _cover(places: Iterable[str]) -> None:
    mount = ctypes.CDLL(None, use_errno=True).mount
    # What is not private is mounted for everybody else as well.
    if mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        return
    for place in places:
        if os.path.isdir(place):
            mount(b"none", os.fsencode(place), b"tmpfs", _MS_RDONLY, b"mode=555,size=4k")
        else:
            mount(os.devnull.encode(), os.fsencode(place), None, _MS_BIND, None)


def _is_seen(place: str) -> bool:
    return bool(os.listdir(place)) if os.path.isdir(place) else os.path.exists(place) and os.path.getsize(place) > 0


def _raise_loopback() -> None:
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
