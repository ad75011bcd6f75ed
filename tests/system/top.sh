# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# xsw top on a switch that runs: what it shows is what the traffic was. The screens themselves are
# tested in tests/cli/top.bats.

# A switch whose port "in" is played into, one whose rule 7 denies UDP to port 99, and a quiet one.
top_switch() {
    command -v tmux >/dev/null || exit 77
    switch_start <<JSON
{"switch": {"name": "stage", "workers": 1},
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap"},
           {"name": "quiet", "kind": "memory", "vlan": {"mode": "access", "access": 9}}]}
JSON
}

# played GOOD BAD: so many frames that pass, then so many that a rule of the port denies.
played() {
    frames "
good = [udp(1, 2, 1000 + n % 7, 80) for n in range($1)]
bad = [udp(1, 2, 2000, 99) for n in range($2)]
write('in.pcap', good + bad)"
    play in.pcap $(($1 + $2)) "{'acl': [{'id': 7, 'direction': 'in', 'action': 'deny', 'protocol': 'udp', 'destination_ports': '99'}]}"
}

# viewer WORDS…: xsw top in a terminal of 100 x 30, whatever terminal the tests have.
viewer() {
    tmux -S tmux.sock -f /dev/null new-session -d -x 100 -y 30 \
        "LC_ALL=C.UTF-8 '$XSW' top $* 2>top.log; echo \"ended \$?\"; cat top.log; cat"
    tmux -S tmux.sock set-option -g status off
    tmux -S tmux.sock resize-window -x 100 -y 30
}

viewer_end() { tmux -S tmux.sock kill-server; }

keys() { tmux -S tmux.sock send-keys "$@"; }
shows() { tmux -S tmux.sock capture-pane -p | grep -qE -- "$1"; }
says() {
    until_true 20 shows "$1" || {
        tmux -S tmux.sock capture-pane -p >&2
        return 1
    }
}

once() { "$XSW" top --once --json --screen "$@" >once.json; }
once_is() {
    jq -e "$1" once.json >/dev/null || {
        echo "the screen is not: $1" >&2
        jq -c . once.json >&2
        return 1
    }
}

claim_numbers_are_those_of_the_traffic() {
    top_switch
    played 300 40
    once ports
    once_is '.rows[] | select(.port == "in") | .in_total == 340'
    once_is '.rows[] | select(.port == "out") | .out_total == 300'
    once drops
    once_is '[.rows[] | select(.total != null)] == [.rows[0]]'
    once_is '.rows[0] | .reason == "acl-denied" and .stage == "ingress-policy" and .total == 40'
    once pipeline
    once_is '.rows[] | select(.stage == "rx") | .in_total == 340 and .residue == "OK"'
    once_is '.rows[-1].stage == "tx"'
    once sessions
    once_is '[.rows[] | select(.session | test("ours"))] | length == 2'
    equal "sessions that stay behind" "$("$XSW" capture list --json | jq '.sessions | length')" 0
}

claim_evidence_is_accounted_for_whatever_the_rate() {
    top_switch
    "$XSW" top --once --json --rate 5 >once.json &
    local viewer=$!
    until_true 20 eval '"$XSW" capture list --json | jq -e ".sessions | length == 2"'
    played 3000 0
    wait $viewer
    once_is '.evidence.offered == 3000'
    once_is '.evidence | .offered == .written + .filtered + .sampled + .lost'
    once_is '.evidence | .written >= 1 and .written < 100 and .lost == 0'
}

claim_a_drop_leads_to_its_packets_and_their_rule() {
    top_switch
    viewer
    says 'LIVE'
    played 20 3
    keys 3
    says 'acl-denied +ingress-policy +7 +in .* 3$|└ acl-denied'
    keys Down
    says 'Enter: reason == acl-denied and stage == ingress-policy and end.rule == 7 and in.port == in'
    keys Enter
    says 'shown 3 of'
    keys Enter
    says 'DROPPED acl-denied at in  rule 7'
    says 'rule 7, gen. [0-9]+: deny in udp dst port 99; A rule'
    keys q # back to the packets, and to the drops
    says 'shown 3 of'
    keys q
    says '└ acl-denied'
    keys q
    says 'ended 0'
    viewer_end
}

