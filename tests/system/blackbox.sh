# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The black box: what was in memory when something died at a moment that nobody chose.

KILLS=${KILLS:-10} # by hand also hundreds

# box_switch: with a recorder that holds all that is played.
box_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1}, "extensions": [${1-}],
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap"}]}
JSON
    call flight.start "memory_bytes=16 << 20" >/dev/null
}

# Journeys that the workers have committed, as they say.
committed() { "$XSW" --json flight show | jq '.flights[0].account.written'; }
has_committed() { [ "$(committed)" -ge "$1" ]; }

# Numbered frames, so that each is known again: COUNT of them in played.pcap, 30 us apart.
frames_make() {
    frames "
write('played.pcap', [udp(2, 1, 1000, n + 1, n.to_bytes(4, 'big') * 8) for n in range($1)])
data, at, number = bytearray(open('played.pcap', 'rb').read()), 24, 0
while at < len(data):
    struct.pack_into('<I', data, at + 4, number * 30)
    at, number = at + 16 + struct.unpack_from('<I', data, at + 8)[0], number + 1
open('played.pcap', 'wb').write(data)"
}

# dies_at PLACE: begins to play, and kills the switch when so many were committed.
dies_at() {
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/played.pcap', 'timing': True}" >/dev/null
    until_true 20 has_committed "$1"
    seen=$(committed)
    kill -KILL "$switch"
    wait "$switch" 2>/dev/null || true
    switch=
}

