# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Events of the switch on LTTng, read by the programs of LTTng and by our own. Each claim has daemons of
# LTTng of its own, in its own /run and /dev/shm.
mount -t tmpfs tmpfs /dev/shm
export HOME=$PWD TZ=UTC
# What LTTng keeps until the process ends.
echo 'leak:liblttng-ust' >lsan.supp
export LSAN_OPTIONS="suppressions=$PWD/lsan.supp:print_suppressions=0"

if [ ! -e "${XSW_TRACE_PROVIDER-}" ] || ! command -v lttng-sessiond babeltrace2 >/dev/null; then
    echo "skipped: no LTTng here, or xsw was built without it"
    exit 77
fi

# ctf FOLDER [PROGRAM OF PYTHON]: the events of a trace as stock babeltrace2 shows them, as a list of
# dictionaries with the texts of the fields.
ctf() {
    babeltrace2 "$1" --clock-seconds >ctf.txt 2>ctf.log
    frames '
import re
events = []
for line in open("ctf.txt"):
    found = re.search(r" xsw:(\w+): .*?\{ (?!cpu_id)(.*) \}$", line)
    if not found:
        continue
    event = {"event": found[1]}
    for field in re.finditer(r"(\w+) = (?:\( (?:\"([^\"]*)\"|<unknown>) : container = \d+ \)|\"([^\"]*)\"|(\S+?))(?:,|$)", found[2]):
        event[field[1]] = next(text for text in field.groups()[1:] if text is not None)
    events.append(event)
'"$2"
}

traced() { ctf "$1" "assert $2, events"; }

recorded() { call trace.status | jq -e ".recorded | $1" >/dev/null; }

# Whether xswd runs and answers.
lives() { kill -0 "$switch" && "$XSW" switch show >/dev/null; }

dropping_switch() {
    out_switch
    frames "write('in.pcap', [eth(1, 1, bytes(46))] * $1)"
}

daemons() { cat /run/lttng/lttng-sessiond.pid 2>/dev/null; }

# Same drops, same words ---------------------------------------------------------------------------

# drops_agree CLAIM [FILE]: what system.drops, or that file, holds of this reason, traced beside the capture.
# Each drop is in CTF and in pcapng once, with the same packet, stage, reason, port and rule.
drops_agree() {
    # shellcheck source=/dev/null
    . "$here/${2-drops}.sh"
    agree "claim_$1"
}

# agree COMMAND…: the same for what it provokes between capture_start and capture_stop.
agree() {
    eval "$(declare -f capture_start | sed '1s/.*/plain_capture_start()/')"
    eval "$(declare -f capture_stop | sed '1s/.*/plain_capture_stop()/')"
    capture_start() {
        "$XSW" trace start t to "$PWD/ctf"
        plain_capture_start "$@"
    }
    capture_stop() {
        plain_capture_stop "$@"
        "$XSW" trace stop t
        drops_compare
    }
    "$@"
    [ -e compared ]
}

# provoked REASON COUNT FRAME [EXTENSION [PORT]]: so many of the frame are played, by a port that has these
# members too, and some of them are dropped for the reason.
provoked() {
    out_switch "" "${4-}"
    frames "write('in.pcap', [$3] * $2)"
    capture_start
    play in.pcap "$2" "${5-{\}}"
    capture_stop
    report_is "[\$s.drops[] | select(.reason_name == \"$1\") | .packets] | add > 0"
}

test_extension() { echo "{\"path\": \"$XSW_EXTENSION_PATH/test/$1.so\", \"name\": \"$1\", \"settings\": {\"how\": \"$2\"}}"; }

drops_compare() {
    tshark -r capture.pcapng -T fields -E 'separator=;' -e frame.packet_id -e frame.comment \
        'frame.comment contains "verdict=drop"' >drops.txt 2>>analyze.log
    # shellcheck disable=SC2016
    ctf ctf '
def told(words):
    return (words["stage"], words["reason"], words["port"], words.get("rule", "0"))
there = []
for line in open("drops.txt"):
    number, comment = line.rstrip("\n").split(";", 1)
    there.append((int(number, 0), told(dict(w.split("=", 1) for w in comment.split() if "=" in w))))
here = [(int(e["packet_id"]), told({"stage": e["stage_name"], "reason": e["reason_name"],
                                    "port": e["port_name"], "rule": e["rule"]}))
        for e in events if e["event"] == "packet_dropped"]
assert there, "no drops"
assert sorted(here) == sorted(there), (sorted(here), sorted(there))
assert len(set(here)) == len(here)
for e in events:
    if e["event"] == "packet_dropped" and int(e["packet_id"]):
        assert e["reason"] in (e["reason_name"], "extension"), e
        assert e["stage"] in (e["stage_name"], "extension"), e
open("compared", "w")'
}

