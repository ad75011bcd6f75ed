# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Staged incidents in which the switch drops packets, recorded on real traffic: the first five lines of
# `xsw analyze` name the cause, the place and whom it hits, with the numbers that the hosts' kernels or
# the test itself know, and nothing else is called bad.
. "$here/incidents_lib.sh"

# wrong_vlan [CAPTURE-OPTIONS]: the port of the web server comes to another VLAN.
wrong_vlan() {
    hosts_start ', "vlan": {"mode": "access", "access": 10}' \
        ', "vlan": {"mode": "access", "access": 10}'
    capture_start "$@"
    pings alice 10.0.0.1 4
    "$XSW" port set web vlan access 20 >set.log
    fails pings alice 10.0.0.1 5 -W 0.3
    capture_stop
    finds drops 5
    finds_nothing_else_bad
}

claim_wrong_vlan() {
    wrong_vlan
    tells 'prod: 5 of 13 packets DROPPED' '5 packets at forward, port alice' 'no-destination' \
        'nobody else is in its VLAN' 'port web: vlan access 10 -> 20' \
        'Hit: 10.0.0.2 > 10.0.0.1 icmp; before that 4 of the same got through'
    grep -qE 'The destination 02:00:00:00:00:01 was heard last at port web, in VLAN 10 \(packet [0-9]+\)' \
        <(tr '\n' ' ' <report.txt | tr -s ' ')
    # What was changed is told with its time, and no change of a capture is taken for one.
    report_is '[$s.sessions[0].changes[] | .text] == ["port web: vlan access 10 -> 20"] and
        $s.sessions[0].changes[0].port == "web"'
    report_is '$s.sessions[0].changes[0].time_ns < $s.findings[0].last_ns'
    as_in_manual ping.pcapng report.txt
    as_in_docs wrong-vlan
    # So it stands in the log of what happened when, before the drops.
    "$XSW" analyze --timeline capture.pcapng >timeline.txt
    in_order "$(grep -n 'port web: vlan access 10 -> 20' timeline.txt | cut -d: -f1)" \
        "$(grep -n 'first drop: no-destination' timeline.txt | cut -d: -f1)"
}

# With --trace the switch's events are in the recording, too: the change is told once all the same.
claim_wrong_vlan_with_a_trace() {
    wrong_vlan --trace
    tells 'port web: vlan access 10 -> 20'
    report_is '[$s.findings[] | select(.kind == "drops")][0].text |
        test("Changed .*: port web: vlan access 10 -> 20[.]") and (contains("A policy of a port") | not)'
}

# From a recording without its end, which has no log of changes, the events tell it.
claim_a_torn_recording_with_a_trace_names_what_was_configured() {
    wrong_vlan --trace
    head -c -300 capture.pcapng >torn.pcapng
    analyze torn.pcapng
    report_is '[$s.findings[] | select(.kind == "drops")][0].text |
        test("Just before, at [0-9:.]+: xsw: A policy of a port.* was set: port web, vlan, update[.]")'
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
        'acl-denied' 'rule 7 of port alice was added.' '9 flows, all from 10.0.0.2 to 10.0.0.1'
    as_in_docs stale-rule
}

# A rule that was there when the switch was started has not come lately, and that is said.
claim_what_was_always_there_is_no_change() {
    hosts_start '' ', "acl": [{"id": 7, "direction": "in", "action": "deny", "protocol": "icmp"}]'
    capture_start
    fails pings alice 10.0.0.1 3 -W 0.3
    capture_stop
    finds drops 3
    finds_nothing_else_bad
    report_is '$s.findings[0].text | endswith("Nothing had been configured since the recording began.")'
    report_is '$s.sessions[0].changes == []'
}

# Pings to everybody, more of them than the port may send in a second.
claim_storm_limit() {
    hosts_start '' ', "storm_limit": {"broadcast": 20}'
    capture_start
    fails pings alice 10.0.0.255 90 -b -l 90 -W 0.3
    capture_stop
    local dropped
    dropped=$(jq '.switches[0].summary.dropped' report.json)
    [ "$dropped" -ge 50 ]
    report_is '$m.received == 90'
    finds drops "$dropped"
    finds_nothing_else_bad
    tells "$dropped of 90 packets DROPPED" "$dropped packets at ingress-policy, port alice" \
        'storm-limit' 'more broadcast, multicast or unknown unicast' \
        'When the recording began it was broadcast 20 a second' '10.0.0.2 > 10.0.0.255 icmp'
    as_in_docs storm-limit
}

# Small pings pass, large ones do not: the one host believes in jumbo frames, the other's port has none.
claim_mtu() {
    hosts_start '' ', "mtu": 9000'
    ip -n alice link set eth0 mtu 9000
    capture_start
    pings alice 10.0.0.1 3
    fails pings alice 10.0.0.1 4 -s 3000 -M do -W 0.3
    fails pings alice 10.0.0.1 1 -s 8000 -M do -W 0.3
    capture_stop
    finds drops 5
    finds_nothing_else_bad
    tells '5 of 11 packets DROPPED' '5 packets at egress-policy, port web: mtu-exceeded' \
        'The frames have 3042 to 8042 bytes' 'the MTU of port web is 1500' \
        '10.0.0.2 > 10.0.0.1 icmp'
    as_in_docs mtu
}

claim_silent_drop_in_an_extension() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/vanish.so", "name": "scrub",
        "settings": {"every": 4}}'
    capture_start
    pings alice 10.0.0.1 10 || true
    capture_stop
    local lost
    lost=$(lost)
    report_is "\$m.dropped == $lost and (\$s.drops | map(.reason_name) | unique == [\"silent-drop\"])"
    # What is lost on the way there and what on the way back are findings of their own.
    report_is '[$s.findings[] | select(.kind == "drops")] | map(.packets) | add == $m.dropped'
    report_is 'all($s.findings[]; .kind == "drops" or .weight == "notice")'
    tells "$lost of" "at ingress-filter.scrub, port" 'by extension scrub: silent-drop' \
        'made the packet vanish without saying why' 'Hit: 10.0.0.'
    as_in_docs vanished
    "$XSW" analyze --packet 4 capture.pcapng >packet.txt
    as_in_manual vanished.pcapng packet.txt
}

claim_only_replies_are_dropped() {
    hosts_start '' ''
    "$XSW" policy add alice out deny proto icmp id 4 >rule.log
    capture_start
    fails pings alice 10.0.0.1 5 -W 0.3
    capture_stop
    finds drops 5
    finds_nothing_else_bad
    tells '5 of 10 packets DROPPED' '5 packets at egress-policy, port alice, by rule 4 "deny out' \
        '10.0.0.1 > 10.0.0.2 icmp, all of its packets. The other direction works: 5 delivered'
    as_in_docs replies
}

claim_a_nic_is_disconnected() {
    hosts_start '' ''
    capture_start
    pings alice 10.0.0.1 3
    "$XSW" nic disconnect web >nic.log
    fails pings alice 10.0.0.1 4 -W 0.3
    capture_stop
    finds drops 4
    finds_nothing_else_bad
    tells '4 of 10 packets DROPPED' 'not-connected' 'the NIC of port web was disconnected' \
        '10.0.0.2 > 10.0.0.1 icmp; before that 3 of the same got through, none since'
    as_in_docs disconnected
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
