# SPDX-License-Identifier: Apache-2.0
"""Writes nonsense where the reader of a ring goes on. The argument is the process id of xswd, whose
rings are found by name. See capture/ring.h."""
import mmap
import os
import struct
import sys

HEADER_SIZE, SIZE_AT, HEAD_AT, TAIL_AT = 12288, 16, 64, 128

spoiled = 0
folder = f"/proc/{sys.argv[1]}/fd"
for name in os.listdir(folder):
    if not os.readlink(f"{folder}/{name}").startswith("/memfd:xsw-ring"):
        continue
    fd = os.open(f"{folder}/{name}", os.O_RDWR)
    ring = mmap.mmap(fd, 0)
    assert ring[:7] == b"XSWRING", "not a ring"
    size, head, tail = (struct.unpack_from("<Q", ring, at)[0] for at in (SIZE_AT, HEAD_AT, TAIL_AT))
    assert size & (size - 1) == 0 and 0 < head - tail <= size, "the ring is not as this test knows it"
    struct.pack_into("<IHH", ring, HEADER_SIZE + tail % size, 0xFFFFFFF8, 3, 0xFFFF)
    spoiled += 1
assert spoiled > 0, "no ring"
