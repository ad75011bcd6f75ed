# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Staged incidents of which the switch itself cannot know: what the kernel drops behind a port, and what
# the recording lacks. See incidents.sh.
. "$here/incidents_lib.sh"

# The switch stands still, so that nobody empties the queue of alice's TAP.
claim_tap_overflow_in_the_kernel() {
    hosts_start '' ''
    capture_start --trace
    if grep -qE 'no tracefs|needs? root|without libtracefs|not followed' capture.log; then
        cat capture.log
        exit 77
    fi
    kill -STOP "$switch"
    at alice python3 -c "
import socket
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(1500):
    try:
        link.sendto(bytes(100), ('10.0.0.1', 9))
    except OSError:
        pass"
    kill -CONT "$switch"
    local dropped
    dropped=$(ip -n alice -j -s -s link show eth0 | jq '.[0].stats64.tx.dropped')
    [ "$dropped" -gt 100 ]
    until_true 10 port_has alice rx_packets $((1500 - dropped))
    pings alice 10.0.0.1 1
    capture_stop
    finds kernel-drops "$dropped"
    finds_nothing_else_bad
    tells "1 KERNEL $(grouped "$dropped") packets behind port alice" 'FULL_RING' \
        "the queue of the port's device was full"
    as_in_docs overflow
}

# The recorder stands still, so that its ring fills up; the switch does not wait for it.
claim_lost_capture_records() {
    hosts_start '' ''
    capture_start --ring 64
    pings alice 10.0.0.1 2
    kill -STOP "$capture"
    pings alice 10.0.0.1 100 -s 1400 -i 0.002
    kill -CONT "$capture"
    capture_stop 1
    local lost
    lost=$(jq '.switches[0].sessions[0].lost' report.json)
    [ "$lost" -gt 0 ]
    # All that the hosts sent is recorded or told as lost.
    report_is "\$m.received + $lost == 204"
    finds capture-loss "$lost"
    finds_nothing_else_bad
    equal "exit status of analyze" $analyzed 0
    tells "$lost UNKNOWN. NOT ALL IS KNOWN." "The capture lost $lost journeys, not the switch" \
        'The recorder did not keep up with the switch'
    report_is '.verdict == "unknown" and ($s.is_clean | not) and $s.findings[0].kind == "capture-loss"'
    report_is 'all($s.findings[]; .kind != "drops")'
    as_in_docs lost
}
