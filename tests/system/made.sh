# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Packets that extensions hold, replace and make: nothing of it looks like a loss, all of it is in the
# recording, and the hosts' kernels agree.

# made_start HOW: alice and bob, and the workshop doing that.
made_start() {
    switch_start <<<"{\"switch\": {\"name\": \"made\"},
        \"extensions\": [{\"path\": \"$XSW_EXTENSION_PATH/test/workshop.so\", \"settings\": {\"how\": \"$1\"}}],
        \"ports\": [{\"name\": \"alice\", \"device\": \"tap-alice\"},
                    {\"name\": \"bob\", \"device\": \"tap-bob\"}]}"
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
}

# The workshop drops every fourth packet of a tick; a ping at a time is never the fourth.
claim_a_held_packet_is_one_journey_and_no_loss() {
    made_start hold-in
    capture_start
    at alice ping -q -c 20 -i 0.02 10.0.0.2 >ping.txt
    grep -q ' 0% packet loss' ping.txt
    capture_stop
    adds_up 40 0 40 0
    equal "journeys that tell how long they were held" 40 \
        "$(tshark -r capture.pcapng -Y 'frame.comment contains "held_at=ingress-filter.workshop"' 2>/dev/null | wc -l)"
    local id
    id=$(tshark -r capture.pcapng -Y 'frame.comment contains "held_at"' -T fields -e frame.packet_id 2>/dev/null | head -n 1)
    "$XSW" analyze --packet "$id" capture.pcapng >packet.txt
    grep -q 'ingress-filter.workshop.*HELD for' packet.txt
    grep -q 'delivered to port' packet.txt
}

claim_a_rewrite_on_egress_is_one_journey_and_no_drop() {
    made_start replace-out
    capture_start
    # The workshop turns over the last byte of a frame; ping checks the bytes that it gets back, and
    # they have been turned over twice.
    at alice ping -q -c 10 -i 0.02 -W 1 10.0.0.2 >ping.txt || true
    capture_stop
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds"'
    report_is '$m.dropped == 0 and $m.consumed == $m.received'
    equal "received by the hosts" "$(counted_all rx_packets alice bob)" \
        "$(jq .switches[0].summary.delivered report.json)"
    local id
    id=$(tshark -r capture.pcapng -Y 'frame.comment contains "verdict=replaced"' -T fields -e frame.packet_id 2>/dev/null | head -n 1)
    "$XSW" analyze --packet "$id" capture.pcapng >packet.txt
    grep -q 'replaced by its clone' packet.txt
    grep -q '^ *Clone ' packet.txt
    grep -q 'byte 97 ' packet.txt
    grep -q 'delivered to port' packet.txt
    fails grep -q DROPPED packet.txt
}

claim_packets_of_the_switch_itself_are_told_apart() {
    made_start originate
    capture_start
    at alice ping -q -c 5 -i 0.02 10.0.0.2 >ping.txt
    grep -q ' 0% packet loss' ping.txt
    capture_stop
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds"'
    report_is '$m.injected == 10 and $m.received == 10'
    equal "received by the hosts" "$(counted_all rx_packets alice bob)" \
        "$(jq .switches[0].summary.delivered report.json)"
}

claim_what_is_held_at_removal_is_not_lost() {
    made_start hold-for-ever
    send_some() { at alice python3 -c "from frames import *
send('eth0', [tcp(2, 1, 1000, 9, bytes(20))] * 50)"; }
    capture_start
    send_some
    until_true 5 port_has alice rx_packets 50
    equal "delivered while they are held" "$(port_number bob tx_packets)" 0
    "$XSW" extension remove workshop
    until_true 5 port_has bob tx_packets 50
    capture_stop
    adds_up 50 0 50 0
}