# port_of_drops NAME COUNT: a port whose frames, so many, a rule of its own denies; and its id.
port_of_drops() {
    frames "write('$1.pcap', [udp(1, 2, 2000, 99) for n in range($2)])"
    call port.add "port={'name': '$1', 'kind': 'file', 'input': '$PWD/$1.pcap', 'acl': [{'id': 7, 'direction': 'in', 'action': 'deny', 'protocol': 'udp'}]}" >call.json
    until_true 20 port_has "$1" rx_packets "$2"
    call port.show "name='$1'" | jq .port.id
}

# Ports come and go until the next one is given this id.
ids_pass_until() {
    python3 -c "
import sys
from frames import call
where, wanted = sys.argv[1], int(sys.argv[2])
others = [port['id'] for port in call(where, 'port.list')['ports']]
last = max(id for id in range(wanted - 255, wanted) if id % 256 and id % 256 not in others) % 256
for number in range(600):
    name = 'f%d' % number
    call(where, 'port.add', port={'name': name, 'kind': 'memory'})
    id = call(where, 'port.show', name=name)['port']['id']
    call(where, 'port.remove', name=name)
    if id == last:
        break
else:
    raise SystemExit('the id %d was never next' % wanted)
" "$XSW_SOCKET" "$1"
}

claim_a_row_keeps_the_name_of_a_port_whose_id_is_given_again() {
    top_switch
    viewer --screen journeys
    says 'LIVE'
    id=$(port_of_drops oldport 3)
    says ' oldport .* acl-denied'
    "$XSW" port remove oldport >/dev/null
    ids_pass_until "$id"
    equal "the id of the new port" "$(port_of_drops newport 2)" "$id"
    says ' newport .* acl-denied'
    equal "rows of the old port" "$(tmux -S tmux.sock capture-pane -p | grep -c ' oldport .* acl-denied')" 3
    equal "rows of the new port" "$(tmux -S tmux.sock capture-pane -p | grep -c ' newport .* acl-denied')" 2
    keys 3
    says '└ acl-denied .* oldport .* 3$'
    says '└ acl-denied .* newport .* 2$'
    keys 4 f
    keys -l 'port == newport'
    keys Enter
    says 'shown 2 of'
    keys f C-u
    keys -l 'port == oldport'
    keys Enter
    says 'shown 3 of'
    # By its name it is found under any other id, too, and by a filter that was there before it.
    "$XSW" port remove newport >/dev/null
    fails equal "the id of the old name" "$(port_of_drops oldport 4)" "$id"
    says 'shown 7 of'
    keys q
    says 'ended 0'
    viewer_end
}

claim_a_line_below_the_pipeline_leads_to_its_packets() {
    top_switch
    viewer
    says 'LIVE'
    played 20 3
    says '/s acl-denied at ingress-policy'
    says '% DROPPED acl-denied'
    keys G Down
    says 'Enter: reason == acl-denied and stage == ingress-policy'
    keys Enter
    says 'shown 3 of'
    keys q
    says 'Enter: reason == acl-denied'
    keys q
    says 'ended 0'
    viewer_end
}

claim_each_screen_is_as_its_schema_says() {
    top_switch
    played 30 4
    local screen
    for screen in pipeline ports drops journeys flows extensions macs sessions events paths; do
        once $screen
        python3 -m schema "$here/../../docs/api/xsw-top.schema.json" once.json
    done
}

# A journey is in the ring when the viewer ends.
claim_it_leaves_nothing_behind() {
    top_switch
    viewer
    says 'LIVE'
    keys p
    says 'FROZEN'
    played 20 3
    keys q
    says 'ended 0'
    viewer_end
    equal "sessions that stay behind" "$("$XSW" capture list --json | jq '.sessions | length')" 0
    equal "rings that are kept" "$("$XSW" capture orphans --json | jq '.orphans | length')" 0
}

