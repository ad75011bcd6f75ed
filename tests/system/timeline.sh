# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# One timeline of recordings, LTTng traces and the kernel's; and recordings in babeltrace2.
. "$here/kernel.sh"

# The incident: a rule that refuses pings comes and goes, and alice's queue overflows.
incident() {
    two_guests
    capture_start --trace
    at alice ping -q -c 1 -W 5 10.0.0.2 >ping.log
    "$XSW" policy add alice in deny proto icmp id 7 >policy.log
    # The same socket, and so the same flow, goes on when the rule has gone.
    at alice ping -c 60 -i 0.02 -W 5 10.0.0.2 >ping.log &
    pinger=$!
    until_true 20 dropped_in_is alice 10
    "$XSW" policy remove alice 7 >policy.log
    wait $pinger || true
    grep -q 'bytes from' ping.log
    overflow
    until_true 20 "$XSW" --json port list
    capture_stop "$@"
}

dropped_in_is() { [ "$(port_number "$1" dropped_in)" -ge "$2" ]; }

timeline() {
    "$XSW" analyze --timeline --json "$@" >timeline.json 2>timeline.log
}

# place KIND NAME [NUMBER]: where in the timeline the first (or that) entry of kind and name stands.
place() {
    jq -e "[.timeline.entries | to_entries[] | select(.value.kind == \"$1\" and .value.name == \"$2\")]
        [${3:-0}].key" timeline.json
}

# fits FILE: no line is wider than a terminal, in characters; words that are longer are not cut.
fits() {
    python3 -c '
import sys
wide = [line for line in open(sys.argv[1], encoding="utf-8").read().splitlines() if len(line) > 80]
assert not wide, wide' "$1"
}

in_order() {
    local before=-1 now
    for now in "$@"; do
        [ "$now" -gt "$before" ]
        before=$now
    done
}

claim_the_timeline_reads_like_a_log_from_change_to_recovery() {
    incident
    timeline capture.pcapng
    set_place=$(place event policy_set)
    # The switch tells of a change when it is in force, so the first packet may pass before that.
    in_order "$set_place" "$(place begin drop)" "$(place end drop)" "$(place event policy_set 1)" \
        "$(place begin kernel_drop)"
    in_order "$(place end drop)" "$(place recovery drop)" "$(place begin kernel_drop)"
    report=$(jq '.switches[0].drops | map(select(.reason_name == "acl-denied") | .packets) | add' report.json)
    equal "drops of the episode" \
        "$(jq '[.timeline.entries[] | select(.kind == "end" and .name == "drop")][0].count' timeline.json)" "$report"
    equal "drops of the kernel" \
        "$(jq '[.timeline.entries[] | select(.kind == "begin" and .name == "kernel_drop") | .count] | add' timeline.json)" "$dropped"
    # The first packet of the episode is one that was dropped.
    id=$(jq '[.timeline.entries[] | select(.kind == "begin" and .name == "drop")][0].packet_id' timeline.json)
    "$XSW" analyze --packet "$id" capture.pcapng | grep -q acl-denied
    NO_COLOR=1 "$XSW" analyze --timeline capture.pcapng >timeline.txt
    grep -q 'first drop: acl-denied at ingress-policy rule 7, port alice' timeline.txt
    grep -q 'Kernel drops behind port alice: FULL_RING' timeline.txt
    fits timeline.txt
}

# plugged ARGUMENTS…: babeltrace2 with our plugin.
plugged() { babeltrace2 --plugin-path "$XSW_BABELTRACE" "$@"; }

claim_babeltrace2_shows_journeys_with_the_ids_that_tshark_shows() {
    incident
    plugged capture.pcapng >trace.txt
    grep 'packet_dropped:' trace.txt | sed 's/.*packet_id = \([0-9]*\),.*/\1/' | sort -n >ids.babeltrace
    tshark -r capture.pcapng -Y 'frame.comment contains "verdict=drop"' -T fields -e frame.packet_id \
        2>tshark.log | sort -n >ids.tshark
    [ -s ids.tshark ]
    cmp ids.tshark ids.babeltrace
    grep -q 'packet_dropped: .* port = "alice", stage = "ingress-policy", reason = "acl-denied", rule = 7' trace.txt
    grep -q 'kernel_drop: .*port = "alice".*reason = "FULL_RING"' trace.txt
}

