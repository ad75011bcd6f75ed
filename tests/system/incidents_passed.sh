# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Staged incidents in which nothing or little is dropped, recorded on real traffic: packets are changed,
# late, or go to the wrong place. See incidents.sh.
. "$here/incidents_lib.sh"

# Two hosts have one address, and both speak.
claim_mac_flap() {
    switch_start <<JSON
{"switch": {"name": "prod", "workers": 1},
 "ports": [{"name": "web", "device": "tap-web"}, {"name": "alice", "device": "tap-alice"},
           {"name": "mallory", "device": "tap-mallory"}]}
JSON
    host_make web 1
    host_make alice 2
    host_make mallory 2
    hosts_know_each_other web alice
    ip -n mallory neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
    pings web 10.0.0.2 1 # so that nothing is flooded
    capture_start
    local host count
    for count in 1 2 3; do
        for host in alice mallory; do
            pings $host 10.0.0.1 1
        done
    done
    capture_stop
    adds_up 12 0 12 0
    report_is '[$s.address_moves[] | select(.mac == "02:00:00:00:00:02")][0] | .moves == 5 and .returns == 4'
    finds address-moves 5
    finds_nothing_else_bad
    report_is '$s.findings[0].kind == "address-moves" and $s.findings[0].weight == "bad"'
    tells 'prod: none of 12 packets dropped' 'MAC MOVES The address 02:00:00:00:00:02' \
        'two ports at once' 'moved 5 times between ports alice and mallory'
    as_in_manual moved.pcapng report.txt
    as_in_docs moved
}

claim_checksum_broken_by_a_rewrite() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/badsum.so", "name": "mark"}'
    capture_start
    fails pings alice 10.0.0.1 6 -W 0.3
    capture_stop
    adds_up 6 0 6 0
    finds wrong-checksum 6
    finds_nothing_else_bad
    tells 'none of 6 packets dropped, 6 changed' \
        '1 CHECKSUM 6 packets left ingress-filter.mark with a wrong checksum' 'by extension mark' \
        'ip.dsfield.dscp 0 -> 46' 'Receivers throw such packets away' 'Hit: 10.0.0.2 > 10.0.0.1 icmp'
    report_is 'all($s.findings[]; .kind != "undeclared-change")'
    as_in_manual marked.pcapng report.txt
    as_in_docs marked
}

claim_undeclared_change() {
    hosts_start '' '' '{"path": "'"$XSW_EXTENSION_PATH"'/test/undeclared.so", "name": "sly"}'
    capture_start
    fails pings alice 10.0.0.1 4 -W 0.3
    capture_stop
    finds undeclared-change 4
    finds wrong-checksum 4
    finds_nothing_else_bad 2
    tells 'none of 4 packets dropped, 4 changed' 'ingress-filter.sly' 'by extension sly' \
        'which does not declare that it changes bytes' 'wrong checksum' 'Hit: 10.0.0.2 > 10.0.0.1 icmp'
    as_in_docs undeclared
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
        'half of them for about 3' 'Hit: 10.0.0.2 > 10.0.0.1 icmp, all of its packets'
    as_in_manual slow.pcapng report.txt
    as_in_docs slow
    # Held is told apart from work, and the slowest packet is at hand.
    report_is '[$s.latency[] | select(.kind == "hold")] | length == 1 and .[0].packets == 5 and
        .[0].min_ns >= 30000000'
    report_is '[$s.latency[] | select(.kind == "work" and .stage_name == "ingress-filter.slow")][0] |
        .packets == 10 and .percentiles[0].ns < 30000000'
    local slowest
    slowest=$(jq '.switches[0].latency[] | select(.kind == "hold") | .max_packet' report.json)
    "$XSW" analyze --packet "$slowest" capture.pcapng | grep -q 'HELD for [3-9]'
}

# heard PORT: times in ns of the frames that came from the guest at that port of the recording.
heard() {
    tshark -r capture.pcapng -T fields -e frame.time_epoch \
        -Y "eth.src == 02:00:00:00:00:02 and frame.interface_name contains \"/$1.rx\"" \
        2>/dev/null | tr -d .
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
    # The gap is the time between its last frame here and its first from there, in the frames themselves:
    # the last that was let in, since its NIC is disconnected while it may still send.
    local last first refused
    refused=$(jq '[.switches[].drops[] | select(.port_name == "guest" and .stage_name == "ingress-policy")
        | .packets] | add // 0' report.json)
    last=$(heard guest | tail -n $((refused + 1)) | head -n 1)
    first=$(heard link | head -n 1)
    [ "$first" -gt "$last" ]
    report_is "\$s.address_moves[0].silent_ns == $((first - last))"
    # What came or went in that time is dropped for that, for no other reason, and nothing else is bad.
    report_is 'all($s.drops[]; .reason_name == "not-connected" or .reason_name == "no-destination" or
        .reason_name == "port-down")'
    report_is 'all($s.findings[]; .kind == "drops" or .weight == "notice")'
    report_is '[$s.findings[] | select(.kind == "address-moves")] | length == 1 and
        (.[0].text | contains("and was not heard of for "))'
    if jq -e '.switches[0].drops | length > 0' report.json >drops.json; then
        tells 'port guest' 'the NIC of port guest was disconnected' \
            'The address 02:00:00:00:00:02 then moved to port link'
        # What the guest itself still sent may be the first that is dropped, too.
        ! jq -e '.switches[0].findings[0].text | contains("at egress-policy")' report.json >drops.json ||
            as_in_docs migrated
    else
        tells 'moved from port guest to port link' 'and was not heard of for'
    fi
    kill $left $right
    wait $left $right
}
