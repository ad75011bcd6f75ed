# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The life of ports with devices of the kernel: TAPs come and go while others talk.

ping_from() { at "$1" ping -c 1 -W 1 "$2"; }

dropped_of() {
    "$XSW" --json stats | jq --arg reason "$1" '[.. | objects |
        select(.name? == $reason and .packets?) | .packets] | add // 0'
}

claim_a_device_comes_and_goes_on_a_port_that_stays() {
    switch_start <<JSON
{"ports": [{"name": "bob", "kind": "tap", "device": "tap-bob"},
           {"name": "alice", "kind": "none", "vlan": {"mode": "access", "access": 1}}]}
JSON
    host_make bob 2
    "$XSW" nic add alice kind tap device tap-alice
    host_make alice 1
    fails ping_from alice 10.0.0.2
    [ "$(dropped_of not-connected)" -gt 0 ]
    "$XSW" nic connect alice
    until_true 10 ping_from alice 10.0.0.2
    "$XSW" nic disconnect alice
    fails ping_from alice 10.0.0.2
    "$XSW" nic remove alice
    fails ip -n alice link show eth0
    # Another device for the same port.
    "$XSW" nic add alice kind tap device tap-carol
    host_make carol 3
    "$XSW" nic connect alice
    until_true 10 ping_from carol 10.0.0.2
    until_true 10 ping_from bob 10.0.0.3
    "$XSW" port remove alice
    fails ip -n carol link show eth0
    equal "ports" "$("$XSW" --json port list | jq -c '[.ports[].name]')" '["bob"]'
}

claim_a_missing_device_takes_the_port_back() {
    switch_start <<<'{"ports": []}'
    fails "$XSW" port add alice kind packet device nowhere0
    equal "ports" "$("$XSW" --json port list | jq '.ports | length')" 0
    grep -q 'nic-create: .*port=alice.* outcome=failed' xswd.log
    grep -q 'port-delete: .*port=alice.* outcome=done' xswd.log
    ip link add nowhere0 type veth peer name elsewhere0
    ip link set nowhere0 up
    "$XSW" port add alice kind packet device nowhere0
    "$XSW" port remove alice
    ip link show nowhere0
}

claim_a_device_has_one_port() {
    ip link add v0 up type veth peer name v1
    switch_start <<<'{"ports": [{"name": "a", "device": "tap-a"},
                                {"name": "p", "kind": "packet", "device": "v0"}]}'
    local words
    for words in 'kind tap device tap-a' 'kind packet device v0' 'kind xdp device v0'; do
        # shellcheck disable=SC2086
        fails "$XSW" port add again $words 2>refused.log
        grep -q 'is that of port [ap] already' refused.log
    done
    "$XSW" port add again kind none
    fails "$XSW" nic add again kind xdp device v0 2>refused.log
    fails "$XSW" nic add again kind none 2>refused.log
    grep -q 'expected tap, packet' refused.log
    # In another namespace it is in nobody's way; and what is free again can be taken.
    ip netns add away
    ip link set tap-a netns away
    "$XSW" port add b kind tap device tap-a
    "$XSW" port remove p
    "$XSW" nic add again kind packet device v0
    "$XSW" nic connect again
    "$XSW" nic disconnect again
    fails "$XSW" nic connect again 2>refused.log
    grep -q 'nic remove' refused.log
}
