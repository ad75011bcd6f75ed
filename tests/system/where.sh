# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The metadata expression: the recorder keeps what matches and no more, the account says what it left
# out, and the same expression on a whole recording selects the same packets.

where_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1},
 "extensions": [{"path": "rewrite", "name": "mark", "settings": {"match": "udp", "dscp": 10}}],
 "ports": [{"name": "a", "kind": "file", "output": "$PWD/a.pcap"},
           {"name": "b", "kind": "file", "output": "$PWD/b.pcap",
            "vlan": {"mode": "trunk", "native": 7, "allowed": [1, 7]},
            "acl": [{"id": 3, "direction": "out", "action": "deny", "destination_ports": "53"}]},
           {"name": "c", "kind": "file", "output": "$PWD/c.pcap", "mirror_to": "a"}]}
JSON
}

where_frames() {
    frames "
import random
dice = random.Random(1)
def frame():
    to, data = dice.choice([1, 2, BROADCAST]), dice.randbytes(dice.choice([0, 40, 900, 1472]))
    return dice.choice([eth(to, 1, data), udp(2, dice.randrange(1, 9), 9, 53, data),
                        tcp(2, 1, 7, 80, data), eth(to, 1, data, tags=[10]), eth(2, 1)[:9],
                        eth(to, 5, bytes(2000)), udp(3, 1, 9, 80, data)])
write('in.pcap', [frame() for _ in range($1)])"
}

# record NAME [OPTIONS]: into NAME.pcapng, until recorded.
record() {
    local name=$1
    shift
    "$XSW" capture --json -w "$name.pcapng" "$@" >"$name.json" 2>"$name.log" &
    recorders+=($!)
    until_true 20 grep -q '^recording' "$name.log"
}

recorded() {
    kill -INT "${recorders[@]}"
    wait "${recorders[@]}"
}

# packets FILE [EXPRESSION]: the ids, one a line.
packets() {
    "$XSW" analyze --json --where "${2:-packet >= 0}" "$1" | jq '.where.packets[].packet' | sort -n
}

# number NAME MEMBER: of what the recorder said at its end.
number() { jq "[.workers[].$2] | add" "$1.json"; }

# selects_alike EXPRESSION...: while 1500 frames are played into the switch that runs, and of the
# recording of all of them.
selects_alike() {
    local recorders=() i
    local expressions=("$@")
    where_frames 1500
    record whole
    for i in "${!expressions[@]}"; do
        record "live$i" --where "${expressions[i]}"
    done
    play in.pcap 1500
    recorded
    for i in "${!expressions[@]}"; do
        packets whole.pcapng "${expressions[i]}" >expected.txt
        fails equal "nothing for ${expressions[i]}" "$(wc -l <expected.txt)" 0
        packets "live$i.pcapng" >found.txt
        diff expected.txt found.txt
        equal "written" "$(number "live$i" written)" "$(wc -l <expected.txt)"
        equal "unwanted, ${expressions[i]}" "$(number "live$i" unwanted)" \
            $(($(number "live$i" offered) - $(number "live$i" written)))
        analyze "live$i.pcapng"
        equal "exit status of analyze" $analyzed 0
        report_is '.verdict == "holds"'
    done
}

claim_an_expression_selects_the_same_packets_live_and_afterwards() {
    local expressions=(
        'dropped'
        'reason in (acl-denied, vlan-not-allowed) and not clone'
        'changed and extension == mark and length < 500'
        'rule == 3 or stage == rx'
        'clone == mirror or flood and destination == b'
        'source == 4 and delivered and pcap "udp and ip[1] == 0"'
        'not (dropped or changed or clone) and vlan in (0, 1) or parent != 0 and port == c')
    where_switch
    selects_alike "${expressions[@]}"
}

claim_what_a_stage_did_is_told_alike_live_and_afterwards() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1},
 "extensions": [{"path": "rewrite", "name": "mark", "settings": {"match": "udp", "dscp": 10}},
                {"path": "delay", "name": "wait", "settings": {"match": "tcp", "milliseconds": 1}}],
 "ports": [{"name": "a", "kind": "file", "output": "$PWD/a.pcap"},
           {"name": "b", "kind": "file", "output": "$PWD/b.pcap",
            "acl": [{"id": 3, "direction": "out", "action": "deny", "destination_ports": "53"}]},
           {"name": "c", "kind": "file", "output": "$PWD/c.pcap", "mirror_to": "a"}]}
JSON
    selects_alike 'changed.at == ingress-filter.mark and not made.at == forward' \
        'made.at == forward or made.at == mirror and not dropped' \
        'end.rule == 3' \
        'end.rule != 3 and dropped' \
        'held.at == ingress-filter.wait' \
        'extension == wait and not mirror'
}

claim_only_what_was_dropped_is_recorded_and_each_with_its_whole_history() {
    local recorders=()
    frames 'write("in.pcap", [udp(2, 1, 9, 80)] * 500 + [udp(2, 1, 9, 53)] * 7 + [eth(2, 1)[:9]] * 3)'
    switch_start <<JSON
{"extensions": [{"path": "rewrite", "name": "mark", "settings": {"match": "udp", "dscp": 10}}],
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap",
            "acl": [{"id": 3, "direction": "out", "action": "deny", "destination_ports": "53"}]}]}
JSON
    record drops --where dropped
    record all
    play in.pcap 510
    recorded
    analyze drops.pcapng
    report_is '.verdict == "holds" and $m.dropped == 10 and $m.received == 10 and $m.delivered == 0'
    report_is '$s.sessions[0].capture.unwanted == 500 and $s.sessions[0].where == "dropped"'
    # What was done to a packet before it was dropped is there.
    report_is '[$s.changes[] | select(.extension == "mark").packets] == [7]'
    "$XSW" analyze --packet "$(packets drops.pcapng 'rule == 3' | head -n 1)" drops.pcapng >one.txt
    grep -q 'ingress-filter.mark' one.txt
    grep -q 'DROPPED\|dropped' one.txt
    [ "$(stat -c %s drops.pcapng)" -lt $(($(stat -c %s all.pcapng) / 4)) ]
    # Afterwards, of the whole recording, the reports are about the same ten.
    "$XSW" analyze --json --where dropped all.pcapng >report.json
    report_is '.verdict == "holds" and $m.dropped == 10 and $m.delivered == 0 and .where.matched == 10'
    "$XSW" analyze --where 'dropped and stage == rx' all.pcapng >report.txt
    grep -q '^3 of 510 journeys match' report.txt
}

claim_an_expression_that_is_wrong_is_shown_where() {
    local code=0
    where_switch
    "$XSW" capture -w x.pcapng --where 'dropped and port == alise or' 2>wrong.txt || code=$?
    equal "exit status" $code 2
    grep -q 'column 29: expected a condition' wrong.txt
    code=0
    "$XSW" capture -w x.pcapng --where 'dropped and reason == acl-denid' 2>wrong.txt || code=$?
    equal "exit status" $code 2
    grep -q 'column 23: there is no reason "acl-denid"; near: acl-denied' wrong.txt
    equal "the caret" "$(sed -n 3p wrong.txt)" "                        ^"
    fails test -e x.pcapng
    equal "sessions" "$(call capture.list | jq '.sessions | length')" 0
}
