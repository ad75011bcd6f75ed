# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What recordings of several files promise, and disks that are full: no journey is split, each file has
# the account of its part, and the parts add up to the whole.
# shellcheck source=tests/system/capture.sh
. "$here/capture.sh"

# rotating OPTIONS…: a recorder to roll.pcapng or what the options say.
rotating() {
    : >capture.log
    "$XSW" capture --json "$@" >capture.json 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
}

rotating_stop() {
    local code=0
    kill -INT $capture
    wait $capture || code=$?
    equal "exit status of capture" $code "${1:-0}"
}

# each_file_is_sound FILE…: alone; tshark reads it whole, and its proof holds. But the original of a
# copy may be in another file, and then that line is unknown.
each_file_is_sound() {
    local file received=0
    for file in "$@"; do
        analyze "$file"
        report_is '.verdict != "fails"'
        report_is 'all($s.sessions[].proof[]; .state == "holds" or .subject == "copies")'
        received=$((received + $(jq .switches[0].summary.received report.json)))
        equal "tshark on $file" "$(tshark -r "$file" 2>tshark.log | wc -l)" \
            "$(jq .switches[0].summary.records report.json)"
        fails grep -i 'cut short\|malformed\|error' tshark.log
    done
    equal "received, over all files" $received "$(cat sent)"
}

claim_files_of_a_series_are_sound_alone_and_prove_the_sum() {
    mixed_frames 6000
    echo 6000 >sent
    mixed_switch
    "$XSW" capture -w whole.pcapng 2>whole.log &
    local whole=$!
    until_true 20 grep -q '^recording' whole.log
    rotating -w roll.pcapng -C 1M
    play in.pcap 6000
    rotating_stop
    kill -INT $whole
    wait $whole
    local numbers='.switches[0] | [.drops[], .changes[] | {stage_name, reason_name, packets}]'
    analyze whole.pcapng
    jq -c "$numbers" report.json >one
    analyze roll_*.pcapng
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds" and $m.received == 6000'
    report_is 'any($s.sessions[].proof[]; .text | test("the whole recording"))'
    jq -c "$numbers" report.json >all
    cmp one all
    local files
    files=$(jq .files capture.json)
    [ "$files" -gt 4 ]
    equal "files" "$(ls roll_*.pcapng | wc -l)" "$files"
    ls roll_00001_2*.pcapng "roll_$(printf %05d "$files")"_2*.pcapng >/dev/null
    each_file_is_sound roll_*.pcapng
}

claim_a_file_that_is_missing_is_told() {
    mixed_frames 6000
    mixed_switch
    rotating -w roll.pcapng.zst -C 256K
    play in.pcap 6000
    rotating_stop
    rm roll_00002_*
    analyze roll_*
    report_is '.verdict == "unknown" and all($s.sessions[].proof[]; .state != "fails")'
    report_is 'any($s.sessions[].proof[]; .text | test("not all of them"))'
}

claim_a_ring_of_files_keeps_the_newest() {
    mixed_frames 6000
    mixed_switch
    rotating -w roll.pcapng -C 512K -W 3
    play in.pcap 6000
    rotating_stop
    equal "files that are left" "$(ls roll_* | wc -l)" 3
    equal "files = left + deleted" "$(jq .files capture.json)" $((3 + $(jq .deleted capture.json)))
    analyze roll_*
    report_is 'all($s.sessions[].proof[]; .state == "holds" or .subject == "copies")'
    report_is '$m.received > 0 and $m.received < 6000'
    equal "the account is that of all" "$(account written)" "$(jq .recorder.written capture.json)"
}

claim_packed_files_of_a_series_are_read_by_wireshark_as_they_are() {
    mixed_frames 20000
    mixed_switch
    rotating -w roll.pcapng.zst -C 512K
    play in.pcap 20000
    rotating_stop
    local file shown total=0
    for file in roll_*; do
        zstd -q -t "$file"
        shown=$(tshark -r "$file" 2>/dev/null | wc -l)
        equal "$file, unpacked" "$shown" "$(zstd -dcq "$file" | tshark -r - 2>/dev/null | wc -l)"
        # What happened to the capture meanwhile is a line of tshark's, too, and no record.
        total=$((total + $(tshark -r "$file" -Y 'not systemd_journal' 2>/dev/null | wc -l)))
    done
    [ "$(ls roll_* | wc -l)" -gt 2 ]
    analyze roll_*
    report_is '.verdict == "holds" and $m.received == 20000'
    equal "records for tshark" $total "$(jq '[.switches[].summary.records] | add' report.json)"
}

