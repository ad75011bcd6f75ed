#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A port moves from one switch to another of the same xswd; with memory ports, so no rights are needed.
# What happens to traffic is in system/migration.sh. XSWD, XSW and XSW_EXTENSION_PATH as in the others.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    unset XSW_SWITCH
    keeper="$XSW_EXTENSION_PATH/test/keeper.so"
    [ -f "$keeper" ] || skip "no test extensions"
    cat > config.json <<JSON
{"switches": [
  {"switch": {"name": "left"}, "extensions": [{"path": "$keeper"}],
   "ports": [{"name": "guest", "kind": "memory", "mtu": 4000, "dhcp_guard": true,
              "macs": ["02:00:00:00:00:01", "02:00:00:00:00:02"],
              "acl": [{"direction": "in", "action": "deny", "protocol": "udp"}]}]},
  {"switch": {"name": "right"}, "extensions": [{"path": "$keeper"}]}]}
JSON
}

teardown()
{
    [ -z "$daemon" ] || stop
}

migrate()
{
    run "$XSW" -S left port migrate guest --to "$XSW_SOCKET" --to-switch right "$@"
}

configuration_of() { "$XSW" -S "$1" config show | jq '.ports'; }

@test "a port moves with its policies, in the documented order" {
    start
    configuration_of left > before
    migrate --json
    [ "$status" -eq 0 ]
    echo "$output" > moved.json
    configuration_of right | diff before -
    [ "$(configuration_of left)" = "[]" ]
    [ "$(jq -r .result moved.json)" = moved ]
    [ "$(jq .announced moved.json)" = 2 ]
    [ "$(jq -r '.steps[] | "\(.side) \(.method)"' moved.json | tr '\n' ' ')" = \
        "source config.show target port.validate target port.add source port.save source nic.keep \
source nic.disconnect source nic.remove source port.remove target nic.add target nic.connect \
target nic.restore target port.announce " ]
}

@test "a person sees each step with its time" {
    start
    migrate
    [ "$status" -eq 0 ]
    [[ "${lines[1]}" =~ ^\ *[0-9]+\.[0-9]\ ms\ \ target\ \ port.validate\ +done$ ]]
    [[ "$output" == *"port guest moved; without a network for "*" ms; 2 addresses announced" ]]
    for one in "${lines[@]}"; do [ ${#one} -le 80 ]; done
}

@test "a refusal leaves the source untouched, and says why" {
    start
    configuration_of left > before
    "$XSW" -S right extension set keeper refuse=port-create
    migrate
    [ "$status" -eq 3 ]
    [[ "$output" == *"no more ports today"* ]]
    [[ "$output" == *"nothing has changed"* ]]
    configuration_of left | diff before -
    [ "$(configuration_of right)" = "[]" ]
    [ "$("$XSW" -S left port show guest --json | jq -r .port.life)" = connected ]
}

@test "a port of that name at the target is a refusal" {
    start
    "$XSW" -S right port add guest kind memory
    migrate
    [ "$status" -eq 3 ]
    [ "$("$XSW" -S left port show guest --json | jq -r .port.mtu)" = 4000 ]
    [ "$("$XSW" -S right port show guest --json | jq -r .port.mtu)" = 1500 ]
}

@test "a failure after the source was left brings the port back" {
    for what in nic-create restore; do
        start
        configuration_of left > before
        "$XSW" -S right extension set keeper refuse=$what
        migrate --json
        [ "$status" -eq 3 ]
        [ "$(grep -v '^xsw' <<< "$output" | jq -r .result)" = rolled-back ]
        configuration_of left | diff before -
        [ "$(configuration_of right)" = "[]" ]
        [ "$("$XSW" -S left port show guest --json | jq -r .port.life)" = connected ]
        stop
    done
}

@test "a port that can go nowhere is not lost: its state is in a file" {
    start
    "$XSW" -S right extension set keeper refuse=nic-create
    "$XSW" -S left extension set keeper refuse=restore
    migrate
    [ "$status" -eq 3 ]
    [[ "$output" == *"guest.port-state.json"* ]]
    [ "$(stat -c %a guest.port-state.json)" = 600 ]
    "$XSW" -S left extension set keeper refuse=
    "$XSW" -S left port restore guest.port-state.json
    [ "$("$XSW" -S left port show guest --json | jq -r .port.mtu)" = 4000 ]
}

@test "wrong words and names are told" {
    start
    run "$XSW" -S left port migrate guest
    [ "$status" -eq 2 ]
    [[ "$output" == *"--to"* ]]
    run "$XSW" -S left port migrate nobody --to "$XSW_SOCKET" --to-switch right
    [ "$status" -eq 1 ]
    run "$XSW" -S left port migrate guest --to /nowhere
    [ "$status" -eq 3 ]
    run "$XSW" -S left port migrate guest --to "$XSW_SOCKET"
    [ "$status" -eq 3 ]
    [[ "$output" == *"left, right"* ]]
    "$XSW" port migrate --help | grep -q -e --to-switch
}
