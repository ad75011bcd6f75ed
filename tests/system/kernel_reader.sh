# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Who reads the kernel's events: what it cannot read, it says; and no drop has a port that is not its own.
# shellcheck source=/dev/null
. "$here/kernel.sh"

# fields_of NAME FIELD: of all events of that name, one a line.
fields_of() {
    tshark -r capture.pcapng -Y "systemd_journal.field.value == \"$1\"" -V 2>tshark.log |
        sed -n "/Field name: XSW_$2\$/{n;s/.*Field value: //p}"
}

# The first reader of the recording has followed the kernel.
capture_follows() {
    capture_start --trace "$@"
    until_true 20 pgrep -x xsw-kernel || exit 77
}

recorded_drops() {
    tshark -r capture.pcapng -Y 'systemd_journal.field.value == "kernel_drop"' -T fields -e systemd_journal.message 2>tshark.log |
        sed -n "s/.*behind port $1: $2.*, \([0-9]*\) packets*\$/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}

claim_a_reader_that_is_killed_is_followed_by_another_and_the_recording_says_what_is_missing() {
    two_guests
    capture_follows
    kill -KILL "$(pgrep -x xsw-kernel)"
    until_true 20 grep -q 'killed by signal 9.*; from here on they are' capture.log
    overflow
    until_true 20 "$XSW" --json port list
    capture_stop 1
    equal "kernel_followed events" "$(recorded_events kernel_followed)" 2
    equal "kernel_untold events" "$(recorded_events kernel_untold)" 1
    [ "$(fields_of kernel_untold FROM_MONO_NS)" -lt "$(fields_of kernel_untold TO_MONO_NS)" ]
    jq -e '.trace.kernel_untold_ns > 0' capture.json >/dev/null
    equal "drops that the second reader told" "$(recorded_drops alice FULL_RING)" "$dropped"
}

claim_a_recording_whose_reader_is_gone_for_good_says_since_when() {
    two_guests
    capture_follows
    kill -KILL "$(pgrep -x xsw-kernel-keep)" "$(pgrep -x xsw-kernel)"
    until_true 20 grep -q 'not recorded since .* ago: the process that reads them has ended' capture.log
    at alice ping -q -c 2 -W 5 10.0.0.2 >ping.log
    capture_stop 1
    equal "kernel_untold events" "$(recorded_events kernel_untold)" 1
    [ "$(fields_of kernel_untold FROM_MONO_NS)" -gt 0 ]
    equal "ends of what is untold" "$(fields_of kernel_untold TO_MONO_NS | wc -l)" 0
    jq -e '.trace.kernel_untold_ns > 0' capture.json >/dev/null
    report_is '$m.delivered == 4'
}

claim_a_reader_that_dies_again_and_again_is_given_up_and_that_is_said() {
    two_guests
    capture_follows
    local last=0 reader
    for _ in 1 2 3 4 5; do
        until_true 20 another_reader_than $last || break
        last=$reader
        kill -KILL $last
    done
    until_true 20 grep -q 'not recorded since .* killed by signal 9' capture.log
    capture_stop 1
    [ "$(recorded_events kernel_untold)" -ge 1 ]
}

another_reader_than() {
    reader=$(pgrep -x xsw-kernel) && [ "$reader" != "$1" ]
}

claim_an_interrupt_to_all_of_the_terminal_loses_nothing_of_the_kernel() {
    two_guests
    set -m # a group of its own, as a shell gives a command at a terminal
    capture_follows
    set +m
    overflow
    until_true 20 "$XSW" --json port list
    local code=0
    kill -INT -- "-$capture"
    wait "$capture" || code=$?
    equal "exit status of capture" $code 0
    equal "drops" "$(recorded_drops alice FULL_RING)" "$dropped"
}

# lost_at_the_end: overflows the ring of a reader that stands still and then ends at once.
lost_at_the_end() {
    local lost
    kernel_start --no-bpf -q
    local counters=("/sys/kernel/tracing/instances/xsw-$kernel-"*/per_cpu/cpu*/stats)
    [ -e "${counters[0]}" ]
    kill -STOP "$kernel"
    burst alice 12000 10.0.0.2
    lost=$(cat "${counters[@]}" | awk '/^overrun:|^dropped events:/ { sum += $NF } END { print sum }')
    [ "$lost" -gt 0 ]
    # It ends with the turn in which it goes on.
    kill -INT "$kernel"
    kill -CONT "$kernel"
    kernel_stop 1
    jq -e ".lost_events >= $lost" sums.json >/dev/null
}

claim_losses_of_the_last_moment_are_counted() {
    two_guests
    # It looks twice a second on its own, so it takes some tries to end in between.
    for _ in 1 2 3 4; do
        lost_at_the_end
    done
}

# overflow_by NUMBER: what overflows tap-x is full of the number; `dropped` is how many did not go in.
overflow_by() {
    local before
    before=$(ip -j -s -s link show tap-x | jq '.[0].stats64.tx.dropped')
    kill -STOP "$switch"
    python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(1200):
    s.sendto(bytes([$1]) * 100, ('10.9.0.2', 9))"
    dropped=$(($(ip -j -s -s link show tap-x | jq '.[0].stats64.tx.dropped') - before))
    [ "$dropped" -gt 0 ]
    kill -CONT "$switch"
}

# port_again NUMBER: the port pN, whose device has the name that those before had.
port_again() {
    "$XSW" port add "p$1" kind tap device tap-x >port.log
    echo 1 >/proc/sys/net/ipv6/conf/tap-x/disable_ipv6
    ip address add 10.9.0.1/24 dev tap-x
    ip link set tap-x up
    ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev tap-x nud permanent
}

# told_of NUMBER FIELD: packets that are full of the number, of those with a port ("port") or without ("other"). A port
# must be the one whose packets those are.
told_of() {
    python3 -c '
import json, sys
sums = {"port": 0, "other": 0}
for line in open("kernel.json"):
    event = json.loads(line)
    if event["event"] != "kernel_drop" or event["reason"] != "FULL_RING":
        continue
    number = int(event["head"][84:86], 16)
    assert event["device"] == "tap-x" and event["ifindex"] > 0, event
    assert event.get("port", f"p{number}") == f"p{number}", event
    if number == int(sys.argv[1]):
        sums["port" if "port" in event else "other"] += event["packets"]
print(sums[sys.argv[2]])' "$1" "$2"
}

told_is() { [ "$(told_of "$1" "$2")" -eq "$3" ]; }

# Until the reader knows of the port.
port_is_told() {
    overflow_by "$1"
    [ "$(told_of "$1" port)" -gt 0 ]
}

claim_ports_that_follow_each_other_on_one_device_name_get_no_drops_of_others() {
    two_guests
    kernel_start
    local number
    port_again 1
    until_true 20 port_is_told 1
    for number in 2 3 4; do
        # The reader knows the device as the one of the port before when it drops; then it asks, and the number
        # of the interface tells.
        kill -STOP "$kernel"
        "$XSW" port remove "p$((number - 1))" >port.log
        port_again $number
        overflow_by $number
        kill -CONT "$kernel"
        until_true 20 told_is $number port "$dropped"
        until_true 20 port_is_told $number
    done
    kernel_stop
}

claim_a_device_whose_name_no_filter_can_say_is_followed_and_others_are_not() {
    one_guest_here
    ip tuntap add other mode tap
    echo 1 >/proc/sys/net/ipv6/conf/other/disable_ipv6
    ip address add 10.2.0.1/24 dev other
    ip link set other up
    ip neigh replace 10.2.0.2 lladdr 02:00:00:00:00:02 dev other nud permanent
    kernel_start --no-bpf
    ip link set tap-alice down
    ip link set tap-alice name 'a"b'
    ip link set 'a"b' up
    ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:02 dev 'a"b' nud permanent
    until_true 20 quoted_is_told
    kernel_stop
    equal "devices" "$(jq -rs 'map(select(.reason == "FULL_RING") | .device) | unique | .[]' kernel.json)" 'a"b'
}

quoted_is_told() {
    kill -STOP "$switch"
    burst_here 1300 10.1.0.2
    burst_here 1100 10.2.0.2
    kill -CONT "$switch"
    jq -es 'any(.device == "a\"b" and .port == "alice")' kernel.json
}

claim_without_bpf_a_name_that_another_namespace_has_too_is_an_unknown_port() {
    one_guest_here
    kernel_start --no-bpf
    kill -STOP "$switch"
    burst_here 1300 10.1.0.2
    kill -CONT "$switch"
    until_true 20 grep -q 'behind port alice' kernel.json
    # Another one's device of that name, in a namespace of its own.
    ip netns add stranger
    ip -n stranger tuntap add tap-alice mode tap
    until_true 20 shared_is_unknown
    kernel_stop
    jq -e '[.drops[] | select(.port == "") | .packets] | add > 0' sums.json >/dev/null
}

claim_a_name_that_would_steer_the_terminal_is_shown_without_what_does() {
    one_guest_here
    local name=$'0\xc2\x9b2J\e[2J'
    ip link set tap-alice down
    ip link set tap-alice name "$name"
    ip link set "$name" up
    ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:02 dev "$name" nud permanent
    # Only of an unknown port the device is told, and so it is one.
    ip netns add stranger
    ip -n stranger tuntap add "$name" mode tap
    kernel_start --no-bpf
    "$XSW" trace kernel --no-bpf >people.txt 2>people.log &
    local people=$!
    until_true 20 grep -q '^following' people.log
    until_true 20 harmless_is_told
    kill -INT $people
    wait $people
    kernel_stop
    fails grep -qP '\x1b|\xc2\x9b' people.txt
}

harmless_is_told() {
    kill -STOP "$switch"
    burst_here 1300 10.1.0.2
    kill -CONT "$switch"
    "$XSW" --json port list
    grep -qF 'behind an unknown port, device 0??2J?[2J: ' people.txt
}

shared_is_unknown() {
    kill -STOP "$switch"
    burst_here 1300 10.1.0.2
    kill -CONT "$switch"
    "$XSW" --json port list
    grep -q 'unknown port, device tap-alice' kernel.json
}

# falls_back WORDS: the BPF program cannot be had, that is said, and drops are told all the same.
falls_back() {
    grep -q "$1.*: ports are found by net:\* events" kernel.log
    kill -STOP "$switch"
    burst_here 1300 10.1.0.2
    kill -CONT "$switch"
    until_true 20 "$XSW" --json port list
    kernel_stop
    sums_behind FULL_RING alice "$(ip -j -s -s link show tap-alice | jq '.[0].stats64.tx.dropped')"
}

one_guest_here() {
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "tap", "device": "tap-alice"}]}'
    echo 1 >/proc/sys/net/ipv6/conf/tap-alice/disable_ipv6
    ip address add 10.1.0.1/24 dev tap-alice
    ip link set tap-alice up
    ip neigh replace 10.1.0.2 lladdr 02:00:00:00:00:02 dev tap-alice nud permanent
}

