# SPDX-License-Identifier: Apache-2.0
"""Frames from nothing, and capture files of them, for the system tests: the truth that the switch is
measured with is made without any code of the switch."""
import json
import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"


def mac(address):
    """02:00:00:00:00:0N for the number N, or the text as it stands."""
    if isinstance(address, int):
        address = "02:00:00:00:%02x:%02x" % (address >> 8, address & 255)
    return bytes.fromhex(address.replace(":", ""))


def eth(to, source, payload=b"", kind=0x88B5, tags=()):
    """A frame; each of `tags` is a VLAN, or a whole tag of 4 bytes."""
    middle = b"".join(t if isinstance(t, bytes) else struct.pack("!HH", 0x8100, t) for t in tags)
    return mac(to) + mac(source) + middle + struct.pack("!H", kind) + payload


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source, to, protocol, payload, dscp=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, dscp << 2, 20 + len(payload), 1, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(to))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(kind, payload):
    """From fe80::1 to all nodes; `kind` is the number of what follows."""
    return (struct.pack("!IHBB", 6 << 28, len(payload), kind, 255) +
            socket.inet_pton(socket.AF_INET6, "fe80::1") +
            socket.inet_pton(socket.AF_INET6, "ff02::1") + payload)


def transport(source, to, protocol, segment, at):
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!BBH", 0, protocol,
                                                                           len(segment))
    return segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2:]


def udp(to, source, sport, dport, payload=b"", tags=()):
    """From host number `source` to number `to`: addresses 10.0.0.N."""
    one, two = "10.0.0.%d" % source, "10.0.0.%d" % to
    segment = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return eth(to, source, ipv4(one, two, 17, transport(one, two, 17, segment, 6)), 0x0800, tags)


def tcp(to, source, sport, dport, payload=b"", tags=()):
    """A reset, which nobody answers."""
    one, two = "10.0.0.%d" % source, "10.0.0.%d" % to
    segment = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 0x50, 4, 1024, 0, 0) + payload
    return eth(to, source, ipv4(one, two, 6, transport(one, two, 6, segment, 16)), 0x0800, tags)


def write(path, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, frame in enumerate(frames):
            out.write(struct.pack("<IIII", 1700000000, number, len(frame), len(frame)) + frame)


def read(path):
    """All frames of a classic pcap file of this byte order."""
    data = open(path, "rb").read()
    frames, at = [], 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def call(path, method, **params):
    """One request to the control socket; its result."""
    with socket.socket(socket.AF_UNIX) as link, link.makefile("rw") as lines:
        link.connect(path)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        lines.write(json.dumps(request) + "\n")
        lines.flush()
        reply = json.loads(lines.readline())
    if "error" in reply:
        raise SystemExit(method + ": " + json.dumps(reply["error"]))
    return reply["result"]


# struct virtio_net_hdr, little-endian as the kernel of this machine writes it.
OFFLOAD = struct.Struct("<BBHHHH")


def link_open(interface, with_offload):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
    link.bind((interface, 0))
    if with_offload:
        link.setsockopt(263, 15, 1)  # SOL_PACKET, PACKET_VNET_HDR
    return link


def segment(frame, l3, size):
    """The frame, an IPv4 TCP segment that is to be cut into pieces of `size`, with what a network
    card is told: where the headers end, and that the checksum is half done. l3: of the IP header."""
    return OFFLOAD.pack(1, 1, l3 + 40, size, l3 + 20, 16) + frame


def arriving(interface, count, with_offload=False):
    """Gives (data, notes) of each of the next `count` frames that come in."""
    link = link_open(interface, with_offload)
    link.setsockopt(263, 8, 1)  # PACKET_AUXDATA: the kernel takes the tag out of the frame
    link.settimeout(20)
    print("ready", flush=True)
    while count > 0:
        data, notes, _, address = link.recvmsg(70000, 200)
        if address[2] != socket.PACKET_OUTGOING:
            yield data, notes[0][2]
            count -= 1


def take(interface, count, path):
    """Writes what comes in to a file."""
    write(path, [data for data, _ in arriving(interface, count)])


def expect(interface, count):
    """Prints what comes in with its offload fields, as JSON."""
    for data, notes in arriving(interface, count, True):
        status, _, _, _, _, tag, _ = struct.unpack("<IIIHHHH", notes)
        kind, gso, headers, size, start, offset = OFFLOAD.unpack_from(data)
        print(json.dumps({"tag": tag if status & 16 else None, "flags": kind, "gso": gso,
                          "headers": headers, "size": size, "start": start, "offset": offset,
                          "frame": data[OFFLOAD.size:].hex()}), flush=True)


def send(interface, frames, with_offload=False):
    link = link_open(interface, with_offload)
    for frame in frames:
        link.send(frame)
