# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the claims use. Each runs in an empty folder of its own, in namespaces of its own, with -e: the
# first thing that is not as claimed ends it, with its line. Nothing here waits for a fixed time;
# until_true asks again until a condition holds, and gives up.
export XSW_SOCKET=/run/xswd.sock PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 LC_ALL=C
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
switch=
ip link set lo up

explain() {
    local code=$?
    # An error is seen again by each caller.
    [ ! -e .explained ] || return 0
    touch .explained
    echo "line $1: ${BASH_COMMAND} gave $code"
    local log
    for log in *.log; do
        [ -s "$log" ] && { echo "--- $log"; tail -n 20 "$log"; }
    done
    return 0
} >&2

# until_true SECONDS COMMAND…
until_true() {
    local tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ $tries -le 0 ]; then
            echo "never came true: $*" >&2
            return 1
        fi
        sleep 0.05
    done
}

# equal WHAT GOT EXPECTED
equal() {
    if [ "$2" != "$3" ]; then
        echo "$1: got $2, expected $3" >&2
        return 1
    fi
}

fails() { if "$@"; then return 1; fi; }

frames() { python3 -c "from frames import *
$1"; }

# The switch --------------------------------------------------------------------------------------

# switch_start: the configuration comes on standard input.
switch_start() {
    cat >config.json
    "$XSWD" --config config.json 2>xswd.log &
    switch=$!
    until_true 20 "$XSW" switch show
}

switch_stop() {
    kill "$switch"
    wait "$switch"
}

# At the end of every claim: a switch that still runs ends well, and no sanitizer had a word to say.
leave() {
    if [ -n "$switch" ] && kill -0 "$switch" 2>/dev/null; then
        switch_stop
    fi
    fails grep -E 'Sanitizer|runtime error' ./*.log
}

# port_number PORT COUNTER
port_number() { "$XSW" --json port show "$1" | jq ".port.counters.$2"; }

port_has() { [ "$(port_number "$1" "$2")" -eq "$3" ]; }

# call METHOD [PYTHON-ARGUMENTS]: a request to the control socket, the result as JSON.
call() {
    python3 -c "from frames import *
print(json.dumps(call('$XSW_SOCKET', '$1', ${2-})))"
}

# play FILE COUNT [PYTHON-DICT]: a new file port "in" plays COUNT frames into the switch. The last
# word has more members of the port.
play() {
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/$1', **${3:-{\}}}" >call.json
    until_true 20 port_has in rx_packets "$2"
}

# A switch with a file port "out", and what the arguments add to the port and to the switch.
out_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1}, "extensions": [${2-}],
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap" ${1-}} ${3-}]}
JSON
}

# bad_among_good BAD-FRAMES [PORT]: plays 20 good frames with the bad ones between them, and
# checks that the good ones, and they alone, arrive as they were.
bad_among_good() {
    frames "
good = [eth(2, 1, bytes([n]) * (46 + n)) for n in range(20)]
bad = $1
mixed = good[:7] + bad + good[7:]
write('in.pcap', mixed)
write('good.pcap', good)
open('bad.count', 'w').write(str(len(bad)))"
    bad=$(cat bad.count)
    capture_start
    play in.pcap $((20 + bad)) "${2:-{\}}"
    capture_stop
    adds_up $((20 + bad)) 0 20 "$bad"
    switch_stop
    frames 'assert read("out.pcap") == read("good.pcap")'
}

# Hosts -------------------------------------------------------------------------------------------

at() {
    local host=$1
    shift
    nsenter --net="/run/netns/$host" -- "$@"
}

# host_make NAME NUMBER: the interface tap-NAME becomes its eth0, 10.0.0.NUMBER. It says nothing on
# its own account.
host_make() {
    ip netns add "$1"
    ip link set "tap-$1" netns "$1" name eth0
    at "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
    ip -n "$1" link set eth0 addrgenmode none address "02:00:00:00:00:0$2"
    ip -n "$1" address add "10.0.0.$2/24" dev eth0
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
}

# hosts_know_each_other HOST…: numbered from 1 in this order; so nobody asks by ARP.
hosts_know_each_other() {
    local host other number
    for host in "$@"; do
        number=0
        for other in "$@"; do
            number=$((number + 1))
            [ "$host" = "$other" ] ||
                ip -n "$host" neigh replace "10.0.0.$number" lladdr "02:00:00:00:00:0$number" \
                    dev eth0 nud permanent
        done
    done
}

# counted HOST FIELD: of rx_packets rx_bytes tx_packets tx_bytes, by the host's kernel.
counted() {
    local -A column=([rx_bytes]=2 [rx_packets]=3 [tx_bytes]=10 [tx_packets]=11)
    at "$1" awk -v at="${column[$2]}" '$1 == "eth0:" { print $at }' /proc/net/dev
}

counted_all() {
    local sum=0 host
    for host in "${@:2}"; do
        sum=$((sum + $(counted "$host" "$1")))
    done
    echo $sum
}

# Capture and analysis ----------------------------------------------------------------------------

# capture_start [OPTIONS]: into capture.pcapng.
capture_start() {
    : >capture.log # the one before this must not answer for it
    # Under a sanitizer a capture takes more of the worker's time than it may by default.
    "$XSW" capture --json --budget 100 -w capture.pcapng "$@" >capture.json 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
}

# capture_stop [CODE]: leaves the analyzer's report in report.json; its exit status goes to `analyzed`.
capture_stop() {
    local code=0
    kill -INT "$capture"
    wait "$capture" || code=$?
    equal "exit status of capture" $code "${1:-0}"
    analyze capture.pcapng
}

analyze() {
    analyzed=0
    "$XSW" analyze --json "$@" >report.json 2>analyze.log || analyzed=$?
}

# report_is EXPRESSION: of jq, on the report; $s is the switch, $m its summary.
report_is() {
    jq -e ".switches[0] as \$s | \$s.summary as \$m | $1" report.json >/dev/null || {
        echo "the report is not: $1" >&2
        jq '.verdict, .switches[0].summary, .switches[0].drops' report.json >&2
        "$XSW" analyze capture.pcapng | grep -A 3 FAILS >&2 || true
        return 1
    }
}

# adds_up SENT COPIES DELIVERED DROPPED: the analyzer's numbers are these, and they are proved.
adds_up() {
    equal "the truth itself: sent + copies - delivered - dropped" $(($1 + $2 - $3 - $4)) 0
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds"'
    report_is "\$m.received == $1 and \$m.copies_flood + \$m.copies_mirror == $2"
    report_is "\$m.delivered == $3 and \$m.dropped == $4"
}

# dropped_is COUNT REASON STAGE PORT [RULE]: exactly so many, there, and for that reason nowhere else.
dropped_is() {
    report_is "[\$s.drops[] | select(.reason_name == \"$2\")] | map(.packets) | add == $1"
    report_is "[\$s.drops[] | select(.reason_name == \"$2\" and .stage_name == \"$3\" and
        .port_name == \"$4\" and .rule == ${5:-null})] | map(.packets) | add == $1"
}
