# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Every drop reason that traffic can provoke from outside, each with frames whose fate is known before:
# good ones arrive byte for byte, bad ones are found with their reason, stage, port and rule, and
# sent = delivered + dropped. More are in policies.sh and trace.sh; and those that take more than a frame to
# provoke, bad-offload, no-buffer and not-segmented, in trace_rare.sh.

claim_runt_frame() {
    out_switch
    bad_among_good '[eth(2, 1)[:length] for length in (1, 6, 12, 13)]'
    dropped_is 4 runt-frame rx in
}

claim_mtu_exceeded_at_ingress() {
    out_switch
    bad_among_good '[eth(2, 1, bytes(1505)), eth(2, 1, bytes(3000)), eth(2, 1, bytes(60000))]'
    dropped_is 3 mtu-exceeded rx in
}

claim_mtu_exceeded_at_egress() {
    out_switch
    bad_among_good '[eth(2, 1, bytes(1505)), eth(2, 1, bytes(8000))]' '{"mtu": 9000}'
    dropped_is 2 mtu-exceeded egress-policy out
}

claim_vlan_not_allowed_at_ingress() {
    out_switch
    bad_among_good '[eth(2, 1, bytes(46), tags=tags) for tags in ([10], [1], [10, 20], [4095])]'
    dropped_is 4 vlan-not-allowed ingress-policy in
}

# An address that a trunk has in the primary VLAN only is out of reach for an isolated port.
claim_vlan_not_allowed_at_egress() {
    frames 'write("learn.pcap", [eth(BROADCAST, 2, tags=[100])])
write("in.pcap", [eth(2, 1, bytes(46))] * 20)'
    switch_start <<JSON
{"ports": [{"name": "up", "kind": "file", "input": "$PWD/learn.pcap", "output": "$PWD/up.pcap",
            "vlan": {"mode": "trunk", "native": 0, "allowed": [100]}}]}
JSON
    until_true 20 port_has up rx_packets 1
    capture_start
    play in.pcap 20 '{"vlan": {"mode": "private", "type": "isolated", "primary": 100,
                               "secondary": 101}}'
    capture_stop
    adds_up 20 0 0 20
    dropped_is 20 vlan-not-allowed egress-policy up
    switch_stop
    frames 'assert read("up.pcap") == []'
}

claim_bad_source_mac() {
    out_switch
    bad_among_good '[eth(2, a) for a in (BROADCAST, "01:00:5e:00:00:01", "00:00:00:00:00:00")]'
    dropped_is 3 bad-source-mac ingress-policy in
}

claim_mac_spoofed() {
    out_switch
    bad_among_good '[eth(2, a) for a in (3, 2, "02:00:00:00:00:11", "00:00:00:00:01:01")]' \
        '{"spoof_guard": True, "macs": ["02:00:00:00:00:01"]}'
    dropped_is 4 mac-spoofed ingress-policy in
}

claim_acl_denied_at_ingress() {
    out_switch
    bad_among_good '[tcp(2, 1, 1000, 23), udp(2, 1, 9, 99), udp(2, 1, 10, 99, b"x" * 1000)]' \
        '{"acl": [{"id": 5, "direction": "in", "action": "deny", "protocol": "tcp",
                   "destination_ports": "23"},
                  {"id": 6, "direction": "in", "action": "deny", "destination": "10.0.0.2/32"}]}'
    report_is '[$s.drops[] | [.reason_name, .stage_name, .port_name, .rule, .packets]] | sort ==
        [["acl-denied", "ingress-policy", "in", 5, 1], ["acl-denied", "ingress-policy", "in", 6, 2]]'
}

claim_acl_denied_at_egress() {
    out_switch ', "acl": [{"id": 7, "direction": "out", "action": "deny", "protocol": "udp"}]'
    bad_among_good '[udp(2, 1, 1000, 53), udp(2, 1, 53, 1000)]'
    dropped_is 2 acl-denied egress-policy out 7
}

