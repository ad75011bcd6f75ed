# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A trace that LTTng itself has written, beside a recording of the same traffic: each thing happened once.
# shellcheck source=tests/system/trace.sh
. "$here/trace.sh"
# shellcheck source=tests/system/timeline.sh
. "$here/timeline.sh"

# both COMMAND…: what it does goes to a recording and, with all its events, to a trace. With may_lose set the
# kernel may lose events on a busy machine, which each of the two then tells.
may_lose=
both() {
    local code=0
    "$XSW" trace start t profile all budget 1 to "$PWD/ctf" 2>start.log
    fails grep -q 'not in the session' start.log
    capture_start --trace
    "$@"
    "$XSW" trace stop t
    kill -INT "$capture"
    wait "$capture" || code=$?
    [ "$code" -eq 0 ] || [ "$code$may_lose" = 1yes ] || equal "exit status of capture" "$code" 0
}

# told FILE…: of which things the timeline of these tells, as often as it does. The first drop has another name
# in records than in events; that a capture comes and goes is of one source alone.
told() {
    timeline "$@"
    jq -c '[.timeline.entries[] | select(.kind == "begin" or .kind == "event") |
        select(.name | IN("capture_started", "capture_stopped", "kernel_followed", "generation") | not) |
        .name |= (if . == "drop" then "packet_dropped" else . end)]' timeline.json
}

# once NAME…: these are told by each of the two, and of both together no more often than of the one that
# tells more of it.
once() {
    told capture.pcapng >recorded.json
    told ctf >traced.json
    told capture.pcapng ctf >all.json
    cp timeline.json all_timeline.json
    python3 -c '
import json, sys
names = lambda file: [e["name"] for e in json.load(open(file))]
recorded, traced, both = names("recorded.json"), names("traced.json"), names("all.json")
for name in sys.argv[1:]:
    assert name in recorded and name in traced, (name, recorded, traced)
wrong = {name: (recorded.count(name), traced.count(name), both.count(name)) for name in sorted({*recorded, *traced})
         if both.count(name) != max(recorded.count(name), traced.count(name))}
assert not wrong, "told by the recording, the trace, both: %s" % wrong' "$@"
}

