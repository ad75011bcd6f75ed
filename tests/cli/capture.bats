#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# xsw capture as a command: its options, the verbs that are about captures of others, and what it says
# to what makes no sense. What it records is tested in tests/system. XSWD, XSW and COMPLETION as in the
# others.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    unset XSW_SWITCH
    echo '{"switch": {"name": "one"}, "ports": [{"name": "alice", "kind": "memory"}]}' > config.json
    start
}

teardown()
{
    [ -z "$recorder" ] || kill "$recorder"
    [ -z "$daemon" ] || stop
}

# begin NAME [OPTIONS]: a recorder that runs.
begin()
{
    "$XSW" capture -q --name "$1" -w "$1.pcapng" "${@:2}" 2> "$1.log" 3>&- &
    recorder=$!
    until "$XSW" capture show "$1" > shown 2> /dev/null; do
        kill -0 "$recorder"
    done
}

# fails CODE TEXT ARGUMENTS…: xsw capture says the text and has this exit status.
fails()
{
    local code=0
    "$XSW" capture "${@:3}" > out 2> err || code=$?
    [ "$code" -eq "$1" ] || { cat out err; return 1; }
    grep -qF -e "$2" err || { cat err; return 1; }
}

@test "every option is taken and shown by its session" {
    begin all -i alice -Q in --stage rx,tx --sample 7 --rate 500 -s 90 --budget 12.5% --where dropped 'udp port 53'
    "$XSW" capture show all --json > session.json
    jq -e '.ports == "alice" and .direction == "in" and .stages == "rx,tx" and .sample == 7 and
        .rate == 500 and .snap_length == 90 and .budget == 125000 and .where == "dropped" and
        .filter == "udp port 53" and .format == 1' session.json
    grep -qF 'what: udp port 53; where dropped; in at alice; stages rx,tx; first 90 bytes; one flow in 7; at most 500 a second' shown
    grep -qF '12.5 % that it may take: full' shown
}

@test "options that make no sense are refused and say what is expected" {
    fails 2 '--direction sideways: expected in, out or both' -Q sideways
    fails 2 '--direction in: expected ports with it' -w x.pcapng -Q in
    fails 2 '--direction out: expected ports with it' -w x.pcapng -Q out -i ''
    fails 2 'name: has a control character in it' -w x.pcapng --name $'web\u009b31m'
    fails 2 'name: has a control character in it' -w x.pcapng --name $'\u202ebew'
    fails 2 '--sample x: expected a number from 0 to 1000000' --sample x
    fails 2 '--rate -5: expected a number from 0 to' --rate -5
    fails 2 '--budget 101: expected percent' --budget 101
    fails 2 '--budget 0: expected percent' --budget 0
    fails 2 'no port "bob" (xsw port list shows the names)' -w x.pcapng -i bob
    fails 2 'no stage "nowhere" (xsw stats shows the names)' -w x.pcapng --stage nowhere
    fails 2 'syntax error' -w x.pcapng udp prot 3
    [ "$("$XSW" capture list)" = "nobody captures" ]
}

@test "captures are listed, changed and stopped by number and by name" {
    begin web tcp
    "$XSW" capture list | grep -qE '^ +[0-9]+  web .* full +tcp$'
    number=$("$XSW" --json capture list | jq '.sessions[0].session')
    "$XSW" capture set "$number" filter '' where 'latency > 1ms' ports alice direction out stages tx sample 3 \
        rate 10 snap 64 budget 5 --json > session.json
    jq -e '.filter == "" and .where == "latency > 1ms" and .ports == "alice" and .direction == "out" and
        .stages == "tx" and .sample == 3 and .rate == 10 and .snap_length == 64 and .budget == 50000 and
        .rules_number == 2' session.json
    "$XSW" capture set web direction inout --json | jq -e '.direction == "both" and .rules_number == 3'
    "$XSW" capture set web direction in ports '' direction both --json | jq -e '.direction == "both"'
    "$XSW" capture set web ports alice direction in --json | jq -e '.direction == "in"'
    # The direction goes with the ports that it is about.
    "$XSW" capture set web ports '' stages '' sample 0 rate 0 snap 0 where '' | grep -q 'what: all'
    "$XSW" --socket "$XSW_SOCKET" -S one capture stop web | grep -q '; stopped'
    wait "$recorder"
    recorder=
    fails 1 'no session web' show web
}