claim_files_are_rotated_by_time() {
    mixed_frames 300
    echo 300 >sent
    mixed_switch
    rotating -w roll.pcapng.zst -G 0.2
    play in.pcap 300
    several() { [ "$(ls roll_* | wc -l)" -ge 4 ]; }
    until_true 20 several
    rotating_stop
    each_file_is_sound roll_*
}

# has_no_end FILE: no interface statistics, which are the last blocks of a file.
has_no_end() {
    python3 -c '
import struct, sys
data, at = open(sys.argv[1], "rb").read(), 0
while at + 8 <= len(data):
    kind, length = struct.unpack_from("<II", data, at)
    if kind == 5 or length < 12:
        sys.exit(1)
    at += length' "$1"
}

claim_a_killed_recorder_leaves_whole_blocks_in_every_file() {
    mixed_frames 6000
    mixed_switch
    rotating -w roll.pcapng -C 512K
    play in.pcap 6000
    # Killed while it writes a file: between two, nothing would be missing from those that are there.
    in_the_middle_of_a_file() {
        kill -STOP $capture
        [ "$(ls roll_* | wc -l)" -ge 3 ] && has_no_end "$(ls roll_* | tail -n 1)" && return
        kill -CONT $capture
        false
    }
    until_true 10 in_the_middle_of_a_file
    kill -KILL $capture
    wait $capture || true
    local file
    for file in roll_*; do
        tshark -r "$file" >tshark.txt 2>tshark.log
        fails grep -i 'cut short\|malformed' tshark.log
    done
    analyze roll_*
    report_is '.verdict == "unknown" and all($s.sessions[].proof[]; .state != "fails")'
}

claim_writing_stops_at_the_floor_and_goes_on_when_there_is_room() {
    mixed_frames 2000
    mixed_switch
    mkdir small
    mount -t tmpfs -o size=64m tmpfs small
    rotating -w small/capture.pcapng --min-free 16M
    play in.pcap 2000
    head -c 44M /dev/zero >small/filler
    "$XSW" port remove in
    play in.pcap 2000
    "$XSW" port remove in
    play in.pcap 2000
    until_true 20 grep -q 'less than 16 MiB are free' capture.log
    rm small/filler
    "$XSW" port remove in
    play in.pcap 2000
    until_true 20 grep -q 'is written again' capture.log
    rotating_stop 1
    local lost
    lost=$(jq .recorder.lost.disk capture.json)
    [ "$lost" -gt 0 ]
    equal "taken from the rings = written + lost" "$(account written)" \
        $(($(jq .recorder.written capture.json) + lost))
    analyze small/capture.pcapng
    report_is '.verdict == "unknown" and all($s.sessions[].proof[]; .state != "fails")'
    report_is "\$m.received > 2000 and \$m.received < 8000"
}

claim_a_ring_of_files_makes_room_for_itself() {
    mixed_frames 6000
    mixed_switch
    mkdir small
    mount -t tmpfs -o size=64m tmpfs small
    head -c 12M /dev/zero >small/filler
    rotating -w small/roll.pcapng -C 2M -W 1000 --min-free 8M
    for _ in 1 2 3 4 5 6; do
        play in.pcap 6000
        "$XSW" port remove in
    done
    rotating_stop
    [ "$(jq .deleted capture.json)" -gt 0 ]
    equal "nothing was lost" "$(jq .recorder.lost.disk capture.json)" 0
}

