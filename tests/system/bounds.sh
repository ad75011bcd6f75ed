# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What somebody who may only observe can take of the daemon's time and memory, and what stays for those
# who manage.
# shellcheck source=tests/system/sessions.sh
. "$here/sessions.sh"
# shellcheck source=tests/system/privacy.sh
. "$here/privacy.sh"

# A connection with the descriptors that come on it.
peer='
import json, os, socket, time
class Peer:
    def __init__(self):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect("/run/xswd.sock")
    def send(self, method, params, **request):
        request |= {"jsonrpc": "2.0", "method": method, "params": params}
        self.link.sendall((json.dumps(request) + "\n").encode())
    def ask(self, method, **params):
        self.send(method, params, id=1)
        data, self.fds = b"", []
        while not data.endswith(b"\n"):
            part, fds, _, _ = socket.recv_fds(self.link, 1 << 20, 16)
            data, self.fds = data + part, self.fds + list(fds)
        return json.loads(data)
    def done(self, method, **params):
        reply = self.ask(method, **params)
        assert "result" in reply, reply
        return reply["result"]
    def refused(self, says, method, **params):
        reply = self.ask(method, **params)
        assert "error" in reply and says in reply["error"]["message"], (says, reply)
def kept(fds):
    return sum(os.fstat(fd).st_blocks * 512 for fd in fds)
def until(what):
    for _ in range(200):
        if what():
            return
        time.sleep(0.05)
    raise SystemExit("never came true")
peer = Peer()
'

claim_what_an_observer_asks_for_is_bounded() {
    users_make
    hosts_start alice bob
    "${as_nobody[@]}" /usr/bin/python3 -c "$peer
peer.refused('expected the compiled program with it', 'capture.attach', filter='tcp')
peer.refused('expected the compiled program with it', 'capture.attach', filter='host nowhere.example')
peer.refused('would have to be looked up', 'capture.attach', where='pcap \"host nowhere.example\"')
peer.refused('more than 256 bytes', 'capture.attach', where='pcap \"' + ' or '.join(['port 7'] * 99) + '\"')
peer.refused('a jump leads back', 'capture.attach', filter='x', program=[[5, 0, 0, 0xffffffff], [6, 0, 0, 1]])
peer.refused('expected the filter', 'capture.attach', program=[[6, 0, 0, 1]])
peer.refused('expected at most 500000', 'capture.attach', budget=500001)
peer.refused('64 MiB in all', 'capture.attach', ring_bytes=1 << 30)
number = peer.done('capture.attach', filter='all', program=[[6, 0, 0, 1]])['session']
peer.refused('expected the compiled program with it', 'capture.set', session=number, filter='tcp')
peer.refused('expected at most 500000', 'capture.set', session=number, budget=1000000)
assert peer.done('capture.set', session=number, rate=0)['rules_number'] == 1
assert peer.done('capture.set', session=number, rate=9)['rules_number'] == 2
# Without an id nobody would get the rings.
peer.send('capture.attach', {})
assert len(peer.done('capture.list')['sessions']) == 1
peer.done('capture.attach', ring_bytes=65536)
other = Peer()
other.done('capture.attach', ring_bytes=65536)
other.refused('3 captures already', 'capture.attach', ring_bytes=65536)
peer.done('capture.detach', session=number)
other.done('capture.attach', ring_bytes=65536)
"
    # xsw brings what is asked for; and who manages has no such bounds.
    "${as_nobody[@]}" /run/xsw capture -q --name his -w /run/home/his.pcapng 'tcp port 80' 2>his.log &
    local his=$!
    until_true 20 listed his '.filter == "tcp port 80"'
    "${as_nobody[@]}" /run/xsw capture set his filter 'udp port 53' >set.txt
    listed his '.filter == "udp port 53" and .rules_number == 2'
    "$XSW" capture stop his >stop.txt
    wait $his
    /usr/bin/python3 -c "$peer
peer.done('capture.attach', filter='tcp', where='pcap \"' + ' or '.join(['port 7'] * 99) + '\"',
          budget=1000000, ring_bytes=1 << 27)"
    switch_stop
}

