#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `xsw top` costs a switch that forwards millions of packets a second: its packets a second with a
# viewer at 10 frames a second and without one, in turns, and the viewer's share of a processor and its
# memory. Medians of rounds, one run, in namespaces of its own. The traffic comes out of a FIFO, from a
# process that has the other processor, and goes to a port that takes everything.
# Usage: top_bench.sh BUILD-FOLDER [ROUNDS [SECONDS]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1-}" != --inside ]; then
    [ -x "${1-}/cmd/xswd" ] || { echo "usage: top_bench.sh BUILD-FOLDER [ROUNDS [SECONDS]]" >&2; exit 2; }
    exec unshare --net --mount --pid --fork --kill-child --mount-proc \
        "$here/top_bench.sh" --inside "$(realpath "$1")" "${@:2}"
fi
XSW=$2/cmd/xsw XSWD=$2/cmd/xswd rounds=${3:-9} seconds=${4:-3}
here=$here/../system
mount -t tmpfs tmpfs /run
cd /run
# shellcheck source=../system/lib.sh
. "$here/lib.sh"

median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# A capture file without an end.
traffic_write() {
    exec python3 -c "
import fcntl, os, struct
from frames import *
frames = [udp(1, 2, 1000 + n % 97, 80) for n in range(4096)]
records = b''.join(struct.pack('<IIII', 1, 0, len(f), len(f)) + f for f in frames)
out = os.open('traffic', os.O_WRONLY)
fcntl.fcntl(out, 1031, 1 << 20) # F_SETPIPE_SZ
os.write(out, struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
while True:
    rest = memoryview(records)
    while rest:
        rest = rest[os.write(out, rest):]"
}

# Packets that were forwarded, and nanoseconds.
moment() { echo "$(port_number out tx_packets) $(date +%s%N)"; }

# cpu_ticks PID: of user and system, a hundredth of a second each.
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
memory_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# measure FILE: packets a second of so many seconds.
measure() {
    local before after
    before=$(moment)
    sleep "$seconds"
    after=$(moment)
    echo "$before $after" | awk '{ printf "%d\n", ($3 - $1) * 1e9 / ($4 - $2) }' >>"$1"
}

viewer_start() {
    tmux -S tmux.sock -f /dev/null new-session -d -x 132 -y 43 "exec '$XSW' top --frames 10"
    viewer=$(tmux -S tmux.sock list-panes -F '#{pane_pid}')
    until_true 20 eval 'tmux -S tmux.sock capture-pane -p | grep -q LIVE'
}

viewer_end() {
    tmux -S tmux.sock send-keys q
    until_true 20 eval '! kill -0 '"$viewer"
    tmux -S tmux.sock kill-server 2>/dev/null || true
}

mkfifo traffic
frames "write('quiet.pcap', [udp(2, 1, 80, 1000)])"
traffic_write &
switch_start <<JSON
{"switch": {"workers": 1},
 "ports": [{"name": "out", "kind": "file", "input": "$PWD/quiet.pcap"},
           {"name": "in", "kind": "file", "input": "$PWD/traffic"}]}
JSON
until_true 20 eval '[ "$(port_number out tx_packets)" -gt 1000000 ]'

for ((round = 0; round < rounds; round++)); do
    measure alone
    viewer_start
    memory_kib "$viewer" >>memory.begin
    ticks=$(cpu_ticks "$viewer")
    begun=$(date +%s%N)
    measure watched
    echo "$(($(cpu_ticks "$viewer") - ticks)) $(($(date +%s%N) - begun))" |
        awk '{ printf "%.3f\n", $1 * 1e9 / $2 }' >>share # of a processor, in hundredths
    memory_kib "$viewer" >>memory.end
    viewer_end
done
alone=$(median <alone) watched=$(median <watched)
awk -v alone="$alone" -v watched="$watched" 'BEGIN {
    printf "forwarded alone   %10d packets/s\nforwarded watched %10d packets/s, %.4f of it\n",
        alone, watched, watched / alone }'
paste alone watched | awk '{ printf "%.4f\n", $2 / $1 }' | median |
    xargs printf 'median of the ratios of the rounds %s\n'
echo "xsw top: $(median <share) % of a processor at 10 frames/s, memory $(median <memory.begin) KiB" \
    "at its beginning, $(median <memory.end) KiB after $seconds s"