claim_runt_frame_is_the_same_in_ctf_and_pcapng() { drops_agree runt_frame; }
claim_mtu_exceeded_is_the_same_in_ctf_and_pcapng() { drops_agree mtu_exceeded_at_egress; }
claim_vlan_not_allowed_is_the_same_in_ctf_and_pcapng() { drops_agree vlan_not_allowed_at_ingress; }
claim_private_vlan_ports_are_the_same_in_ctf_and_pcapng() { drops_agree vlan_not_allowed_at_egress; }
claim_bad_source_mac_is_the_same_in_ctf_and_pcapng() { drops_agree bad_source_mac; }
claim_mac_spoofed_is_the_same_in_ctf_and_pcapng() { drops_agree mac_spoofed; }
claim_acl_denied_at_ingress_is_the_same_in_ctf_and_pcapng() { drops_agree acl_denied_at_ingress; }
claim_acl_denied_at_egress_is_the_same_in_ctf_and_pcapng() { drops_agree acl_denied_at_egress; }
claim_no_destination_is_the_same_in_ctf_and_pcapng() { drops_agree no_destination; }
claim_same_port_is_the_same_in_ctf_and_pcapng() { drops_agree same_port; }
claim_port_down_is_the_same_in_ctf_and_pcapng() { drops_agree port_down; }
claim_send_failed_is_the_same_in_ctf_and_pcapng() { drops_agree send_failed; }
claim_silent_drop_is_the_same_in_ctf_and_pcapng() { drops_agree silent_drop; }
claim_undeclared_reason_is_the_same_in_ctf_and_pcapng() {
    drops_agree undeclared_reason_is_a_silent_drop
}
claim_extension_reason_is_the_same_in_ctf_and_pcapng() {
    drops_agree extension_reason_at_ingress_and_egress
}

claim_mtu_exceeded_at_ingress_is_the_same_in_ctf_and_pcapng() { drops_agree mtu_exceeded_at_ingress; }
claim_dhcp_guard_is_the_same_in_ctf_and_pcapng() { drops_agree dhcp_guard policies; }
claim_router_guard_is_the_same_in_ctf_and_pcapng() { drops_agree router_guard policies; }
claim_storm_limit_is_the_same_in_ctf_and_pcapng() { drops_agree storm_limit policies; }
claim_storm_limit_at_forward_is_the_same_in_ctf_and_pcapng() {
    drops_agree unknown_unicast_is_limited_behind_the_look_up policies
}
claim_private_vlan_is_the_same_in_ctf_and_pcapng() { drops_agree private_vlan policies; }
claim_required_extension_is_the_same_in_ctf_and_pcapng() {
    drops_agree a_port_waits_for_its_required_extension policies
}
claim_not_connected_is_the_same_in_ctf_and_pcapng() { drops_agree a_nic_is_disconnected incidents; }
claim_bandwidth_limit_is_the_same_in_ctf_and_pcapng() {
    agree provoked bandwidth-limit 2000 'eth(2, 1, bytes(1400))' '' '{"bandwidth": {"limit": 8000}}'
}
removed_holder() {
    out_switch "" "$(test_extension letgo hold-for-ever)"
    frames "write('in.pcap', [eth(2, 1, bytes(46))] * 9)"
    capture_start
    play in.pcap 9
    "$XSW" extension remove letgo
    until_true 20 all_are_dropped
    capture_stop
    report_is '$s.drops | length == 1 and .[0].packets == 9'
}
all_are_dropped() { "$XSW" --json stats | jq -e '[.. | objects | select(.reason? == "held-at-removal" or .name? == "held-at-removal")] | length > 0'; }
claim_held_at_removal_is_the_same_in_ctf_and_pcapng() { agree removed_holder; }

