# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The daemon as a neighbour: what goes away under it stops nothing else, and it costs nothing at rest.

three_hosts() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": ${1-1}},
 "ports": [{"name": "web", "device": "tap-web"}, {"name": "alice", "device": "tap-alice"},
           {"name": "bob", "device": "tap-bob"}]}
JSON
    host_make web 1
    host_make alice 2
    host_make bob 3
    hosts_know_each_other web alice bob
}

pings() { at "$1" ping -q -c "${3-3}" -i 0.01 -W 2 "$2" >ping.log; }

state_is() { [ "$("$XSW" --json port show "$1" | jq -r .port.state)" = "$2" ]; }

claim_a_deleted_interface_stops_nobody_else() {
    three_hosts
    pings alice 10.0.0.1
    pings bob 10.0.0.1
    capture_start
    ip -n bob link del eth0
    until_true 5 state_is bob vanished
    # Nine frames to bob, whom the switch still knows, and twelve that are of no interest to him.
    at alice python3 -c 'from frames import *
send("eth0", [eth(3, 2, bytes(46))] * 9)'
    pings alice 10.0.0.1 6
    capture_stop
    adds_up 21 0 12 9
    dropped_is 9 port-down tx bob
    state_is web up
    "$XSW" port remove bob >/dev/null
    pings alice 10.0.0.1
    switch_stop
}

claim_a_deleted_socket_stops_no_traffic() {
    three_hosts
    rm "$XSW_SOCKET"
    pings alice 10.0.0.1
    fails "$XSW" switch show 2>refused.log
    grep -q "$XSW_SOCKET" refused.log
    switch_stop
}

claim_a_second_daemon_is_refused_and_disturbs_nothing() {
    three_hosts
    local code=0
    echo '{"ports": [{"name": "other", "kind": "memory"}]}' >other.json
    "$XSWD" --config other.json 2>second.log || code=$?
    equal "exit status of the second" $code 3
    grep -q "$XSW_SOCKET" second.log
    pings alice 10.0.0.1
    switch_stop
}

# Ticks of 10 ms that the daemon has used.
ticks() { awk '{ print $14 + $15 }' "/proc/$switch/stat"; }

claim_an_idle_switch_uses_no_processor() {
    three_hosts 2
    pings alice 10.0.0.1
    local before
    before=$(ticks)
    sleep 2 # what is measured is rest, so there is nothing to wait for
    [ $(($(ticks) - before)) -le 2 ]
    pings alice 10.0.0.1
    switch_stop
}

claim_an_idle_switch_with_capture_uses_no_processor() {
    three_hosts 2
    pings alice 10.0.0.1
    capture_start
    local before
    before=$(ticks)
    sleep 2 # what is measured is rest, so there is nothing to wait for
    [ $(($(ticks) - before)) -le 2 ]
    pings alice 10.0.0.1
    capture_stop
    adds_up 6 0 6 0
    switch_stop
}

claim_a_stop_under_traffic_is_clean() {
    three_hosts 2
    at alice ping -q -f -w 20 10.0.0.1 >ping.log 2>&1 &
    at bob ping -q -f -w 20 10.0.0.1 >ping2.log 2>&1 &
    until_true 10 eval '[ "$(port_number web tx_packets)" -gt 200 ]'
    switch_stop
    grep -q '^stopped: ' xswd.log
    [ ! -e "$XSW_SOCKET" ]
    # The interfaces went with it.
    fails ip -n alice link show eth0 2>/dev/null
}

claim_ports_come_and_go_under_traffic() {
    three_hosts 2
    pings alice 10.0.0.1 # so that nothing is flooded later
    capture_start
    at alice ping -q -c 300 -i 0.005 -W 2 10.0.0.1 >ping.log &
    local ping=$! number
    for number in {1..20}; do
        "$XSW" port add extra kind memory >/dev/null
        "$XSW" extension add flowfilter name guard rules='1 deny in udp' >/dev/null
        "$XSW" port remove extra >/dev/null
        "$XSW" extension remove guard >/dev/null
    done
    wait $ping
    capture_stop
    grep -q ' 300 received' ping.log
    adds_up 600 0 600 0
    switch_stop
}
