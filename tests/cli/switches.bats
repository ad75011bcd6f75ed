#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Several switches in one xswd. Memory ports only, so no rights are needed. XSWD and XSW name the
# programs.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    unset XSW_SWITCH
    cat > config.json <<'JSON'
{"switches": [
  {"switch": {"name": "left", "workers": 2},
   "ports": [{"name": "alice", "kind": "memory"}, {"name": "bob", "kind": "memory"}]},
  {"switch": {"name": "right", "mac_limit": 100},
   "ports": [{"name": "alice", "kind": "memory", "mtu": 9000}]}]}
JSON
}

teardown()
{
    [ -z "$daemon" ] || stop
}

@test "each switch has ports of its own" {
    start
    [[ "$line" == *" switch=left,right ports=3 extensions=0 workers=3 "* ]]
    [ "$("$XSW" -S left port list --json | jq -c '[.ports[].name]')" = '["alice","bob"]' ]
    [ "$("$XSW" --switch right port show alice --json | jq .port.mtu)" = 9000 ]
    "$XSW" port set alice mtu 1400 --switch=left
    [ "$(XSW_SWITCH=right "$XSW" port show alice --json | jq .port.mtu)" = 9000 ]
    run "$XSW" -S right port show bob
    [ "$status" -eq 1 ]
    [ "$("$XSW" -S left switch show --json | jq -r .switch.uuid)" != "$("$XSW" switch show right --json | jq -r .switch.uuid)" ]
}

@test "with several and none named the error lists the names" {
    start
    run "$XSW" port list
    [ "$status" -eq 2 ]
    [[ "$output" == *"--switch"*"left, right"* ]]
    run "$XSW" -S middle port list
    [ "$status" -eq 1 ]
    [[ "$output" == *'no switch "middle"'*"left, right"* ]]
}

@test "what observers may see is set, shown and saved, and words that mean nothing are refused" {
    start
    "$XSW" switch set left observers headers-only,no-filters
    [ "$("$XSW" switch show left --json | jq -c .switch.observers)" = '{"headers_only":true,"mask_payload":false,"pseudonyms":false,"filters":false}' ]
    [ "$("$XSW" -S left switch config | jq -c '.switch.observers.headers_only')" = true ]
    [[ "$("$XSW" switch show left)" == *"observers"*"headers-only, no-filters"* ]]
    "$XSW" switch set left observers pseudonyms
    [ "$("$XSW" switch show left --json | jq -c .switch.observers.headers_only)" = false ]
    run "$XSW" switch set left observers pseudonyms,everything
    [ "$status" -eq 2 ]
    [[ "$output" == *"everything"*"headers-only, mask-payload, pseudonyms"* ]]
    run "$XSW" switch set left observers none,pseudonyms
    [ "$status" -eq 2 ]
    "$XSW" switch set left observers none
    [ "$("$XSW" switch show left --json | jq -c .switch.observers)" = null ]
    "$XSW" switch add lab observers mask-payload
    [ "$("$XSW" switch show lab --json | jq -c .switch.observers.mask_payload)" = true ]
}

@test "switches are added, set, renamed and removed while it runs" {
    start
    "$XSW" switch add lab mac-limit 50
    run "$XSW" switch add lab
    [ "$status" -eq 3 ]
    [ "$("$XSW" switch list --json | jq -c '[.switches[].name]')" = '["left","right","lab"]' ]
    "$XSW" -S lab port add carol kind memory
    "$XSW" switch set lab mac-limit 70 mac-ageing 10
    [ "$("$XSW" switch show lab --json | jq -c '[.switch.mac_limit, .switch.mac_ageing_seconds]')" = '[70,10]' ]
    "$XSW" switch set lab name other
    run "$XSW" switch set other name left
    [ "$status" -eq 3 ]
    run "$XSW" switch set other mac-limit 0
    [ "$status" -eq 2 ]
    run "$XSW" switch remove other
    [ "$status" -eq 3 ]
    [[ "$output" == *"1 ports"*force* ]]
    "$XSW" switch remove other force
    run "$XSW" switch remove other
    [ "$status" -eq 1 ]
    "$XSW" switch remove left force
    "$XSW" port show alice
    "$XSW" switch remove right force
    run "$XSW" port list
    [[ "$output" == *"xsw switch add"* ]]
    [ "$("$XSW" switch list --json | jq -c .switches)" = '[]' ]
}

@test "a switch is added from a file" {
    start
    echo '{"ports": [{"name": "dave", "kind": "memory"}]}' > lab.json
    "$XSW" switch add lab file lab.json workers 1
    [ "$("$XSW" -S lab port list --json | jq -r '.ports[0].name')" = dave ]
    echo '{"ports": [{"name": "dave", "kind": "memory"}, {"name": "dave", "kind": "memory"}]}' > lab.json
    run "$XSW" switch add lab2 file lab.json
    [ "$status" -eq 2 ]
    [ "$("$XSW" switch list --json | jq '.switches | length')" = 3 ]
    run "$XSW" switch add lab2 file nowhere.json
    [ "$status" -eq 3 ]
}

@test "a captured switch is not removed" {
    start
    mkfifo capture.log
    "$XSW" capture -S right -w c.pcapng 2> capture.log 3>&- &
    capture=$!
    exec 6< capture.log
    read -r -t 30 -u 6 line
    [[ "$line" == recording* ]]
    run "$XSW" switch remove right force
    [ "$status" -eq 3 ]
    [[ "$output" == *captured* ]]
    kill -INT "$capture"
    wait "$capture"
    "$XSW" switch remove right force
}

@test "the configuration in force starts the same switches again" {
    start
    "$XSW" -S left policy add bob out deny ethertype arp
    "$XSW" config save saved.json
    "$XSW" -S right config show > right.json
    [ "$(jq -r .switch.name right.json)" = right ]
    stop
    start saved.json
    "$XSW" config show | diff saved.json -
    [ "$("$XSW" -S left policy list bob --json | jq '.rules | length')" = 1 ]
    run "$XSW" config save /nowhere/at/all
    [ "$status" -eq 3 ]
    stop
    start right.json
    "$XSW" config show | diff right.json -
}

@test "two switches of one name are refused with the place" {
    echo '{"switches": [{}, {"switch": {"name": "xsw0"}}]}' > config.json
    run "$XSWD" --config config.json
    [ "$status" -eq 3 ]
    [[ "$output" == *'switches[1].switch: the name "xsw0" is that of switches[0]'* ]]
    echo '{"switches": []}' > config.json
    run "$XSWD" --config config.json --check
    [ "$status" -eq 3 ]
    echo '{"switches": [{}], "ports": []}' > config.json
    run "$XSWD" --config config.json --check
    [[ "$output" == *ports* ]]
}

@test "the page of a switch fits 80 columns" {
    start
    "$XSW" switch show left > page
    [ "$(LC_ALL=C.UTF-8 wc -L < page)" -le 80 ]
    grep -q '^workers  *2$' page
    grep -q '^alice ' page
    grep -q 'no extensions' page
}
