#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What it costs to follow the kernel's drops, and what `xsw capture --trace` adds to a capture: the figures of
# xsw-trace-kernel(1). In namespaces of its own; medians of rounds in time of the processor.
# Usage, as root: kernel_bench.sh BUILD-FOLDER [ROUNDS]
set -eu
if [ "${1-}" != --inside ]; then
    exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0" --inside "$(realpath "$1")" "${@:2}"
fi
XSW=$2/cmd/xsw XSWD=$2/cmd/xswd rounds=${3:-11}
here=$(cd "$(dirname "$0")/../system" && pwd)
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/bench
cd /run/bench
# shellcheck source=../system/lib.sh
. "$here/lib.sh"

# send COUNT TO: the nanoseconds of processor that a datagram takes its sender; what the kernel drops it drops there.
send() {
    python3 -c "
import resource, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r.bind(('127.0.0.1', 999))
def times():
    t = resource.getrusage(resource.RUSAGE_SELF)
    return t.ru_utime + t.ru_stime
begun = times()
for n in range($1):
    s.sendto(b'x' * 100, ('$2', 999))
    if '$2' == '127.0.0.1':
        r.recv(200)
print(round((times() - begun) * 1e9 / $1))"
}

median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

kernel_start() {
    : >kernel.log
    "$XSW" trace kernel -q "$@" >kernel.txt 2>kernel.log &
    kernel=$!
    until_true 20 grep -q '^following' kernel.log
}

kernel_stop() {
    kill -INT "$kernel"
    wait "$kernel" || true # with many drops some events may be lost
}

drops_measure() {
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "tap", "device": "tap-alice"}]}'
    ip address add 10.1.0.1/24 dev tap-alice
    ip link set tap-alice up
    ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:02 dev tap-alice nud permanent
    local round way
    for ((round = 0; round < rounds; round++)); do
        for way in none probe events; do
            case $way in probe) kernel_start ;; events) kernel_start --no-bpf ;; esac
            kill -STOP "$switch"
            send 1000 10.1.0.2 >/dev/null # the queue is full now
            send 50000 10.1.0.2 >>"dropped.$way"
            send 50000 127.0.0.1 >>"other.$way"
            kill -CONT "$switch"
            [ $way = none ] || kernel_stop
        done
    done
    switch_stop
    for way in none probe events; do
        echo "$way: a packet that is dropped $(median <"dropped.$way") ns, one of another device $(median <"other.$way") ns"
    done
}

# The kernel's own measure of the BPF program, with what the measuring takes.
probe_measure() {
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "tap", "device": "tap-alice"}]}'
    ip address add 10.1.0.1/24 dev tap-alice
    ip link set tap-alice up
    ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:02 dev tap-alice nud permanent
    local before
    before=$(cat /proc/sys/kernel/bpf_stats_enabled)
    echo 1 >/proc/sys/kernel/bpf_stats_enabled
    kernel_start
    kill -STOP "$switch"
    send 50000 10.1.0.2 >/dev/null
    cat /proc/"$kernel"/fdinfo/* 2>/dev/null | awk '/^run_time_ns:/ { ns += $2 } /^run_cnt:/ { count += $2 }
        END { if (count > 0) printf "BPF program: %d runs, %d ns each\n", count, ns / count }'
    kill -CONT "$switch"
    kernel_stop
    echo "$before" >/proc/sys/kernel/bpf_stats_enabled
    switch_stop
}

# The time that all threads of a process have had.
time_of() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { print sum }'; }

capture_measure() {
    local round way begun count=400000 capture
    frames "write('in.pcap', [eth(2, 1, bytes([n % 256]) * 46) for n in range($count)])"
    for ((round = 0; round < rounds; round++)); do
        for way in plain trace; do
            switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "out", "kind": "memory"}]}'
            : >capture.log
            "$XSW" capture --json -w capture.pcapng $([ $way = plain ] || echo --trace) >capture.json 2>capture.log &
            capture=$!
            until_true 20 grep -q '^recording' capture.log
            begun=$(time_of "$switch")
            play in.pcap $count
            echo $((($(time_of "$switch") - begun) / count)) >>"capture.$way"
            kill -INT $capture
            wait $capture || true
            switch_stop
        done
    done
    echo "capture: $(median <capture.plain) ns of xswd a packet; with --trace $(median <capture.trace) ns"
}

probe_measure
drops_measure
capture_measure