claim_a_kept_descriptor_keeps_no_memory() {
    users_make
    hosts_start alice bob
    : >peer.txt
    "${as_nobody[@]}" /usr/bin/python3 -c "$peer
HEAD, TAIL = 64, 128 # of the header of a ring
def filled():
    number = peer.done('capture.attach', ring_bytes=1 << 20)['session']
    fds = peer.fds
    print('attached', flush=True)
    until(lambda: peer.done('capture.list')['sessions'][0]['account']['written'] >= 20)
    peer.done('capture.detach', session=number)
    return fds
first = filled()
before = kept(first)
assert before >= 1 << 20, before
# Its recorder may still read what is left, as long as it takes; when that is read, the memory goes.
until(lambda: peer.done('capture.list')['sessions'] == [])
assert kept(first) == before
for fd in first:
    os.pwrite(fd, os.pread(fd, 8, HEAD), TAIL)
until(lambda: kept(first) < 65536)
# And with the connection in any case.
second = filled()
assert kept(second) >= 1 << 20
peer.link.close()
until(lambda: kept(second) < 65536)
" >peer.txt 2>peer.log &
    local watcher=$! round
    for round in 1 2; do
        until_true 20 attached_times $round
        send alice '[tcp(2, 1, 9, 80)] * 20'
    done
    wait $watcher
    switch_stop
}

attached_times() { [ "$(wc -l <peer.txt)" -ge "$1" ]; }

claim_who_manages_stops_recorders_that_hang_and_attaches_his_own() {
    hosts_start alice bob
    /usr/bin/python3 -c "$peer
hung = [peer.done('capture.attach', ring_bytes=65536)['session'] for _ in range(8)]
peer.refused('there are 8 capture sessions already', 'capture.attach')
manager = Peer()
for session in hung:
    manager.done('capture.stop', session=session)
own = [manager.done('capture.attach', ring_bytes=65536)['session'] for _ in range(8)]
manager.refused('there are 8 capture sessions already', 'capture.attach')
for session in hung:
    peer.done('capture.detach', session=session)
for session in own:
    manager.done('capture.detach', session=session)
manager.done('capture.attach', ring_bytes=65536)"
    # Beside a flight recorder there are fewer, and the error says who has the others.
    call flight.start 'memory_bytes=1 << 20' >flight.json
    /usr/bin/python3 -c "$peer
for _ in range(7):
    peer.done('capture.attach', ring_bytes=65536)
peer.refused('flight recorders, their triggers and traces', 'capture.attach')"
    switch_stop
}

claim_what_an_observer_follows_of_events_is_bounded_and_the_budget_is_the_owners() {
    users_make
    hosts_start alice bob
    "${as_nobody[@]}" /usr/bin/python3 -c "$peer
peer.refused('only who may manage', 'events.attach', budget_us=1)
links = [Peer() for _ in range(4)]
for link in links[:3]:
    assert link.done('events.attach')['workers'] >= 1
links[3].refused('3 times already', 'events.attach')
# One that ends makes room again.
links[0].link.close()
until(lambda: 'result' in links[3].ask('events.attach'))
open('/run/home/held', 'w').close()
until(lambda: os.path.exists('/run/home/go'))
" &
    local his=$!
    until_true 20 test -e /run/home/held
    # Another one of them gets what is left for such as him.
    sed '/^xsw:/s/$/,games/' group >more
    cat more >group
    setpriv --reuid games --regid nogroup --init-groups /usr/bin/python3 -c "$peer
peer.done('events.attach')
Peer().refused('4 users who may not manage', 'events.attach')
"
    # Whatever they hold, there is room for who manages, and for LTTng.
    /usr/bin/python3 -c "$peer
mine = [Peer() for _ in range(4)]
for link in mine:
    assert link.done('events.attach', budget_us=1)['workers'] >= 1
"
    touch /run/home/go
    wait $his
}