# box_read: box.json, box.pcapng, and in `found` how many journeys there were.
box_read() {
    local code=0
    rm -f box.pcapng box.pcap
    "$XSW" blackbox --json -w box.pcapng >box.json || code=$?
    equal "torn by its exit status" $code "$(jq 'if .torn then 1 else 0 end' box.json)"
    jq -e '.found | length == 1 and (.[0].state == "killed") and
        (.[0].workers[0] | .torn_blocks == 0 and .unreadable == 0)' box.json >/dev/null
    found=$(jq '.found[0].workers[0].journeys' box.json)
    equal "written" "$(jq '.found[0].recording.written' box.json)" "$found"
    rm -f /run/flight/*.ring
}

# What came in, by the recording, is the beginning of what was played, each once and in order.
is_a_beginning() {
    [ "$found" -gt 0 ] || return 0
    # A switch that dies in the same moment has not said yet what its newest port is called.
    "$XSW" export --stage in.rx -w box.pcap box.pcapng >/dev/null 2>&1 ||
        "$XSW" export --stage port-2.rx -w box.pcap box.pcapng >/dev/null
    frames "
played, found = read('played.pcap'), read('box.pcap')
assert found == played[:len(found)], 'not what was played'
assert len(found) == $found, (len(found), $found)"
}

claim_committed_journeys_outlive_a_switch_that_is_killed() {
    frames_make 15000
    torn=0
    for ((round = 0; round < KILLS; round++)); do
        box_switch
        dies_at $((RANDOM % 12000))
        box_read
        [ "$found" -ge "$seen" ]
        is_a_beginning
        torn=$((torn + $(jq 'if .torn then 1 else 0 end' box.json)))
    done
    analyze box.pcapng
    equal "exit status of analyze" $analyzed 0
    report_is ".verdict != \"fails\" and \$m.received == $found"
    echo "$KILLS kills, $torn within a batch"
}

claim_committed_journeys_outlive_an_extension_that_crashes() {
    for ((round = 0; round < KILLS; round++)); do
        place=$((RANDOM % 3000 + 1))
        frames "
good = [udp(2, 1, 1000, n + 1, n.to_bytes(4, 'big') * 8) for n in range($place)]
write('played.pcap', good)
write('all.pcap', good[:-1] + [eth(2, 1, bytes(50))] + good[-1:])"
        box_switch "{\"path\": \"$XSW_EXTENSION_PATH/wrong/wrong-no-crash.so\", \"name\": \"fragile\"}"
        # Half of them crash behind what is there, half in the middle of it.
        if [ $((round % 2)) -eq 0 ]; then
            play played.pcap "$place"
            until_true 20 has_committed "$place"
            seen=$place
            "$XSW" port remove in >/dev/null
        else
            seen=0
        fi
        # The answer may not come any more.
        call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/all.pcap'}" >/dev/null 2>&1 || true
        local code=0
        wait "$switch" 2>/dev/null || code=$?
        switch=
        [ "$code" -ne 0 ]
        rm xswd.log # a sanitizer has said what we have done
        box_read
        [ "$found" -ge "$seen" ]
        if [ "$seen" -eq 0 ]; then
            is_a_beginning
        fi
    done
}

has_orphan() { "$XSW" blackbox | grep -q 'recorder was killed'; }

claim_what_a_recorder_that_was_killed_had_not_written_is_found() {
    frames_make 10000
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1},
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap"}]}
JSON
    for ((round = 0; round < 3; round++)); do
        rm -f capture.pcapng box.pcapng
        capture_start
        kill -STOP "$capture" # so that there is something that it has not written
        [ $round -eq 0 ] || "$XSW" port remove in >/dev/null
        play played.pcap 10000
        kill -KILL "$capture"
        wait "$capture" 2>/dev/null || true
        until_true 20 has_orphan
        "$XSW" blackbox -w box.pcapng >box.txt
        grep -q '^capture-[0-9]* of switch truth: its recorder was killed' box.txt
        grep -q '  box.pcapng: 10000 journeys' box.txt
        fails has_orphan # all of it is in the file
        analyze box.pcapng
        report_is '$m.received == 10000'
    done
}

# What could not be written because a file is there stays where it is, and takes no other's name.
claim_recordings_that_are_there_are_not_written_over() {
    frames_make 1000
    box_switch
    capture_start
    kill -STOP "$capture" # so that there is something that it has not written
    play played.pcap 1000
    kill -KILL "$capture"
    wait "$capture" 2>/dev/null || true
    until_true 20 has_orphan
    echo old >crash.pcapng
    local code=0
    "$XSW" blackbox -w crash.pcapng >box.txt 2>err.txt || code=$?
    equal "exit status" $code 3
    grep -q '^xsw blackbox: crash.pcapng: is there already' err.txt
    equal "the file that was there" "$(cat crash.pcapng)" old
    # The second memory has the second name, as always.
    grep -q '  crash-2.pcapng: 1000 journeys' box.txt
    analyze crash-2.pcapng
    report_is '$m.received == 1000'
    fails has_orphan
    rm crash.pcapng
    "$XSW" blackbox -w crash.pcapng >box.txt
    grep -q '  crash.pcapng: 1000 journeys' box.txt
    # Of rings that cannot be written nothing goes.
    capture_start
    kill -STOP "$capture"
    play_more
    kill -KILL "$capture"
    wait "$capture" 2>/dev/null || true
    until_true 20 has_orphan
    "$XSW" flight stop >/dev/null
    code=0
    "$XSW" blackbox -w crash.pcapng >box.txt 2>err.txt || code=$?
    equal "exit status" $code 3
    grep -q '^xsw blackbox: crash.pcapng: is there already' err.txt
    has_orphan
    "$XSW" blackbox -w rest.pcapng | grep -q '  rest.pcapng: 1000 journeys'
}

play_more() {
    "$XSW" port remove in >/dev/null
    play played.pcap 1000
}

claim_files_that_are_no_memory_of_ours_are_refused_by_name() {
    head -c 100000 /dev/zero >zeros
    head -c 5000000 /dev/urandom >noise
    : >empty
    for file in zeros noise empty "$PWD" /etc/hostname missing; do
        local code=0
        "$XSW" blackbox "$file" >out.txt 2>err.txt || code=$?
        equal "exit status for $file" $code 3
        grep -q "^xsw blackbox: $file: " err.txt
    done
    # Nothing at all.
    code=0
    "$XSW" blackbox >out.txt || code=$?
    equal "exit status when there is nothing" $code 3
    grep -q 'nothing is left in memory' out.txt
}
