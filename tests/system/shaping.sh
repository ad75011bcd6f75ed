# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Bandwidth and connections with real stacks at both ends: what a port's limit lets through by the
# byte counts of the other host's kernel, who gets how much of a capacity, who may answer whom.

# hosts_start SWITCH ALICE BOB [CAROL]: what the arguments add to the switch and to the ports.
hosts_start() {
    local carol=
    [ $# -lt 4 ] || carol=", {\"name\": \"carol\", \"device\": \"tap-carol\" $4}"
    switch_start <<JSON
{"switch": {"name": "shaping" $1}, "ports": [
 {"name": "alice", "device": "tap-alice" $2}, {"name": "bob", "device": "tap-bob" $3} $carol]}
JSON
    host_make alice 1
    host_make bob 2
    if [ $# -lt 4 ]; then
        hosts_know_each_other alice bob
    else
        host_make carol 3
        hosts_know_each_other alice bob carol
    fi
}

listens() { at "$1" ss -Hlnt "sport = $2" | grep -q .; }

# serve HOST PORT: an iperf3 server for one run.
serve() {
    at "$1" iperf3 -s -1 -p "$2" >"server-$1-$2.log" 2>&1 &
    until_true 10 listens "$1" "$2"
}

uptime_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }
uptime_passed() { [ "$(uptime_ms)" -ge "$1" ]; }
host_received() { [ "$(counted "$1" rx_bytes)" -ge "$2" ]; }

# rate_of HOST: kbit/s that its kernel receives, over the next 3 seconds or a little more.
rate_of() {
    local bytes start end
    start=$(uptime_ms)
    bytes=$(counted "$1" rx_bytes)
    until_true 20 uptime_passed $((start + 3000))
    bytes=$(($(counted "$1" rx_bytes) - bytes))
    end=$(uptime_ms)
    echo $((bytes * 8 / (end - start)))
}

# is_between WHAT LEAST MOST GOT
is_between() {
    if [ "$4" -lt "$2" ] || [ "$4" -gt "$3" ]; then
        echo "$1: got $4, expected $2 to $3" >&2
        return 1
    fi
}

claim_a_limit_of_20_mbit_gives_20_mbit_of_tcp() {
    hosts_start '' ', "bandwidth": {"limit": 20000000}' ''
    serve bob 5201
    at alice iperf3 -c 10.0.0.2 -t 6 >client.log 2>&1 &
    client=$!
    until_true 10 host_received bob 500000
    is_between "kbit/s of tcp" 17000 21000 "$(rate_of bob)"
    wait "$client"
}

claim_what_is_over_the_limit_waits_or_is_dropped_and_adds_up() {
    hosts_start '' ', "bandwidth": {"limit": 20000000}' ''
    capture_start --snap 96
    serve bob 5201
    at alice iperf3 -c 10.0.0.2 -u -b 60M -l 1000 -t 5 >client.log 2>&1 &
    client=$!
    until_true 10 host_received bob 500000
    is_between "kbit/s of udp" 17000 21000 "$(rate_of bob)"
    wait "$client"
    until_true 10 queue_is_empty
    capture_stop
    equal "exit status of analyze" "${analyzed:?}" 0
    report_is '.verdict == "holds"'
    report_is '[$s.drops[] | select(.reason_name == "bandwidth-limit")] |
        length == 1 and .[0].stage_name == "egress-policy" and .[0].packets > 1000'
}

queue_is_empty() {
    "$XSW" --json port show alice | jq -e ".port.limit_queue.packets == 0"
}

# weights_give WORKERS STREAMS FROM TO: alice, of weight 75, and bob, of 25, send all they can to carol, who
# can be sent 20 Mbit/s.
weights_give() {
    hosts_start ', "bandwidth_mode": "weight", "workers": '"$1" ', "bandwidth": {"weight": 75}' \
        ', "bandwidth": {"weight": 25}' ', "bandwidth": {"capacity": 20000000}'
    serve carol 5201
    serve carol 5202
    at alice iperf3 -c 10.0.0.3 -p 5201 -P "$2" -t 6 --json >alice.json 2>client.log &
    client=$!
    at bob iperf3 -c 10.0.0.3 -p 5202 -P "$2" -t 6 --json >bob.json 2>client.log &
    wait $!
    wait "$client"
    is_between "three for one, in hundredths" "$3" "$4" \
        "$(jq -s '.[0].end.sum_received.bytes * 100 / .[1].end.sum_received.bytes | floor' \
            alice.json bob.json)"
}

claim_weights_of_3_to_1_give_3_to_1() { weights_give 1 1 240 360; }

# Each worker has streams of both.
claim_weights_hold_between_workers() { weights_give 2 4 240 360; }

# connects FROM ADDRESS PORT
connects() {
    at "$1" python3 -c "import socket
socket.create_connection(('$2', $3), 2).recv(1)"
}

# greet HOST PORT: takes connections, says a byte to each, and ends it; until the claim is over.
greet() {
    at "$1" python3 -c "import socket
server = socket.create_server(('', $2))
while True:
    peer = server.accept()[0]
    peer.send(b'x')
    peer.close()" &
    until_true 10 listens "$1" "$2"
}

claim_who_may_ask_gets_answers_and_is_not_asked() {
    hosts_start '' '' ''
    "$XSW" policy add alice in allow proto tcp --stateful=60
    "$XSW" policy add alice out deny
    greet alice 80
    greet bob 80
    connects alice 10.0.0.2 80
    fails connects bob 10.0.0.1 80
    "$XSW" policy connections alice | tee connections.txt
    grep -q '10.0.0.1:[0-9]* > 10.0.0.2:80 tcp' connections.txt
    fails grep -E '.{81}' connections.txt
    "$XSW" --json policy connections alice >connections.json
    jq -e '.total == 1 and .live == 1 and .refused == 0 and .limit == 65536' connections.json
    jq -e '.connections[0] | .rule == 1 and .direction == "in" and .destination_port == 80 and
        .closing and .packets > 2 and .answer_packets > 2' connections.json
    "$XSW" --json policy list alice | jq -e '.rules[0].rule.stateful == 60'
    # It ends with its rule.
    "$XSW" policy remove alice 1
    "$XSW" --json policy connections | jq -e '.total == 0'
}

claim_a_capture_names_the_rule_that_an_answer_passed_by() {
    hosts_start '' '' ''
    "$XSW" policy add alice in allow id 7 --stateful
    "$XSW" policy add alice out deny id 9
    capture_start
    at alice ping -c 3 -i 0.2 10.0.0.2
    fails at bob ping -c 1 -W 1 10.0.0.1
    capture_stop
    report_is '.verdict == "holds"'
    dropped_is 1 acl-denied egress-policy alice 9
    "$XSW" --json policy list alice |
        jq -e '[.rules[] | {(.rule.id | tostring): .packets}] | add == {"7": 6, "9": 1}'
}
