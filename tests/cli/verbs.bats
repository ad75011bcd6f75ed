#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every verb of docs/verbs.md: it is there, and it answers people in lines that fit a screen and programs
# in JSON. What each does is tested elsewhere. XSWD, XSW and XSW_EXTENSION_PATH as in the others; VERBS is
# the table.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    unset XSW_SWITCH
    echo '{"switch": {"name": "one"}, "ports": [{"name": "alice", "kind": "memory"}]}' > config.json
}

teardown()
{
    [ -z "$daemon" ] || stop
}

# Every "command verb" of the table, and of the program.
table_verbs()
{
    sed 's/\\|/|/g' "$VERBS" | grep -oE '`[a-z]+ [^`]*`' | tr -d '`' |
        awk '{ count = split($2, verbs, "|"); for (i = 1; i <= count; i++) print $1, verbs[i] }' |
        grep -E '^[a-z]+ [a-z]+$' | sort -u
}

program_verbs()
{
    local command
    for command in $("$XSW" --complete-here); do
        case $command in
        analyze | export | extcap | stats | top | blackbox) ;; # they have options in place of verbs
        *) "$XSW" "$command" --complete-here | sed "s/^/$command /" ;;
        esac
    done | sort -u
}

@test "the table and the program have the same verbs" {
    # switch config is config show under the name that it had first.
    program_verbs | grep -v '^switch config$' > program
    table_verbs > table
    if "$XSW" trace --help | grep -q 'built without LTTng'; then
        sed -i '/^trace /{/^trace kernel$/!d}' table
    fi
    diff table program
}

# both WORDS…: JSON with a format first, where nothing changes; then as a person sees it.
both()
{
    [ "$("$XSW" "$@" --json | jq .format)" = 1 ]
    "$XSW" "$@" > text
    [ -s text ]
    [ "$(LC_ALL=C.UTF-8 wc -L < text)" -le "${columns:-80}" ]
}

# once WORDS…: a change, which can be made only once; told to people when the number of calls so far is
# even, else to programs.
calls=0
once()
{
    calls=$((calls + 1))
    if [ $((calls % 2)) -eq 0 ]; then
        "$XSW" "$@" > text
        [ -s text ]
    else
        [ "$("$XSW" "$@" --json | jq .format)" = 1 ]
    fi
}

# change WORDS… -- WORDS…: a change and the one that takes it back, each in both ways.
change()
{
    local forth=()
    while [ "$1" != -- ]; do
        forth+=("$1")
        shift
    done
    shift
    once "${forth[@]}"
    once "$@"
    calls=$((calls + 1))
    once "${forth[@]}"
    once "$@"
    calls=$((calls + 1))
}

@test "switches and their configuration" {
    start
    both switch list
    both switch show
    change switch add two -- switch remove two
    both switch set one mac-limit 100
    "$XSW" config show | jq -e '.switch.mac_limit == 100'
    both config save saved.json
}

@test "ports, NICs and what is learned" {
    start
    both port list
    both port show alice
    both port validate bob kind memory mtu 9000
    change port add bob kind none -- port remove bob
    both port set alice friendly "the first one"
    "$XSW" port add bob kind none
    once nic add bob kind memory
    once nic connect bob
    both nic list
    once nic disconnect bob
    once nic remove bob
    once nic add bob kind memory
    once nic connect bob
    calls=$((calls + 1))
    once nic disconnect bob
    once nic remove bob
    both mac list
    both mac flush
    both stats
}

@test "traces" {
    ! "$XSW" trace --help | grep -q 'built without LTTng' || skip "this xsw was built without LTTng"
    start
    both trace status
}

@test "a port is saved and restored" {
    start
    "$XSW" port save alice > alice.json
    jq -e .xsw_port_state alice.json
    "$XSW" port remove alice
    "$XSW" port restore alice.json
    "$XSW" port remove alice
    [ "$("$XSW" port restore alice.json --json | jq .format)" = 1 ]
    both port show alice
}

@test "policies" {
    start
    both policy list
    change policy add alice in allow id 7 proto tcp --stateful -- policy remove alice 7
    both policy connections
}

@test "features, built in" {
    start
    both feature list
    both feature list vlan
    both feature get port alice
    both feature get
    both feature status port alice
    both feature set vlan port alice mode=access access=7
    [ "$("$XSW" port show alice --json | jq .port.vlan.access)" = 7 ]
    both feature remove vlan port alice
    [ "$("$XSW" port show alice --json | jq .port.vlan.access)" = 1 ]
    change feature add acl port alice id 9 direction=in action=deny -- feature remove acl port alice id 9
}

@test "extensions" {
    [ -n "$XSW_EXTENSION_PATH" ] || skip "XSW_EXTENSION_PATH names no extensions"
    start
    both extension installed
    once extension add rewrite dscp=46
    once extension add flowfilter name guard 'rules=1 deny in tcp'
    both extension list
    columns=300 both extension show guard
    change extension disable guard -- extension enable guard
    change extension move guard bottom -- extension move guard before rewrite
    both extension set rewrite dscp=34
    both extension upgrade guard
    once extension remove guard
    once extension remove rewrite
}
