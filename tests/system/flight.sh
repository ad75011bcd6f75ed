# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The flight recorder: what happened before somebody knew that it would matter.

# A switch with a file port "out" and a rule that drops what comes from station 9 to the port "in".
flight_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": ${1-1}}, "extensions": [${2-}],
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap"} ${3-}]}
JSON
}

# flight_run OPTIONS…: returns when it watches.
flight_run() {
    : >flight.log
    "$XSW" flight run --memory 2M --min-free 0 "$@" >flight.out 2>flight.log &
    flight=$!
    until_true 20 grep -qE '(recording to|watching)' flight.log
}

flight_end() {
    local code=0
    kill -TERM "$flight"
    wait "$flight" || code=$?
    equal "exit status of flight run" $code "${1:-0}"
}

# play_again FILE COUNT [PYTHON-DICT]: as play, when there was a port "in" before.
play_again() {
    "$XSW" port remove in >/dev/null
    play "$@"
}

# The files of a cause; there are as many as told.
files_of() {
    find . -maxdepth 1 -name "truth-*-$1.pcapng*" | sort
}
has_files() { [ "$(files_of "$1" | wc -l)" -eq "$2" ]; }
has_lines() { [ "$(wc -l <flight.out)" -ge "$1" ]; }

# holds FILE: nothing in it contradicts itself, whatever may be unknown; the report is in report.json.
holds() {
    analyze "$1"
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds" or .verdict == "unknown"'
    report_is '[.. | objects | select(.state? == "fails")] == []'
}

# cause_of FILE: what its section info says of why it was written, as JSON.
cause_of() { grep -ao '"flight":{[^}]*}' "$1" | head -n 1 | sed 's/^"flight"://'; }

good_and_bad() {
    frames "
write('good.pcap', [udp(2, 1, 1000, port) for port in range(1, 51)])
write('bad.pcap', [udp(2, 9, 1000, 7)])"
    deny="{'acl': [{'id': 5, 'direction': 'in', 'action': 'deny', 'protocol': 'udp'}]}"
}

claim_a_drop_writes_the_time_before_and_after_it() {
    good_and_bad
    flight_switch
    flight_run --before 60 --after 1 --trigger 'denied: match reason == acl-denied'
    play good.pcap 50
    play_again bad.pcap 1 "$deny"
    play_again good.pcap 50
    until_true 20 has_lines 1
    flight_end
    files_of denied >names
    equal "files" "$(wc -l <names)" 1
    file=$(cat names)
    # Its name is the switch, the time and the cause.
    [[ $file =~ ^\./truth-20[0-9]{6}T[0-9]{6}\.[0-9]{3}-denied\.pcapng$ ]]
    holds "$file"
    # All 50 that came before, the one, and those that came in the second behind it.
    report_is '[$s.drops[] | select(.reason_name == "acl-denied")] | map(.packets) | add == 1'
    report_is '$m.received >= 51 and $m.delivered == $m.received - 1'
    # The cause, with the packet that it was, is in the file.
    cause_of "$file" >cause.json
    jq -e '.cause == "denied" and .text == "denied: match reason == acl-denied"' cause.json >/dev/null
    packet=$(jq .packet cause.json)
    "$XSW" analyze --packet "$packet" "$file" | grep -q acl-denied
    grep -q ": denied, packet $packet: $(jq '.switches[0].summary.received' report.json) journeys" flight.out
    # Stock readers take it as any other.
    capinfos "$file" >capinfos.txt
    grep -q "flight recorder: denied at 20.*packet $packet; denied: match" capinfos.txt
}

claim_it_goes_on_when_its_client_dies_and_is_taken_up_again() {
    good_and_bad
    flight_switch
    flight_run
    kill -KILL "$flight"
    wait "$flight" || true
    play good.pcap 50
    "$XSW" flight show --json >show.json
    jq -e '.flights[0] | .watched == false and .account.written == 50 and .triggers == []' show.json >/dev/null
    flight_run --after 0.2
    grep -q 'watching /run/flight/truth.ring' flight.log
    kill -USR1 "$flight"
    until_true 20 has_files signal 1
    until_true 20 has_lines 1
    holds "$(files_of signal)"
    report_is '$m.received == 50'
    # Other options would be another recorder.
    local code=0
    "$XSW" flight run --memory 2M -s 64 2>refused.txt || code=$?
    equal "exit status with other options" $code 3
    grep -q 'runs with other options.* name another one with --recorder' refused.txt
    # And only one can watch it.
    code=0
    "$XSW" flight run 2>refused.txt || code=$?
    equal "exit status of a second watch" $code 3
    grep -q 'another xsw flight run watches' refused.txt
    flight_end
    [ -e /run/flight/truth.ring ]
    "$XSW" flight stop >/dev/null
    [ ! -e /run/flight/truth.ring ]
    code=0
    "$XSW" flight show || code=$?
    equal "exit status when there is none" $code 1
}

