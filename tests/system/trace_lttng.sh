# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What who runs LTTng expects of its programs, and what becomes of sessions when programs come and go.
# shellcheck source=tests/system/trace.sh
. "$here/trace.sh"

# switch_again: another xswd with the same configuration.
switch_again() {
    "$XSWD" --config config.json 2>>xswd.log &
    switch=$!
    until_true 20 "$XSW" switch show
}

status_code() {
    local code=0
    "$XSW" trace status "$@" >status.txt 2>status.log || code=$?
    echo $code
}

# Coming and going ---------------------------------------------------------------------------------

claim_tracing_goes_on_when_xswd_is_started_again() {
    dropping_switch 7
    "$XSW" trace start t to "$PWD/ctf" budget 2000000 2>start.log
    # Where the kernel's drops cannot be had, they are missing all the time.
    local usual=0
    ! grep -q 'not in the session' start.log || usual=1
    equal "exit status of status" "$(status_code)" $usual
    play in.pcap 7
    switch_stop
    equal "exit status of status without xswd" "$(status_code)" 1
    grep -q 'there is no xswd' status.txt
    switch_again
    until_true 20 recorded '. == ["packet_dropped", "silent_drop", "capture_gap"]'
    # What is told as recorded is what the switches tell.
    call trace.status | jq -e '.budget_us == 2000000'
    equal "exit status of status again" "$(status_code)" $usual
    play in.pcap 7
    # Killed, which leaves no time to say anything.
    kill -KILL "$switch"
    wait "$switch" || true
    switch_again
    until_true 20 recorded '. != []'
    play in.pcap 7
    "$XSW" trace stop t
    traced ctf 'len([e for e in events if e["event"] == "packet_dropped"]) == 21'
    # When nobody records any more the next one has nothing to do with LTTng.
    until_true 20 recorded '. == []'
    until_true 20 fails test -e "$XSW_SOCKET.trace"
    switch_stop
    switch_again
    fails grep -q lttng "/proc/$switch/maps"
}

claim_a_session_of_lttng_that_xswd_does_not_know_of_is_told_and_joined() {
    dropping_switch 7
    lttng-sessiond --daemonize --no-kernel
    lttng create own --output="$PWD/own"
    lttng enable-event --session=own --userspace 'xsw:packet_dropped'
    lttng start own
    equal "exit status of status" "$(status_code)" 1
    grep -q 'does not take part.*xsw trace join' status.txt
    "$XSW" --json trace status | jq -e '.xswd == "none"' || true
    "$XSW" trace join | grep -q '1 records events'
    equal "exit status behind join" "$(status_code)" 0
    "$XSW" --json trace join | jq -e '.format == 1 and .sessions == 1 and .kernel == false'
    play in.pcap 7
    lttng destroy own
    traced own 'len(events) == 7'
}

claim_join_without_a_session_lets_those_of_lttng_that_come_have_events() {
    dropping_switch 7
    "$XSW" trace join | grep -q '0 record events'
    lttng-sessiond --daemonize --no-kernel
    lttng create late --output="$PWD/late"
    lttng enable-event --session=late --userspace 'xsw:*'
    lttng start late
    until_true 30 recorded 'index("packet_dropped") != null'
    play in.pcap 7
    lttng destroy late
    traced late 'len([e for e in events if e["event"] == "packet_dropped"]) == 7'
}

no_session() { [ "$(lttng list | grep -c 'xsw-follow')" -eq 0 ]; }
one_session() { [ "$(lttng list | grep -c 'xsw-follow')" -eq 1 ]; }

claim_who_follows_takes_the_session_along_whatever_ends_it() {
    dropping_switch 7
    # The reader goes: with an event on the way, and without one.
    "$XSW" trace follow 2>follow.log | head -n 1 >first.txt &
    until_true 20 grep -q following follow.log
    play in.pcap 7
    until_true 20 no_session
    equal "lines that head took" "$(wc -l <first.txt)" 1
    "$XSW" trace follow 2>quiet.log | until_true 20 grep -q following quiet.log &
    until_true 20 grep -q following quiet.log
    until_true 20 no_session
    # The terminal goes.
    local follow signal
    for signal in HUP TERM INT; do
        "$XSW" trace follow >out.txt 2>"$signal.log" &
        follow=$!
        until_true 20 grep -q following "$signal.log"
        one_session
        kill -"$signal" $follow
        wait $follow
        no_session
    done
    # Killed, it cannot; the next one ends what it left.
    "$XSW" trace follow >out.txt 2>killed.log &
    follow=$!
    until_true 20 grep -q following killed.log
    kill -KILL $follow
    wait $follow || true
    one_session
    "$XSW" trace follow >out.txt 2>next.log &
    follow=$!
    until_true 20 grep -q following next.log
    one_session
    # And not that of one that lives.
    "$XSW" trace follow >out2.txt 2>other.log &
    local other=$!
    until_true 20 grep -q following other.log
    equal "sessions of two that follow" "$(lttng list | grep -c xsw-follow)" 2
    kill -INT $follow $other
    wait $follow
    wait $other
    no_session
}