# A packet port whose device has been given a slow queue with room for little.
slow_device() {
    ip link add lazy type veth peer name far
    # Or its kernel looks for routers and neighbours, before one of both records too.
    echo 1 >/proc/sys/net/ipv6/conf/lazy/disable_ipv6
    echo 1 >/proc/sys/net/ipv6/conf/far/disable_ipv6
    ip link set dev lazy up
    ip link set dev far up
    tc qdisc add dev lazy root tbf rate 8kbit burst 1540 limit 3000 || exit 77
    switch_start <<<'{"ports": [{"name": "store", "kind": "packet", "device": "lazy"}]}'
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 2000)'
    capture_start
    play in.pcap 2000
    capture_stop
    report_is '[$s.drops[] | select(.reason_name == "queue-full" and .stage_name == "tx") | .packets] | add > 1000'
}
claim_queue_full_is_the_same_in_ctf_and_pcapng() { agree slow_device; }
claim_bad_packet_is_the_same_in_ctf_and_pcapng() {
    agree provoked bad-packet 9 'eth(2, 1, bytes(46))' "$(test_extension outside before)"
}
claim_hold_limit_is_the_same_in_ctf_and_pcapng() {
    agree provoked hold-limit 5000 'eth(2, 1, bytes(46))' "$(test_extension workshop hold-for-ever)"
}
claim_inject_loop_is_the_same_in_ctf_and_pcapng() {
    agree provoked inject-loop 9 'eth(2, 1, bytes(46))' "$(test_extension workshop replace-for-ever)"
}

# Coming and going ---------------------------------------------------------------------------------

claim_lttng_is_in_the_switch_only_after_somebody_traces() {
    dropping_switch 5
    fails grep -q lttng "/proc/$switch/maps"
    local threads
    threads=$(ls "/proc/$switch/task" | wc -l)
    call trace.status >status.json
    jq -e '.loaded == false and .recorded == []' status.json
    "$XSW" trace status
    fails grep -q lttng "/proc/$switch/maps"
    equal threads "$(ls "/proc/$switch/task" | wc -l)" "$threads"

    "$XSW" trace start
    grep -q lttng-ust "/proc/$switch/maps"
    lttng list | grep -q 'xsw.*active'
    recorded '. == ["packet_dropped", "silent_drop", "capture_gap"]'
    "$XSW" trace stop
    # The threads of LTTng stay, and nobody tells them anything.
    recorded '. == []'
    play in.pcap 5
    call trace.disable | jq -e '.on == false'
    lives
}

claim_a_budget_stays_what_it_was_when_none_is_given() {
    out_switch
    "$XSW" trace start one budget 2500
    "$XSW" trace start other
    call trace.status | jq -e '.budget_us == 2500'
    "$XSW" trace follow >follow.txt 2>follow.log &
    local follow=$!
    until_true 20 grep -q following follow.log
    call trace.status | jq -e '.budget_us == 2500'
    kill -INT $follow
    wait $follow
    "$XSW" trace stop one
    "$XSW" trace stop other
    # It is that of xswd until another one is given.
    "$XSW" trace start last budget 40
    call trace.status | jq -e '.budget_us == 40'
    "$XSW" trace stop last
}

claim_a_session_of_lttng_itself_works_with_its_levels_and_filters() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\",
                    \"settings\": {\"every\": 3}}"
    frames 'write("in.pcap", [eth(1, 1, bytes(46))] * 3 + [eth(2, 1, bytes(46))] * 3)'
    lttng-sessiond --daemonize --no-kernel
    lttng create own --output="$PWD/own"
    lttng create filtered --output="$PWD/filtered"
    lttng enable-event --session=own --userspace 'xsw:*' --loglevel=WARNING
    lttng enable-event --session=filtered --userspace 'xsw:packet_*' \
        --filter 'reason_name == "same-port" || stage == 5'
    lttng start own
    lttng start filtered
    call trace.enable budget_us=10000000 # a worker that was late is no part of this
    until_true 20 recorded 'index("packet_dropped") != null'
    lttng list --userspace | grep -E 'xsw:packet_hop .*TRACE_DEBUG'
    call trace.enable
    recorded 'index("packet_hop") != null'
    play in.pcap 6
    lttng stop own
    lttng stop filtered
    traced own 'sorted({e["event"] for e in events}) == ["packet_dropped", "silent_drop"]'
    traced own '[e["reason"] for e in events if e["event"] == "packet_dropped"].count("silent-drop") == 2'
    traced filtered '[e["event"] for e in events].count("packet_dropped") == 2'
    traced filtered '{e["stage_name"] for e in events} == {"forward", "tx"}'
    lttng destroy --all
}

claim_what_is_done_to_the_switch_is_told() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/doorman.so\", \"name\": \"doorman\",
                    \"settings\": {\"refuse\": \"bad\"}}"
    "$XSW" trace start t profile control to "$PWD/ctf"
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 3)
write("moved.pcap", [eth(2, 1, bytes(46))])'
    play in.pcap 3
    "$XSW" policy add in out deny id 9 proto tcp
    "$XSW" switch set truth mac-limit 5
    fails "$XSW" port add bad kind memory
    capture_start tcp
    capture_stop
    "$XSW" port remove in
    play moved.pcap 1
    "$XSW" extension disable doorman
    "$XSW" extension enable doorman
    "$XSW" extension remove doorman
    ip link add near type veth peer name far
    ip link set near up
    ip link set far up
    "$XSW" port add wire kind packet device near
    ip link set near down
    until_true 20 grep -q 'port-state: port=wire state=down' xswd.log
    "$XSW" trace stop t
    ctf ctf '
