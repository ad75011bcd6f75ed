# SPDX-License-Identifier: Apache-2.0
"""Makes a stage look as if it had lost a packet: finds its counters in the memory of xswd, and counts
one packet in that never came. The arguments are the process id of xswd, and how many packets went into
its first stage and out of it, a number that must not be common. See switch/path/counters.h."""
import struct
import sys

pid, packets = sys.argv[1], int(sys.argv[2])
REGION_MAX = 256 << 20  # what sanitizers map is larger, and not memory of the switch

with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
    lines = [line.split() for line in maps]
places = []
with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
    for line in lines:
        first, behind = (int(address, 16) for address in line[0].split("-"))
        if not line[1].startswith("rw") or behind - first > REGION_MAX:
            continue
        try:
            memory.seek(first)
            data = memory.read(behind - first) or b""
        except OSError:
            continue
        # In, out, and neither copies nor made, replaced, held or released ones.
        pattern = struct.pack("<7Q", packets, packets, 0, 0, 0, 0, 0)
        at = data.find(pattern)
        while at >= 0:
            places.append(first + at)
            at = data.find(pattern, at + 8)
    assert places, "no counters with this number"
    memory.seek(places[0])
    memory.write(struct.pack("<Q", packets + 1))
