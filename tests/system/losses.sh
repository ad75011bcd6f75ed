# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Loss is an identity: what the recorder cannot write or read is counted by cause, in the file where it
# happened, and the sums agree.
# shellcheck source=tests/system/capture.sh
. "$here/capture.sh"

# recording_starts OPTIONS…: to what the options say.
recording_starts() {
    : >capture.log
    "$XSW" capture --json "$@" >capture.json 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
}

# recording_ends CODE
recording_ends() {
    local code=0
    kill -INT $capture || true
    wait $capture || code=$?
    equal "exit status of capture" $code "$1"
}

again() {
    "$XSW" port remove in
    play in.pcap "$1"
}

halt() {
    kill -STOP $capture
    until_true 20 grep -q '^State:.*T' /proc/$capture/status
}

lost() { jq ".recorder.lost[\"$1\"]" capture.json; }

# identity: offered = filtered + sampled + lost on the switch + what the recorder wrote and lost.
identity() {
    jq -e '([.workers[] | .filtered + .sampled + (.lost | add)] | add) +
        .recorder.written + (.recorder.lost | add) == ([.workers[].offered] | add)' capture.json \
        >identity.txt || {
        jq . capture.json >&2
        return 1
    }
}

# losses_of FILE CAUSE: what the summary of this file says.
losses_of() {
    python3 -c "
import json, sys; sys.path.insert(0, '$here')
import journeys
print(journeys.losses('$1').get('$2', 0))"
}

small_disk() {
    mkdir small
    mount -t tmpfs -o "size=$1" tmpfs small
}

claim_a_disk_that_fills_up_while_rotating_loses_what_it_says() {
    mixed_frames 6000
    mixed_switch
    small_disk 12m
    recording_starts -w small/roll.pcapng -C 1M --min-free 1M
    local i
    play in.pcap 6000
    for i in 1 2 3; do
        again 6000
    done
    recording_ends 1
    [ "$(lost disk)" -gt 0 ]
    identity
    analyze small/roll_*.pcapng
    report_is '.verdict != "fails" and all($s.sessions[].proof[]; .state != "fails")'
    # When there is room again, a new recording there is a whole one.
    rm small/roll_*
    recording_starts -w small/next.pcapng
    again 6000
    recording_ends 0
    identity
    equal "lost: disk" "$(lost disk)" 0
}

claim_a_ring_that_a_hostile_switch_fills_with_nonsense_is_told_and_counted() {
    mixed_frames 300
    mixed_switch
    recording_starts -w capture.pcapng
    play in.pcap 300
    # Frames are written a moment after they came; only then the recorder stands still.
    whole() { [ "$(python3 -c "
import sys; sys.path.insert(0, '$here')
import journeys; print(len(journeys.whole('capture.pcapng')))")" -ge 300 ]; }
    until_true 20 whole
    halt
    again 300
    python3 "$here/ring_spoil.py" "$switch"
    kill -CONT $capture
    until_true 20 grep -q 'makes no sense' capture.log
    recording_ends 1
    [ "$(lost reader)" -ge 300 ]
    identity
    analyze capture.pcapng
    report_is '.verdict == "unknown" and all($s.sessions[].proof[]; .state != "fails")'
    # The switch is as well as before.
    recording_starts -w next.pcapng
    again 300
    recording_ends 0
    identity
}

claim_what_comes_behind_the_limit_is_counted_and_not_written() {
    mixed_frames 6000
    mixed_switch
    recording_starts -w capture.pcapng --count 100
    play in.pcap 6000
    local code=0
    wait $capture || code=$?
    equal "exit status of capture" $code 0
    equal "written" "$(jq .recorder.written capture.json)" 100
    [ "$(lost past-limit)" -gt 0 ]
    identity
    analyze capture.pcapng
    report_is 'all($s.sessions[].proof[]; .state != "fails")'
    equal "journeys in the file" "$(python3 -c "
import sys; sys.path.insert(0, '$here')
import journeys; print(len(journeys.whole('capture.pcapng')))")" 100
}

claim_what_is_lost_across_a_rotation_is_told_by_the_right_file() {
    mixed_frames 3000
    mixed_switch
    recording_starts -w roll.pcapng -C 400K --ring 4096
    play in.pcap 3000
    several() { [ "$(ls roll_* | wc -l)" -ge 3 ]; }
    until_true 20 several
    halt
    again 3000
    again 3000
    again 3000
    kill -CONT $capture
    again 3000
    recording_ends 1
    identity
    local all=0 file number
    for file in roll_*; do
        number=$(losses_of "$file" ring-full)
        all=$((all + number))
        # The first files were written before the ring was full.
        case $file in
        roll_00001_* | roll_00002_*) equal "lost in $file" "$number" 0 ;;
        esac
        analyze "$file"
        report_is 'all($s.sessions[].proof[]; .state != "fails")'
    done
    [ "$all" -gt 0 ]
    equal "lost over all files" $all "$(jq '[.workers[].lost["ring-full"]] | add' capture.json)"
}

