# SPDX-License-Identifier: Apache-2.0
"""Reads IPFIX reports (RFC 7011) out of a classic pcap file, knowing nothing of the encoder, and prints
a line for each message, template and record. Refuses what is not as the RFC says. Usage: ipfix.py FILE"""
import ipaddress
import struct
import sys

NAMES = {1: "octets", 2: "packets", 4: "protocol", 5: "class", 6: "flags", 7: "sport", 8: "source",
         10: "input", 11: "dport", 12: "destination", 14: "output", 27: "source", 28: "destination",
         56: "source", 80: "destination", 58: "vlan", 136: "end", 152: "start", 153: "stop",
         256: "type"}
SHOWN = ("source", "sport", "destination", "dport", "protocol", "type", "vlan", "input", "output",
         "packets", "octets", "flags", "class", "end")


def frames(path):
    data = open(path, "rb").read()
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def add(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def message(frame, largest):
    """The UDP payload; every length and checksum around it is right."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    packet = frame[14:]
    assert len(packet) <= largest, "%d bytes, more than the MTU" % len(packet)
    if kind == 0x0800:
        assert packet[0] == 0x45 and add(packet[:20]) == 0xFFFF, "IPv4 header"
        assert struct.unpack_from("!H", packet, 2)[0] == len(packet), "IPv4 length"
        ends, protocol, udp = packet[12:20], packet[9], packet[20:]
    else:
        assert kind == 0x86DD and packet[0] >> 4 == 6, "neither IPv4 nor IPv6"
        assert struct.unpack_from("!H", packet, 4)[0] == len(packet) - 40, "IPv6 length"
        ends, protocol, udp = packet[8:40], packet[6], packet[40:]
    assert protocol == 17 and struct.unpack_from("!H", udp, 4)[0] == len(udp), "UDP length"
    assert add(ends + struct.pack("!HH", 17, len(udp)) + udp) == 0xFFFF, "UDP checksum"
    return udp[8:]


def show(ident, value):
    if ident in (8, 12, 27, 28):
        return str(ipaddress.ip_address(value))
    if ident in (56, 80):
        return value.hex(":")
    return str(int.from_bytes(value, "big"))


class Decoder:
    def __init__(self):
        self.templates = {}
        self.sequence = 0

    def read(self, data):
        version, length, _, sequence, domain = struct.unpack_from("!HHIII", data)
        assert version == 10 and length == len(data), "message header"
        assert sequence == self.sequence, "sequence %d, expected %d" % (sequence, self.sequence)
        print("message domain=%d" % domain)
        at = 16
        while at < len(data):
            kind, size = struct.unpack_from("!HH", data, at)
            assert size >= 4 and at + size <= len(data), "set length"
            self.read_set(kind, data[at + 4:at + size])
            at += size

    def read_set(self, kind, data):
        if kind == 2:
            self.read_templates(data)
            return
        assert kind >= 256 and kind in self.templates, "no template %d yet" % kind
        fields = self.templates[kind]
        size = sum(length for _, length in fields)
        at = 0
        while len(data) - at >= size:
            self.read_record(fields, data[at:at + size])
            at += size
            self.sequence += 1

    def read_templates(self, data):
        at = 0
        while len(data) - at >= 4:
            kind, count = struct.unpack_from("!HH", data, at)
            at += 4
            fields = [struct.unpack_from("!HH", data, at + 4 * n) for n in range(count)]
            assert all(ident < 0x8000 for ident, _ in fields), "only fields of the registry"
            at += 4 * count
            self.templates[kind] = fields
            print("template %d" % kind)

    def read_record(self, fields, data):
        record, at = {}, 0
        for ident, length in fields:
            record[NAMES[ident]] = show(ident, data[at:at + length])
            at += length
        assert int(record["stop"]) >= int(record["start"]), "it ends before it begins"
        print(" ".join("%s=%s" % (name, record[name]) for name in SHOWN if name in record))


def main():
    decoder = Decoder()
    for frame in frames(sys.argv[1]):
        decoder.read(message(frame, int(sys.argv[2])))


main()
