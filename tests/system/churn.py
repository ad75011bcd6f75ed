# SPDX-License-Identifier: Apache-2.0
"""Ports that come and go, each with frames that say from which port they are; and what recordings say
of them, read without any of our own code."""
import os
import struct
import sys
import time

from frames import call, eth, link_open, write
from journeys import content

FRAMES = 5


def name_of(number):
    """Each tenth has the name of another one before it."""
    return "again" if number % 10 == 9 else "p%d" % number


def churn(first, last):
    """Ports number first to last - 1, one after the other; the frame's source address has the number."""
    where = os.environ["XSW_SOCKET"]
    for number in range(first, last):
        name = name_of(number)
        path = os.path.abspath("churn.pcap")
        write(path, [eth(1, 0x100 + number, bytes([n]) * 46) for n in range(FRAMES)])
        call(where, "port.add", port={"name": name, "kind": "file", "input": path})
        for _ in range(2000):
            port = call(where, "port.show", name=name)["port"]
            if port["counters"]["rx_packets"] == FRAMES:
                break
            time.sleep(0.005)
        else:
            raise SystemExit("%s has not received its frames" % name)
        call(where, "port.remove", name=name)


def send(device, number):
    """Frames of that number by a device."""
    link = link_open(device, False)
    for n in range(FRAMES):
        link.send(eth(1, 0x100 + number, bytes([n]) * 46))


def replace(name):
    """The port goes, and others come until one has its id."""
    where = os.environ["XSW_SOCKET"]
    number = call(where, "port.show", name=name)["port"]["id"]
    call(where, "port.remove", name=name)
    for n in range(1000):
        other = "other%d" % n
        call(where, "port.add", port={"name": other, "kind": "memory"})
        if call(where, "port.show", name=other)["port"]["id"] == number:
            return
        call(where, "port.remove", name=other)
    raise SystemExit("the id of %s is not given again" % name)


def tap_points(data):
    """(name of the port, name of the stage, source number) of each record."""
    at, interfaces = 0, []
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 1:
            place = at + 16
            while True:
                code, size = struct.unpack_from("<HH", data, place)
                if code == 2:
                    interfaces.append(data[place + 4:place + 4 + size].decode().split("/")[-1])
                if code in (0, 2):
                    break
                place += 4 + (size + 3) // 4 * 4
        elif kind == 0x0A0D0D0A:
            interfaces = []
        elif kind == 6:
            interface = struct.unpack_from("<I", data, at + 8)[0]
            source = data[at + 28 + 6:at + 28 + 12]
            port, stage = interfaces[interface].split(".", 1)
            yield port, stage, struct.unpack("!H", source[4:])[0] - 0x100
        at += length


def check(first, last, paths):
    """Each record at rx is of its port; and each port has as many as were sent, if any are named."""
    counts = {}
    for path in paths:
        for port, stage, number in tap_points(content(path)):
            if stage == "rx":
                if port != name_of(number):
                    raise SystemExit("%s: a frame of %s is at %s" % (path, name_of(number), port))
                counts[number] = counts.get(number, 0) + 1
    wrong = {n: counts.get(n, 0) for n in range(first, last) if counts.get(n, 0) != FRAMES}
    if wrong or not counts or (last > 0 and any(n < first or n >= last for n in counts)):
        raise SystemExit("frames of ports that are not there, or too many: %r" % wrong)


def at_rx(path):
    """How many records of frames that came in are in the recording."""
    return sum(stage == "rx" for _, stage, _ in tap_points(content(path)))


def main():
    what, words = sys.argv[1], sys.argv[2:]
    if what == "churn":
        churn(int(words[0]), int(words[1]))
    elif what == "send":
        send(words[0], int(words[1]))
    elif what == "replace":
        replace(words[0])
    elif what == "count":
        print(at_rx(words[0]))
    else:
        check(int(words[0]), int(words[1]), words[2:])


main()
