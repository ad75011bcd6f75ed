# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the staged incidents share: hosts, and what is asked of the first five lines of the report.

# hosts_start PORT-OF-WEB PORT-OF-ALICE [EXTENSIONS]: members that the ports have beside name and device.
hosts_start() {
    switch_start <<JSON
{"switch": {"name": "prod", "workers": 1}, "extensions": [${3-}],
 "ports": [{"name": "web", "device": "tap-web" $1}, {"name": "alice", "device": "tap-alice" $2}]}
JSON
    host_make web 1
    host_make alice 2
    hosts_know_each_other web alice
}

pings() { at "$1" ping -q -c "$3" -i 0.01 -W 1 "${@:4}" "$2" >ping.log 2>&1; }

# lost: pings without an answer, as the host's ping counted them.
lost() { awk '/received/ { print $1 - $4 }' ping.log; }

# tells TEXT…: the first five lines have each of these, wherever the lines break.
tells() {
    local text
    "$XSW" analyze capture.pcapng >report.txt 2>>analyze.log || true
    head -n 5 report.txt | tr '\n' ' ' | tr -s ' ' >head.txt
    for text in "$@"; do
        grep -qF -e "$text" head.txt || {
            echo "the first five lines do not say: $text" >&2
            cat report.txt >&2
            return 1
        }
    done
    if grep -nE '.{81}' report.txt >&2; then
        echo "these lines have more than 80 columns" >&2
        return 1
    fi
}

# as_in_manual NAME REPORT: so does xsw-analyze(1) in its examples on a file of that name.
as_in_manual() { python3 "$here/manual.py" "$here/../../man/xsw-analyze.1" "$1" "$2"; }

# as_in_docs NAME: the first five lines are those that docs/incidents.md shows of a file of that name.
as_in_docs() {
    "$XSW" analyze capture.pcapng >report.txt 2>>analyze.log || true
    head -n 5 report.txt >head.txt
    python3 "$here/manual.py" "$here/../../docs/incidents.md" "$1.pcapng" head.txt
}

# in_order LINE LINE: both are there, the first before the second.
in_order() { [ "$1" -lt "$2" ]; }

# 1234567 as 1,234,567
grouped() { sed ':a;s/\B[0-9]\{3\}\>/,&/;ta' <<<"$1"; }

# finds KIND COUNT: exactly one finding of that kind, of so many packets.
finds() {
    report_is "[\$s.findings[] | select(.kind == \"$1\")] | length == 1 and .[0].packets == $2"
}

# It is first, and of all findings that are bad it is the only one.
finds_nothing_else_bad() {
    report_is "[\$s.findings[] | select(.weight != \"notice\")] | length == ${1-1}"
}
