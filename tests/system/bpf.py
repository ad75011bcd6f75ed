# SPDX-License-Identifier: Apache-2.0
"""XDP programs of a few instructions, pinned where iproute2 finds them. Usage: bpf.py PATH invalid, of which
the kernel can do no action; or bpf.py PATH cut BYTES, which takes so many off the end of each frame."""
import ctypes
import os
import platform
import struct
import sys

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
PROG_LOAD, OBJ_PIN = 5, 6
PROG_TYPE_XDP = 6
XDP_PASS, XDP_UNKNOWN = 2, 42
ADJUST_TAIL = 65


def instruction(code, register=0, value=0):
    return struct.pack("=BBhi", code, register, 0, value)


def move(register, value):
    return instruction(0xB7, register, value)


def end(action):
    return move(0, action) + instruction(0x95)


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    size = len(attributes)
    result = libc.syscall(BPF, command, ctypes.create_string_buffer(attributes, size), size)
    if result < 0:
        number = ctypes.get_errno()
        raise SystemExit("bpf command %d: %s" % (command, os.strerror(number)))
    return result


def pin(path, program):
    code = ctypes.create_string_buffer(program, len(program))
    licence = ctypes.create_string_buffer(b"Apache-2.0")
    loaded = bpf(PROG_LOAD, struct.pack("=IIQQIIQII", PROG_TYPE_XDP, len(program) // 8,
                                        ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0, 0))
    name = ctypes.create_string_buffer(path.encode())
    bpf(OBJ_PIN, struct.pack("=QII", ctypes.addressof(name), loaded, 0))


if sys.argv[2] == "invalid":
    pin(sys.argv[1], end(XDP_UNKNOWN))
else:
    # The frame is in register 1 from the beginning.
    pin(sys.argv[1], move(2, -int(sys.argv[3])) + instruction(0x85, 0, ADJUST_TAIL) + end(XDP_PASS))