claim_a_dump_has_all_that_is_there_and_says_why() {
    good_and_bad
    flight_switch
    flight_run
    play good.pcap 50
    "$XSW" flight dump --json --min-free 0 --name 'odd one' >dump.json
    file=$(jq -r .file dump.json)
    [[ $file =~ ^\./truth-20[0-9T]*\.[0-9]{3}-odd-one\.pcapng$ ]]
    jq -e '.format == 1 and .written == 50 and .overwritten == 0 and .outside == 0 and
        .account.offered == 50 and .account.written == 50' dump.json >/dev/null
    holds "$file"
    report_is '$m.received == 50 and $m.delivered == 50'
    # Of the last moment there is nothing; what was before is counted as that.
    "$XSW" flight dump --json --min-free 0 -w now.pcapng.zst --before 0 >now.json
    jq -e '.written == 0 and .outside == 50' now.json >/dev/null
    holds now.pcapng.zst
    # What is to stay free is a part of the file system that the file is on.
    mkdir small
    mount -t tmpfs -o size=4m tmpfs small
    "$XSW" flight dump --json -w small/dump.pcapng >small.json
    jq -e '.written == 50' small.json >/dev/null
    # A file that is there is not written over.
    local code=0
    "$XSW" flight dump -w now.pcapng.zst 2>there.txt || code=$?
    equal "exit status for a file that is there" $code 3
    grep -q 'now.pcapng.zst: is there already' there.txt
    flight_end
}

claim_what_is_overwritten_is_counted_exactly() {
    frames "write('many.pcap', [udp(2, 1, 1000, port % 60000 + 1, b'x' * 200) for port in range(20000)])"
    flight_switch
    "$XSW" flight run --memory 1M >/dev/null 2>flight.log &
    flight=$!
    until_true 20 grep -q 'recording to' flight.log
    play many.pcap 20000
    local code=0
    "$XSW" flight dump --json --min-free 0 -w part.pcapng >dump.json || code=$?
    # What went before the oldest block that is there is not part of it.
    equal "exit status" $code 0
    written=$(jq .written dump.json)
    [ "$written" -gt 1000 ] && [ "$written" -lt 5000 ]
    holds part.pcapng
    report_is "\$m.received == $written"
    # The black box accounts for all of the session.
    "$XSW" blackbox -w box.pcapng --json >box.json
    jq -e ".found[0] | .state == \"living\" and .torn == false and
        .workers[0].journeys == $written and .workers[0].overwritten == 20000 - $written and
        .recording.account.offered == 20000 and
        .recording.account.lost.overwritten == 20000 - $written" box.json >/dev/null
    holds box.pcapng
    report_is "\$m.received == $written"
    flight_end
}

claim_files_are_limited_and_what_got_none_is_told() {
    good_and_bad
    flight_switch
    flight_run --after 0 --before 1 --trigger 'ping: signal rearm 0 limit 2'
    for number in 1 2 3 4; do
        kill -USR1 "$flight"
        [ $number -gt 2 ] || until_true 20 has_lines $number
    done
    until_true 20 has_files ping 2
    flight_end
    equal "files" "$(files_of ping | wc -l)" 2
    grep -qE 'ping +2 files, [12] hits without one' flight.log
}

claim_hits_while_a_trigger_is_not_armed_are_counted() {
    good_and_bad
    flight_switch
    flight_run --after 0 --before 60 --trigger 'denied: match reason == acl-denied rearm 3600'
    play bad.pcap 1 "$deny"
    until_true 20 has_files denied 1
    for number in 2 3 4; do
        play_again bad.pcap 1 "$deny"
    done
    "$XSW" flight show >show.txt
    grep -q 'trigger     denied: 4 matches, 4 hits' show.txt
    flight_end
    equal "files" "$(files_of denied | wc -l)" 1
    grep -qE 'denied +1 files, 3 hits without one' flight.log
}

# A session that is over its budget keeps less of packets, so the switch need not compare more: that it
# does not is another configuration of the workers.
claim_a_recorder_over_its_budget_spares_the_switch() {
    frames "
write('many.pcap', [udp(2, 1, 1000, n % 60000 + 1, bytes(600)) for n in range(2000)])
data, at, number = bytearray(open('many.pcap', 'rb').read()), 24, 0
while at < len(data):
    struct.pack_into('<II', data, at, 1, number * 250)
    at, number = at + 16 + struct.unpack_from('<I', data, at + 8)[0], number + 1
open('many.pcap', 'wb').write(data)"
    flight_switch
    call flight.start "budget=1, memory_bytes=2 << 20" >/dev/null
    before=$(call stats | jq .generation)
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/many.pcap', 'timing': True}" >call.json
    until_true 20 sh -c "'$XSW' --json flight show | jq -e 'any(.flights[0].by_worker[]; .level != \"full\")'"
    # One for the port, and one for this.
    has_settled() { [ "$(call stats | jq .generation)" -ge $((before + 2)) ]; }
    until_true 20 has_settled
}