@test "changes that make no sense change nothing and are explained" {
    begin web
    fails 2 'no port "bob"' set web ports bob
    fails 2 '--budget lots: expected percent' set web budget lots
    fails 2 'where' set web where 'dropped or'
    fails 2 '--direction up: expected in, out or both' set web direction up
    fails 2 'direction: expected ports with it' set web direction in
    fails 2 'set web: what to change is missing' set web
    fails 2 'colour' set web colour blue
    fails 1 'no session 4711' set 4711 rate 1
    fails 2 'is missing' stop
    "$XSW" capture show web --json | jq -e '.rules_number == 1'
}

@test "what a capture is not to see is told in its list and its rules" {
    begin all --headers-only --pseudonyms
    grep -qF 'what: all; headers only; pseudonyms' shown
    "$XSW" capture list | grep -qF 'all; headers only; pseudonyms'
    "$XSW" capture set all snap 90 filter udp | grep -qF 'what: udp; first 90 bytes; headers only; pseudonyms'
    kill "$recorder"
    wait "$recorder"
    begin masked --mask-payload
    grep -qF 'what: all; payload masked' shown
}

@test "a list says where it cuts what is captured" {
    local byte filter='host 10.0.0.1'
    for byte in {2..15}; do filter+=" or host 10.0.0.$byte"; done
    begin long "$filter"
    grep -qFx "what: $filter" shown
    "$XSW" capture list | grep -qE 'host 10\.0\.0\.1 or host .*…$'
    # What just fits, in 255 bytes, has no such sign; one more has.
    filter="greater 60$(printf ' or greater %03d' {100..115})"
    until [ ${#filter} -eq 255 ]; do filter+=' '; done
    "$XSW" capture set long filter "$filter" > set
    "$XSW" capture list | grep -qF "$filter"
    "$XSW" capture set long filter "$filter " > set
    "$XSW" capture list | grep -qF "${filter:0:252}…"
}

@test "the recorder says which switch it records" {
    "$XSW" capture -t 0.1 -w said.pcapng 2> said.log
    grep -qx 'recording switch one to said.pcapng; Ctrl-C stops' said.log
}

@test "a name that two captures have is no name" {
    begin twin
    first=$recorder
    "$XSW" capture -q --name twin -w other.pcapng 2> other.log 3>&- &
    recorder=$!
    until [ "$("$XSW" --json capture list | jq '.sessions | length')" -eq 2 ]; do
        kill -0 "$recorder"
    done
    fails 2 '2 sessions are named twin: say the number of one' stop twin
    for number in $("$XSW" --json capture list | jq '.sessions[].session'); do
        "$XSW" capture stop "$number" > /dev/null
    done
    wait "$first" "$recorder"
    recorder=
}

@test "the helps fit a screen and have examples" {
    for help in "capture --help" "capture list --help"; do
        "$XSW" $help > help
        grep -qi '^ *examples' help
        [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' help)" -le 80 ]
        [ "$(wc -l < help)" -le 24 ]
    done
}

@test "verbs and sessions are completed" {
    begin web
    # shellcheck source=/dev/null
    . "$COMPLETION"
    offers()
    {
        COMP_WORDS=("$XSW" "$@") COMP_CWORD=$# COMPREPLY=()
        _xsw
        printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
    }
    [[ " $(offers capture '')" == *" list "*"set "*"show "*"stop "* ]]
    [ "$(offers capture stop '')" = "web " ]
    [[ " $(offers capture set web '')" == *" budget "*"where "* ]]
    [[ " $(offers capture --st)" == *"--stage "* ]]
}