claim_a_recording_becomes_ctf_by_the_stock_sink_and_reads_back_the_same() {
    incident
    plugged capture.pcapng >direct.txt
    plugged capture.pcapng -o ctf -w converted >sink.log
    babeltrace2 converted >back.txt
    [ -s back.txt ]
    cmp direct.txt back.txt
}

# The kernel's own trace of the overflow, as trace-cmd writes it.
record_dat() {
    local instance=/sys/kernel/tracing/instances/test-$$-$RANDOM
    mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || [ -e /sys/kernel/tracing/instances ]
    mkdir "$instance" || exit 77
    # Nothing outlives a claim but what is in the kernel.
    # shellcheck disable=SC2064
    trap "rmdir '$instance' 2>/dev/null || true" EXIT
    echo mono >"$instance/trace_clock"
    echo 1 >"$instance/events/skb/kfree_skb/enable"
    overflow
    echo 0 >"$instance/events/skb/kfree_skb/enable"
    trace-cmd extract -B "${instance##*/}" -o trace.dat >extract.log 2>&1
    rmdir "$instance" 2>/dev/null || true # trace-cmd has removed it
    # `trace-cmd extract` says "local" whatever the clock of the instance is; `trace-cmd record -C mono` would not.
    python3 -c "
name = b'${instance##*/}'
data = open('trace.dat', 'rb').read()
assert data.count(name + b'\\0local\\0') == 1
open('mono.dat', 'wb').write(data.replace(name + b'\\0local\\0', name + b'a\\0mono\\0'))"
}

claim_recording_ctf_and_trace_dat_of_one_machine_are_one_timeline() {
    two_guests
    capture_start --trace
    record_dat
    until_true 20 "$XSW" --json port list
    capture_stop
    plugged capture.pcapng -o ctf -w converted >sink.log
    timeline capture.pcapng converted mono.dat
    equal "machines" "$(jq '.timeline.machines | length' timeline.json)" 1
    equal "machines that are guessed" "$(jq -c '[.timeline.sources[].machine_is_a_guess]' timeline.json)" '[false,false,true]'
    # An event that two of them hold is told once.
    equal "capture_started" "$(jq '[.timeline.entries[] | select(.name == "capture_started")] | length' timeline.json)" 1
    # The drops of the kernel, counted by the two ways, and on one clock: they begin within a millisecond.
    jq -e '[.timeline.entries[] | select(.source == 2 and .kind == "begin" and (.text | test("FULL_RING")))] | map(.count) | add == '"$dropped" timeline.json >/dev/null
    jq -e '[.timeline.entries[] | select(.kind == "begin" and (.text | test("FULL_RING"))) | .time_ns] | (max - min) < 1000000' timeline.json >/dev/null
}

# change [OPTIONS]: a recording while a rule came and went.
change() {
    capture_start "$@"
    "$XSW" policy add alice in deny proto icmp id 7 >policy.log
    at alice ping -q -c 1 -W 1 10.0.0.2 >ping.log || true
    "$XSW" policy remove alice 7 >policy.log
    capture_stop
}

changed() {
    two_guests
    change "$@"
}

# changes FILE…: what the timeline of these tells of it, by events and by the switch's own log.
changes() {
    timeline "$@"
    jq -c '[.timeline.entries[] | select(.name == "policy_set" or .name == "configured") | .name]' timeline.json
}

claim_changes_of_a_recording_are_told_beside_a_trace_dat() {
    two_guests
    capture_start
    "$XSW" policy add alice in deny proto icmp id 7 >policy.log
    record_dat
    "$XSW" policy remove alice 7 >policy.log
    capture_stop
    equal "recording first" "$(changes capture.pcapng mono.dat)" '["configured","configured"]'
    equal "trace.dat first" "$(changes mono.dat capture.pcapng)" '["configured","configured"]'
    jq -e '[.timeline.entries[] | select(.name == "configured") | [.source, .text]] | all(.[0] == 1) and
        (.[0][1] | test("rule 7 of port alice was added")) and (.[1][1] | test("rule 7 of port alice was removed"))' timeline.json >/dev/null
}

