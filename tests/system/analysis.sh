# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What `xsw analyze` says of recordings of real traffic beside the cause of an incident: that nothing was
# wrong, what is new, what was exported, and the same for programs.
. "$here/incidents_lib.sh"

claim_a_clean_recording_says_so_with_the_proof() {
    hosts_start '' ''
    capture_start
    pings alice 10.0.0.1 10
    capture_stop
    adds_up 20 0 20 0
    report_is '$s.is_clean and $s.findings == []'
    tells 'prod: none of 20 packets dropped, 0 changed. The numbers add up.' \
        'No loss, no wrong checksum, no undeclared change: 20 packets came in, 20 delivered' \
        'equations between the counters of the switch, the recorder and this file hold'
}

# What a program reads is as the schema says, with real drops, changes, holds and repetitions in it.
claim_json_is_as_its_schema_says() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/vanish.so", "name": "scrub",
        "settings": {"every": 9}}, {"path": "delay", "name": "slow", "settings": {"milliseconds": 2}}'
    capture_start
    pings alice 10.0.0.1 20 || true
    at alice python3 -c "from frames import *
send('eth0', [tcp(1, 2, 5, 6, b'data')] * 12)"
    until_true 10 port_has alice rx_packets 32
    capture_stop
    cp report.json whole.json
    analyze --packet 1 capture.pcapng
    cp report.json packet.json
    analyze --where 'dropped or held' --export part.pcapng capture.pcapng
    cp report.json where.json
    analyze --baseline capture.pcapng part.pcapng
    python3 -m schema "$here/../../docs/api/xsw-analyze.schema.json" whole.json packet.json where.json \
        report.json
    jq -e '.switches[0].symptoms | length > 0' whole.json
}

claim_what_is_exported_is_what_was_asked_for() {
    hosts_start '' ''
    "$XSW" policy add alice in deny proto udp dport 53 id 7 >rule.log
    capture_start
    pings alice 10.0.0.1 3
    at alice python3 -c "from frames import *
send('eth0', [udp(1, 2, 4000 + n, 53, b'question') for n in range(4)])"
    until_true 10 port_has alice dropped_in 4
    capture_stop
    analyze --where 'dropped' --export dropped.pcapng capture.pcapng
    # Stock tools read it: each packet at rx and where it was dropped, and nothing else.
    equal "frames of udp" "$(tshark -r dropped.pcapng -Y 'udp.dstport == 53' 2>/dev/null | wc -l)" 8
    equal "all frames" "$(tcpdump -n -r dropped.pcapng 2>/dev/null | wc -l)" 8
    analyze dropped.pcapng
    report_is '$m.received == 4 and $m.dropped == 4 and .verdict == "unknown"'
    dropped_is 4 acl-denied ingress-policy alice 7
    report_is '[$s.sessions[0].proof[] | select(.text | contains("a selection of a recording: dropped"))] |
        length == 1'
    # The packet that was asked for, with its kin, and no other.
    analyze --packet 1 --export one.pcapng capture.pcapng
    equal "ids" "$(tshark -r one.pcapng -T fields -e frame.packet_id 2>/dev/null | sort -u)" 1
}

# Two captures of one incident at the same time, each of a part of it.
claim_what_is_exported_of_several_captures_is_one_file() {
    hosts_start '' ''
    "$XSW" policy add alice in deny proto udp dport 53 id 7 >rule.log
    capture_start
    "$XSW" capture --json --budget 100 -w other.pcapng 'udp dst port 53' >other.json 2>other.log &
    local other=$!
    until_true 20 grep -q '^recording' other.log
    pings alice 10.0.0.1 3
    at alice python3 -c "from frames import *
send('eth0', [udp(1, 2, 4000 + n, 53, b'question') for n in range(4)])"
    until_true 10 port_has alice dropped_in 4
    kill -INT $other
    wait $other
    capture_stop
    analyze --export both.pcapng.zst capture.pcapng other.pcapng
    analyze both.pcapng.zst
    # Each packet is one packet, of which both tell, and nothing is lost of either.
    report_is '$m.received == 10 and $m.dropped == 4 and ($s.sessions | length) == 2'
    dropped_is 4 acl-denied ingress-policy alice 7
    "$XSW" analyze --export both.pcapng --where dropped capture.pcapng other.pcapng >both.txt
    # Stock tools read it: each packet at rx and where it was dropped, twice.
    equal "frames" "$(tshark -r both.pcapng 2>/dev/null | wc -l)" 16
    equal "frames of udp" "$(tshark -r both.pcapng -Y 'udp.dstport == 53' 2>/dev/null | wc -l)" 16
    analyze both.pcapng
    report_is '$m.received == 4 and $m.dropped == 4'
}

claim_a_baseline_says_what_is_new() {
    hosts_start '' ''
    capture_start
    pings alice 10.0.0.1 3
    capture_stop
    cp capture.pcapng good.pcapng
    "$XSW" policy add alice in deny proto icmp id 7 >rule.log
    capture_start
    fails pings alice 10.0.0.1 4
    capture_stop
    analyze --baseline good.pcapng capture.pcapng
    report_is '[$s.paths[] | select(.is_new)] | length == 1 and .[0].packets == 4 and
        .[0].outcome == "dropped" and .[0].reason_name == "acl-denied"'
    report_is '$s.paths_gone == 1'
    "$XSW" analyze --baseline good.pcapng --csv paths capture.pcapng >paths.csv
    equal "new in the table" "$(grep -c ',yes,' paths.csv)" 1
    analyze --baseline capture.pcapng capture.pcapng
    report_is 'all($s.paths[]; .is_new | not)'
}
