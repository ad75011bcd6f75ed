#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command lines of xsw flight and xsw blackbox. What they do with packets is in tests/system.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    unset XSW_SWITCH
    echo '{"switch": {"name": "one", "workers": 1}, "ports": [{"name": "alice", "kind": "memory"}]}' > config.json
}

teardown()
{
    [ -z "$daemon" ] || stop
}

@test "help fits a screen" {
    for command in flight blackbox; do
        "$XSW" $command --help > help
        [ "$(wc -l < help)" -le 40 ]
        [ "$(LC_ALL=C.UTF-8 wc -L < help)" -le 80 ]
        grep -q '^example' help
    done
    "$XSW" flight run --help | cmp - <("$XSW" flight --help)
}

@test "verbs are completed, and folders behind -d" {
    [ "$("$XSW" flight --complete-here | paste -sd ' ')" = "run dump show stop" ]
    [ "$("$XSW" flight run -d --complete-here)" = "<files>" ]
    [ "$("$XSW" blackbox --complete-here)" = "<files>" ]
}

# refused CODE TEXT WORDS…
refused()
{
    local code=$1 text=$2
    shift 2
    run "$XSW" "$@"
    [ "$status" -eq "$code" ]
    [[ "$output" == *"$text"* ]]
}

@test "a command line that makes no sense is told where" {
    refused 2 'unknown verb "fly"' flight fly
    refused 2 'no such option here' flight run --nonsense
    refused 2 'no such option here' flight run -w out.pcapng
    refused 2 'no such option here' flight stop --before 3
    refused 2 'unexpected "now"' flight dump now
    refused 2 'expected seconds from 0 to 86400' flight dump --before soon
    refused 2 'expected bytes, such as 8M or 1G' flight run --memory lots
    refused 2 'no such option' blackbox --loud
    refused 2 'xsw flight: --zst: expected a file that ends in .zst: -w one.pcapng.zst' \
        flight dump --zst -w one.pcapng
}

@test "what is not to be recorded is refused in the name of xsw flight" {
    refused 2 'xsw flight: --budget 500: expected percent' flight run --budget 500
    refused 2 'xsw flight: --snap many: expected a number' flight run --snap many
    refused 2 'xsw flight: --direction up: expected in, out or both' flight run -Q up
    refused 2 'xsw flight: --where' flight run --where 'nonsense =='
    refused 2 'xsw flight: --pseudonyms: cannot open the key file missing' flight run --pseudonyms=missing
    refused 2 'xsw flight: filter' flight run udp prot 3
}

@test "a filter is compiled by who wants the recorder, not by the daemon" {
    python3 - "$XSW_SOCKET" > asked 3>&- << 'EOF' &
import json, socket, sys
door = socket.socket(socket.AF_UNIX)
door.bind(sys.argv[1])
door.listen()
client, _ = door.accept()
line = client.makefile("rb").readline()
print(line.decode(), end="", flush=True)
error = {"code": -32000, "message": "not now"}
client.sendall(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "error": error}).encode() + b"\n")
EOF
    until [ -S "$XSW_SOCKET" ]; do :; done
    refused 3 'not now' flight run udp port 53
    wait
    jq -e '.method == "flight.start" and .params.filter == "udp port 53" and
        (.params.program | length > 1 and all(length == 4))' asked
}

@test "a trigger that makes no sense is told where" {
    refused 2 'expected match EXPR, silent-drop, balance' flight run --trigger nonsense
    refused 2 'expected an expression' flight run --trigger match
    refused 2 'column 1' flight run --trigger 'match nonsense == 3'
    refused 2 'expected so many a second, such as 100/s' flight run --trigger 'match dropped rate 100'
    refused 2 'expected with match alone' flight run --trigger 'balance rate 100/s'
    refused 2 'rearm: expected seconds' flight run --trigger 'signal rearm later'
    refused 2 'limit: expected files an hour' flight run --trigger 'signal limit 0'
    refused 2 'expected match EXPR' flight run --trigger 'signal twice'
    many=()
    for number in {1..17}; do many+=(--trigger "t$number: signal"); done
    refused 2 'expected at most 16' flight run "${many[@]}"
}

@test "without a daemon it says what to do" {
    refused 3 'no xswd is listening' flight run
    refused 3 'no xswd is listening' flight show
    refused 3 'nothing is left in memory' blackbox
}

@test "without a flight recorder there is nothing to dump, show or stop" {
    start
    refused 1 'has no flight recorder' flight dump
    refused 1 'no flight recorder' flight show
    refused 1 'has no flight recorder' flight stop
    refused 1 'has no flight recorder other' flight stop --recorder other
}

@test "a flight recorder is made, shown, dumped and ended; each for people and for programs" {
    start
    "$XSW" flight run --memory 1M --min-free 0 --trigger 'mine: signal' > out 2> err 3>&- 5<&- &
    runner=$!
    until grep -q 'recording to' err; do :; done
    "$XSW" flight show > text
    grep -q 'memory      1 MiB for each of 1 workers' text
    grep -q 'trigger     mine: 0 matches, 0 hits (mine: signal)' text
    [ "$("$XSW" --json flight show | jq .format)" = 1 ]
    path=$("$XSW" flight show --json | jq -r '.flights[0].path')
    [ "$(stat -c %a "$path")" = 640 ]
    "$XSW" flight dump --min-free 0 -w one.pcapng | grep -q '^one.pcapng: command: 0 journeys'
    "$XSW" analyze one.pcapng > /dev/null
    "$XSW" blackbox | grep -q 'living: whole'
    [ "$("$XSW" blackbox --json | jq '.format, .torn, .found[0].state' | paste -sd ' ')" = '1 false "living"' ]
    # It cannot be removed under it.
    refused 3 'has a flight recorder' switch remove one force
    kill -USR1 "$runner"
    until [ -s out ]; do :; done
    "$XSW" flight stop | grep -q 'is gone'
    [ ! -e "$path" ]
    # Who watched sees that, and ends.
    wait "$runner"
    grep -q 'ended by somebody' err
    grep -qE 'mine +1 files' err
}

@test "of two flight recorders that is shown, dumped and ended which is named" {
    start
    for name in left right; do
        "$XSW" flight run --memory 1M --recorder $name --trigger signal > out 2> $name 3>&- 5<&- &
        until grep -qs 'recording to' $name; do :; done
        kill $!
        wait $!
    done
    [ "$("$XSW" --json flight show | jq '.flights | length')" = 2 ]
    [ "$("$XSW" --json flight show --recorder left | jq -r '.flights[].flight')" = left ]
    "$XSW" flight show --recorder right > text
    [ "$(grep -c 'memory' text)" = 1 ]
    grep -q 'one-right.ring' text
    refused 1 'has no flight recorder middle: xsw flight run makes one' flight show --recorder middle
    "$XSW" flight stop --recorder left
    [ "$("$XSW" --json flight show | jq -r '.flights[].flight')" = right ]
}
