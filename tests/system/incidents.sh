# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Staged incidents, recorded on real traffic: the first five lines of `xsw analyze` name the cause, the
# place and whom it hits, with the numbers that the hosts' kernels or the test itself know.

# hosts_start PORT-OF-WEB PORT-OF-ALICE [EXTENSIONS]: members that the ports have beside name and device.
hosts_start() {
    switch_start <<JSON
{"switch": {"name": "prod", "workers": 1}, "extensions": [${3-}],
 "ports": [{"name": "web", "device": "tap-web" $1}, {"name": "alice", "device": "tap-alice" $2}]}
JSON
    host_make web 1
    host_make alice 2
    hosts_know_each_other web alice
}

pings() { at "$1" ping -q -c "$3" -i 0.01 -W 1 "$2" >ping.log 2>&1; }

# tells TEXT…: the first five lines have each of these, wherever the lines break.
tells() {
    local text
    "$XSW" analyze capture.pcapng >report.txt 2>>analyze.log || true
    head -n 5 report.txt | tr '\n' ' ' | tr -s ' ' >head.txt
    for text in "$@"; do
        grep -qF -e "$text" head.txt || {
            echo "the first five lines do not say: $text" >&2
            cat report.txt >&2
            return 1
        }
    done
    if grep -nE '.{81}' report.txt >&2; then
        echo "these lines have more than 80 columns" >&2
        return 1
    fi
}

# as_in_manual NAME REPORT: so does xsw-analyze(1) in its examples on a file of that name.
as_in_manual() { python3 "$here/manual.py" "$here/../../man/xsw-analyze.1" "$1" "$2"; }

# 1234567 as 1,234,567
grouped() { sed ':a;s/\B[0-9]\{3\}\>/,&/;ta' <<<"$1"; }

# finds KIND COUNT: exactly one finding of that kind, of so many packets.
finds() {
    report_is "[\$s.findings[] | select(.kind == \"$1\")] | length == 1 and .[0].packets == $2"
}

# It is first, and of all findings that are bad it is the only one.
finds_nothing_else_bad() {
    report_is "[\$s.findings[] | select(.weight != \"notice\")] | length == ${1-1}"
}

claim_wrong_vlan() {
    hosts_start ', "vlan": {"mode": "access", "access": 10}' \
        ', "vlan": {"mode": "access", "access": 10}'
    capture_start
    pings alice 10.0.0.1 4
    "$XSW" port set web vlan access 20 >set.log
    fails pings alice 10.0.0.1 5
    capture_stop
    finds drops 5
    finds_nothing_else_bad
    tells 'prod: 5 of 13 packets DROPPED' '5 packets at forward, port alice' 'no-destination' \
        'nobody else is in its VLAN' '10.0.0.2 > 10.0.0.1 icmp; before that 4 of the same got through'
    grep -qF 'VLAN 10' report.txt
    grep -qE 'The configuration had changed since the recording began \(number 5, before 4\); what was changed is in recordings made with --trace' \
        <(tr '\n' ' ' <report.txt | tr -s ' ')
    as_in_manual ping.pcapng report.txt
}

# With the switch's events in the recording, what was configured just before is named with its time.
claim_what_was_configured_just_before_is_named() {
    hosts_start ', "vlan": {"mode": "access", "access": 10}' \
        ', "vlan": {"mode": "access", "access": 10}'
    capture_start --trace
    pings alice 10.0.0.1 2
    "$XSW" port set web vlan access 20 >set.log
    fails pings alice 10.0.0.1 3
    capture_stop
    report_is '[$s.findings[] | select(.kind == "drops")] | length == 1 and .[0].packets == 3 and
        (.[0].text | test("Just before, at [0-9:.]+: xsw: A policy of a port.* was set: port web, vlan, update[.]"))'
    tells 'DROPPED'
    as_in_manual traced.pcapng report.txt
}

