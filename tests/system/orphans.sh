# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Recorders that die: what they had not written is in their rings still, and is recovered; the switch
# goes on as if they had never been.
# shellcheck source=tests/system/capture.sh
. "$here/capture.sh"

# orphans EXPRESSION: of jq, on the list.
orphans() {
    "$XSW" capture orphans --json >orphans.json || [ $? -eq 1 ]
    [ -s orphans.json ] && jq -e "$1" orphans.json >/dev/null || {
        cat orphans.json >&2
        return 1
    }
}

# committed COUNT: journeys are in the rings of the only session.
committed() { [ "$(call capture.list | jq '.sessions[0].account.written')" -eq "$1" ]; }

# plain_frames COUNT: what a switch of two ports delivers, and a few that are dropped.
plain_frames() {
    frames "
import random
dice = random.Random(2)
write('in.pcap', [udp(2, 1, 9, dice.choice([53, 80, 81, 82]), dice.randbytes(dice.choice([0, 40, 700])))
                  for _ in range($1)])"
}

plain_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1},
 "ports": [{"name": "out", "kind": "file", "output": "/dev/null",
            "acl": [{"direction": "out", "action": "deny", "destination_ports": "53"}]}]}
JSON
}

# killed_at BYTES COUNT [OPTIONS…]: a recorder to roll.pcapng*, killed when its file has so many bytes or
# the switch has received COUNT, whichever comes first.
killed_at() {
    local bytes=$1 count=$2
    shift 2
    : >capture.log
    "$XSW" capture "$@" 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/in.pcap'}" >call.json
    until [ "$(cat roll* | wc -c)" -ge "$bytes" ] || port_has in rx_packets "$count"; do :; done
    kill -KILL $capture
    wait $capture || true
    until_true 20 no_session
    "$XSW" port remove in
}

# recovered_is_the_rest: of the recorder that was killed; nothing is missing and nothing invented.
recovered_is_the_rest() {
    local committed
    "$XSW" capture orphans --json >orphans.json || [ $? -eq 1 ]
    committed=$(jq '.orphans[-1].account.written' orphans.json)
    "$XSW" capture recover rest.pcapng behind roll* --json >recovered.json
    python3 "$here/journeys.py" "$committed" rest.pcapng roll* >both.txt
    equal "journeys" "$(jq .journeys recovered.json)" "$(cut -d ' ' -f 3 both.txt)"
    equal "journeys in both" "$(cut -d ' ' -f 1 both.txt)" 0
    analyze roll* rest.pcapng
    report_is '.verdict != "fails" and all($s.sessions[].proof[]; .state != "fails")'
    orphans '.orphans == []'
}

# killed_many_times TIMES OPTIONS…
killed_many_times() {
    local times=$1 left=0 i
    shift
    plain_frames 12000
    plain_switch
    for i in $(seq "$times"); do
        killed_at $((RANDOM * 170)) 12000 "$@"
        if "$XSW" capture orphans >orphans.txt; then
            continue # all that was committed had been written
        fi
        left=$((left + 1))
        recovered_is_the_rest
        rm -f roll* rest.pcapng
    done
    [ $left -gt $((times / 3)) ]
}

claim_a_killed_recorder_and_its_rings_have_every_journey() {
    killed_many_times "${KILLS:-20}" -w roll.pcapng # KILLS: by hand also hundreds
}

claim_a_killed_recorder_of_a_compressed_series_and_its_rings_have_every_journey() {
    killed_many_times 8 -w roll.pcapng.zst -C 64K
}

claim_a_killed_recorder_with_a_small_ring_and_its_rings_have_every_journey() {
    killed_many_times 8 -w roll.pcapng --ring 64
}

claim_what_is_recovered_is_a_recording_that_claims_no_more_than_it_has() {
    plain_frames 12000
    plain_switch
    # Nothing is written: the disk takes nothing, so that all is in the ring.
    mkfifo pipe
    exec 9<>pipe
    "$XSW" capture -w pipe 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
    play in.pcap 12000
    kill -KILL $capture
    wait $capture || true
    until_true 20 no_session
    # A file that is there is not written over, and nothing goes from the rings for it.
    echo precious >rest.pcapng
    local code=0
    "$XSW" capture recover rest.pcapng 2>there.log || code=$?
    equal "exit status for a file that is there" $code 3
    grep -q 'rest.pcapng: is there already' there.log
    equal "the file that is there" "$(cat rest.pcapng)" precious
    rm rest.pcapng
    "$XSW" capture recover rest.pcapng
    analyze rest.pcapng
    report_is '.verdict == "unknown" and all($s.sessions[].proof[]; .state != "fails")'
    report_is '$m.received > 0'
    report_is 'any($s.sessions[].proof[]; .text | test("of this part of the recording"))'
    tshark -r rest.pcapng 2>tshark.log >tshark.txt
    fails grep -i 'cut short\|malformed\|error' tshark.log
    equal "records for tshark" "$(wc -l <tshark.txt)" "$(jq .switches[0].summary.records report.json)"
    exec 9>&-
}

claim_orphans_are_few_and_take_no_place_of_a_session() {
    plain_frames 300
    plain_switch
    local i
    for i in 1 2 3 4 5 6 7 8 9 10; do
        # A recorder that never gets to write: stopped before the frames come.
        "$XSW" capture -w "roll$i.pcapng" 2>"roll$i.log" &
        capture=$!
        until_true 20 grep -q '^recording' "roll$i.log"
        kill -STOP $capture
        until_true 20 grep -q '^State:.*T' /proc/$capture/status
        play in.pcap 300
        until_true 20 committed 300
        "$XSW" port remove in
        kill -KILL $capture
        wait $capture || true
        until_true 20 no_session
    done
    orphans '[.orphans[].orphan] | sort == [7, 8, 9, 10]'
    orphans 'all(.orphans[]; .account.written == 300)'
    capture_start
    play in.pcap 300
    capture_stop
    report_is '.verdict == "holds" and $m.received == 300'
    "$XSW" capture recover seven.pcapng 7
    equal "journeys of number 7" "$(python3 -c "
import sys; sys.path.insert(0, '$here')
import journeys; print(len(journeys.whole('seven.pcapng')))")" 300
    local code=0
    "$XSW" capture recover gone.pcapng 1 2>gone.log || code=$?
    equal "exit status for one that is gone" $code 1
    grep -q 'no rings of a dead recorder with number 1' gone.log
}

claim_a_recorder_that_ends_in_order_leaves_no_orphan() {
    plain_frames 300
    plain_switch
    capture_start
    play in.pcap 300
    capture_stop
    orphans '.orphans == []'
}