# Traffic as fast as one worker takes it, out of a FIFO: the viewer looks for moments only, which is no
# event, and what it has seen in them adds up.
claim_a_busy_switch_is_looked_at_now_and_then() {
    top_switch
    mkfifo endless
    frames "write('some.pcap', [udp(1, 2, 1000 + n % 7, 80) for n in range(5000)])"
    (head -c 24 some.pcap && while tail -c +25 some.pcap; do :; done) >endless 2>/dev/null &
    local traffic=$!
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/endless'}" >call.json
    until_true 20 eval '[ "$(port_number in rx_packets)" -gt 1000000 ]'
    viewer --screen events
    says 'LIVE'
    until_true 20 eval '[ "$("$XSW" capture list --json | jq ".sessions | length")" = 2 ]'
    until_true 20 eval '[ "$("$XSW" capture list --json | jq ".sessions | length")" = 0 ]'
    until_true 20 eval '[ "$("$XSW" capture list --json | jq ".sessions | length")" = 2 ]'
    fails shows 'session [0-9]+'
    keys q
    says 'ended 0'
    viewer_end
    once ports
    once_is '.evidence | .offered == .written + .filtered + .sampled + .lost and .written > 0'
    kill $traffic
    "$XSW" port remove in >/dev/null
}

claim_a_filter_reaches_the_capture() {
    top_switch
    viewer
    says 'LIVE'
    keys 4 f
    keys -l 'dropped'
    says 'filter \[ok\]: dropped'
    keys Enter
    until_true 20 eval '"$XSW" capture list --json | jq -e "[.sessions[].where] | index(\"dropped\") != null"'
    until_true 20 eval '"$XSW" capture list --json | jq -e "[.sessions[] | select(.name == \"top\")] | .[0].where == \"dropped\""'
    played 50 2
    says 'shown 2 of 2'
    keys q
    viewer_end
}

claim_it_records_from_here() {
    top_switch
    viewer
    says 'LIVE'
    keys R
    says 'REC '
    until_true 20 eval '"$XSW" capture list --json | jq -e ".sessions | length == 3"'
    played 30 4
    keys q
    says 'quit, and end the recording'
    keys x R
    says 'recorded to xsw-top-'
    keys q
    says 'ended 0'
    viewer_end
    analyze xsw-top-*.pcapng
    adds_up 34 0 30 4
}

claim_it_outlives_the_switch() {
    top_switch
    viewer
    played 20 3
    keys 3
    says '└ acl-denied'
    kill -KILL "$switch"
    wait "$switch" || true
    says 'NOT CONNECTED'
    says '└ acl-denied' # what was gathered stays
    cp config.json again.json
    switch_start <again.json
    says 'LIVE'
    keys 9
    says 'connected again'
    keys q
    says 'ended 0'
    viewer_end
}

claim_frozen_it_stands_still_and_goes_on() {
    top_switch
    viewer
    says 'LIVE'
    keys p
    says 'FROZEN'
    keys 3
    played 10 2
    says 'nothing was dropped so far'
    keys p
    says 'LIVE'
    says 'acl-denied'
    keys '[' '[' '['
    says 'PAST .* ago'
    keys '}'
    says 'LIVE'
    keys q
    viewer_end
}

claim_changes_of_the_switch_become_events() {
    top_switch
    viewer --screen events
    says 'LIVE'
    # The first lists have come when the sessions have.
    keys 8
    says 'ours'
    keys 9
    "$XSW" port add late kind memory >/dev/null
    says 'late is a new port'
    "$XSW" port remove late >/dev/null
    says 'late was removed'
    says 'generation [0-9]+ is in force'
    played 1 5
    says 'acl-denied at ingress-policy: 5 packets'
    keys q
    viewer_end
}

claim_it_dumps_the_flight_recorder() {
    top_switch
    viewer
    says 'LIVE'
    keys D
    says 'no dump: '
    "$XSW" flight run -q --memory 1M 2>flight.log &
    local flight=$!
    says 'flight armed, [0-9]+ triggers'
    played 20 3
    keys D
    says 'command.pcapng: command: 23 journeys'
    keys q
    viewer_end
    kill -INT $flight
    wait $flight || true
    analyze stage-*-command.pcapng
    report_is '$m.received == 23 and $m.dropped == 3'
}