names = [e["event"] for e in events]
for name in ("port_created", "nic_created", "nic_connected", "policy_set", "setting_set",
             "extension_veto", "capture_started", "capture_stopped", "nic_disconnected",
             "nic_deleted", "port_deleted", "mac_learned", "extension_attached",
             "extension_detached", "port_state"):
    assert name in names, (name, names)
assert not [n for n in names if n.startswith("packet_")]
one = {e["event"]: e for e in events}
assert one["policy_set"]["value"] == "9" and one["policy_set"]["subject"] == "acl"
assert int(one["policy_set"]["generation"]) < int(one["setting_set"]["generation"])
assert one["extension_veto"]["extension"] == "doorman"
assert one["extension_veto"]["port_name"] == "bad"
assert one["capture_started"]["detail"] == "tcp"
assert one["port_state"]["port_name"] == "wire" and one["port_state"]["detail"] == "down"
times = [int(e["at_mono_ns"]) for e in events if "worker" not in e]
assert {e["switch_name"] for e in events} == {"truth"}'
}

claim_a_recorder_that_does_not_keep_up_is_a_gap() {
    dropping_switch 200000
    "$XSW" trace start t profile control to "$PWD/ctf"
    capture_start --ring 64
    kill -STOP "$capture"
    play in.pcap 200000
    until_true 20 test "$(call capture.list | jq '.sessions[0].account.lost | add')" -gt 0
    local lost
    lost=$(call capture.list | jq '.sessions[0].account.lost | add')
    until_true 20 gap_is_told
    kill -CONT "$capture"
    kill -INT "$capture"
    wait "$capture" || true
    "$XSW" trace stop t
    traced ctf "sum(int(e['value']) for e in events if e['event'] == 'capture_gap') == $lost"
    traced ctf "[int(e['before']) for e in events if e['event'] == 'capture_stopped'] == [$lost]"
}

gap_is_told() {
    "$XSW" trace rotate t
    babeltrace2 ctf 2>>ctf.log | grep -q capture_gap
}

claim_what_is_set_of_a_capture_and_what_its_budget_does_is_told() {
    # shellcheck source=/dev/null
    . "$here/sessions.sh"
    paced 250 2000
    out_switch
    "$XSW" trace start t profile control to "$PWD/ctf"
    begin poor --budget 0.0001 udp
    play in.pcap 2000 "{'timing': True}"
    until_true 20 is_in_trace 'capture_over_budget.*subject = "poor".*value = 0'
    "$XSW" capture set poor budget 100 >set.txt
    again 2000
    until_true 20 listed poor 'all(.by_worker[]; .level == "full")'
    until_true 20 is_in_trace 'capture_over_budget.*subject = "poor".*detail = "full"'
    end poor 1
    "$XSW" trace stop t
    traced ctf '[(e["subject"], e["detail"]) for e in events if e["event"] == "capture_changed"] == [("poor", "udp")]'
    ctf ctf '
levels = [e["detail"] for e in events if e["event"] == "capture_over_budget"]
assert levels[-1] == "full" and "full" not in levels[0], levels
order = [e["event"] for e in events if e["event"].startswith("capture_") and e["event"] != "capture_gap"]
assert order[0] == "capture_started" and order[-1] == "capture_stopped", order
assert order.index("capture_over_budget") < order.index("capture_changed"), order'
}

is_in_trace() {
    "$XSW" trace rotate t
    babeltrace2 ctf 2>>ctf.log | grep -q "$1"
}

claim_a_trigger_of_the_flight_recorder_is_told_with_its_packet() {
    # shellcheck source=/dev/null
    . "$here/flight.sh"
    flight_switch
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 2 + [eth(1, 1, bytes(46))])'
    "$XSW" trace start t profile control to "$PWD/ctf"
    flight_run --before 1 --after 0 --trigger 'match reason == same-port'
    play in.pcap 3
    until_true 20 trigger_is_told
    flight_end
    "$XSW" trace stop t
    traced ctf '[(e["packet_id"], e["value"]) for e in events if e["event"] == "capture_trigger"] == [("3", "3")]'
    traced ctf '[e["subject"] for e in events if e["event"] == "capture_trigger"] == ["flight"]'
    traced ctf '["match" in e["detail"] for e in events if e["event"] == "capture_trigger"] == [True]'
}