claim_stale_rule() {
    hosts_start '' ''
    "$XSW" policy add alice in deny proto udp dport 53 id 7 >rule.log
    capture_start
    pings alice 10.0.0.1 2
    at alice python3 -c "from frames import *
send('eth0', [udp(1, 2, 4000 + n, 53, b'question') for n in range(9)])"
    until_true 10 port_has alice dropped_in 9
    capture_stop
    finds drops 9
    finds_nothing_else_bad
    tells '9 of 13 packets DROPPED' '9 packets at ingress-policy, port alice, by rule 7 "deny in' \
        'acl-denied' '9 flows, all from 10.0.0.2 to 10.0.0.1'
    grep -qF 'Nothing had been configured since the recording began' \
        <(tr '\n' ' ' <report.txt | tr -s ' ')
}

claim_mac_flap() {
    switch_start <<JSON
{"switch": {"name": "prod", "workers": 1},
 "ports": [{"name": "web", "device": "tap-web"}, {"name": "alice", "device": "tap-alice"},
           {"name": "mallory", "device": "tap-mallory"}]}
JSON
    host_make web 1
    host_make alice 2
    host_make mallory 3
    at web python3 -c "from frames import *
send('eth0', [eth(BROADCAST, 1)])" # so that nothing is flooded
    until_true 10 port_has mallory tx_packets 1
    capture_start
    local host count
    for count in 1 2 3; do
        for host in alice mallory; do
            at $host python3 -c "from frames import *
send('eth0', [eth(1, 2, bytes(46))])"
            until_true 10 port_has $host rx_packets $count
        done
    done
    capture_stop
    adds_up 6 0 6 0
    report_is '[$s.address_moves[] | select(.mac == "02:00:00:00:00:02")][0] | .moves == 5 and .returns == 4'
    tells 'prod: none of 6 packets dropped' 'MAC MOVES The address 02:00:00:00:00:02' \
        'two ports at once' 'moved 5 times between ports' 'alice' 'mallory'
    report_is '$s.findings[0].kind == "address-moves" and $s.findings[0].weight == "bad"'
    as_in_manual moved.pcapng report.txt
}

claim_storm_limit() {
    out_switch
    frames 'write("in.pcap", [eth(BROADCAST, 1, bytes([n]) * 46) for n in range(90)])'
    capture_start
    play in.pcap 90 '{"storm_limit": {"broadcast": 20}}'
    capture_stop
    local dropped
    dropped=$(jq '.switches[0].summary.dropped' report.json)
    finds drops "$dropped"
    tells "$dropped of 90 packets DROPPED" "$dropped packets at ingress-policy, port in" 'storm-limit' \
        'more broadcast, multicast or unknown unicast' '02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff'
    switch_stop
}

claim_mtu() {
    out_switch
    frames 'write("in.pcap", [udp(2, 1, 7, 8, bytes(size)) for size in [100, 3000, 200, 8000, 3000]])'
    capture_start
    play in.pcap 5 '{"mtu": 9000}'
    capture_stop
    finds drops 3
    tells '3 of 5 packets DROPPED' '3 packets at egress-policy, port out: mtu-exceeded' \
        '10.0.0.1:7 > 10.0.0.2:8 udp; 2 of the same got through' \
        'The frames have 3042 to 8042 bytes'
    grep -qF 'the MTU of port out is 1500' <(tr '\n' ' ' <report.txt | tr -s ' ')
    switch_stop
}

claim_silent_drop_in_an_extension() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/vanish.so", "name": "scrub",
        "settings": {"every": 4}}'
    capture_start
    pings alice 10.0.0.1 10 || true
    capture_stop
    local lost
    lost=$(awk '/received/ { print $1 - $4 }' ping.log)
    report_is "\$m.dropped == $lost and (\$s.drops | map(.reason_name) | unique == [\"silent-drop\"])"
    tells "$lost of" "at ingress-filter.scrub, port" 'by extension scrub: silent-drop' \
        'made the packet vanish without saying why'
    "$XSW" analyze --packet 4 capture.pcapng >packet.txt
    as_in_manual vanished.pcapng packet.txt
}