# said REGEX COUNT: so many entries of the timeline of both match it.
said() { equal "entries that match $1" "$(jq "[.[].text | select(test(\"$1\"))] | length" all.json)" "$2"; }

# The switch drops, the kernel drops, and rules and addresses come and go.
busy() {
    at alice ping -q -c 1 -W 5 10.0.0.2 >ping.log
    "$XSW" policy add alice in deny proto icmp id 7 >policy.log
    at alice ping -c 5 -i 0.02 -W 1 10.0.0.2 >ping.log || true
    "$XSW" policy remove alice 7 >policy.log
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/in.pcap'}" >call.json
    call port.add "port={'name': 'there', 'kind': 'file', 'input': '$PWD/again.pcap'}" >call.json
    overflow
    until_true 20 "$XSW" --json port list
    until_true 30 is_told_by 'mac_aged.*02:00:00:00:00:09'
}

is_told_by() {
    "$XSW" trace rotate t
    babeltrace2 ctf 2>>ctf.log | grep -q "$1"
}

claim_what_lttng_and_a_recording_tell_is_told_once() {
    two_guests
    "$XSW" switch set xsw0 mac-limit 3 mac-ageing 1
    frames '
write("in.pcap", [eth(8, 9, bytes(46)), eth(8, 10, bytes(46))])
write("again.pcap", [eth(8, 9, bytes(46))])'
    both busy
    once packet_dropped kernel_drop policy_set port_created mac_learned mac_moved mac_limit mac_aged
    said 'Kernel drops behind port alice: FULL_RING' 1
    equal "packets of the kernel" "$(jq '[.[] | select(.text | test("FULL_RING")).count] | add' all.json)" "$dropped"
    reported capture.pcapng ctf
    equal "drops of the kernel" \
        "$(jq -c '[.event_drops[] | select(.reason == "FULL_RING") | [.name, .port, .packets]]' report.json)" "[[\"kernel_drop\",\"alice\",$dropped]]"
}

# reported FILE…: the report tells no event and no drop twice either.
reported() {
    analyze "$@"
    jq -e '[.event_drops[] | [.name, .port, .device, .stage, .reason, .why]] | length == (unique | length)' report.json >/dev/null
    for file in "$@"; do
        "$XSW" analyze --json "$file" 2>>analyze.log
    done | jq -s '[.[] | [.events[].name] | group_by(.) | map({key: .[0], value: length}) | from_entries]' >events_of_each.json
    # What the kernel loses each of its readers loses alone.
    jq '[.events[].name | select(. != "kernel_lost")] | group_by(.) | map({key: .[0], value: length}) | from_entries' report.json >events_of_all.json
    jq -es '.[0] as $each | .[1] | to_entries | map(. as $one | $one.value == ([$each[][$one.key] // 0] | max)) | all' \
        events_of_each.json events_of_all.json >/dev/null || { cat events_of_each.json events_of_all.json >&2 && false; }
}

claim_an_exception_of_xdp_that_lttng_and_a_recording_tell_is_told_once() {
    xdp_faulty_generic
    both faults
    once kernel_xdp_exception
    said 'Kernel drops behind port alice: XDP unknown failed' 1
    equal "packets" "$(jq '[.[] | select(.name == "kernel_xdp_exception").count] | add' all.json)" 40
    fails grep -q 'error 0' all.json
    reported capture.pcapng ctf
    equal "drops of XDP" "$(jq -c '[.event_drops[] | select(.name == "kernel_xdp_exception") | [.port, .packets]]' report.json)" '[["alice",40]]'
}

# Without BPF devices are known by their names, and both guests call theirs eth0.
claim_a_drop_behind_an_unknown_port_is_told_once_with_its_device() {
    two_guests
    [ -e /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing || exit 77
    local plain=$XSW
    printf '#!/bin/sh\nexec setpriv --bounding-set -sys_admin,-bpf,-perfmon "%s" "$@"\n' "$plain" >xsw.sh
    chmod +x xsw.sh
    XSW=$PWD/xsw.sh
    may_lose=yes
    both overflow_and_list
    XSW=$plain
    once kernel_drop
    said 'Kernel drops behind an unknown port, device eth0: FULL_RING' 1
    local packets
    packets=$(jq -s '[.[] | [.[] | select(.text | test("FULL_RING")).count] | add] | max' recorded.json traced.json)
    equal "packets of the timeline" "$(jq '[.[] | select(.text | test("FULL_RING")).count] | add' all.json)" "$packets"
    [ "$packets" -gt 0 ] && [ "$packets" -le "$dropped" ]
    reported capture.pcapng ctf
    equal "drops of the kernel" \
        "$(jq -c '[.event_drops[] | select(.reason == "FULL_RING") | [.port, .device, .packets]]' report.json)" "[[null,\"eth0\",$packets]]"
    report_is '[$s.findings[] | select(.kind == "kernel-drops" and (.text | test("behind an unknown port, device eth0.*FULL_RING"))) | .packets] == ['"$packets"']'
}

overflow_and_list() {
    overflow
    until_true 20 "$XSW" --json port list
}

# drops_traced: a recording of changes without events, and a trace of the drops meanwhile.
drops_traced() {
    two_guests
    "$XSW" trace start t profile drops to "$PWD/ctf" 2>start.log
    change
    "$XSW" trace stop t
}

claim_a_trace_without_changes_leaves_those_of_a_recording_to_its_log() {
    drops_traced
    # A drop has the generation of its switch too, and is no change.
    traced ctf 'any(e["event"] == "packet_dropped" and int(e["generation"]) > 0 for e in events)'
    equal "recording first" "$(changes capture.pcapng ctf)" '["configured","configured"]'
    equal "trace first" "$(changes ctf capture.pcapng)" '["configured","configured"]'
}

claim_changes_that_a_trace_tells_are_told_once_and_those_before_and_after_it_too() {
    two_guests
    capture_start
    "$XSW" policy add alice in deny proto icmp id 7 >policy.log
    "$XSW" trace start t profile control to "$PWD/ctf" 2>start.log
    "$XSW" policy remove alice 7 >policy.log
    "$XSW" port set alice mtu 1400
    "$XSW" switch set xsw0 mac-limit 300
    "$XSW" trace stop t
    "$XSW" policy add bob in deny proto icmp id 8 >policy.log
    capture_stop
    equal "by the recording" "$(changes capture.pcapng | jq length)" 5
    local order
    for order in 'capture.pcapng ctf' 'ctf capture.pcapng'; do
        # shellcheck disable=SC2086
        timeline $order
        equal "changes, $order" \
            "$(jq -c '[.timeline.entries[] | select(.name | IN("policy_set", "nic_updated", "setting_set", "configured")) | .name] | [.[0], .[-1], (.[1:-1] | unique)]' timeline.json)" \
            '["configured","configured",["nic_updated","policy_set","setting_set"]]'
    done
}

claim_a_folder_that_is_named_by_a_link_is_read_as_itself() {
    dropping_switch 7
    "$XSW" trace start t to "$PWD/ctf" 2>start.log
    play in.pcap 7
    "$XSW" trace stop t
    ln -s ctf link
    timeline ctf
    jq -c '.timeline.entries' timeline.json >itself.json
    timeline link
    jq -c '.timeline.entries' timeline.json >by_link.json
    grep -q packet_dropped itself.json
    cmp itself.json by_link.json
    # And one whose end is torn, which is read through a view of its own.
    mkdir torn
    cp -r ctf torn/ctf
    local stream
    stream=$(find torn/ctf -type f -size +0 -path '*ust*' ! -name metadata ! -path '*/index/*' | head -n 1)
    dd if="$stream" bs=100 count=1 status=none >torn/part
    cat torn/part >>"$stream"
    ln -s ctf torn/link
    fails timeline torn/ctf
    jq -c '.timeline.entries' timeline.json >itself.json
    fails timeline torn/link
    jq -c '.timeline.entries' timeline.json >by_link.json
    grep -q 'torn/link: its last 100 bytes are torn' timeline.log
    cmp itself.json by_link.json
}

claim_babeltrace2_shows_a_recording_beside_a_trace_in_the_order_of_time() {
    drops_traced
    plugged --clock-seconds capture.pcapng ctf >both.txt
    python3 -c '
import re
lines = [(float(found[1]), "packet_id = " in line and "cpu_id" in line) for line in open("both.txt")
         if (found := re.match(r"\[(\d+\.\d+)\]", line))]
times = [time for time, _ in lines]
assert times == sorted(times), times
kinds = {is_traced for _, is_traced in lines}
assert kinds == {True, False}, kinds'
}
