#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The life of ports and NICs as a person drives it. Memory ports only, so no rights are needed. XSWD
# and XSW name the programs; doorman is an extension that refuses and holds.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    doorman=$XSW_EXTENSION_PATH/test/doorman.so
    echo '{"switch": {"name": "demo"}}' > config.json
    start
}

teardown()
{
    [ -z "$daemon" ] || stop
}

life_of()
{
    "$XSW" port show "$1" --json | jq -r .port.life
}

@test "a NIC comes and goes on a port that stays" {
    "$XSW" port add alice kind none vlan access 7
    [ "$(life_of alice)" = port-created ]
    id=$("$XSW" port show alice --json | jq .port.id)
    [ "$("$XSW" nic add alice kind memory)" = "port alice is nic-created" ]
    [ "$("$XSW" nic connect alice)" = "port alice is connected" ]
    "$XSW" nic list | grep -q '^alice  *memory  *connected  *up$'
    [ "$("$XSW" nic disconnect alice --json | jq -r .port.life)" = disconnected ]
    [ "$("$XSW" nic remove alice)" = "port alice is nic-deleted" ]
    [ "$("$XSW" port show alice --json | jq .port.id)" = "$id" ]
    [ "$("$XSW" port show alice --json | jq .port.vlan.access)" = 7 ]
    "$XSW" port remove alice
}

@test "a step that does not fit the state is refused and says the state" {
    "$XSW" port add alice kind none
    run "$XSW" nic connect alice
    [ "$status" -eq 3 ]
    [[ "$output" == *"port alice is port-created"* ]]
    run "$XSW" nic remove nobody
    [ "$status" -eq 1 ]
    run "$XSW" nic add alice kind memory mtu 9000
    [ "$status" -eq 2 ]
    "$XSW" nic add alice kind memory
    run "$XSW" nic add alice kind memory
    [ "$status" -eq 3 ]
    [[ "$output" == *"has a NIC already"* ]]
}

@test "what an extension refuses does not happen, and its reason reaches the person" {
    "$XSW" extension add "$doorman" refuse=mallory
    run "$XSW" port add mallory kind memory
    [ "$status" -eq 3 ]
    [[ "$output" == *"extension doorman refused to create port mallory: it is not on the list"* ]]
    [ "$("$XSW" port list --json | jq '.ports | length')" = 0 ]
    "$XSW" port add alice kind memory
    "$XSW" extension remove doorman
    "$XSW" port add mallory kind memory
    stop
    grep -q 'port-create: .*port=mallory.* outcome=refused by=doorman .*reason="it is not on the list"' rest
}

@test "a port that an extension holds goes when it is let go" {
    "$XSW" extension add "$doorman" hold=true
    "$XSW" port add alice kind memory
    run "$XSW" port remove alice
    [ "$status" -eq 3 ]
    [[ "$output" == *"held by doorman (1)"* ]]
    [ "$(life_of alice)" = disconnected ]
    [ "$("$XSW" port show alice --json | jq .port.leaving)" = true ]
    "$XSW" port list | grep -q leaving
    run "$XSW" port add alice kind memory
    [ "$status" -eq 3 ]
    "$XSW" extension remove doorman
    for _ in {1..1000}; do
        [ "$("$XSW" port list --json | jq '.ports | length')" = 0 ] && break
    done
    [ "$("$XSW" port list --json | jq '.ports | length')" = 0 ]
    stop
    grep -q 'nic-delete: .*outcome=waits holders="doorman (1)"' rest
}

@test "a port can be tried without being made" {
    "$XSW" extension add "$doorman" refuse=mallory
    [ "$("$XSW" port validate alice kind memory vlan access 7)" = "port alice would be accepted" ]
    [ "$("$XSW" port validate alice --json | jq .accepted)" = true ]
    run "$XSW" port validate mallory
    [ "$status" -eq 1 ]
    [[ "$output" == *"it is not on the list"* ]]
    run "$XSW" port validate alice mtu 1
    [ "$status" -eq 2 ]
    echo '{"name": "bob", "kind": "file", "input": "/nowhere", "acl": [{"direction": "in", "action": "deny"}]}' > bob.json
    "$XSW" port validate file bob.json
    echo '{"port": {"name": "mallory"}}' | { run "$XSW" port validate file -; [ "$status" -eq 1 ]; }
    echo '{"name": ' > torn.json
    run "$XSW" port validate file torn.json
    [ "$status" -eq 2 ]
    [[ "$output" == *torn.json:* ]]
    [ "$("$XSW" port list --json | jq '.ports | length')" = 0 ]
}

@test "one external port, and none on a private switch" {
    "$XSW" port add up kind memory role external
    run "$XSW" port add up2 kind memory role external
    [ "$status" -eq 3 ]
    [[ "$output" == *"external port already: up"* ]]
}

@test "every step is in the event log with its outcome" {
    "$XSW" port add alice kind memory vlan access 7
    "$XSW" port remove alice
    stop
    grep -o 'port=alice id=[0-9]* state=[a-z-]* \(property=[a-z]* entry=0 \)\?outcome=done' rest |
        cut -d' ' -f3- > steps
    cat > expected <<'STEPS'
state=port-created outcome=done
state=port-created property=vlan entry=0 outcome=done
state=nic-created outcome=done
state=connected outcome=done
state=disconnected outcome=done
state=nic-deleted outcome=done
state=tearing-down outcome=done
state=not-created outcome=done
STEPS
    diff expected steps
}

@test "the help of nic fits a screen" {
    "$XSW" nic --help > help
    [ "$(wc -l < help)" -gt 10 ]
    [ "$(wc -l < help)" -le 24 ]
    [ "$(wc -L < help)" -le 80 ]
}
