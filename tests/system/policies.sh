# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The policies of a port, with real traffic: what they stop is found with reason, stage and port, and
# all else arrives as it was. Those that are older are in drops.sh.

# A trunk that plays frames with and without tags.
trunk='"vlan": {"mode": "trunk", "native": 1, "allowed": [20, 30]}'

claim_dhcp_guard() {
    out_switch
    bad_among_good '[udp(2, 1, 67, 68, bytes([2]) + bytes(300)),
        udp(2, 1, 9, 68, bytes([2]) + bytes(9)), udp(2, 1, 67, 68, bytes([2]), tags=[20]),
        udp(2, 1, 67, 68, bytes([2]), tags=[20, 30, 40]),
        eth(2, 1, ipv6(17, struct.pack("!HHHHB", 547, 546, 9, 0, 7)), 0x86dd)]' \
        "{$trunk, \"dhcp_guard\": True}"
    dropped_is 5 dhcp-guard ingress-policy in
}

claim_a_guarded_port_may_ask_for_an_address() {
    out_switch
    frames 'write("in.pcap", [udp(2, 1, 68, 67, bytes([1]) + bytes(300)),
        eth(2, 1, ipv6(17, struct.pack("!HHHHB", 546, 547, 9, 0, 1)), 0x86dd)])'
    play in.pcap 2 '{"dhcp_guard": True, "router_guard": True}'
    until_true 20 port_has out tx_packets 2
    switch_stop
    frames 'assert read("out.pcap") == read("in.pcap")'
}

# RFC 7113: hidden behind an extension header, and in a fragment that ends before it would show.
claim_router_guard() {
    out_switch
    bad_among_good '[eth(2, 1, ipv6(58, bytes([134]) + bytes(15)), 0x86dd),
        eth(2, 1, ipv6(58, bytes([137]) + bytes(39)), 0x86dd, tags=[20]),
        eth(2, 1, ipv6(60, bytes([58, 0, 1, 4, 0, 0, 0, 0, 134]) + bytes(15)), 0x86dd),
        eth(2, 1, ipv6(44, bytes([60, 0, 0, 1, 0, 0, 0, 7, 58, 0, 1, 4, 0, 0, 0, 0])), 0x86dd),
        eth(2, 1, ipv4("10.0.0.1", "10.0.0.2", 1, bytes([9]) + bytes(15)), 0x0800),
        eth(2, 1, ipv4("10.0.0.1", "10.0.0.2", 1, bytes([5, 1]) + bytes(30)), 0x0800)]' \
        "{$trunk, \"router_guard\": True}"
    dropped_is 6 router-guard ingress-policy in
}

claim_a_reset_priority_is_the_only_change() {
    switch_start <<JSON
{"ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap", $trunk}]}
JSON
    frames '
tag = lambda priority: struct.pack("!HH", 0x8100, priority << 12 | 20)
write("in.pcap", [eth(2, 1, bytes([n]) * 50, tags=[tag(n)]) for n in range(16)])
write("good.pcap", [eth(2, 1, bytes([n]) * 50, tags=[tag(0)]) for n in range(16)])'
    capture_start
    play in.pcap 16 "{$trunk, \"priority_tag\": \"reset\"}"
    until_true 20 port_has out tx_packets 16
    capture_stop
    adds_up 16 0 16 0
    report_is '[$s.changes[] | select(.stage_name == "ingress-policy")] | map(.packets) | add == 15'
    switch_stop
    frames 'assert read("out.pcap") == read("good.pcap")'
}

# A file is played in far less than a second, but maybe over the end of one.
claim_storm_limit() {
    out_switch
    frames 'write("in.pcap", [eth(BROADCAST, 1, bytes([n]) * 46) for n in range(90)])'
    capture_start
    play in.pcap 90 '{"storm_limit": {"broadcast": 20}}'
    capture_stop
    local delivered
    delivered=$(jq '.switches[0].summary.delivered' report.json)
    [ "$delivered" -eq 20 ] || [ "$delivered" -eq 40 ]
    adds_up 90 0 "$delivered" $((90 - delivered))
    dropped_is $((90 - delivered)) storm-limit ingress-policy in
    switch_stop
}