claim_a_pipe_without_a_reader_holds_no_session() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80)] * 20)'
    mkfifo pipe
    "$XSW" capture -w pipe 2>capture.log &
    capture=$!
    until_true 10 grep -q '^waiting for a reader' capture.log
    no_session
    kill -INT $capture || true
    kill -TERM $capture
    wait $capture || true
    no_session
    "$XSW" capture -w pipe 2>capture.log &
    capture=$!
    until_true 10 grep -q '^waiting for a reader' capture.log
    tshark -r pipe >live.txt 2>tshark.log &
    local tshark=$!
    until_true 20 grep -q '^recording' capture.log
    play in.pcap 20
    kill -INT $capture
    wait $capture
    wait $tshark
    [ "$(wc -l <live.txt)" -ge 40 ]
}

claim_tcpdump_and_tshark_read_the_stream() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80)] * 20)'
    mkfifo to_tshark
    tshark -l -i - <to_tshark >live.txt 2>tshark.log &
    local tshark=$!
    "$XSW" capture -w - 2>capture.log > >(tee stream.pcapng >to_tshark) &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
    play in.pcap 20
    kill -INT $capture
    wait $capture
    wait $tshark
    analyze stream.pcapng
    report_is '.verdict == "holds" and $m.received == 20'
    local records
    records=$(jq .switches[0].summary.records report.json)
    equal "tshark -i -" "$(wc -l <live.txt)" "$records"
    local count='tcpdump -Z root --count -r -'
    equal "tcpdump -r -" "$($count <stream.pcapng 2>/dev/null ||
        unshare --user tcpdump --count -r - <stream.pcapng 2>/dev/null)" "$records packets"
}

claim_rotation_needs_a_file() {
    mixed_switch
    mkfifo pipe
    local code=0
    "$XSW" capture -w pipe -C 1M 2>capture.log || code=$?
    equal "exit status" $code 2
    code=0
    "$XSW" capture -w roll.pcapng -W 3 2>second.log || code=$?
    equal "exit status" $code 2
    no_session
}

claim_an_export_is_what_came_in_and_what_went_out() {
    mixed_frames 3000
    mixed_switch
    capture_start
    "$XSW" capture --every-stage -w every.pcapng 2>every.log &
    local every=$!
    until_true 20 grep -q '^recording' every.log
    play in.pcap 3000
    kill -INT $every
    wait $every
    capture_stop
    switch_stop
    "$XSW" export --stage in.rx -w rx.pcap capture.pcapng
    "$XSW" export --stage b.tx -w tx.pcap capture.pcapng
    frames '
assert sorted(read("rx.pcap")) == sorted(read("in.pcap"))
assert read("rx.pcap") == read("in.pcap")
assert sorted(read("tx.pcap")) == sorted(read("b.pcap"))'
    # A stage in between, which most packets pass without a record of their own.
    local stage
    for stage in in.ingress-policy b.egress-policy c.mirror; do
        "$XSW" export --stage $stage -w folded.pcap capture.pcapng || [ $? -eq 1 ]
        "$XSW" export --stage $stage -w unfolded.pcap every.pcapng || [ $? -eq 1 ]
        frames 'assert read("folded.pcap") == read("unfolded.pcap")'
    done
    local code=0
    "$XSW" export --stage nobody.rx -w none.pcap capture.pcapng 2>none.log || code=$?
    equal "exit status for a port that is not there" $code 1
}

claim_tcp_analysis_of_an_export_sees_no_false_retransmission() {
    mixed_switch
    frames '
def segment(n):
    one, two = "10.0.0.1", "10.0.0.2"
    head = struct.pack("!HHIIBBHHH", 7, 80, 1 + 100 * n, 1, 0x50, 0x10, 1024, 0, 0)
    return eth(2, 1, ipv4(one, two, 6, transport(one, two, 6, head + bytes(100), 16)), 0x0800)
write("in.pcap", [segment(n) for n in range(200)])'
    capture_start
    play in.pcap 200
    capture_stop
    false_ones() { tshark -r "$1" -Y tcp.analysis.flags 2>/dev/null | wc -l; }
    [ "$(false_ones capture.pcapng)" -gt 0 ]
    "$XSW" export --stage in.rx capture.pcapng >rx.pcap
    "$XSW" export --stage b.tx capture.pcapng >tx.pcap
    local file
    for file in rx.pcap tx.pcap; do
        equal "packets in $file" "$(tshark -r $file 2>/dev/null | wc -l)" 200
        equal "false ones in $file" "$(false_ones $file)" 0
    done
}