claim_killing_the_session_daemon_while_packets_are_dropped_leaves_the_switch() {
    dropping_switch 200000
    "$XSW" trace start t to "$PWD/ctf"
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/in.pcap'}" >call.json
    until_true 20 some_came
    # shellcheck disable=SC2046
    kill -KILL $(pgrep -f 'lttng-(sessiond|consumerd)')
    until_true 60 port_has in rx_packets 200000
    lives
    until_true 20 recorded '. == []'
    report=$("$XSW" --json stats | jq '[.. | objects | select(.name? == "same-port" or .reason? == "same-port") | .packets? // .count? // empty] | add')
    equal "drops that the switch counted" "$report" 200000
}
some_came() { [ "$(port_number in rx_packets)" -gt 1000 ]; }

# By the programs of LTTng ---------------------------------------------------------------------------

claim_lttng_lists_every_event_with_its_level_and_fields() {
    out_switch
    "$XSW" trace join
    lttng-sessiond --daemonize --no-kernel
    until_true 30 listed_by_lttng
    lttng list --userspace --fields >fields.txt
    grep -E '^ *xsw:' fields.txt | sed 's/^ *xsw:\([a-z_]*\) (loglevel: TRACE_\([A-Z]*\).*/\1 \2/' | sort >lttng.txt
    sed -n 's/^EVENT([0-9]*, [A-Z_]*, \([a-z_]*\), [A-Z]*, \([A-Z]*\),.*/\1 \2/p' "$here/../../switch/events.def" >ours.txt
    printf '%s WARNING\n' kernel_drop kernel_xdp_exception kernel_xdp_redirect_err kernel_lost >>ours.txt
    sort -o ours.txt ours.txt
    [ "$(wc -l <ours.txt)" -gt 40 ]
    diff ours.txt lttng.txt
    # Each field that lttng lists is in the manual.
    awk '/^ *[a-z_]*:/ && !/field:/ { ours = /xsw:/ } ours && /field: /' fields.txt | sed 's/.*field: \([a-z_]*\) .*/\1/' | sort -u >names.txt
    local name
    while read -r name; do
        grep -qw "$name" "$here/../../man/xsw-events.7" || { echo "no $name in xsw-events(7)" && false; }
    done <names.txt
}
listed_by_lttng() { lttng list --userspace | grep -q 'xsw:packet_dropped'; }

claim_filters_know_names_and_numbers_and_levels_choose() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\", \"settings\": {\"every\": 3}}"
    frames 'write("in.pcap", [eth(1, 1, bytes(46))] * 3 + [eth(2, 1, bytes(46))] * 3)'
    lttng-sessiond --daemonize --no-kernel
    local reason
    reason=$(sed -n 's/^DROP_REASON(\([0-9]*\), SAME_PORT,.*/\1/p' "$here/../../switch/path/drop_reasons.def")
    lttng create numbers --output="$PWD/numbers"
    lttng enable-event --userspace 'xsw:packet_dropped' --filter "reason == $reason && length >= 60"
    lttng create names --output="$PWD/names"
    lttng enable-event --userspace 'xsw:*' --filter 'port_name == "i*" && reason_name == "same-port"'
    lttng create only --output="$PWD/only"
    lttng enable-event --userspace 'xsw:*' --loglevel-only=TRACE_DEBUG
    lttng create notice --output="$PWD/notice"
    lttng enable-event --userspace 'xsw:*' --loglevel=TRACE_NOTICE
    local session
    for session in numbers names only notice; do
        lttng start $session
    done
    "$XSW" trace join
    until_true 20 recorded 'index("packet_hop") != null and index("port_created") != null'
    play in.pcap 6
    for session in numbers names only notice; do
        lttng stop $session
    done
    traced numbers 'len(events) == 2 and {e["reason"] for e in events} == {"same-port"}'
    traced names 'len(events) == 2 and {e["event"] for e in events} == {"packet_dropped"}'
    traced only '{e["event"] for e in events} == {"packet_hop"}'
    traced notice '{e["event"] for e in events} - {"worker_over_budget"} == {"packet_dropped", "silent_drop", "port_created", "nic_connected"}'
    # And it is shown by lttng itself.
    lttng view numbers | grep -c 'xsw:packet_dropped' >viewed.txt
    equal "events that lttng view shows" "$(cat viewed.txt)" 2
    lttng destroy --all
}

