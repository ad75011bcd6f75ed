# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Two switches of one xswd with the same hosts, by name and by address: each thinks that it is alone. And
# what rights the daemon of them has.

# Hosts a1 and a2 are on the one, b1 and b2 on the other; the second host of each has the same addresses.
two_switches() {
    local host
    switch_start <<JSON
{"switches": [
  {"switch": {"name": "left"},
   "ports": [{"name": "one", "device": "tap-a1"}, {"name": "two", "device": "tap-a2"}]},
  {"switch": {"name": "right", "workers": 2},
   "extensions": [{"path": "flowfilter", "settings": {"rules": ["5 deny in udp"]}}],
   "ports": [{"name": "one", "device": "tap-b1"}, {"name": "two", "device": "tap-b2"}]}]}
JSON
    host_make a1 1
    host_make a2 2
    host_make b1 1
    host_make b2 2
    hosts_know_each_other a1 a2
    hosts_know_each_other b1 b2
}

switch_start() {
    cat >config.json
    "$XSWD" --config config.json 2>xswd.log &
    switch=$!
    until_true 20 "$XSW" switch list
}

received() { XSW_SWITCH=$1 port_number "$2" rx_packets; }

claim_two_switches_with_the_same_addresses_never_see_each_others_packets() {
    two_switches
    XSW_SWITCH=left capture_start
    at a1 ping -q -c 5 -i 0.01 -W 2 10.0.0.2 >ping.log
    at b1 ping -q -c 7 -i 0.01 -W 2 10.0.0.2 >ping.log
    capture_stop
    # Of the other one's 14 packets not one is in the recording, and the sums are whole without them.
    adds_up 10 0 10 0
    equal "left" "$(received left one)" 5
    equal "right" "$(received right one)" 7
    equal "tables" "$(for name in left right; do
        "$XSW" -S $name mac list --json | jq -c '[.entries[] | [.mac, .port]] | sort'
    done | sort -u | wc -l)" 1
    "$XSW" -S left mac flush >flush.log
    equal "left forgets" "$("$XSW" -S left mac list --json | jq .total)" 0
    equal "right does not" "$("$XSW" -S right mac list --json | jq .total)" 2
    switch_stop
}

claim_an_extension_of_one_switch_says_nothing_to_the_other() {
    two_switches
    at a1 python3 -c 'from frames import *
send("eth0", [udp(2, 1, 1000, 2000)] * 3)'
    at b1 python3 -c 'from frames import *
send("eth0", [udp(2, 1, 1000, 2000)] * 4)'
    until_true 10 eval '[ "$(received left one)" -ge 3 ] && [ "$(received right one)" -ge 4 ]'
    equal "delivered" "$(XSW_SWITCH=left port_number two tx_packets)" 3
    equal "refused" "$(XSW_SWITCH=right port_number two tx_packets)" 0
    "$XSW" -S right stats --json >stats.json
    equal "dropped" "$(jq '[.stages[].dropped_packets] | add' stats.json)" 4
    "$XSW" switch remove right force >remove.log
    at a1 ping -q -c 3 -i 0.01 -W 2 10.0.0.2 >ping.log
    switch_stop
}

# CAP_NET_ADMIN 12, CAP_NET_RAW 13, CAP_IPC_LOCK 14, CAP_PERFMON 38, CAP_BPF 39.
claim_the_daemon_keeps_only_the_rights_that_ports_need() {
    two_switches
    local task wanted=000000c000007000
    for task in "/proc/$switch/task"/*; do
        for set in CapPrm CapEff CapBnd; do
            equal "$set of ${task##*/}" "$(awk -v set="$set:" '$1 == set { print $2 }' "$task/status")" \
                $wanted
        done
        equal "NoNewPrivs" "$(awk '$1 == "NoNewPrivs:" { print $2 }' "$task/status")" 1
    done
    # And they are enough for a port that comes later.
    "$XSW" -S left port add three device tap-late >add.log
    ip link show tap-late >/dev/null
    switch_stop
}

claim_a_device_has_one_port_whatever_the_switch() {
    ip link add v0 up type veth peer name v1
    switch_start <<'JSON'
{"switches": [{"switch": {"name": "left"}, "ports": [{"name": "p", "kind": "packet", "device": "v0"}]},
              {"switch": {"name": "right"}}]}
JSON
    local kind
    for kind in packet xdp; do
        fails "$XSW" -S right port add q kind $kind device v0 2>refused.log
        grep -q 'is that of port p of switch left already' refused.log
    done
    "$XSW" -S left port remove p
    "$XSW" -S right port add q kind packet device v0
    fails "$XSW" -S left port add p kind packet device v0 2>refused.log
    grep -q 'is that of port q of switch right already' refused.log
}