trigger_is_told() {
    "$XSW" trace rotate t
    babeltrace2 ctf 2>>ctf.log | grep -q capture_trigger
}

# The kernel ---------------------------------------------------------------------------------------

# kernel_begin: what system.kernel has of guests and their counters; no such test without tracefs.
kernel_begin() {
    # shellcheck source=/dev/null
    . "$here/kernel.sh"
    two_guests
    kernel_start
    kernel_stop
}

kernel_is_told() { "$XSW" --json trace status | jq -e ".kernel == ${1-true}" >/dev/null; }

claim_an_overflow_of_a_tap_is_in_ctf_with_the_kernels_own_count() {
    kernel_begin
    "$XSW" trace start t to "$PWD/ctf" 2>start.log
    fails grep -q 'not in the session' start.log
    # Another session is told by the same process, and each drop is in each once.
    "$XSW" --json trace start other profile changes to "$PWD/other" | jq -e .kernel
    equal "processes that read the kernel's events" "$(pgrep -cx xsw-kernel)" 1
    "$XSW" trace follow reason FULL_RING >follow.txt 2>follow.log &
    local follow=$!
    until_true 20 grep -q following follow.log
    overflow
    until_true 20 grep -q 'kernel_drop behind port alice: FULL_RING in tun_net_xmit, [0-9]* packets' follow.txt
    kill -INT $follow
    wait $follow
    "$XSW" trace stop t
    "$XSW" trace stop other
    local trace
    for trace in ctf other; do
        traced "$PWD/$trace" "sum(int(e['packets']) for e in events if e['event'] == 'kernel_drop') == $dropped"
        traced "$PWD/$trace" "{(e['port_name'], e['reason'], e['device'], e['location'], e['switch_name'])
            for e in events if e['event'] == 'kernel_drop'} == {('alice', 'FULL_RING', 'eth0', 'tun_net_xmit', 'xsw0')}"
    done
    until_true 20 kernel_is_told false
    until_true 20 fails pgrep -x xsw-kernel
}

claim_without_tracefs_a_session_says_so_and_has_the_rest() {
    dropping_switch 7
    # Nobody can mount it, nor look at what is mounted.
    mount -t tmpfs -o ro tmpfs /sys/kernel
    "$XSW" trace start t to "$PWD/ctf" 2>start.log
    grep -q 'what the kernel drops behind the ports is not in the session: there is no tracefs' start.log
    kernel_is_told false
    play in.pcap 7
    "$XSW" trace stop t
    traced ctf 'len(events) == 7'
}

claim_who_reads_the_kernels_events_ends_with_the_session_and_with_its_daemon() {
    kernel_begin
    "$XSW" trace start
    kernel_is_told
    # shellcheck disable=SC2046
    kill -KILL $(pgrep -f 'lttng-(sessiond|consumerd)')
    until_true 20 fails pgrep -x xsw-kernel
    lives
    "$XSW" trace start
    kernel_is_told
    switch_stop
    switch=
    pgrep -x xsw-kernel # waits for a new xswd
    "$XSW" trace stop
    until_true 20 fails pgrep -x xsw-kernel
}

claim_drops_of_the_kernel_are_told_for_all_switches_with_their_names() {
    kernel_begin
    call switch.add "switch={'name': 'second', 'workers': 1}, ports=[{'name': 'carol', 'kind': 'tap', 'device': 'tap-carol'}]"
    "$XSW" trace start t to "$PWD/ctf"
    ip link set tap-carol up
    echo 1 >/proc/sys/net/ipv6/conf/tap-carol/disable_ipv6
    ip address add 10.3.0.1/24 dev tap-carol
    ip neigh replace 10.3.0.2 lladdr 02:00:00:00:00:02 dev tap-carol nud permanent
    kill -STOP "$switch"
    burst_here 1300 10.3.0.2
    kill -CONT "$switch"
    until_true 20 "$XSW" --json port list --switch second
    "$XSW" trace stop t
    traced ctf "sum(int(e['packets']) for e in events if e['event'] == 'kernel_drop' and
        e['reason'] == 'FULL_RING') == $(ip -j -s -s link show tap-carol | jq '.[0].stats64.tx.dropped')"
    traced ctf "{(e['switch_name'], e['port_name']) for e in events if e['event'] == 'kernel_drop' and
        e['reason'] == 'FULL_RING'} == {('second', 'carol')}"
}

# Sessions -----------------------------------------------------------------------------------------

