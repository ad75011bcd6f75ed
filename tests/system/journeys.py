# SPDX-License-Identifier: Apache-2.0
"""Journeys of recordings, read without any of our own code: a witness for what recovery promises."""
import json
import struct
import subprocess
import sys

FIRST, LAST = 1, 2


def content(path):
    if path.endswith(".zst"):
        # A frame that is cut off is an error of zstd's, behind all whole ones.
        return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout
    with open(path, "rb") as file:
        return file.read()


def options(block):
    captured = struct.unpack_from("<I", block, 20)[0]
    at = 28 + (captured + 3) // 4 * 4
    while at + 4 <= len(block) - 4:
        code, length = struct.unpack_from("<HH", block, at)
        if code == 0:
            return
        yield code, block[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def read(path):
    """{packet id: flags of its records}, how many ids began more than once, and bytes of a torn end."""
    data, at, flags, again = content(path), 0, {}, 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or at + length > len(data):
            break
        if kind == 6:
            number, meta = None, None
            for code, value in options(data[at:at + length]):
                if code == 5:
                    number = struct.unpack("<Q", value)[0]
                elif code == 2989 and value[4:8] == b"XSW1":
                    meta = value[9]
            if meta & FIRST and flags.get(number, 0) & FIRST:
                again += 1
            flags[number] = flags.get(number, 0) | meta
        at += length
    return flags, again, len(data) - at


def losses(path):
    """What the summary at the end of a file says was lost, by cause, over all workers."""
    data, at, text = content(path), 0, b""
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or at + length > len(data):
            break
        if kind == 5:
            place, piece = at + 20, b""
            while place + 4 <= at + length - 4:
                code, size = struct.unpack_from("<HH", data, place)
                if code == 0:
                    break
                value = data[place + 4:place + 4 + size]
                if code == 2989 and value[4:8] == b"XSW1":
                    piece += value[12:]
                place += 4 + (size + 3) // 4 * 4
            text = piece or text
        at += length
    sums = {}
    summary = json.loads(text)
    for account in summary["workers"] + [summary["recorder"]]:
        for cause, number in account["lost"].items():
            sums[cause] = sums.get(cause, 0) + number
    return sums


def whole(path):
    return {number for number, flags in read(path)[0].items() if flags & FIRST and flags & LAST}


def prove(committed, files, rest):
    """Files of a recorder that was killed, and what was recovered behind it: together they have each
    committed journey, and no other. Prints how many are in both, and bytes that are torn."""
    before, torn = set(), 0
    for path in files:
        before |= whole(path)
        torn += read(path)[2]
    flags, again, torn_rest = read(rest)
    after = whole(rest)
    assert torn_rest == 0 and again == 0 and after == set(flags), "the recovered file is not whole"
    found = before | after
    assert len(found) == committed, f"{len(before)} + {len(after)}: {len(found)} of {committed}"
    print(len(before & after), torn, len(after))


if __name__ == "__main__":
    prove(int(sys.argv[1]), sys.argv[3:], sys.argv[2])
