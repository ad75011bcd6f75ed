# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What capture promises: it never changes or stops what the switch delivers, and every journey that it
# could not record is counted and called unknown.

mixed_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1},
 "extensions": [{"path": "rewrite", "name": "mark", "settings": {"match": "udp", "dscp": 10}}],
 "ports": [{"name": "a", "kind": "file", "output": "$PWD/a.pcap"},
           {"name": "b", "kind": "file", "output": "$PWD/b.pcap",
            "vlan": {"mode": "trunk", "native": 7, "allowed": [1, 7]},
            "acl": [{"direction": "out", "action": "deny", "destination_ports": "53"}]},
           {"name": "c", "kind": "file", "output": "$PWD/c.pcap", "mirror_to": "a"}]}
JSON
}

# mixed_frames COUNT: of all sizes, floods among them, some that are denied, too short or too long.
mixed_frames() {
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

# account MEMBER: of what capture said at its end.
account() { jq "[.workers[].$1] | add" capture.json; }

sessions() { call capture.list | jq '.sessions | length'; }

no_session() { [ "$(sessions)" -eq 0 ]; }

claim_delivery_is_the_same_with_and_without_capture() {
    mixed_frames 6000
    mixed_switch
    play in.pcap 6000
    switch_stop
    mkdir without
    mv [abc].pcap without/
    mixed_switch
    capture_start
    play in.pcap 6000
    capture_stop
    report_is '.verdict == "holds" and $m.received == 6000'
    switch_stop
    local port delivered=0
    for port in a b c; do
        frames "
frames = read('$port.pcap')
assert frames == read('without/$port.pcap'), '$port'
print(len(frames))" >count
        delivered=$((delivered + $(cat count)))
    done
    report_is "\$m.delivered == $delivered"
}

claim_a_recorder_that_stands_still_loses_records_and_says_so() {
    mixed_frames 20000
    mixed_switch
    capture_start --ring 64
    kill -STOP $capture
    play in.pcap 20000
    kill -CONT $capture
    capture_stop 1
    local offered written lost
    offered=$(account offered)
    written=$(account written)
    lost=$(account 'lost["ring-full"] + .lost["record-too-big"]')
    [ "$lost" -gt 0 ]
    equal "offered = written + filtered + lost" "$offered" $((written + $(account filtered) + lost))
    # The switch's own numbers, which do not come from capture.
    local stats
    stats=$("$XSW" --json stats)
    equal "offered = received + copies" "$offered" \
        "$(jq '(.stages[] | select(.name == "rx").in) + ([.stages[].clones] | add)' <<<"$stats")"
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "unknown"'
    report_is "\$s.sessions[0].lost == $lost and ([\$s.sessions[0].gaps[].journeys] | add) <= $lost"
    report_is "\$m.received + \$m.copies_flood + \$m.copies_mirror == $written"
    report_is 'all($s.sessions[].proof[]; .state != "fails")'
    fails "$XSW" analyze --strict capture.pcapng >analyze.log
    "$XSW" analyze capture.pcapng | grep -q 'unknown'
    fails grep -q 'No packet of this recording was' analyze.log
    switch_stop
    equal "delivered nevertheless" "$(frames 'print(sum(len(read(p + ".pcap")) for p in "abc"))')" \
        "$(jq '.stages[] | select(.name == "tx").out' <<<"$stats")"
}

claim_a_filter_decides_at_rx_and_the_rest_is_counted() {
    mixed_switch
    frames 'write("in.pcap", [udp(2, 1, 9, 80, bytes(n)) for n in range(30)] +
        [tcp(2, 1, 9, 80)] * 70)'
    # The extension changes the DSCP: what is recorded was chosen by the packet as it came in.
    capture_start 'udp and ip[1] == 0'
    play in.pcap 100
    capture_stop
    # A flood to three ports: two copies, and none more for the mirror, which is one of them.
    equal "written" "$(account written)" $((30 + 30 * 2))
    equal "offered" "$(account offered)" "$((100 + 100 * 2))"
    equal "filtered" "$(account filtered)" "$(($(account offered) - $(account written)))"
    report_is '.verdict == "holds" and $m.received == 30'
    report_is '[$s.changes[] | select(.extension == "mark").packets] == [30]'
    switch_stop
}

