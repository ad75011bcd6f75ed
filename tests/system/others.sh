# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What one user of a switch learns of what others record, and what he can take of it.
# shellcheck source=tests/system/bounds.sh
. "$here/bounds.sh"
# shellcheck source=tests/system/flight.sh
. "$here/flight.sh"

# Words that are to be found in nothing that an observer is told.
words='192.183.147.213|secretly|vm-out'

claim_who_is_held_to_pseudonyms_sees_no_words_of_other_sessions() {
    users_make
    flight_switch 1 '' ', {"name": "vm-out", "kind": "memory"}'
    "$XSW" switch set truth observers pseudonyms
    "${as_nobody[@]}" /usr/bin/python3 -c "$peer
import mmap
peer.done('events.attach')
events, = peer.fds
open('/run/home/ready', 'w').close()
until(lambda: os.path.exists('/run/home/go'))
with mmap.mmap(events, 0, prot=mmap.PROT_READ) as memory:
    open('/run/home/events', 'wb').write(memory[:])
" &
    local his=$!
    until_true 20 test -e /run/home/ready
    "$XSW" capture -q --name secretly-1 -w /dev/null -i vm-out --where 'port == vm-out' \
        'host 192.183.147.213' 2>capture.log &
    capture=$!
    flight_run --trigger 'secretly: match pcap "host 192.183.147.213"' 'host 192.183.147.213'
    until_true 20 sh -c "'$XSW' capture list | grep -q secretly-1"
    "$XSW" capture set secretly-1 filter 'host 192.183.147.213 and tcp'
    "${as_nobody[@]}" /run/xsw --json capture list >list.json
    "${as_nobody[@]}" /run/xsw capture list >list.txt
    "${as_nobody[@]}" /run/xsw --json flight show >flights.json
    "${as_nobody[@]}" /run/xsw capture show secretly-1 >show.txt 2>&1 && return 1
    number=$(jq '.sessions[0].session' list.json)
    "${as_nobody[@]}" /run/xsw capture show "$number" >show.txt
    jq -e '.sessions[0] | .filter == "(hidden)" and .where == "(hidden)" and .ports == "(hidden)" and
        .name == "(hidden)" and .account.offered == 0' list.json
    # What he records himself he sees as he said it.
    "${as_nobody[@]}" /run/xsw capture -q --name mine -t 60 -w /run/home/mine.pcapng udp 2>mine.log &
    until_true 20 sh -c "'$XSW' capture list | grep -q mine"
    "${as_nobody[@]}" /run/xsw --json capture list >mine.json
    jq -e '[.sessions[] | select(.name == "mine" and .filter == "udp")] | length == 1' mine.json
    "$XSW" capture stop secretly-1 >/dev/null
    wait "$capture"
    # What a recorder left that died is hidden too, and whose it is, is his to recover, or a manager's.
    touch /run/home/go
    wait $his
    fails grep -aE "$words" list.json list.txt flights.json show.txt
    grep -aq '(hidden)' /run/home/events
    fails grep -aqE '192.183.147.213|secretly' /run/home/events
    # Who manages sees all of it.
    "$XSW" --json flight show | grep -q '192.183.147.213'
    flight_end
    switch_stop
}

# The name of a flight recorder, and with it its file, may be an address as well.
claim_who_is_held_to_pseudonyms_learns_no_name_of_a_flight_recorder() {
    users_make
    flight_switch
    "$XSW" switch set truth observers pseudonyms
    call flight.start 'name="vm-192-183-147-213"' >flight.json
    "${as_nobody[@]}" /run/xsw --json flight show >flights.json
    jq -e '.flights | length == 1 and .[0].flight == "(hidden)" and .[0].path == "(hidden)"' flights.json
    "${as_nobody[@]}" /run/xsw flight show >show.txt
    fails grep -q '192-183' flights.json show.txt
    grep -q 'a manager of the switch can read it' show.txt
    # Who has the name from elsewhere is not told that there is none, nor that there is.
    local verb code
    for verb in show dump; do
        code=0
        "${as_nobody[@]}" /run/xsw flight $verb --recorder vm-192-183-147-213 2>denied.txt || code=$?
        equal "exit status of $verb" $code 3
        grep -q 'hides the names of flight recorders' denied.txt
    done
    "$XSW" --json flight show | jq -e '.flights[0] | .flight as $name | $name == "vm-192-183-147-213" and
        (.path | contains($name))'
    switch_stop
}

