# SPDX-License-Identifier: Apache-2.0
"""Hosts that send each other streams and datagrams, and judge by a digest what has arrived."""
import hashlib
import os
import socket
import struct
import sys

SIZE = 8 << 20
FAMILY = {False: socket.AF_INET, True: socket.AF_INET6}


def receive_all(link):
    digest = hashlib.sha256()
    while data := link.recv(1 << 16):
        digest.update(data)
    return digest.digest()


def serve(address, port):
    """Answers each stream with the digest of what came."""
    with socket.create_server((address, port), family=FAMILY[":" in address],
                              dualstack_ipv6=":" in address) as server:
        while True:
            link, _ = server.accept()
            with link:
                link.settimeout(30)
                try:
                    link.sendall(receive_all(link))
                except OSError as problem:
                    print("a stream broke:", problem, file=sys.stderr)


def stream(address, port, size=SIZE):
    """Sends `size` random bytes; they must arrive as they are."""
    data = os.urandom(size)
    with socket.create_connection((address, port), timeout=5) as link:
        link.settimeout(30)
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        got = link.recv(32, socket.MSG_WAITALL)
    if got != hashlib.sha256(data).digest():
        raise SystemExit("%s: other bytes arrived than were sent" % address)


def datagrams_take(address, port, count):
    """Prints the digest of the next `count` datagrams, in their order."""
    with socket.socket(FAMILY[":" in address], socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        link.bind((address, port))
        link.settimeout(20)
        print("ready", flush=True)
        digest = hashlib.sha256()
        for _ in range(count):
            data = link.recv(1 << 16)
            digest.update(struct.pack("!I", len(data)) + data)
        print(digest.hexdigest(), flush=True)


def datagrams_send(address, port, batches, count, size):
    """Sends batches of `count` datagrams of `size` bytes, each batch at once, to be cut by whoever
    can (UDP_SEGMENT); prints the digest of all."""
    digest = hashlib.sha256()
    with socket.socket(FAMILY[":" in address], socket.SOCK_DGRAM) as link:
        link.setsockopt(17, 103, size)  # SOL_UDP, UDP_SEGMENT
        for _ in range(batches):
            data = os.urandom(count * size)
            link.sendto(data, (address, port))
            for at in range(0, len(data), size):
                digest.update(struct.pack("!I", size) + data[at:at + size])
    print(digest.hexdigest(), flush=True)