claim_changes_of_a_host_are_told_by_its_log_when_only_the_other_host_has_events() {
    changed --trace
    mv capture.pcapng one.pcapng
    on_other_host changed
    equal "of the one" "$(changes one.pcapng)" '["policy_set","policy_set"]'
    equal "of the other" "$(changes capture.pcapng)" '["configured","configured"]'
    local order
    for order in 'one.pcapng capture.pcapng' 'capture.pcapng one.pcapng'; do
        # shellcheck disable=SC2086
        equal "of both" "$(changes $order)" '["policy_set","policy_set","configured","configured"]'
        equal "hosts" "$(jq -c '[.timeline.entries[] | select(.name == "policy_set" or .name == "configured") | .host]' timeline.json)" \
            "[\"$hostname_before\",\"$hostname_before\",\"other\",\"other\"]"
    done
}

# Whatever changes last, or alone: an event tells it, and the log not once more.
claim_a_recording_with_events_tells_no_change_by_its_log() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\", \"settings\": {\"every\": 3}}"
    local change
    for change in 'port add guest kind memory' 'port set guest mtu 1400' 'policy add guest in deny id 9 proto tcp' \
        'policy remove guest 9' 'port set guest friendly other' 'port remove guest' 'switch set truth mac-limit 5' \
        'extension set thief every=5' 'extension disable thief' 'extension enable thief' 'extension remove thief'; do
        capture_start --trace
        # shellcheck disable=SC2086
        "$XSW" $change >change.log
        capture_stop
        timeline capture.pcapng
        jq -e '[.timeline.entries[].name] | any(test("^(port|nic|policy|setting|extension)_"))' timeline.json >/dev/null
        equal "by the log, of $change" "$(jq -c '[.timeline.entries[] | select(.name == "configured") | .text]' timeline.json)" '[]'
    done
}

claim_a_port_that_goes_down_and_comes_up_again_is_told_with_its_recovery() {
    ip link add near type veth peer name far
    ip link set near up
    ip link set far up
    switch_start <<<'{"ports": [{"name": "wire", "kind": "packet", "device": "near"}]}'
    capture_start --trace
    ip link set near down
    until_true 20 grep -q 'port-state: port=wire state=down' xswd.log
    ip link set near up
    until_true 20 grep -q 'port-state: port=wire state=up' xswd.log
    capture_stop
    timeline capture.pcapng
    equal "what is told of it" "$(jq -c '[.timeline.entries[] | select(.name == "port_state") | .kind]' timeline.json)" '["event","recovery"]'
    jq -e '[.timeline.entries[] | select(.name == "port_state")] | (.[0].text | test("wire.*down")) and
        (.[1].text | test("wire.*up.*, after [0-9]"))' timeline.json >/dev/null
    NO_COLOR=1 "$XSW" analyze --timeline capture.pcapng >timeline.txt
    tr -s '\n ' ' ' <timeline.txt | grep -q 'wire.*up.*, after [0-9]'
}

# on_other_host COMMAND…: on another boot of another machine, called "other", as far as one can tell.
on_other_host() {
    switch_stop
    ip netns delete alice
    ip netns delete bob
    echo 11111111-2222-4333-8444-555555555555 >boot_id
    mount --bind boot_id /proc/sys/kernel/random/boot_id
    hostname_before=$(hostname)
    local plain=$XSWD
    printf '#!/bin/sh\nexec unshare --uts sh -c '"'"'hostname other; exec "$0" "$@"'"'"' "%s" "$@"\n' "$plain" >xswd.sh
    chmod +x xswd.sh
    XSWD=$PWD/xswd.sh
    "$@"
    XSWD=$plain
    equal "our own name" "$(hostname)" "$hostname_before"
}