claim_a_snapshot_has_what_came_before_it() {
    dropping_switch 7
    "$XSW" trace start
    play in.pcap 7
    "$XSW" --json trace snapshot to "$PWD/first" >snapshot.json
    equal "path of the snapshot" "$(jq -r .path snapshot.json)" "$PWD/first"
    "$XSW" trace snapshot to "$PWD/second"
    traced first 'len(events) == 7 and {e["reason"] for e in events} == {"same-port"}'
    traced second 'len(events) == 7'
    fails "$XSW" trace rotate 2>rotate.log
    grep -q snapshot rotate.log
    "$XSW" trace stop
}

claim_a_rotation_can_be_read_while_it_goes_on() {
    dropping_switch 7
    "$XSW" trace start night to "$PWD/night"
    play in.pcap 7
    local part
    part=$("$XSW" --json trace rotate night | jq -r .path)
    traced "$part" 'len(events) == 7'
    "$XSW" port remove in
    play in.pcap 7
    fails "$XSW" trace snapshot night 2>snapshot.log
    grep -q rotate snapshot.log
    "$XSW" trace stop night
    traced night 'len(events) == 14'
}

claim_names_that_are_taken_or_not_there_are_told() {
    dropping_switch 1
    "$XSW" trace start night
    local code=0
    "$XSW" trace start night 2>taken.log || code=$?
    equal "exit status for a name that is taken" $code 3
    grep -q 'already' taken.log
    lttng list | grep -q night
    code=0
    "$XSW" trace stop day 2>day.log || code=$?
    equal "exit status for a name that is not there" $code 1
    grep -q 'no session day' day.log
    code=0
    "$XSW" trace start bad filter 'port_name ==' 2>filter.log || code=$?
    equal "exit status for a filter that is none" $code 2
    grep -q filter filter.log
    fails lttng list bad
    "$XSW" trace status | grep -q 'night.*in memory'
    "$XSW" trace stop night
}

# Following ----------------------------------------------------------------------------------------

claim_events_are_followed_as_they_come_with_names_and_filters() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\",
                    \"settings\": {\"every\": 2}}"
    frames 'write("in.pcap", [eth(1, 1, bytes(46)) for n in range(4)])'
    "$XSW" trace follow profile all reason same-port >port.txt 2>port.log &
    local one=$!
    "$XSW" --json trace follow profile all >all.json 2>all.log &
    local other=$!
    until_true 20 grep -q following port.log
    until_true 20 grep -q following all.log
    play in.pcap 4
    until_true 20 grep -q '#3 in at forward: same-port' port.txt
    until_true 20 grep -q '"packet_id":4' all.json
    kill -INT $one $other
    wait $one
    wait $other
    equal "lines of same-port" "$(wc -l <port.txt)" 2
    fails grep -q silent port.txt
    jq -es 'map(select(.event == "packet_dropped")) | map(.fields.packet_id) == [2, 4, 1, 3]' all.json
    jq -es 'map(select(.event == "port_created")) | .[0].fields.port_name == "in"' all.json
    # They have taken their sessions with them.
    "$XSW" trace status | grep -q 'no session'
    until_true 20 recorded '. == []'
}

# host NAME NUMBER: on one side of a wire; its own switch, daemons, name and boot.
host_run() {
    hostname "$1"
    echo "1111111$2-2222-4333-8444-555555555555" >"boot-$1"
    mount --bind "boot-$1" /proc/sys/kernel/random/boot_id
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /dev/shm
    mkdir -p "$1"
    cd "$1"
    export HOME=$PWD
    ip link set lo up
    until_true 20 ip link show wire
    ip address add "10.9.0.$2/24" dev wire
    ip link set wire up
    dropping_switch 5
    until_true 20 "$XSW" trace start shared to net://10.9.0.1
    touch started
    until_true 60 test -e go
    play in.pcap 5
    touch played
    until_true 60 test -e end
    "$XSW" trace stop shared
    leave
    touch ended
}

has_left() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

