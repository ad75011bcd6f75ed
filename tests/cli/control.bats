#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# xswd and the managing commands as a person uses them. Memory ports only, so no rights are needed.
# XSWD and XSW name the programs.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    cat > config.json <<'JSON'
{
  "switch": {"name": "demo", "workers": 1},
  "ports": [
    {"name": "alice", "kind": "memory", "vlan": {"mode": "access", "access": 10}, "mirror_to": "bob",
     "acl": [{"direction": "in", "action": "deny", "protocol": "tcp", "destination_ports": "23"}]},
    {"name": "bob", "kind": "memory",
     "vlan": {"mode": "trunk", "native": 1, "allowed": [10, "20-30"]}}
  ]
}
JSON
}

teardown()
{
    [ -z "$daemon" ] || stop
}

@test "the daemon starts, says so, and leaves nothing behind" {
    start
    [[ "$line" == "started: version="*" switch=demo ports=2 extensions=0 workers=1 socket=$XSW_SOCKET" ]]
    [ -S s.sock ]
    stop
    grep -q "^stopping: signal=SIGTERM" rest
    grep -q "^stopped: " rest
    [ ! -e s.sock ]
    [ ! -e s.sock.lock ]
}

@test "a second daemon on the socket is refused and the first goes on" {
    start
    run "$XSWD" --config config.json
    [ "$status" -eq 3 ]
    [[ "$output" == *"xswd with pid $daemon is listening there"* ]]
    "$XSW" switch list
}

@test "the socket of a killed daemon is replaced" {
    start
    kill -KILL "$daemon"
    wait "$daemon" || true
    exec 5<&-
    rm log
    [ -S s.sock ]
    start
    "$XSW" switch list
}

@test "no daemon: the error says what to do" {
    run "$XSW" port list
    [ "$status" -eq 3 ]
    [[ "$output" == *"no xswd is listening on $XSW_SOCKET: start it with \`xswd --config FILE\`"* ]]
}

@test "a configuration with broken syntax is refused with line and column" {
    echo '{"ports": [' > bad.json
    run "$XSWD" --config bad.json --check
    [ "$status" -eq 3 ]
    [[ "$output" == "xswd: bad.json:2:0: "* ]]
}

@test "a configuration with a wrong value is refused with its path" {
    echo '{"ports": [{"name": "a"}, {"name": "b", "vlan": {"mode": "access", "access": 5000}}]}' > bad.json
    run "$XSWD" --config bad.json --check
    [ "$status" -eq 3 ]
    [ "$output" = "xswd: bad.json: ports[1].vlan.access: expected a number from 1 to 4094, found 5000" ]
}

@test "a port that cannot be opened is named, with its place in the file" {
    echo '{"ports": [{"name": "f", "kind": "file", "input": "/nowhere/x.pcap"}]}' > bad.json
    run "$XSWD" --config bad.json
    [ "$status" -eq 3 ]
    [[ "$output" == *"xswd: bad.json: ports[0] (f): "* ]]
    [ ! -e s.sock ]
}

@test "usage errors exit with 2" {
    run "$XSWD"
    [ "$status" -eq 2 ]
    run "$XSWD" --config config.json --workers 17
    [ "$status" -eq 2 ]
    run "$XSW"
    [ "$status" -eq 2 ]
    run "$XSW" prot list
    [ "$status" -eq 2 ]
    [[ "$output" == *'did you mean "port"?'* ]]
    run "$XSW" port add
    [ "$status" -eq 2 ]
    run "$XSW" port add x mut 1500
    [ "$status" -eq 2 ]
}

@test "every help fits a screen of 24 lines and 80 columns, and has examples" {
    for command in "$XSW" "$XSW switch" "$XSW port" "$XSW policy" "$XSW mac" "$XSW stats" \
        "$XSW extension" "$XSW extension check" "$XSW config" "$XSW nic" "$XSW feature" \
        "$XSW port migrate" "$XSW port save" "$XSW capture" "$XSW capture list" "$XSW flight" \
        "$XSW blackbox" "$XSW trace" "$XSW trace kernel" "$XSW analyze" "$XSW export" "$XSW top" \
        "$XSW extcap" "$XSWD"; do
        $command --help > help
        echo "$command: $(wc -l < help) lines, $(LC_ALL=C.UTF-8 wc -L < help) columns"
        [ "$(wc -l < help)" -le 24 ]
        [ "$(LC_ALL=C.UTF-8 wc -L < help)" -le 80 ]
        grep -qi '^ *exit' help || grep -q ' Exit: ' help
        grep -qi '^ *example' help
    done
}