claim_count_and_snap_are_kept() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80, bytes(1000))] * 500)'
    capture_start --count 25 --snap 60
    play in.pcap 500
    wait "$capture"
    analyze capture.pcapng
    equal "written" "$(jq .recorder.written capture.json)" 25
    equal "exit status of analyze" $analyzed 0
    report_is '$s.sessions[0].lost == 0'
    equal "past the limit" "$(jq '.switches[0].sessions[0].past_limit' report.json)" \
        "$(jq '.recorder.lost["past-limit"]' capture.json)"
    tshark -r capture.pcapng -T fields -e frame.cap_len -e frame.len 2>/dev/null | sort -u >sizes
    equal "captured and real length" "$(head -n 1 sizes)" "$(printf '60\t1054')"
    switch_stop
}

claim_two_sessions_are_two_accounts_of_one_truth() {
    mixed_frames 3000
    mixed_switch
    capture_start
    "$XSW" capture --budget 100 -w second.pcapng.zst 'ip' 2>second.log &
    local second=$!
    until_true 10 grep -q '^recording' second.log
    equal "sessions" "$(sessions)" 2
    play in.pcap 3000
    kill -INT $second
    wait $second
    capture_stop
    local alone
    alone=$(jq -c '.switches[0] | [.summary.received, .summary.delivered, .summary.dropped]' report.json)
    report_is '.verdict == "holds" and $m.received == 3000'
    analyze capture.pcapng second.pcapng.zst
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds" and ($s.sessions | length) == 2'
    equal "both files together" "$alone" \
        "$(jq -c '.switches[0] | [.summary.received, .summary.delivered, .summary.dropped]' report.json)"
    switch_stop
}

claim_a_full_disk_is_told_and_the_switch_goes_on() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80, bytes([n % 256]) * 1000) for n in range(3000)])'
    mkdir small
    mount -t tmpfs -o size=512k tmpfs small
    "$XSW" capture --json -w small/capture.pcapng >capture.json 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
    play in.pcap 3000
    until_true 5 port_has c tx_packets 3000
    local code=0
    kill -INT $capture
    wait $capture || code=$?
    [ $code -eq 1 ] || [ $code -eq 3 ]
    grep -q 'small/capture.pcapng' capture.log
    local lost
    lost=$(jq '.recorder.lost.disk' capture.json)
    [ "$lost" -gt 0 ]
    equal "taken from the rings = written + lost" "$(account written)" \
        $(($(jq .recorder.written capture.json) + lost))
    analyze small/capture.pcapng
    report_is '.verdict == "unknown"'
    report_is "\$m.received + \$m.copies_flood + \$m.copies_mirror == $(jq .recorder.written capture.json)"
    report_is 'all($s.sessions[].proof[]; .state != "fails")'
}

claim_every_stage_says_the_same() {
    mixed_frames 1500
    mixed_switch
    "$XSW" capture --every-stage -w every.pcapng 2>every.log &
    local every=$!
    until_true 20 grep -q '^recording' every.log
    capture_start
    play in.pcap 1500
    kill -INT $every
    wait $every
    capture_stop
    local numbers='.switches[0].summary | del(.records, .first_ns, .last_ns)'
    jq -c "$numbers" report.json >folded
    analyze every.pcapng
    equal "exit status of analyze" $analyzed 0
    jq -c "$numbers" report.json >unfolded
    cmp folded unfolded
    report_is '.verdict == "holds"'
}

claim_a_live_reader_gets_whole_records_from_a_pipe() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80)] * 20)'
    mkfifo pipe
    tshark -l -r pipe -Y 'frame.interface_name contains "/in.rx"' >live.txt 2>tshark.log &
    local tshark=$!
    "$XSW" capture -w - >pipe 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
    play in.pcap 20
    kill -INT $capture
    wait $capture
    wait $tshark
    equal "packets that tshark saw" "$(wc -l <live.txt)" 20
}

claim_a_killed_recorder_leaves_the_switch_and_a_readable_file() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80, bytes(100))] * 400)'
    capture_start
    play in.pcap 400
    recorded() { [ "$(tshark -r capture.pcapng 2>/dev/null | wc -l)" -ge 400 ]; }
    until_true 10 recorded
    kill -KILL $capture
    wait $capture || true
    until_true 10 no_session
    "$XSW" port remove in
    play in.pcap 400
    until_true 5 port_has c tx_packets 800
    analyze capture.pcapng
    # Its account at the end is missing, so it is never said that all is there.
    report_is '.verdict == "unknown" and $m.received > 0'
    report_is 'all($s.sessions[].proof[]; .state != "fails")'
    # And the next recorder finds everything in order.
    capture_start
    "$XSW" port remove in
    play in.pcap 400
    capture_stop
    report_is '.verdict == "holds" and $m.received == 400'
    switch_stop
}

