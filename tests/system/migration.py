# SPDX-License-Identifier: Apache-2.0
"""A guest whose stream outlasts the migration of its port, and an xswd that hangs."""
import hashlib
import os
import socket

PIECE = 16 << 10
FLOWING = 1 << 20
AFTERWARDS = 3 << 20


def stream_until(address, port, path):
    """Sends until `path` is there, and 3 MiB more; judges by the digest that comes back."""
    digest = hashlib.sha256()
    sent = 0
    last = None
    with socket.create_connection((address, port), timeout=20) as link:
        link.settimeout(30)
        while last is None or sent < last:
            data = os.urandom(PIECE)
            link.sendall(data)
            digest.update(data)
            sent += PIECE
            if sent == FLOWING:
                print("flowing", flush=True)
            if last is None and sent >= FLOWING and os.path.exists(path):
                last = sent + AFTERWARDS
        link.shutdown(socket.SHUT_WR)
        got = link.recv(32, socket.MSG_WAITALL)
    if got != digest.digest():
        raise SystemExit("other bytes arrived than were sent")
    print("sent", sent, "bytes")


def hang_at(path, target, method):
    """Stands for the xswd at `target`, until `method` is asked: then it is silent while anybody waits for an
    answer, and does all that it was asked after that."""
    with socket.socket(socket.AF_UNIX) as door, socket.socket(socket.AF_UNIX) as real:
        door.bind(path)
        door.listen(1)
        real.connect(target)
        client, _ = door.accept()
        answers = real.makefile("rb")
        silent = []
        for line in client.makefile("rb"):
            if silent or b'"method":"%s"' % method.encode() in line:
                silent.append(line)
                continue
            real.sendall(line)
            client.sendall(answers.readline())
        for line in silent:
            real.sendall(line)
            print(answers.readline())