@test "ports are added, shown, set and removed while it runs" {
    start
    "$XSW" port add carol kind memory vlan trunk native 5 allowed 1,7-9 guard on macs 02:00:00:00:00:01
    run "$XSW" port show carol
    [ "$status" -eq 0 ]
    [[ "$output" == *"trunk 5: 1,7-9"* ]]
    "$XSW" port set carol vlan access 4
    [ "$("$XSW" port show carol --json | jq -r '.port.vlan.access')" = 4 ]
    [ "$("$XSW" port show carol --json | jq -r '.port.macs[0]')" = 02:00:00:00:00:01 ]
    run "$XSW" port add carol kind memory
    [ "$status" -eq 3 ]
    "$XSW" port remove carol
    run "$XSW" port show carol
    [ "$status" -eq 1 ]
}

@test "a wrong value is refused with the member's name" {
    start
    run "$XSW" port set alice vlan access 5000
    [ "$status" -eq 2 ]
    [ "$output" = "xsw port: port.vlan.access: expected a number from 1 to 4094, found 5000" ]
}

@test "rules are listed in their order, added and removed" {
    start
    run "$XSW" policy add alice in allow weight 10 proto tcp src 10.0.0.0/8 dport 22-23
    [ "$status" -eq 0 ]
    [ "$output" = "port alice: rule 2 added: allow in tcp src 10.0.0.0/8 dst port 22-23" ]
    [ "$("$XSW" policy list alice --json | jq -c '[.rules[].rule.id]')" = "[2,1]" ]
    "$XSW" policy remove alice 2
    run "$XSW" policy remove alice 2
    [ "$status" -eq 1 ]
}

@test "the configuration in force starts the same switch again" {
    start
    "$XSW" policy add bob out deny ethertype arp dmac 02:00:00:00:00:01
    "$XSW" switch config > saved.json
    stop
    start saved.json
    "$XSW" switch config > again.json
    diff saved.json again.json
    [ "$(jq -r '.ports[0].mirror_to' again.json)" = bob ]
    [ "$(jq -r '.ports[1].acl[0].ether_type' again.json)" = arp ]
}

@test "stats are whole and balanced on a quiet switch" {
    start
    "$XSW" stats --json > stats.json
    [ "$(jq '.format' stats.json)" = 1 ]
    [ "$(jq '[.stages[].residue] | add' stats.json)" = 0 ]
    [ "$(jq -r '.stages[0].name' stats.json)" = rx ]
    "$XSW" stats | grep -q '^ingress-policy '
}

@test "every listing is JSON with a format" {
    start
    for words in "switch list" "switch show" "port list" "policy list" "mac list" "stats" "extension list"; do
        [ "$("$XSW" --json $words | jq .format)" = 1 ]
    done
}

@test "--socket goes before XSW_SOCKET, in front of and behind the command" {
    start
    export XSW_SOCKET=/nowhere
    "$XSW" --socket "$PWD/s.sock" switch list
    "$XSW" switch list --socket "$PWD/s.sock"
}

@test "an unknown extension is refused and named" {
    start
    run "$XSW" extension add no-such-extension
    [ "$status" -ne 0 ]
    [[ "$output" == *no-such-extension* ]]
    run "$XSW" extension remove nothing
    [ "$status" -eq 1 ]
}

@test "extensions keep their order and their settings through a saved configuration" {
    [ -n "$XSW_EXTENSION_PATH" ] || skip "XSW_EXTENSION_PATH names no extensions"
    start
    "$XSW" extension add rewrite name low dscp=46
    "$XSW" extension add flowfilter name high 'rules=10 deny tcp port 23' 'rules=20 allow ip'
    "$XSW" extension set low dscp=34
    run "$XSW" extension set low dscp=99
    [ "$status" -eq 2 ]
    "$XSW" switch config > saved.json
    [ "$(jq -c '[.extensions[].name]' saved.json)" = '["low","high"]' ]
    [ "$(jq -r '.extensions[0].settings.dscp' saved.json)" = 34 ]
    [ "$(jq -c '.extensions[1].settings.rules' saved.json)" = '["10 deny tcp port 23","20 allow ip"]' ]
    stop
    start saved.json
    "$XSW" switch config | diff saved.json -
    "$XSW" extension remove low
    run "$XSW" extension show low
    [ "$status" -eq 1 ]
}