claim_two_hosts_are_one_view() {
    local name number=2 pids=()
    "$XSW" trace relay "$PWD/relay" listen 10.9.0.1 2>early.log && return 1
    ip link add hub type bridge
    ip address add 10.9.0.1/24 dev hub
    ip link set hub up
    "$XSW" trace relay "$PWD/relay" listen 10.9.0.1
    for name in alpha beta; do
        export -f host_run dropping_switch out_switch switch_start switch_stop play call port_has port_number
        export -f until_true frames equal fails leave
        export here
        unshare --uts --mount --net bash -ec "host_run $name $number" >"$name.log" 2>&1 &
        pids+=($!)
        until_true 10 has_left "$!"
        ip link add "to-$name" type veth peer name wire netns $!
        ip link set "to-$name" master hub up
        number=$((number + 1))
    done
    until_true 30 test -e alpha/started
    until_true 30 test -e beta/started
    "$XSW" trace follow net://10.9.0.1 >both.txt 2>both.log &
    local follow=$!
    until_true 20 grep -q following both.log
    touch alpha/go
    until_true 20 grep -q ' alpha truth packet_dropped #5' both.txt
    touch beta/go
    until_true 20 grep -q ' beta truth packet_dropped #5' both.txt
    kill -INT $follow
    wait $follow
    equal "events of both" "$(grep -c packet_dropped both.txt)" 10
    cut -d ' ' -f 1 both.txt >times
    sort -c times
    touch alpha/end beta/end
    wait "${pids[@]}"
    # Each has a clock of its own, which babeltrace2 refuses to put in one order unless it counts from 1970.
    equal "clocks" "$(find relay -name metadata -exec grep -aoh 'uuid = "1111111[0-9]-2222' {} + | sort -u | wc -l)" 2
    # Stock babeltrace2 reads the same from what the relay daemon has kept.
    babeltrace2 relay >relay.txt
    equal "alpha's" "$(grep -c 'alpha.*packet_dropped' relay.txt)" 5
    equal "beta's" "$(grep -c 'beta.*packet_dropped' relay.txt)" 5
    "$XSW" trace follow relay event packet_dropped >kept.txt
    equal "all" "$(wc -l <kept.txt)" 10
    kill "$(cat /run/lttng/lttng-relayd.pid 2>/dev/null || pgrep -x lttng-relayd)" 2>/dev/null || true
}

# What goes wrong ----------------------------------------------------------------------------------

claim_a_session_that_loses_events_says_how_many() {
    dropping_switch 60000
    "$XSW" trace start t to "$PWD/ctf"
    # Nobody takes the events out of the buffers.
    local consumer
    consumer=$(pgrep -f lttng-consumerd | head -n 1)
    kill -STOP "$consumer"
    play in.pcap 60000
    kill -CONT "$consumer"
    local code=0
    "$XSW" --json trace stop t >stop.json || code=$?
    equal "exit status" $code 1
    local lost
    lost=$(jq .lost_events stop.json)
    [ "$lost" -gt 0 ]
    traced ctf "len(events) + $lost == 60000"
    code=0
    "$XSW" trace follow ctf >follow.txt 2>follow.log || code=$?
    equal "exit status of follow" $code 1
    grep -q 'events lost here' follow.txt
    grep -q "events shown, $lost lost" follow.log
}

claim_a_session_daemon_that_is_killed_leaves_the_switch_and_another_takes_over() {
    dropping_switch 9
    "$XSW" trace start
    # shellcheck disable=SC2046
    kill -KILL $(pgrep -f 'lttng-(sessiond|consumerd)')
    play in.pcap 9
    lives
    "$XSW" trace status | grep -q 'no session'
    local code=0
    "$XSW" trace stop 2>stop.log || code=$?
    [ $code -ne 0 ]
    grep -q 'no session daemon' stop.log
    until_true 20 recorded '. == []'
    "$XSW" trace start again to "$PWD/ctf" 2>again.log
    grep -q 'started lttng-sessiond' again.log
    "$XSW" port remove in
    play in.pcap 9
    "$XSW" trace stop again
    traced ctf 'len(events) == 9'
    lives
}

claim_a_full_disk_is_told_and_leaves_the_switch() {
    dropping_switch 60000
    mkdir small
    mount -t tmpfs -o size=4M tmpfs small
    "$XSW" trace start t to "$PWD/small/ctf"
    play in.pcap 60000
    lives
    until_true 20 disk_is_full
    local code=0
    "$XSW" trace status >status.txt || code=$?
    equal "exit status of status" $code 1
    grep -q 'is full' status.txt
    code=0
    "$XSW" trace stop t >stop.txt 2>&1 || code=$?
    equal "exit status of stop" $code 1
    grep -q 'is full' stop.txt
    port_has in rx_packets 60000
    lives
}

metadata_is_written() { [ -s "$(find "$1" -name metadata)" ]; }