claim_checksum_broken_by_a_rewrite() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/badsum.so", "name": "mark"}'
    capture_start
    fails pings alice 10.0.0.1 6
    capture_stop
    adds_up 6 0 6 0
    finds wrong-checksum 6
    finds_nothing_else_bad
    tells 'none of 6 packets dropped, 6 changed' \
        '1 CHECKSUM 6 packets left ingress-filter.mark with a wrong checksum' 'by extension mark' \
        'ip.dsfield.dscp 0 -> 46' 'Receivers throw such packets away' 'Hit: 10.0.0.2 > 10.0.0.1 icmp'
    report_is 'all($s.findings[]; .kind != "undeclared-change")'
    as_in_manual marked.pcapng report.txt
}

claim_undeclared_change() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/undeclared.so", "name": "sly"}'
    capture_start
    fails pings alice 10.0.0.1 4
    capture_stop
    finds undeclared-change 4
    finds wrong-checksum 4
    tells 'none of 4 packets dropped, 4 changed' 'ingress-filter.sly' 'by extension sly' \
        'wrong checksum'
    grep -qF 'does not declare that it changes bytes' <(tr '\n' ' ' <report.txt | tr -s ' ')
}

claim_only_replies_are_dropped() {
    hosts_start '' ''
    "$XSW" policy add alice out deny proto icmp id 4 >rule.log
    capture_start
    fails pings alice 10.0.0.1 5
    capture_stop
    finds drops 5
    finds_nothing_else_bad
    tells '5 of 10 packets DROPPED' '5 packets at egress-policy, port alice, by rule 4 "deny out' \
        '10.0.0.1 > 10.0.0.2 icmp, all of its packets. The other direction works: 5 delivered'
}

claim_latency_in_one_stage() {
    hosts_start '' '' '{"path": "delay", "name": "slow",
        "settings": {"milliseconds": 30, "match": "icmp[icmptype] == icmp-echo"}}'
    capture_start
    pings alice 10.0.0.1 5
    capture_stop
    adds_up 10 0 10 0
    finds latency 5
    finds_nothing_else_bad 0
    tells 'none of 10 packets dropped' '1 SLOW 5 packets were held at ingress-filter.slow, by extension slow' \
        'half of them for about 3'
    as_in_manual slow.pcapng report.txt
    # Held is told apart from work, and the slowest packet is at hand.
    report_is '[$s.latency[] | select(.kind == "hold")] | length == 1 and .[0].packets == 5 and
        .[0].min_ns >= 30000000'
    report_is '[$s.latency[] | select(.kind == "work" and .stage_name == "ingress-filter.slow")][0] |
        .packets == 10 and .percentiles[0].ns < 30000000'
    local slowest
    slowest=$(jq '.switches[0].latency[] | select(.kind == "hold") | .max_packet' report.json)
    "$XSW" analyze --packet "$slowest" capture.pcapng | grep -q 'HELD for [3-9]'
}

claim_a_nic_is_disconnected() {
    hosts_start '' ''
    capture_start
    pings alice 10.0.0.1 3
    "$XSW" nic disconnect web >nic.log
    fails pings alice 10.0.0.1 4
    capture_stop
    finds drops 4
    finds_nothing_else_bad
    tells '4 of 10 packets DROPPED' 'not-connected' \
        '10.0.0.2 > 10.0.0.1 icmp; before that 3 of the same got through, none since'
}