claim_an_expression_holds_in_every_file_of_a_series() {
    mixed_frames 6000
    mixed_switch
    "$XSW" capture -w whole.pcapng 2>whole.log &
    local whole=$!
    until_true 20 grep -q '^recording' whole.log
    recording_starts -w roll.pcapng.zst -C 64K --where dropped
    play in.pcap 6000
    recording_ends 0
    kill -INT $whole
    wait $whole
    identity
    [ "$(ls roll_* | wc -l)" -gt 2 ]
    "$XSW" analyze --json --where dropped whole.pcapng | jq '.where.packets[].packet' | sort -n >one
    "$XSW" analyze --json --where 'packet >= 0' roll_* | jq '.where.packets[].packet' | sort -n >all
    [ -s one ]
    cmp one all
    analyze roll_*
    report_is '.verdict == "holds" or all($s.sessions[].proof[]; .state == "holds" or .subject == "copies")'
}

claim_a_restart_never_goes_on_behind_a_torn_block() {
    mixed_frames 3000
    mixed_switch
    local file
    for file in capture.pcapng capture.pcapng.zst; do
        recording_starts -w $file
        play in.pcap 3000
        has_some() { [ "$(stat -c %s $file)" -gt 20000 ]; }
        until_true 20 has_some
        kill -KILL $capture
        wait $capture || true
        truncate -s -1001 $file
        "$XSW" port remove in
        recording_starts -w $file
        play in.pcap 3000
        recording_ends 0
        identity
        "$XSW" port remove in
        analyze $file
        report_is '.verdict == "holds" and $m.received == 3000'
        tshark -r $file >tshark.txt 2>tshark.log
        fails grep -i 'cut short\|malformed\|corrupt' tshark.log
        equal "records for tshark" "$(wc -l <tshark.txt)" \
            "$(jq .switches[0].summary.records report.json)"
    done
}

# statistics FILE FIELD: of all statistics blocks, one a line, as stock tshark reads them.
statistics() {
    tshark -r "$1" -X 'read_format:MIME Files Format' -T fields -E 'aggregator= ' \
        -e "pcapng.options.option.data.interface.$2" 2>>tshark.log | tr ' ' '\n'
}

# line_says: the last line about progress that a terminal was shown is about so many.
line_says() {
    tr '\r' '\n' <tty.log | tail -n 1 |
        grep -q " $1 journeys written, $2 filtered, $3 lost, "
}

claim_a_loss_is_the_same_in_file_and_report_on_the_line_and_on_the_screen() {
    frames "
small = [eth(2, 1, bytes([n]) * 60) for n in range(150)]
# A journey with such a frame is larger than half of the ring.
large = [eth(2, 1, bytes(40000)) for _ in range(20)]
write('in.pcap', [eth(3, 9, bytes(60))] * 10 + small[:70] + large + small[70:])"
    out_switch
    # Only who looks at a terminal is told while it goes on.
    # shellcheck disable=SC2016
    python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' sh -c \
        'exec "$0" capture --json --name lossy --budget 100 --ring 64 -w capture.pcapng \
            "ether src 02:00:00:00:00:01" >capture.json' "$XSW" >tty.log &
    capture=$!
    until_true 20 grep -q 'recording switch' tty.log
    play in.pcap 180
    until_true 20 line_says 150 10 20
    "$XSW" top --once --json --screen sessions >top.json
    jq -e '.rows[] | select(.session | endswith(" lossy")) |
        .offered == 180 and .written == 150 and .filtered == 10 and .lost == 20' top.json
    "$XSW" capture stop lossy >stop.txt
    local code=0
    wait $capture || code=$?
    equal "exit status of capture" $code 1
    equal "records that are too big" "$(jq '[.workers[].lost["record-too-big"]] | add' capture.json)" 20
    equal "offered" "$(jq '[.workers[].offered] | add' capture.json)" 180
    identity
    equal "too big, by the file" "$(losses_of capture.pcapng record-too-big)" 20
    # Of rx, of tx, and the one with the summary.
    equal "isb_ifdrop" "$(statistics capture.pcapng dropped | xargs)" "20 20 20"
    equal "isb_usrdeliv" "$(statistics capture.pcapng delivered_to_user | xargs)" "150 150"
    equal "epb_dropcount in all" "$(tshark -r capture.pcapng -T fields -e frame.drop_count 2>>tshark.log |
        awk '{ sum += $1 } END { print sum }')" 20
    capinfos -M -c capture.pcapng | grep -q 'packets: *300$'
    analyze capture.pcapng
    report_is '$s.sessions[0].lost == 20 and all($s.sessions[].proof[]; .state != "fails")'
    switch_stop
}