claim_two_hosts_are_laid_side_by_side_and_the_uncertainty_is_stated() {
    incident
    mv capture.pcapng one.pcapng
    on_other_host incident
    timeline one.pcapng capture.pcapng
    equal "hosts" "$(jq -c '[.timeline.machines[].host]' timeline.json)" "[\"$hostname_before\",\"other\"]"
    equal "boots" "$(jq -r '.timeline.machines[1].boot_id' timeline.json)" 11111111222243338444555555555555
    NO_COLOR=1 "$XSW" analyze --timeline one.pcapng capture.pcapng >timeline.txt
    if [ "$(jq '.timeline.machines[1].uncertainty_ns' timeline.json)" = null ]; then
        tr -s '\n ' ' ' <timeline.txt | grep -q 'how far these are apart is unknown'
    else
        tr -s '\n ' ' ' <timeline.txt | grep -q 'which are at most .* apart'
    fi
    # The incident of the second host is behind that of the first.
    in_order "$(place begin drop)" "$(place begin drop 1)"
    equal "host of the second" "$(jq -r '[.timeline.entries[] | select(.kind == "begin" and .name == "drop")][1].host' timeline.json)" other
    # One folder with the traces of both, as a relay daemon makes it, is one source of two hosts.
    plugged one.pcapng -o ctf -w both/one >sink.log
    plugged capture.pcapng -o ctf -w both/two >sink.log
    timeline both
    equal "hosts of the folder" "$(jq -c '[.timeline.machines[].host]' timeline.json)" "[\"$hostname_before\",\"other\"]"
    equal "machines of the source" "$(jq -c '[.timeline.sources[] | [.machine, .machines]]' timeline.json)" '[[null,[0,1]]]'
    equal "hosts of the drops" \
        "$(jq -c '[.timeline.entries[] | select(.kind == "begin" and .name == "packet_dropped").host]' timeline.json)" \
        "[\"$hostname_before\",\"other\"]"
    # A recording of two boots has in CTF no clock but the wall's; its events tell their boots.
    cat one.pcapng capture.pcapng >several.pcapng
    plugged several.pcapng -o ctf -w several >sink.log
    timeline several
    equal "hosts of a recording of both" "$(jq -c '[.timeline.machines[] | [.host, .boot_id]] | sort' timeline.json)" \
        "$(timeline one.pcapng capture.pcapng && jq -c '[.timeline.machines[] | [.host, .boot_id]] | sort' timeline.json)"
    timeline several one.pcapng capture.pcapng
    for name in policy_set kernel_drop; do
        jq -e "[.timeline.entries[] | select((.kind == \"begin\" or .kind == \"event\") and .name == \"$name\").host] |
            unique == ([\"$hostname_before\", \"other\"] | sort)" timeline.json >/dev/null
    done
    equal "hosts of the drops of a rule" \
        "$(jq -c '[.timeline.entries[] | select(.kind == "begin" and (.text | test("acl-denied"))).host]' timeline.json)" \
        "[\"$hostname_before\",\"other\"]"
    equal "policies that were set" "$(jq '[.timeline.entries[] | select(.name == "policy_set")] | length' timeline.json)" 4
}

claim_what_is_neither_recording_nor_trace_is_refused_with_a_reason() {
    mkdir empty
    echo nothing >text
    printf '\027\010\104tracing6\0' >torn.dat
    for file in empty text torn.dat gone; do
        fails timeline "$file"
        grep -q "^xsw analyze: .*$file" timeline.log
    done
}

claim_a_drop_of_the_kernel_is_put_to_the_packet_that_it_was() {
    two_guests
    capture_start --trace
    ip -n alice link set eth0 down
    burst bob 1 10.0.0.1
    until_true 20 rx_dropped_is_not_zero alice
    burst_other bob 10.0.0.1
    until_true 20 "$XSW" --json port list
    capture_stop
    timeline capture.pcapng
    # The switch saw that it could not send the first one, and says so under its id.
    id=$(jq '[.timeline.entries[] | select(.kind == "begin" and .name == "drop")][0].packet_id' timeline.json)
    "$XSW" analyze --packet "$id" capture.pcapng | grep -q port-down
    "$XSW" analyze --packet "$id" capture.pcapng | tr -s '\n ' ' ' |
        grep -q "KERNEL packet $id, outside of the switch, at .*: Kernel drops behind port alice: DEV_READY.* Known by its first bytes"
    "$XSW" analyze --json --packet "$id" capture.pcapng >packet.json
    python3 -m schema "$here/../../docs/api/xsw-analyze.schema.json" packet.json
    equal "fate of the packet" "$(jq -c '[.journey.kernel_drops[] | [.packet, .known_by]]' packet.json)" "[[$id,\"bytes\"]]"
    equal "packet of the kernel's drop" \
        "$(jq '[.timeline.entries[] | select(.kind == "begin" and .name == "kernel_drop")][0].packet_id' timeline.json)" "$id"
}

rx_dropped_is_not_zero() { [ "$(statistic "$1" rx.dropped)" -gt 0 ]; }

# burst_other HOST TO: another datagram, with other bytes at its beginning.
burst_other() { at "$1" python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'other', ('$2', 10))"; }

# distinct HOST COUNT TO: datagrams that differ in their first bytes.
distinct() {
    at "$1" python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range($2):
    s.sendto(b'packet %6d' % n, ('$3', 10))"
}

# joins: which packets the drops of the kernel were, by the timeline.
joins() { jq -c '[.timeline.kernel_drops[] | {packet_id, known_by, packets}]' timeline.json; }

claim_each_drop_of_the_kernel_is_put_to_its_own_packet_in_any_order_of_the_files() {
    two_guests
    capture_start --trace
    ip -n alice link set eth0 down
    distinct bob 40 10.0.0.1
    until_true 20 rx_dropped_is_not_zero alice
    until_true 20 "$XSW" --json port list
    capture_stop
    plugged capture.pcapng -o ctf -w converted >sink.log
    timeline capture.pcapng
    python3 -m schema "$here/../../docs/api/xsw-analyze-timeline.schema.json" timeline.json
    "$XSW" analyze --json --where 'reason == "port-down"' capture.pcapng >where.json
    equal "packets by what the kernel told" \
        "$(jq -c '[.timeline.kernel_drops[] | select(.known_by == "bytes") | .packet_id] | unique' timeline.json)" \
        "$(jq -c '[.where.packets[].packet] | unique' where.json)"
    equal "drops" "$(jq '[.timeline.kernel_drops[].packets] | add' timeline.json)" 40
    timeline capture.pcapng converted
    joins >one.json
    timeline converted capture.pcapng
    joins >other.json
    [ -s one.json ]
    cmp one.json other.json
}

# findings: of the first switch, without the names of files.
findings() { jq -c '.switches[0] | .headline, .findings' report.json; }

claim_one_report_tells_the_causes_from_every_source_in_any_order() {
    two_guests
    # What the packets did is in one file, and what happened beside them in another.
    capture_start
    XSW_CAPTURE=$capture
    "$XSW" capture --json --budget 100 --trace -w events.pcapng >events.json 2>events.log &
    events=$!
    until_true 20 grep -q '^recording' events.log
    "$XSW" policy add alice in deny proto icmp id 7 >policy.log
    at alice ping -q -c 5 -i 0.05 -W 1 10.0.0.2 >ping.log || true
    record_dat
    until_true 20 "$XSW" --json port list
    kill -INT $events
    wait $events
    capture=$XSW_CAPTURE
    capture_stop
    plugged events.pcapng -o ctf -w converted >sink.log
    report_is '[$s.findings[] | select(.kind == "kernel-drops")] == []'
    analyze capture.pcapng converted mono.dat
    python3 -m schema "$here/../../docs/api/xsw-analyze.schema.json" report.json
    equal "sources" "$(jq -c '[.sources[].kind]' report.json)" '["pcapng","ctf","trace.dat"]'
    equal "machines" "$(jq '.machines | length' report.json)" 1
    report_is '[$s.findings[] | select(.kind == "drops" and .reason_name == "acl-denied")][0].text |
        test("before, at .*(A policy of a port|rule 7 of port alice was added)")'
    equal "drops of the kernel" \
        "$(jq '[.switches[0].findings[] | select(.kind == "kernel-drops" and (.text | test("behind port alice"))) | .packets] | add' report.json)" "$dropped"
    findings >one.txt
    analyze mono.dat converted capture.pcapng
    findings >other.txt
    cmp one.txt other.txt
    NO_COLOR=1 "$XSW" analyze capture.pcapng converted mono.dat >report.txt
    grep -q '^SOURCES' report.txt
    tr -s '\n ' ' ' <report.txt | grep -q "mono.dat (trace.dat), of this machine by its host's name; its times are taken for CLOCK_MONOTONIC"
    fits report.txt
}

claim_a_trace_alone_has_a_report_of_the_switch_that_it_tells_of() {
    incident
    plugged capture.pcapng -o ctf -w converted >sink.log
    dropped_by_recording=$(jq '.switches[0].summary.dropped' report.json)
    analyze converted
    python3 -m schema "$here/../../docs/api/xsw-analyze.schema.json" report.json
    equal "recorded" "$(jq -c '[.switches[].is_recorded]' report.json)" '[false]'
    equal "drops" "$(jq '[.switches[0].findings[] | select(.kind == "drops") | .packets] | add' report.json)" \
        "$dropped_by_recording"
}