claim_lttng_rotates_and_snapshots_sessions_of_xsw_and_xsw_those_of_lttng() {
    dropping_switch 7
    "$XSW" trace start t to "$PWD/ctf"
    "$XSW" trace start box
    play in.pcap 7
    lttng rotate t
    lttng snapshot record --session=box "$PWD/box"
    traced "$PWD/box" 'len(events) == 7'
    traced "$PWD/ctf/archives" 'len(events) == 7'
    lttng create own --snapshot
    lttng enable-event --session=own --userspace 'xsw:packet_dropped'
    lttng start own
    "$XSW" port remove in
    until_true 20 "$XSW" trace join
    play in.pcap 7
    "$XSW" trace snapshot own to "$PWD/own"
    traced "$PWD/own" 'len(events) == 7'
    "$XSW" trace stop own
    "$XSW" trace stop box
    "$XSW" trace stop t
    traced "$PWD/ctf" 'len(events) == 14'
}

claim_a_loss_that_babeltrace2_counts_is_the_one_that_xsw_tells() {
    dropping_switch 60000
    "$XSW" trace start t to "$PWD/ctf"
    local consumer
    consumer=$(pgrep -f lttng-consumerd | head -n 1)
    kill -STOP "$consumer"
    play in.pcap 60000
    kill -CONT "$consumer"
    "$XSW" --json trace stop t >stop.json || true
    babeltrace2 ctf 2>&1 >all.txt | grep -o 'discarded [0-9]* event' | awk '{sum += $2} END {print sum}' >counted.txt
    equal "events that babeltrace2 misses" "$(cat counted.txt)" "$(jq .lost_events stop.json)"
}

claim_who_is_not_root_has_sessions_in_lttng_home() {
    dropping_switch 7
    export LTTNG_HOME=$PWD/home
    mkdir home
    "$XSW" trace start
    play in.pcap 7
    local place
    place=$("$XSW" --json trace snapshot | jq -r .path)
    [[ "$place" == "$LTTNG_HOME/lttng-traces/"* ]]
    traced "$place" 'len(events) == 7'
    "$XSW" trace stop
}

claim_without_the_programs_of_lttng_it_says_what_to_install() {
    dropping_switch 1
    local code=0
    mkdir bin
    PATH=$PWD/bin "$XSW" trace start 2>start.log || code=$?
    equal "exit status of start" $code 1
    grep -q 'lttng-sessiond cannot be started: .*it is in the package lttng-tools' start.log
    code=0
    PATH=$PWD/bin "$XSW" trace relay "$PWD/relay" 2>relay.log || code=$?
    grep -q 'lttng-relayd cannot be started: .*it is in the package lttng-tools' relay.log
    lives
}

claim_what_lttng_had_no_room_for_is_unknown_to_the_analyzer() {
    dropping_switch 60000
    "$XSW" trace start t to "$PWD/ctf"
    local consumer
    consumer=$(pgrep -f lttng-consumerd | head -n 1)
    kill -STOP "$consumer"
    play in.pcap 60000
    kill -CONT "$consumer"
    "$XSW" --json trace stop t >stop.json || true
    "$XSW" analyze --timeline --json ctf >timeline.json 2>timeline.log || true
    jq -e '[.timeline.entries[] | select(.kind == "unknown" and (.name == "events-lost" or .name == "trace-packets-lost"))] | length > 0' timeline.json
    jq -e '[.timeline.entries[] | select(.kind == "end" and (.text | test("^last of at least ")))] | length > 0' timeline.json
    # What is there and what is told as lost is no more than there was.
    jq -e '[.timeline.entries[] | select(.kind == "begin" and .name == "packet_dropped").count] | add | . > 0 and . < 60000' timeline.json
}

# on_terminal COMMAND: its output is in out.txt.
on_terminal() { script -qefc "$1" /dev/null >out.txt; }

claim_a_drop_is_red_on_a_terminal_and_nowhere_else() {
    dropping_switch 7
    "$XSW" trace start t to "$PWD/ctf" 2>start.log
    play in.pcap 7
    "$XSW" trace stop t
    local escape=$'\033'
    unset NO_COLOR
    on_terminal "'$XSW' trace follow ctf"
    equal "red drops" "$(grep -cF "${escape}[31mpacket_dropped${escape}[0m" out.txt)" 7
    NO_COLOR=1 on_terminal "'$XSW' trace follow ctf"
    equal "drops with NO_COLOR" "$(grep -c packet_dropped out.txt)" 7
    fails grep -qF "$escape" out.txt
    "$XSW" trace follow ctf >out.txt
    equal "drops in a file" "$(grep -c packet_dropped out.txt)" 7
    fails grep -qF "$escape" out.txt
}
