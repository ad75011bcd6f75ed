# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Flow reports through the switch: a collector that is not ours, nfcapd, reads them behind a port of
# the same switch, and what it sums up is what the kernels of the hosts counted.

# Skips where the collector or the reporter is not there.
reports_need() {
    if ! command -v nfcapd >/dev/null || [ ! -e "$XSW_EXTENSION_PATH/flowreport.so" ]; then
        echo "skipped: there is no nfcapd, or no flowreport.so"
        exit 77
    fi
}

# reports_switch SETTINGS [PORT-MEMBERS]: alice, bob and the collector with an IPFIX collector in it.
reports_switch() {
    switch_start <<JSON
{"switch": {"name": "reports", "workers": 2},
 "extensions": [{"path": "flowreport", "settings":
    {"collector": "10.0.0.3", "address": "10.0.0.100" $1}}],
 "ports": [{"name": "alice", "device": "tap-alice"}, {"name": "bob", "device": "tap-bob"},
           {"name": "collector", "device": "tap-collector"} ${2-}]}
JSON
    host_make alice 1
    host_make bob 2
    host_make collector 3
    hosts_know_each_other alice bob
    mkdir flows
    at collector nfcapd -w "$PWD/flows" -p 4739 -b 10.0.0.3 -t 2 >nfcapd.log 2>&1 &
    collector=$!
    until_true 10 at collector sh -c 'ss -Hlun | grep -q :4739'
}

reports_end() {
    kill "$collector"
    wait "$collector" || true
}

# talk: 300 datagrams to bob, who answers each with a shorter one.
talk() {
    at bob python3 -c '
import socket
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind(("10.0.0.2", 7))
open("bob.ready", "w").close()
for _ in range(300):
    data, peer = link.recvfrom(2000)
    link.sendto(data[:len(data) // 2], peer)' &
    local bob=$!
    until_true 10 test -e bob.ready
    at alice python3 -c '
import socket
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.settimeout(10)
link.connect(("10.0.0.2", 7))
for number in range(300):
    link.send(bytes(64 + number))
    link.recv(2000)'
    wait $bob
    rm bob.ready
}

# reported FILTER FIELD: of packets bytes flows, the sum over all that nfcapd has written.
reported() {
    nfdump -R flows -N "$1" 2>/dev/null |
        sed -n "s/^Summary:.*total $2: \([0-9]*\).*/\1/p"
}

reported_is() { [ "$(reported "$1" "$2")" = "$3" ]; }

claim_nfcapd_sums_up_what_the_kernels_counted() {
    reports_need
    reports_switch ', "idle": 1'
    talk
    local host name from to filter packets
    # The first datagram goes to the collector, too, as nobody knows yet where bob is: another copy,
    # and another flow.
    for host in alice:1:2 bob:2:1; do
        IFS=: read -r name from to <<<"$host"
        filter="src ip 10.0.0.$from and out if $to"
        packets=$(counted "$name" tx_packets)
        equal "packets of $name" "$packets" 300
        until_true 20 reported_is "$filter" packets "$packets"
        equal "bytes of $name" "$(reported "$filter" bytes)" \
            $(($(counted "$name" tx_bytes) - 14 * packets))
    done
    fails grep 'Sequence Errors: [1-9]' nfcapd.log
    reports_end
}

# With an idle time-out that never comes: what is known of the flows goes out because the extension
# goes, by each of the ways in which it can.
claim_the_last_records_go_out_before_the_extension_does() {
    reports_need
    reports_switch ', "idle": 600, "active": 600'
    # The reporter learns the collector's address from its traffic; it has had nothing to send yet.
    at collector ping -q -c 1 -W 1 10.0.0.1 >ping.txt
    talk
    "$XSW" extension disable flowreport
    until_true 20 reported_is "src ip 10.0.0.1 and out if 2" packets 300
    fails grep frames-discarded xswd.log
    "$XSW" extension enable flowreport
    at collector ping -q -c 1 -W 1 10.0.0.1 >ping.txt
    talk
    "$XSW" extension set flowreport active=500
    until_true 20 reported_is "src ip 10.0.0.1 and out if 2" packets 600
    fails grep frames-discarded xswd.log
    reports_end
}