claim_no_destination() {
    out_switch
    bad_among_good '[eth(2, 1, bytes(46), tags=[20]), eth(BROADCAST, 1, bytes(46), tags=[30])]' \
        '{"vlan": {"mode": "trunk", "native": 1, "allowed": [20, 30]}}'
    dropped_is 2 no-destination forward in
}

claim_same_port() {
    out_switch
    bad_among_good '[eth(1, 3), eth(1, 4), eth(3, 1)]'
    dropped_is 3 same-port forward in
}

claim_port_down() {
    switch_start <<'JSON'
{"ports": [{"name": "web", "device": "tap-web"}]}
JSON
    host_make web 1
    ip -n web link set eth0 down
    frames 'write("in.pcap", [eth(1, 2, bytes(46))] * 12)'
    capture_start
    play in.pcap 12
    "$XSW" port remove in
    ip -n web link set eth0 up
    play in.pcap 12
    until_true 5 port_has web tx_packets 12
    capture_stop
    adds_up 24 0 12 12
    dropped_is 12 port-down tx web
    equal "received by web's kernel" "$(counted web rx_packets)" 12
    switch_stop
}

claim_send_failed() {
    # A disk that is full from the first byte on.
    switch_start <<'JSON'
{"ports": [{"name": "out", "kind": "file", "output": "/dev/full"}]}
JSON
    frames 'write("in.pcap", [eth(1, 2, bytes(46))] * 12)'
    capture_start
    play in.pcap 12
    capture_stop
    adds_up 12 0 0 12
    dropped_is 12 send-failed tx out
    kill "$switch"
    wait "$switch" || true
}

# Ten copies of each of 600 large frames, which take a large buffer each, of which there are 256.
claim_a_flood_of_large_frames_loses_no_copy() {
    local ports="" number
    for number in {1..10}; do
        ports="$ports, {\"name\": \"out$number\", \"kind\": \"file\", \"mtu\": 9000,
                        \"output\": \"$PWD/out$number.pcap\"}"
    done
    out_switch ', "mtu": 9000' "" "$ports"
    frames 'write("in.pcap", [eth(BROADCAST, 1, bytes([n % 256]) * 8000) for n in range(600)])'
    capture_start --snap 64
    play in.pcap 600 '{"mtu": 9000}'
    capture_stop
    switch_stop
    local delivered
    delivered=$(frames 'import glob
print(sum(len(read(path)) for path in glob.glob("out*.pcap")))')
    equal "sent, to eleven files" $((600 * 11)) "$delivered"
    report_is ".verdict == \"holds\" and \$m.received == 600 and \$m.delivered == $delivered"
}

claim_silent_drop() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\",
                    \"settings\": {\"every\": 4}}"
    frames '
sent = [eth(2, 1, bytes([n]) * 46) for n in range(40)]
write("in.pcap", sent)
write("good.pcap", [frame for n, frame in enumerate(sent, 1) if n % 4 != 0])'
    capture_start
    play in.pcap 40
    capture_stop
    adds_up 40 0 30 10
    dropped_is 10 silent-drop ingress-filter.thief in
    report_is '$s.drops[0].extension == "thief"'
    switch_stop
    frames 'assert read("out.pcap") == read("good.pcap")'
}

claim_undeclared_reason_is_a_silent_drop() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/badreason.so\", \"name\": \"liar\"}"
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 9)'
    capture_start
    play in.pcap 9
    capture_stop
    adds_up 9 0 0 9
    report_is '$s.drops | length == 1 and .[0].reason_name == "silent-drop"'
    report_is '$s.drops[0].extension == "liar"'
    switch_stop
}

claim_extension_reason_at_ingress_and_egress() {
    out_switch "" '{"path": "flowfilter", "name": "guard", "settings": {"rules":
        ["7 deny in udp dst port 53", "8 deny out tcp dst port 23"]}}'
    bad_among_good '[udp(2, 1, 1, 53), tcp(2, 1, 1, 23), udp(2, 1, 2, 53)]'
    report_is '[$s.drops[] | [.reason_name, .stage_name, .extension, .rule, .packets]] | sort ==
        [["flow-denied", "egress-filter.guard", "guard", 8, 1],
         ["flow-denied", "ingress-filter.guard", "guard", 7, 2]]'
}