claim_a_rate_and_a_latency_fire() {
    frames "write('many.pcap', [udp(2, 1, 1000, port + 1) for port in range(500)])"
    good_and_bad
    flight_switch
    flight_run --after 0 --before 60 --trigger 'burst: match delivered rate 400/s' \
        --trigger 'never: match latency > 99s' --trigger 'any: match latency > 1ns limit 1'
    play good.pcap 50
    until_true 20 has_files any 1
    equal "files of the burst" "$(files_of burst | wc -l)" 0
    play_again many.pcap 500
    until_true 20 has_files burst 1
    flight_end
    equal "files of what never is" "$(files_of never | wc -l)" 0
    holds "$(files_of burst)"
}

claim_a_port_that_goes_down_fires() {
    flight_switch 1 '' ', {"name": "alice", "device": "tap-alice"}, {"name": "bob", "device": "tap-bob"}'
    host_make alice 1
    flight_run --after 0 --trigger 'port-down alice' --trigger 'other: port-down bob'
    ip -n alice link delete eth0
    until_true 20 has_files port-down 1
    flight_end
    equal "files of the other port" "$(files_of other | wc -l)" 0
    cause_of "$(files_of port-down)" | jq -e '.cause == "port-down" and .packet == null' >/dev/null
}

claim_a_silent_drop_fires_by_default() {
    good_and_bad
    flight_switch 1 '{"path": "'"$XSW_EXTENSION_PATH"'/test/vanish.so", "name": "thief", "settings": {"every": 10}}'
    flight_run --after 0
    play good.pcap 50
    until_true 20 has_files silent-drop 1
    flight_end
    holds "$(files_of silent-drop)"
    report_is '[$s.drops[] | select(.reason_name == "silent-drop")] | length > 0'
}

claim_a_broken_balance_writes_a_file_with_what_led_to_it() {
    frames "write('many.pcap', [udp(2, 1, 1000, port) for port in range(1, 4322)])"
    flight_switch
    flight_run --after 0
    play many.pcap 4321
    until_true 20 port_has out tx_packets 4321
    equal "files before something is wrong" "$(find . -name 'truth-*' | wc -l)" 0
    # No stage of ours loses packets, so one is made to look as if it had.
    python3 "$here/counter_spoil.py" "$switch" 4321
    until_true 30 has_files balance 1
    flight_end
    cause_of "$(files_of balance)" | jq -e '.cause == "balance"' >/dev/null
    holds "$(files_of balance)"
    report_is '$m.received > 0 and $m.delivered > 0'
}

claim_it_waits_for_a_switch_that_died_and_keeps_what_that_left() {
    good_and_bad
    flight_switch
    flight_run --after 0 --before 60
    play good.pcap 50
    until_true 20 sh -c "[ \$('$XSW' --json flight show | jq '.flights[0].account.written') -eq 50 ]"
    kill -KILL "$switch"
    wait "$switch" || true
    until_true 20 has_files switch-died 1
    until_true 20 grep -q 'the switch died; waiting' flight.log
    holds "$(files_of switch-died)"
    report_is '$m.received == 50'
    # The next one gets a recorder of its own, and does not take the memory of the dead one.
    "$XSWD" --config config.json 2>xswd2.log &
    switch=$!
    until_true 20 sh -c "[ \$(grep -c 'recording to' flight.log) -eq 2 ]"
    [ -e /run/flight/truth.ring ] && [ -e /run/flight/truth.dead.ring ]
    "$XSW" blackbox --json /run/flight/truth.dead.ring >box.json
    jq -e '.found[0] | .state == "killed" and .torn == false and .workers[0].journeys == 50' box.json >/dev/null
    play good.pcap 50
    kill -USR1 "$flight"
    until_true 20 has_files signal 1
    flight_end
    holds "$(files_of signal)"
    report_is '$m.received == 50'
    # A switch that is stopped in order did not die, and leaves no memory behind.
    switch_stop
    [ ! -e /run/flight/truth.ring ]
}

claim_what_is_not_to_be_seen_is_not_in_its_memory() {
    frames "write('good.pcap', [udp(2, 1, 1000, port, b'secret words') for port in range(1, 51)])"
    flight_switch
    flight_run --pseudonyms --after 0 --trigger "mine: match pcap 'host 10.0.0.1' limit 1" 'host 10.0.0.1'
    play good.pcap 50
    until_true 20 sh -c "[ \$('$XSW' --json flight show | jq '.flights[0].account.written') -eq 50 ]"
    until_true 20 has_files mine 1
    "$XSW" flight dump --min-free 0 -w dump.pcapng >/dev/null
    for file in dump.pcapng "$(files_of mine)" /run/flight/truth.ring; do
        fails grep -aqE 'secret words|10\.0\.0\.1' "$file"
        fails grep -aqP '\x0a\x00\x00[\x01\x02]' "$file"
    done
    holds dump.pcapng
    report_is '$m.received == 50'
    grep -aq '"pseudonyms":true' dump.pcapng
    flight_end
}
