# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The flow filter and the delay between real hosts.

# filter_switch EXTENSIONS: alice and bob.
filter_switch() {
    switch_start <<JSON
{"switch": {"name": "filters", "workers": 2}, "extensions": [$1],
 "ports": [{"name": "alice", "device": "tap-alice"}, {"name": "bob", "device": "tap-bob"}]}
JSON
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
}

# serve HOST PORT: answers every connection with "hello".
serve() {
    at "$1" python3 -c "
import socket
with socket.create_server(('', $2)) as server:
    open('serving-$1', 'w').close()
    while True:
        with server.accept()[0] as link:
            link.sendall(b'hello')" &
    until_true 10 test -e "serving-$1"
}

# greeted HOST ADDRESS PORT
greeted() {
    [ "$(at "$1" timeout 2 bash -c "cat </dev/tcp/$2/$3" 2>/dev/null)" = hello ]
}

# number FEATURE FIELD [port PORT]: of its status.
number() {
    local feature=$1 field=$2
    shift 2
    "$XSW" --json feature status "$feature" "$@" | jq "[.. | .$field? // empty] | first"
}

claim_a_stateful_rule_lets_the_answers_through() {
    filter_switch '{"path": "flowfilter", "name": "guard", "settings": {"default": "deny", "rules":
        ["10 allow in tcp and src host 10.0.0.1 and dst port 4430 stateful=60"]}}'
    serve bob 4430
    serve alice 4430
    capture_start
    greeted alice 10.0.0.2 4430
    fails greeted bob 10.0.0.1 4430
    capture_stop
    report_is '.verdict == "holds"'
    report_is '[$s.drops[] | .reason_name] == ["flow-default"]'
    equal "connections that rule 10 made" "$(number guard.rules made)" 1
}

claim_rules_of_a_port_come_and_go_live() {
    filter_switch '{"path": "flowfilter", "name": "guard"}'
    serve bob 4430
    greeted alice 10.0.0.2 4430
    "$XSW" feature add guard.rule port alice id 5 action=deny 'expression=tcp dst port 4430'
    capture_start
    fails greeted alice 10.0.0.2 4430
    capture_stop
    report_is '[$s.drops[] | [.reason_name, .stage_name, .rule]] ==
        [["flow-denied", "ingress-filter.guard", 5]]'
    "$XSW" analyze --drops capture.pcapng |
        grep -q 'rule 5 of alice "action=deny .*expression=tcp dst port 4430'
    fails "$XSW" feature add guard.rule port alice action=deny 'expression=tcp dst prot 4430' \
        2>refusal.txt
    grep -q 'tcp dst prot 4430' refusal.txt
    "$XSW" feature remove guard.rule port alice id 5
    greeted alice 10.0.0.2 4430
}

claim_a_delayed_ping_takes_longer_and_loses_nothing() {
    filter_switch '{"path": "delay", "settings": {"milliseconds": 30}}'
    capture_start
    at alice ping -q -c 10 -i 0.01 10.0.0.2 >ping.txt
    capture_stop
    grep -q ' 10 received' ping.txt
    report_is '.verdict == "holds" and $m.dropped == 0'
    # There and back: never less than twice the delay.
    awk -F / '/^rtt/ { exit $4 >= 60 ? 0 : 1 }' ping.txt
    equal "packets that waited" "$(number delay.queue released)" 20
}

claim_a_packet_rewritten_on_its_way_out_is_one_journey() {
    filter_switch '{"path": "rewrite", "name": "mark", "settings": {"direction": "out", "dscp": 46,
        "match": "udp dst port 7"}}'
    at alice ping -q -c 1 10.0.0.2 >ping.txt
    capture_start
    at bob python3 -c "from frames import *
frames = [data for data, _ in arriving('eth0', 1)]
assert frames[0][15] == 46 << 2, frames[0].hex()" >bob.txt &
    local bob=$!
    until_true 10 grep -q ready bob.txt
    at alice python3 -c '
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.0.0.2", 7))'
    wait $bob
    capture_stop
    report_is '.verdict == "holds" and $m.dropped == 0 and ($s.drops | length) == 0'
}
