#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# xsw port: the words of each policy, what is shown of them, and what is refused. Memory ports only,
# so no rights are needed. XSWD and XSW name the programs.
bats_require_minimum_version 1.5.0

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock" LC_ALL=C.UTF-8
    echo '{"ports": [{"name": "probe", "kind": "memory"}]}' > config.json
    mkfifo log
    "$XSWD" --config config.json 2> log 3>&- &
    daemon=$!
    exec 5< log
    until [[ "$line" == started:* ]]; do
        read -r -t 30 -u 5 line
    done
}

teardown()
{
    kill "$daemon"
    wait "$daemon"
}

# shows NAME TEXT: the line of `xsw port show alice`.
shows()
{
    "$XSW" port show alice > shown
    grep -Fx "$(printf '%-14s %s' "$1" "$2")" shown
}

member() { "$XSW" --json port show alice | jq -c ".port.$1"; }

@test "every policy has its words, its line and its member" {
    "$XSW" port add alice kind memory friendly "Alice's host" role internal \
        vlan private isolated primary 100 secondary 101 \
        dhcp-guard on router-guard on priority reset storm broadcast 100 unknown 20 \
        mirror probe mirror-direction in requires wall,gate
    shows named "Alice's host"
    shows role internal
    shows vlan "isolated 100/101"
    shows "dhcp guard" on
    shows "router guard" on
    shows priority reset
    shows storm "broadcast 100, unknown 20"
    shows mirror "probe, in"
    shows requires wall
    [ "$(member vlan)" = '{"mode":"private","type":"isolated","primary":100,"secondary":101}' ]
    [ "$(member storm_limit)" = '{"broadcast":100,"multicast":0,"unknown_unicast":20}' ]
    [ "$(member required_extensions)" = '["wall","gate"]' ]
    [ "$(member priority_tag)" = '"reset"' ]
    [ "$(wc -L < shown)" -le 80 ]
}

@test "what is not said stays, and what is said again replaces it" {
    "$XSW" port add alice kind memory storm broadcast 100 requires wall dhcp-guard on
    "$XSW" port set alice storm multicast 7
    shows storm "broadcast 100, multicast 7"
    shows "dhcp guard" on
    "$XSW" port set alice requires "" storm broadcast 0 multicast 0
    [ "$(member required_extensions)" = null ]
    [ "$(member storm_limit)" = null ]
}

@test "a promiscuous port lists its secondary VLANs" {
    "$XSW" port add alice kind memory vlan private promiscuous primary 100 secondaries 101,110-120
    shows vlan "promiscuous 100: 101,110-120"
}

@test "a bandwidth is set and shown" {
    "$XSW" port add alice kind memory bandwidth limit 100000000 burst 90000
    shows bandwidth "limit 100,000,000, burst 90,000"
}

@test "the list of ports stays within 80 columns" {
    "$XSW" port add alice kind memory vlan trunk native 1 allowed 10,20-30,100,200,300,400,500
    "$XSW" port add bob kind memory vlan private promiscuous primary 1000 secondaries 1001-1100
    "$XSW" port list > list
    [ "$(wc -L < list)" -le 80 ]
    grep -q 'trunk 1: 10,20-30,…' list
}

@test "words that make no sense are refused with what was expected" {
    run -2 "$XSW" port add alice kind memory vlan private lonely
    [[ "$output" == *"expected isolated, community or promiscuous"* ]]
    run -2 "$XSW" port add alice kind memory storm
    run -2 "$XSW" port add alice kind memory storm unicast 5
    run -2 "$XSW" port add alice kind memory priority drop
    [[ "$output" == *"priority_tag: expected one of keep, reset"* ]]
    run -2 "$XSW" port add alice kind memory vlan private isolated primary 100 secondary 100
    [[ "$output" == *"secondary VLAN 100; expected"* ]]
    run -1 "$XSW" port show alice
}

@test "a VLAN keeps the meaning that another port gave it" {
    "$XSW" port add alice kind memory vlan private isolated primary 100 secondary 101
    run -2 "$XSW" port add bob kind memory vlan access 101
    [[ "$output" == *"on port alice it is a secondary VLAN of primary VLAN 100"* ]]
}
