"""What keeps a process that decodes untrusted files from the keys of the one that started it.

Both run as the same user. So the parent hides its memory and environment (`hide_from_children`),
and a reader gives up sockets, tracing and new programs for good (`enter_jail`): it gets its work
over pipes that are open already. Linux only; where the kernel knows no seccomp the rest holds.

Sources: prctl(2), seccomp(2), proc(5); numbers of system calls by the kernel's tables.
"""

import ctypes
import platform
import struct
import sys

_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

_LOAD_WORD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _DENY = 0x7FFF0000, 0x00050001  # the latter with EPERM
_CALL_OFFSET, _ARCHITECTURE_OFFSET = 0, 4
# From here on x86_64 has its calls once more, for another ABI.
_OTHER_ABI = 0x40000000

# By machine: how the kernel marks it, and the calls that are forbidden.
_FORBIDDEN = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41, "socketpair": 53, "execve": 59, "execveat": 322, "ptrace": 101,
            "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_open": 434,
            "pidfd_getfd": 438, "io_uring_setup": 425,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198, "socketpair": 199, "execve": 221, "execveat": 281, "ptrace": 117,
            "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_open": 434,
            "pidfd_getfd": 438, "io_uring_setup": 425,
        },
    ),
}  # fmt: skip


class _Program(ctypes.Structure):
    """A filter as the kernel takes it (`struct sock_fprog`)."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def hide_from_children() -> None:
    """Make this process's environment and memory unreadable for others of the same user.

    A process that is not dumpable belongs to root in /proc, and only root may trace it. What is
    started later is dumpable again.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def enter_jail() -> bool:
    """Give up sockets, tracing and the start of other programs, for the rest of this process.

    Returns:
        Whether the kernel holds this process to it.
    """
    hide_from_children()
    if sys.platform != "linux" or platform.machine() not in _FORBIDDEN:
        return False
    instructions = _write_filter(*_FORBIDDEN[platform.machine()])
    program = _Program(len(instructions) // 8, instructions)
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1) and _prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program)
    )


def _write_filter(architecture: int, calls: dict[str, int]) -> bytes:
    """A filter that denies some calls, and all of another architecture or ABI."""
    to_denial = len(calls) + 1
    lines = [
        (_LOAD_WORD, 0, 0, _ARCHITECTURE_OFFSET),
        (_JUMP_IF_EQUAL, 0, to_denial + 2, architecture),
        (_LOAD_WORD, 0, 0, _CALL_OFFSET),
        (_JUMP_IF_AT_LEAST, to_denial, 0, _OTHER_ABI),
    ]
    for place, number in enumerate(calls.values(), start=1):
        lines.append((_JUMP_IF_EQUAL, to_denial - place, 0, number))
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _DENY)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _prctl(option: int, *arguments: int) -> bool:
    call = ctypes.CDLL(None).prctl
    filled = (*arguments, 0, 0, 0, 0)[:4]
    return bool(call(ctypes.c_int(option), *map(ctypes.c_ulong, filled)) == 0)
