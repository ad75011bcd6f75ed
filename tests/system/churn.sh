# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ports that come and go under captures and flight recorders that run on: their ids are given again and
# again, and everything that was recorded says of each frame from which port it was.

# Two workers, and two ports that stay: each frame goes to both, one of them gets a copy.
churn_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 2},
 "ports": [{"name": "out", "kind": "memory"}, {"name": "too", "kind": "memory"}]}
JSON
}

churn() { python3 "$here/churn.py" churn "$@"; }
names_are_right() { python3 "$here/churn.py" check "$@"; }

# each_has FRAMES FIRST LAST: in report.json every port received so many; those of one name together.
each_has() {
    report_is '[$s.ports[] | select(.port_name | startswith("p"))] | length == '$((($3 - $2) * 9 / 10))
    report_is '$s.ports | all(.received == '"$1"' or .port_name == "again")'
    report_is '[$s.ports[].received] | add == '$((($3 - $2) * $1))
}

claim_ids_of_ports_are_given_again_and_each_record_is_of_one_port() {
    churn_switch
    capture_start
    "$XSW" flight run --memory 8M --min-free 0 >flight.out 2>flight.log &
    flight=$!
    until_true 20 grep -qE '(recording to|watching)' flight.log
    churn 0 300
    churn 300 600
    "$XSW" flight dump --min-free 0 -w dump.pcapng >dump.txt
    "$XSW" flight dump --min-free 0 -w last.pcapng.zst --before 1 >dump.txt
    capture_stop
    report_is '.verdict == "holds"'
    report_is '$m.received == 3000'
    each_has 5 0 600
    names_are_right 0 600 capture.pcapng
    analyze dump.pcapng
    report_is '$m.received == 3000'
    each_has 5 0 600
    names_are_right 0 600 dump.pcapng
    # By its name each is found with what was copied of its frames, and no other that had its id.
    for name in p0 p7 p255 p261 p300 p508 p555; do
        analyze --where "source == $name" capture.pcapng
        report_is '.where.matched == 10'
    done
    kill -TERM "$flight"
    wait "$flight"
    # A part of the time, whose beginning tells nothing of the ports: names are right all the same.
    names_are_right 0 0 last.pcapng.zst
    switch_stop
}

claim_what_a_dead_recorder_left_is_of_the_ports_of_its_time() {
    churn_switch
    capture_start --ring 4096
    churn 0 20
    kill -STOP "$capture"
    churn 20 330
    kill -KILL "$capture"
    wait "$capture" || true
    until_true 20 "$XSW" capture recover rest.pcapng
    names_are_right 0 330 capture.pcapng rest.pcapng
    switch_stop
}

recorded() { names_are_right 0 0 "$1" && equal "records" "$(python3 "$here/churn.py" count "$1")" "$2"; }

# Of a port that has come and sent the rings tell, and what a recorder has taken from there is gone.
claim_what_a_dead_recorder_left_is_of_a_port_whose_name_it_had_taken() {
    churn_switch
    call port.add 'port={"name": "p0", "kind": "tap", "device": "tap-p0"}' >call.json
    sysctl -qw net.ipv6.conf.tap-p0.disable_ipv6=1
    ip link set tap-p0 up
    capture_start
    local round
    for round in 1 2; do
        python3 "$here/churn.py" send tap-p0 0
        until_true 20 recorded capture.pcapng $((round * 5))
    done
    kill -STOP "$capture"
    until_true 20 grep -q '^State:.*T' "/proc/$capture/status"
    python3 "$here/churn.py" send tap-p0 0
    until_true 20 port_has p0 rx_packets 15
    python3 "$here/churn.py" replace p0
    kill -KILL "$capture"
    wait "$capture" || true
    until_true 20 "$XSW" capture recover rest.pcapng behind capture.pcapng
    recorded rest.pcapng 5
    switch_stop
}

claim_a_black_box_names_the_ports_of_its_time() {
    churn_switch
    "$XSW" flight run --memory 8M --min-free 0 >flight.out 2>flight.log &
    flight=$!
    until_true 20 grep -qE '(recording to|watching)' flight.log
    churn 0 330
    kill -KILL "$switch"
    wait "$switch" || true
    kill -TERM "$flight"
    wait "$flight" || true
    "$XSW" blackbox -w box.pcapng >box.txt || [ $? -eq 1 ]
    names_are_right 0 330 box.pcapng
}