# DIR: LTTng writes at least each second.
events_are_written() { [ -n "$(find "$1" -type f ! -name metadata ! -name '*.idx' -size +0)" ]; }
claim_what_was_written_before_the_disk_was_full_can_be_read() {
    dropping_switch 60000
    frames "write('few.pcap', [eth(1, 1, bytes(46))] * 10)"
    mkdir small
    mount -t tmpfs -o size=4M tmpfs small
    "$XSW" trace start t to "$PWD/small/ctf"
    until_true 20 metadata_is_written small/ctf
    play few.pcap 10
    until_true 20 events_are_written small/ctf
    "$XSW" port remove in
    play in.pcap 60000
    until_true 20 disk_is_full
    "$XSW" --json trace stop t >stop.json || true
    jq -e '.disk_full and .cut_bytes > 0' stop.json
    # Packets are numbered from 1 on, and the first of them came first.
    traced small/ctf "{int(e['packet_id']) for e in events} >= set(range(1, 11))"
    traced small/ctf "1000 < len(events) < 60010"
    "$XSW" analyze --timeline --json small/ctf >timeline.json
    jq -e '[.timeline.entries[] | select(.kind == "begin" and .name == "packet_dropped")] != []' timeline.json
}

# The session is ended by lttng(1), which cuts nothing: xsw reads what is whole, and leaves the trace as it is.
claim_what_a_full_disk_has_torn_is_read_as_far_as_it_is_whole() {
    dropping_switch 60000
    mkdir small room
    export TMPDIR=$PWD/room
    mount -t tmpfs -o size=4M tmpfs small
    "$XSW" trace start t to "$PWD/small/ctf"
    until_true 20 metadata_is_written small/ctf
    play in.pcap 60000
    until_true 20 disk_is_full
    lttng destroy t 2>destroy.log || true
    fails babeltrace2 small/ctf >stock.txt 2>stock.log
    find small/ctf -type f -exec sha256sum {} + | sort >before.txt
    local code=0
    "$XSW" trace follow small/ctf >follow.txt 2>follow.log || code=$?
    equal "exit status of follow" $code 1
    local torn shown
    torn=$(sed -n 's/^\([1-9][0-9]*\) bytes at the end, .* cannot be read$/\1/p' follow.log)
    shown=$(grep -c 'packet_dropped' follow.txt)
    [ "$shown" -gt 1000 ]
    code=0
    "$XSW" analyze --timeline --json small/ctf >timeline.json 2>timeline.log || code=$?
    equal "exit status of analyze" $code 3
    grep -q "its last $torn bytes are torn" timeline.log
    jq -e "[.timeline.entries[] | select(.kind == \"begin\" and .name == \"packet_dropped\").count] | add == $shown" timeline.json
    find small/ctf -type f -exec sha256sum {} + | sort >after.txt
    diff before.txt after.txt
    equal "what is left in TMPDIR" "$(ls -A room)" ""
    # Where there is no room for what is whole, that is said.
    mount -t tmpfs -o size=64k tmpfs room
    code=0
    "$XSW" trace follow small/ctf >none.txt 2>none.log || code=$?
    equal "exit status of follow without room" $code 3
    grep -q 'room/*: no room for [0-9]* bytes.*TMPDIR' none.log
    equal "what is left in TMPDIR" "$(ls -A room)" ""
}

claim_what_was_written_before_lttng_was_killed_can_be_read() {
    dropping_switch 9
    "$XSW" trace start t to "$PWD/ctf"
    play in.pcap 9
    until_true 20 is_in_folder 9
    # shellcheck disable=SC2046
    kill -KILL $(pgrep -f 'lttng-(sessiond|consumerd)')
    traced ctf 'len(events) == 9'
}

is_in_folder() { [ "$(babeltrace2 ctf 2>>ctf.log | grep -c packet_dropped)" -eq "$1" ]; }

disk_is_full() { "$XSW" --json trace status | jq -e '.sessions[0].disk_full'; }

claim_without_a_provider_nothing_is_left_and_the_error_says_what_to_do() {
    XSW_TRACE_PROVIDER=/nowhere.so out_switch
    local code=0
    "$XSW" trace start 2>start.log || code=$?
    equal "exit status" $code 3
    grep -q 'liblttng-ust1' start.log
    lttng list 2>&1 | grep -q 'no available'
    lives
}

claim_without_a_switch_nothing_is_started() {
    local code=0
    XSW_SOCKET=$PWD/none.sock "$XSW" trace start 2>start.log || code=$?
    equal "exit status" $code 3
    fails pgrep lttng-sessiond
    "$XSW" trace status | grep -q 'no session'
    code=0
    "$XSW" trace follow nowhere 2>follow.log || code=$?
    equal "exit status of follow" $code 1
    grep -q 'nowhere is no folder' follow.log
    mkdir empty
    code=0
    "$XSW" trace follow empty 2>follow.log || code=$?
    equal "exit status of follow" $code 1
    grep -q 'holds no trace' follow.log
}