claim_a_file_that_has_no_end_is_told_by_the_exit_status() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80, bytes(100))] * 400)'
    capture_start
    play in.pcap 400
    capture_stop
    switch_stop
    zstd -q capture.pcapng -o packed.pcapng.zst
    head -c -7 capture.pcapng >torn.pcapng
    head -c -7 packed.pcapng.zst >torn.pcapng.zst
    for file in torn.pcapng torn.pcapng.zst; do
        analyze "$file"
        equal "exit status of analyze $file" $analyzed 3
        report_is '.verdict == "unknown" and .files[0].status != "whole" and $m.received > 0'
        grep -q "$file" analyze.log
    done
    analyze --strict torn.pcapng
    equal "exit status of analyze --strict" $analyzed 1
}

claim_a_recorder_survives_the_switch() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80, bytes(100))] * 400)'
    capture_start
    play in.pcap 400
    kill -KILL "$switch"
    wait "$switch" || true
    local code=0
    ended() { ! kill -0 $capture; }
    until_true 10 ended
    wait $capture || code=$?
    equal "exit status of capture" $code 0
    equal "why it ended" "$(jq -r .why capture.json)" switch-stopped
    analyze capture.pcapng
    report_is '.verdict != "fails" and $m.received == 400'
    tshark -r capture.pcapng >tshark.txt 2>tshark.log
}

claim_names_in_the_file_outlive_changes_of_the_switch() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80)] * 5)'
    capture_start
    for _ in 1 2 3; do
        play in.pcap 5
        "$XSW" port remove in
    done
    capture_stop
    tshark -r capture.pcapng -T fields -e frame.interface_name 2>/dev/null | sort -u >names
    equal "hosts in the names of interfaces" "$(cut -d / -f 1 names | sort -u)" "$(uname -n)"
    grep -q '/in.rx$' names
    grep -q '/c.tx$' names
}

# As root tcpdump gives up rights that a namespace of an ordinary user does not let it give up.
tcpdump_count() {
    tcpdump -Z root --count -r capture.pcapng 2>/dev/null ||
        unshare --user tcpdump --count -r capture.pcapng 2>/dev/null
}

claim_stock_tools_read_a_recording_and_agree() {
    mixed_frames 2000
    mixed_switch
    capture_start
    play in.pcap 2000
    capture_stop
    switch_stop
    local records reason
    records=$(jq .switches[0].summary.records report.json)
    equal "tshark" "$(tshark -r capture.pcapng 2>/dev/null | wc -l)" "$records"
    equal "tcpdump" "$(tcpdump_count)" "$records packets"
    equal "capinfos" "$(capinfos -TcrM capture.pcapng | cut -f 2)" "$records"
    for reason in runt-frame mtu-exceeded vlan-not-allowed acl-denied; do
        equal "$reason in tshark" \
            "$(tshark -r capture.pcapng -Y "frame.comment contains \"reason=$reason\"" 2>/dev/null |
                wc -l)" \
            "$(jq "[.switches[0].drops[] | select(.reason_name == \"$reason\").packets] | add" \
                report.json)"
    done
    zstd -q capture.pcapng -o packed.pcapng.zst
    equal "tshark, compressed" "$(tshark -r packed.pcapng.zst 2>/dev/null | wc -l)" "$records"
    local numbers='.switches[0] | [.summary, .drops, .changes]'
    jq -c "$numbers" report.json >before
    editcap capture.pcapng edited.pcapng
    mergecap -w merged.pcapng edited.pcapng
    for file in packed.pcapng.zst edited.pcapng merged.pcapng; do
        analyze "$file"
        jq -c "$numbers" report.json >after
        cmp before after
        report_is '.verdict != "fails"'
    done
}

claim_a_capture_ends_also_when_its_pipe_is_blocked() {
    mixed_switch
    frames 'write("in.pcap", [tcp(2, 1, 9, 80, bytes(1400))] * 2000)'
    mkfifo pipe
    exec {reader}<>pipe # open at both ends, and read by nobody
    : >capture.log
    "$XSW" capture -w pipe 2>capture.log &
    capture=$!
    until_true 20 grep -q '^recording' capture.log
    play in.pcap 2000
    kill -INT $capture
    until_true 20 fails kill -0 $capture
    exec {reader}<&-
    fails wait $capture # it says that not all could be written
    switch_stop
}

claim_a_file_has_one_writer() {
    mixed_switch
    capture_start
    local code=0
    "$XSW" capture -w capture.pcapng 2>second.log || code=$?
    equal "exit status of the second recorder" $code 3
    grep -q 'another recording' second.log
    frames 'write("in.pcap", [tcp(2, 1, 9, 80)] * 5)'
    play in.pcap 5
    capture_stop
    report_is '.verdict == "holds" and $m.received == 5'
}
