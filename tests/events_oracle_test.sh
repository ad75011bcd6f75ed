#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Events in a recording before stock tools: tshark shows and filters them, others step over them or
# keep them. Usage: events_oracle_test.sh PATH-OF-formats_oracle
set -u
oracle=$1
failures=0

for tool in tshark tcpdump mergecap editcap; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# same CLAIM EXPECTED-FILE GOT-FILE
same() {
    if cmp -s "$2" "$3"; then
        echo "ok: $1"
    else
        echo "FAILED: $1"
        diff "$2" "$3" | cut -c 1-300 | head -20
        failures=$((failures + 1))
    fi
}

"$oracle" events a.pcapng || exit 1
"$oracle" events b.pcapng.zst || exit 1

cat >rows.expected <<'END'
Port p1 is down|4|xsw|host1|403787e6036e45a8b6eaa9be03ad678a|1700000000.000000000|XSW_EVENT,XSW_WALL_NS,XSW_MONO_NS,XSW_PORT
Port p1 is down|4|xsw|host1|403787e6036e45a8b6eaa9be03ad678a|1700000000.000001000|XSW_EVENT,XSW_WALL_NS,XSW_MONO_NS,XSW_PORT
Port p1 is down|4|xsw|host1|403787e6036e45a8b6eaa9be03ad678a|1700000000.000003000|XSW_EVENT,XSW_WALL_NS,XSW_MONO_NS,XSW_PORT
END
for file in a.pcapng b.pcapng.zst; do
    tshark -r $file -Y systemd_journal -T fields -E separator='|' -e systemd_journal.message \
        -e systemd_journal.priority -e systemd_journal.syslog_id -e systemd_journal.hostname \
        -e systemd_journal.boot_id -e frame.time_epoch -e systemd_journal.field.name \
        >rows.got 2>tshark.log
    same "tshark shows message, priority, source, host, boot id, time and fields in $file" rows.expected rows.got
done

# count CLAIM EXPECTED FILTER
count() {
    echo "$2" >count.expected
    tshark -r a.pcapng -Y "$3" 2>tshark.log | wc -l >count.got
    same "$1" count.expected count.got
}
count "a display filter finds events by name" 3 'systemd_journal.field.value == "port-down"'
count "a display filter finds events by a field" 3 'systemd_journal.field.name == "XSW_PORT" && systemd_journal.field.value == "p1"'
count "a display filter finds no event of another name" 0 'systemd_journal.field.value == "port-up"'
count "the packets are there beside the events" 3 'udp.dstport == 7'
count "names of interfaces are right behind an event" 1 'frame.interface_name == "host1/p2.acl"'

echo 3 >tcpdump.expected
tcpdump -nn -r a.pcapng 2>tcpdump.log | grep -c '10.0.0.1.5000 > 10.0.0.2.7' >tcpdump.got
same "tcpdump reads the packets and steps over the events" tcpdump.expected tcpdump.got

"$oracle" show a.pcapng | grep '^event' >events.expected
[ "$(wc -l <events.expected)" -eq 3 ] || { echo "FAILED: our reader gives three events"; failures=$((failures + 1)); }
editcap a.pcapng edited.pcapng && "$oracle" show edited.pcapng | grep '^event' >events.got
same "after editcap the events are there" events.expected events.got
mergecap -w merged.pcapng a.pcapng && "$oracle" show merged.pcapng | grep '^event' >events.got
same "after mergecap the events are there" events.expected events.got

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