claim_unknown_unicast_is_limited_behind_the_look_up() {
    frames 'write("learn.pcap", [eth(BROADCAST, 2)])
write("in.pcap", [eth(to, 1, bytes(46)) for to in [2, 3] * 50])'
    switch_start <<JSON
{"ports": [{"name": "out", "kind": "file", "input": "$PWD/learn.pcap",
            "output": "$PWD/out.pcap"}]}
JSON
    until_true 20 port_has out rx_packets 1
    capture_start
    play in.pcap 100 '{"storm_limit": {"unknown_unicast": 5}}'
    capture_stop
    local delivered
    delivered=$(jq '.switches[0].summary.delivered' report.json)
    [ "$delivered" -eq 55 ] || [ "$delivered" -eq 60 ]
    adds_up 100 0 "$delivered" $((100 - delivered))
    dropped_is $((100 - delivered)) storm-limit forward in
    switch_stop
}

private() {
    echo "{\"name\": \"$1\", \"device\": \"tap-$1\",
        \"vlan\": {\"mode\": \"private\", \"type\": \"$2\", \"primary\": 100, $3}}"
}

# Hosts 1 to 5: two isolated ones, two of a community, and the gateway of them all.
claim_private_vlan() {
    local hosts=(alice bob carol dave gate) host number=0
    switch_start <<JSON
{"ports": [$(private alice isolated '"secondary": 101'), $(private bob isolated '"secondary": 101'),
           $(private carol community '"secondary": 102'), $(private dave community '"secondary": 102'),
           $(private gate promiscuous '"secondaries": [101, 102]')]}
JSON
    for host in "${hosts[@]}"; do
        number=$((number + 1))
        host_make "$host" $number
    done
    hosts_know_each_other "${hosts[@]}"
    for host in alice bob carol dave; do
        at "$host" ping -q -c 2 -i 0.01 -W 5 10.0.0.5
    done
    at carol ping -q -c 2 -i 0.01 -W 5 10.0.0.4
    capture_start
    at alice ping -q -c 3 -i 0.01 -W 1 10.0.0.2 || true
    at bob ping -q -c 3 -i 0.01 -W 1 10.0.0.3 || true
    at carol ping -q -c 3 -i 0.01 -W 1 10.0.0.1 || true
    at gate ping -q -c 3 -i 0.01 -W 5 10.0.0.1
    capture_stop
    adds_up 15 0 6 9
    report_is '[$s.drops[] | select(.reason_name == "private-vlan" and .stage_name == "egress-policy")
        | [.port_name, .packets]] | sort == [["alice", 3], ["bob", 3], ["carol", 3]]'
}

claim_a_port_waits_for_its_required_extension() {
    out_switch ', "required_extensions": ["wall"]'
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 7)'
    capture_start
    play in.pcap 7
    capture_stop
    adds_up 7 0 0 7
    dropped_is 7 required-extension egress-policy out
    "$XSW" port remove in
    "$XSW" extension add "$XSW_EXTENSION_PATH/test/lookcount.so" name wall
    play in.pcap 7
    until_true 20 port_has out tx_packets 7
    switch_stop
    frames 'assert read("out.pcap") == read("in.pcap")'
}

claim_a_mirror_has_a_direction() {
    local direction frames
    for direction in in:20 out:0; do
        frames=${direction#*:}
        switch_start <<JSON
{"ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap"},
           {"name": "seen", "kind": "file", "output": "$PWD/seen.pcap",
            "vlan": {"mode": "access", "access": 99}}]}
JSON
        frames 'write("in.pcap", [eth(2, 1, bytes([n]) * 46) for n in range(20)])'
        play in.pcap 20 "{'mirror_to': 'seen', 'mirror_direction': '${direction%:*}'}"
        until_true 20 port_has out tx_packets 20
        equal "mirrored of what the port sends" "$(port_number seen tx_packets)" "$frames"
        switch_stop
    done
}

claim_a_policy_that_nobody_would_enforce_is_refused() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/hub.so\"}"
    fails "$XSW" port set out vlan access 5 2>refused.txt
    grep -q 'forwarder "hub" does not enforce VLANs' refused.txt
    fails "$XSW" port set out dhcp-guard on 2>refused.txt
    grep -q 'forwarder "hub" does not enforce guards' refused.txt
    "$XSW" extension remove hub
    "$XSW" port set out vlan access 5 dhcp-guard on
    fails "$XSW" extension add "$XSW_EXTENSION_PATH/test/hub.so" 2>refused.txt
    grep -q 'does not enforce VLANs' refused.txt
}