# Orphans are those of all switches, whichever is asked: each is told as its own one lets it be.
claim_what_a_dead_recorder_left_is_hidden_as_its_own_switch_wants_it() {
    users_make
    frames "write('in.pcap', [udp(2, 1, 1000, 80) for _ in range(50)])"
    cat >config.json <<JSON
{"switches": [{"switch": {"name": "truth", "workers": 1, "observers": {"pseudonyms": true}}},
              {"switch": {"name": "open", "workers": 1}}]}
JSON
    "$XSWD" --config config.json 2>xswd.log &
    switch=$!
    until_true 20 "$XSW" switch list
    local name
    for name in truth open; do
        "$XSW" capture -q -S $name --name "secretly-$name" -w "$name.pcapng" 'not host 192.183.147.213' 2>capture.log &
        capture=$!
        until_true 20 sh -c "'$XSW' capture list -S $name | grep -q secretly"
        kill -STOP "$capture"
        until_true 20 grep -q '^State:.*T' "/proc/$capture/status"
        "$XSW" port add in -S $name kind file input "$PWD/in.pcap" >port.txt
        until_true 20 sh -c "XSW_SWITCH=$name '$XSW' --json capture list | jq -e '.sessions[0].account.written == 50'"
        kill -KILL "$capture"
        wait "$capture" || true
    done
    until_true 20 sh -c "'$XSW' --json capture orphans -S open | jq -e '.orphans | length == 2'"
    for name in truth open; do
        "${as_nobody[@]}" /run/xsw --json capture orphans -S $name >orphans.json || [ $? -eq 1 ]
        jq -e '[.orphans[] | {switch, name: .capture.name, filter: .capture.filter}] | sort_by(.switch) == [
            {switch: "open", name: "secretly-open", filter: "not host 192.183.147.213"},
            {switch: "truth", name: "(hidden)", filter: "(hidden)"}]' orphans.json
    done
    "$XSW" --json capture orphans -S open | jq -e 'all(.orphans[]; .capture.filter | startswith("not host"))'
    switch_stop
}

claim_nobody_recovers_what_the_recorder_of_another_user_left() {
    users_make
    sed '/^xsw:/s/$/,games/' group >more
    cat more >group
    flight_switch
    frames "write('in.pcap', [udp(2, 1, 1000, 80) for _ in range(50)])"
    "${as_nobody[@]}" /run/xsw capture -q -w /run/home/his.pcapng 'udp port 80' 2>his.log &
    until_true 20 sh -c "'$XSW' capture list | grep -q 'port 80'"
    local pid
    pid=$("$XSW" --json capture list | jq '.sessions[0].pid')
    kill -STOP "$pid"
    play in.pcap 50
    kill -KILL "$pid"
    until_true 20 sh -c "'$XSW' --json capture orphans | jq -e '.orphans | length == 1'"
    # Another one who may only observe, with our command and with his own request.
    mkdir -m 777 /run/games
    setpriv --reuid games --regid nogroup --init-groups /run/xsw capture recover /run/games/no.pcapng \
        2>no.log && return 1
    grep -q 'somebody else' no.log
    fails test -s /run/games/no.pcapng
    setpriv --reuid games --regid nogroup --init-groups /usr/bin/python3 -c "$peer
number = peer.done('capture.orphans')['orphans'][0]['orphan']
peer.refused('somebody else', 'capture.recover', orphan=number)
assert peer.fds == []
"
    # It is all there for him whose it is.
    "${as_nobody[@]}" /run/xsw capture recover /run/home/rest.pcapng
    analyze /run/home/rest.pcapng
    report_is '$m.received == 50'
    switch_stop
}

claim_files_of_a_flight_recorder_with_pseudonyms_do_not_say_what_was_looked_for() {
    frames "write('good.pcap', [udp(2, 1, 1000, port) for port in range(1, 51)])"
    flight_switch
    flight_run --pseudonyms --after 0 --trigger "match pcap 'host 10.0.0.1' limit 1" \
        --trigger "to-10-0-0-2: match pcap 'host 10.0.0.2' limit 1" 'host 10.0.0.1'
    play good.pcap 50
    until_true 20 has_lines 2
    "$XSW" flight dump --min-free 0 --name 'at 10.0.0.1' >/dev/null
    flight_end
    equal "files" "$(find . -name 'truth-*.pcapng' | wc -l)" 3
    find . -name 'truth-*' >names
    fails grep -q '10.0.0' names
    for file in truth-*.pcapng; do
        fails grep -aqE '10.0.0.[12]' "$file"
    done
}