claim_a_kernel_without_btf_is_followed_by_net_events_and_that_is_said() {
    one_guest_here
    [ ! -e /sys/kernel/btf ] || mount -t tmpfs tmpfs /sys/kernel/btf
    [ ! -e "/boot/vmlinux-$(uname -r)" ] || exit 77
    kernel_start
    falls_back 'this kernel shows no BTF'
}

claim_without_the_right_to_bpf_the_kernel_is_followed_by_net_events_and_that_is_said() {
    one_guest_here
    [ -e /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing || exit 77
    local plain=$XSW
    printf '#!/bin/sh\nexec setpriv --bounding-set -sys_admin,-bpf,-perfmon "%s" "$@"\n' "$plain" >xsw.sh
    chmod +x xsw.sh
    XSW=$PWD/xsw.sh
    kernel_start
    XSW=$plain
    falls_back 'CAP_BPF and CAP_PERFMON are needed'
}

claim_what_stays_of_others_instances_is_left_alone() {
    two_guests
    kernel_start --no-bpf
    kernel_stop
    local instances=/sys/kernel/tracing/instances
    # Somebody else's, and one of a process that runs.
    mkdir "$instances/xsw-notes-$$" "$instances/xsw-$$-$(awk '{ print $22 }' /proc/$$/stat)"
    kernel_start --no-bpf
    kernel_stop
    rmdir "$instances/xsw-notes-$$" "$instances/xsw-$$-"*
}