# The guest goes from this switch to another one, which is reached by `link`; the host asks it all the time.
claim_migration_gap() {
    export XSW_SOCKET=/run/left.sock
    ip link add link-left up type veth peer name link-right
    ip link set link-right up
    ip link add sw-guest up type veth peer name tap-guest
    ip link add sw-host up type veth peer name tap-host
    echo '{"switch": {"name": "right"}, "ports": [{"name": "link", "kind": "packet", "device": "link-right"}]}' \
        >right.json
    echo '{"switch": {"name": "left", "workers": 1}, "ports": [
        {"name": "link", "kind": "packet", "device": "link-left"},
        {"name": "host", "kind": "packet", "device": "sw-host"},
        {"name": "guest", "kind": "packet", "device": "sw-guest"}]}' >left.json
    "$XSWD" --config right.json --socket /run/right.sock 2>right.log &
    local right=$! left
    "$XSWD" --config left.json --socket /run/left.sock 2>left.log &
    left=$!
    until_true 20 "$XSW" switch show
    until_true 20 env XSW_SOCKET=/run/right.sock "$XSW" switch show
    host_make host 1
    host_make guest 2
    hosts_know_each_other host guest
    at guest ping -q -c 1 -W 2 10.0.0.1 >first.log
    capture_start --ring 8192
    at host ping -q -i 0.002 -c 2000 -W 1 10.0.0.2 >ping.log &
    local ping=$!
    until_true 10 eval '[ "$(port_number guest tx_packets)" -gt 50 ]'
    "$XSW" port migrate guest --to /run/right.sock >migrate.log 2>&1
    until_true 10 eval '[ "$(port_number link rx_packets)" -gt 50 ]'
    kill $ping
    wait $ping || true
    capture_stop
    equal "exit status of analyze" $analyzed 0
    report_is '$s.address_moves | length == 1 and .[0].mac == "02:00:00:00:00:02" and
        .[0].port_before == "guest" and .[0].port_name == "link"'
    # What came or went in the moment between is dropped for that, and not for any other reason.
    report_is 'all($s.drops[]; .reason_name == "not-connected" or .reason_name == "no-destination" or
        .reason_name == "port-down")'
    tells "moved from port guest to port link"
    if jq -e '.switches[0].drops | length > 0' report.json >drops.json; then
        tells 'port guest' 'of the same got through'
    fi
    kill $left $right
    wait $left $right
}

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
    tells "1 KERNEL $(grouped "$dropped") packets behind port alice" 'FULL_RING' \
        "the queue of the port's device was full"
}

claim_lost_capture_records() {
    out_switch
    frames 'write("in.pcap", [eth(2, 1, bytes(1000))] * 20000)'
    capture_start --ring 64
    play in.pcap 20000
    capture_stop 1
    local lost
    lost=$(jq '.switches[0].sessions[0].lost' report.json)
    [ "$lost" -gt 0 ]
    finds capture-loss "$lost"
    equal "exit status of analyze" $analyzed 0
    tells 'UNKNOWN. NOT ALL IS KNOWN.' 'The capture lost' 'not the switch'
    report_is '.verdict == "unknown" and ($s.is_clean | not) and $s.findings[0].kind == "capture-loss"'
    report_is 'all($s.findings[]; .kind != "drops")'
    switch_stop
}

claim_retransmissions_lead_to_the_drop() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/vanish.so", "name": "scrub",
        "settings": {"every": 25}}'
    mkdir web
    head -c 200K /dev/urandom >web/file
    at web python3 -m http.server --directory web 80 >serve.out 2>&1 &
    until_true 20 at web sh -c "ss -tln | grep -q ':80 '"
    # Segments of a size that a wire takes, so that there are enough of them.
    at alice ethtool -K eth0 tso off gso off >ethtool.log
    at web ethtool -K eth0 tso off gso off >ethtool.log
    capture_start
    at alice curl -sS --max-time 30 -o downloaded http://10.0.0.1/file
    capture_stop
    cmp downloaded web/file
    tells 'at ingress-filter.scrub' 'silent-drop' 'by extension scrub'
    report_is '[$s.findings[] | select(.kind == "tcp")] | length == 1 and .[0].weight == "bad"'
    # Each cause that is named is a drop of this recording, and no other.
    jq '[.switches[0].symptoms[] | select(.cause != null) | .cause.packet] | unique' report.json >causes.json
    [ "$(jq length causes.json)" -gt 0 ]
    "$XSW" analyze --json --all --where dropped capture.pcapng | jq '[.where.packets[].packet]' >dropped.json
    jq -e --slurpfile dropped dropped.json '. - $dropped[0] == []' causes.json
    # And what the receiver's kernel had to send again, the analyzer saw again.
    report_is '[$s.symptoms[] | select(.kind == "retransmission")] | length > 0'
}

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
