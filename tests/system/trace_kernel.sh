# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the kernel drops behind ports, on LTTng and while it happens.
# shellcheck source=/dev/null
. "$here/trace.sh"
# shellcheck source=/dev/null
. "$here/kernel.sh"

# followed SETUP: the guests, a session, and one who looks on at drops of alice.
followed() {
    "$1"
    kernel_start
    kernel_stop
    "$XSW" trace start t to "$PWD/ctf" 2>start.log
    fails grep -q 'not in the session' start.log
    "$XSW" trace follow port alice >follow.txt 2>follow.log &
    follow=$!
    until_true 20 grep -q following follow.log
}

follow_stop() {
    kill -INT $follow
    wait $follow
}

# live_packets EVENT WORDS: how many of them who looks on has seen.
live_packets() {
    sed -n "s/.* $1 behind port alice: $2.*, \([0-9]*\) packets*, device.*/\1/p" follow.txt |
        awk '{ sum += $1 } END { print sum + 0 }'
}

live_has() { [ "$(live_packets "$1" "$2")" -eq "$3" ]; }

# in_ctf EVENT REASON COUNT: so many behind alice, and none behind another port.
in_ctf() {
    traced ctf "sum(int(e['packets']) for e in events if e['event'] == '$1' and e['reason'] == '$2') == $3"
    traced ctf "{e['port_name'] for e in events if e['event'] == '$1' and e['reason'] == '$2'} == {'alice'}"
}

claim_an_overflow_of_a_tap_is_told_while_it_happens() {
    followed two_guests
    overflow
    until_true 20 live_has kernel_drop 'FULL_RING in tun_net_xmit' "$dropped"
    follow_stop
}

claim_a_device_that_is_down_is_told_while_it_happens() {
    followed two_guests
    down
    until_true 20 live_has kernel_drop DEV_READY 40
    follow_stop
}

claim_a_dry_fill_ring_is_told_while_it_happens() {
    followed xdp_guests
    dry
    until_true 20 live_has kernel_xdp_redirect_err 'REDIRECT failed, error -12' "$dropped"
    follow_stop
}

claim_a_drop_names_the_device_with_its_namespace_and_number() {
    followed two_guests
    down
    follow_stop
    "$XSW" trace stop t
    traced ctf "{(e['device'], e['netns'], e['ifindex']) for e in events if e['event'] == 'kernel_drop' and e['port_name'] == 'alice'} == {('eth0', '$(stat -Lc %i /run/netns/alice)', '$(ip -n alice -j link show eth0 | jq '.[0].ifindex')')}"
}

claim_a_drop_whose_port_nobody_knows_is_told_with_its_device() {
    followed xdp_faulty_generic
    follow_stop
    switch_stop # who could be asked
    switch=
    faults
    "$XSW" trace stop t
    "$XSW" trace follow ctf >all.txt
    grep -q 'kernel_xdp_exception behind an unknown port, device wire: unknown' all.txt
    fails grep -q 'behind port' all.txt
}

claim_a_device_whose_name_would_steer_the_terminal_is_shown_without_what_does() {
    followed two_guests
    ip -n alice link set eth0 down
    ip -n alice link set eth0 name $'0\xc2\x9b2J\e[2J'
    until_true 20 harmless_is_followed
    follow_stop
    fails grep -qP '\x1b|\xc2\x9b' follow.txt
    "$XSW" trace stop t
    "$XSW" --json trace follow ctf >events.json
    jq -es '[.[].fields.device] | index("0\u009b2J\u001b[2J") != null' events.json
}

harmless_is_followed() {
    burst bob 1 10.0.0.1
    grep -qF ', device 0??2J?[2J' follow.txt
}

claim_a_device_that_is_down_is_in_ctf() {
    followed two_guests
    down
    follow_stop
    "$XSW" trace stop t
    in_ctf kernel_drop DEV_READY 40
}

claim_a_dry_fill_ring_is_in_ctf() {
    followed xdp_guests
    dry
    follow_stop
    "$XSW" trace stop t
    in_ctf kernel_xdp_redirect_err REDIRECT "$dropped"
    traced ctf "{e['error'] for e in events if e['event'] == 'kernel_xdp_redirect_err'} == {'-12'}"
}

# fault_is_told SETUP: while it happens, and in CTF. The kernel calls an action unknown that it has no name for.
fault_is_told() {
    followed "$1"
    faults
    until_true 20 live_has kernel_xdp_exception unknown 40
    follow_stop
    "$XSW" trace stop t
    in_ctf kernel_xdp_exception unknown 40
    # That each of these packets is freed then is no loss more.
    fails grep -q 'kernel_drop.*wire' follow.txt
    traced ctf "{e['device'] for e in events if e['event'] == 'kernel_xdp_exception'} == {'wire'}"
}
claim_an_action_that_xdp_does_not_have_is_told_live_and_in_ctf() { fault_is_told xdp_faulty_generic; }
claim_an_action_that_xdp_does_not_have_is_told_live_and_in_ctf_in_the_drivers_mode() {
    fault_is_told xdp_faulty_native
}

claim_an_xswd_that_is_started_again_has_what_the_kernel_drops_told_as_before() {
    followed two_guests
    down
    # Each has its port while there is an xswd to tell it.
    until_true 20 live_has kernel_drop DEV_READY 40
    switch_stop
    "$XSWD" --config config.json 2>>xswd.log &
    switch=$!
    until_true 20 "$XSW" switch show
    ip netns delete alice
    ip netns delete bob
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
    until_true 20 status_is_whole
    # Until the reader knows of the new devices.
    ip -n alice link set eth0 down
    until_true 20 one_more_is_told 40
    ip -n alice link set eth0 up
    hosts_know_each_other alice bob
    overflow
    until_true 20 live_has kernel_drop 'FULL_RING in tun_net_xmit' "$dropped"
    follow_stop
    "$XSW" trace stop t
    in_ctf kernel_drop FULL_RING "$dropped"
}

one_more_is_told() {
    burst bob 1 10.0.0.1
    [ "$(live_packets kernel_drop DEV_READY)" -gt "$1" ]
}

status_is_whole() { "$XSW" trace status >status.txt && grep -q 'told too' status.txt; }

claim_a_session_whose_kernel_drops_nobody_tells_is_no_good_state() {
    followed two_guests
    kill -KILL "$(pgrep -x xsw-kernel-keep)" "$(pgrep -x xsw-kernel)"
    local code=0
    "$XSW" trace status >status.txt || code=$?
    equal "exit status of status" $code 1
    grep -q 'not told, though it is asked for' status.txt
    # Another one tells since when nothing was told.
    "$XSW" trace join
    until_true 20 grep -q ' kernel_lost from_mono_ns=[1-9].* events=0' follow.txt
    follow_stop
    "$XSW" trace stop t
}

# A reader cannot begin while tracefs is not to be had; that nothing was told is told all the same, and when it is there
# again drops are.
claim_a_reader_that_cannot_begin_tells_so_again_and_again_until_one_can() {
    followed two_guests
    # Nobody can mount it, nor look at what is mounted.
    mount -t tmpfs -o ro tmpfs /sys/kernel
    kill -KILL "$(pgrep -x xsw-kernel)"
    until_true 30 more_gaps_than 2
    overflow # which nobody sees
    local unseen=$dropped
    fails grep -q FULL_RING follow.txt
    umount /sys/kernel
    ip -n alice link set eth0 down
    until_true 30 one_more_is_told 0
    ip -n alice link set eth0 up
    hosts_know_each_other alice bob
    overflow
    until_true 20 live_has kernel_drop 'FULL_RING in tun_net_xmit' $((dropped - unseen))
    follow_stop
    "$XSW" trace stop t
    # From one gap to the next nothing is left out.
    ctf ctf '
gaps = [(int(e["from_mono_ns"]), int(e["to_mono_ns"])) for e in events if e["event"] == "kernel_lost"]
assert len(gaps) > 2, gaps
assert all(here[1] == there[0] for here, there in zip(gaps, gaps[1:])), gaps'
}

# What is filtered are events that are about packets; that something is missing is recorded whatever is wanted.
claim_a_filter_is_that_of_kernel_drops_too_and_losses_are_told_whatever_is_wanted() {
    two_guests
    kernel_start
    kernel_stop
    "$XSW" trace start alice to "$PWD/alice" filter 'port_name == "alice"'
    "$XSW" trace start bob to "$PWD/bob" filter 'port_name == "bob"'
    "$XSW" trace start stage to "$PWD/stage" filter 'stage_name == "forward"'
    overflow
    "$XSW" trace rotate alice # which waits until that is told
    kill -KILL "$(pgrep -x xsw-kernel)"
    until_true 20 gap_is_in stage
    "$XSW" trace stop alice
    "$XSW" trace stop bob
    "$XSW" trace stop stage
    traced alice "sum(int(e['packets']) for e in events if e['event'] == 'kernel_drop') == $dropped"
    traced bob "[e for e in events if e['event'] == 'kernel_drop'] == []"
    traced stage "[e for e in events if e['event'] == 'kernel_drop'] == []"
    local session
    for session in alice bob stage; do
        traced $session "[e for e in events if e['event'] == 'kernel_lost'] != []"
    done
}

gap_is_in() {
    "$XSW" trace rotate "$1"
    babeltrace2 "$1" 2>>ctf.log | grep -q kernel_lost
}

more_gaps_than() { [ "$(grep -c ' kernel_lost ' follow.txt)" -gt "$1" ]; }
another_reader_than() { reader=$(pgrep -x xsw-kernel) && [ "$reader" != "$1" ]; }

claim_readers_that_die_again_and_again_are_followed_and_each_gap_is_told() {
    followed two_guests
    local last=0 reader
    for _ in 1 2 3 4 5 6; do
        until_true 20 another_reader_than $last
        last=$reader
        kill -KILL "$last"
    done
    # Only another one tells of a gap behind this.
    local gaps
    gaps=$(grep -c ' kernel_lost ' follow.txt) || true
    until_true 30 more_gaps_than "$gaps"
    status_is_whole
    overflow
    until_true 20 live_has kernel_drop 'FULL_RING in tun_net_xmit' "$dropped"
    follow_stop
    "$XSW" trace stop t
    in_ctf kernel_drop FULL_RING "$dropped"
    traced ctf "[e for e in events if e['event'] == 'kernel_lost'] != []"
}

claim_a_reader_that_is_killed_is_followed_by_another_and_whoever_looks_on_sees_the_gap() {
    followed two_guests
    kill -KILL "$(pgrep -x xsw-kernel)"
    # Losses are shown to whoever looks on, whatever for.
    until_true 20 grep -q ' kernel_lost from_mono_ns=[1-9].* events=0' follow.txt
    overflow
    until_true 20 live_has kernel_drop 'FULL_RING in tun_net_xmit' "$dropped"
    follow_stop
    "$XSW" trace stop t
    in_ctf kernel_drop FULL_RING "$dropped"
    traced ctf "[int(e['from_mono_ns']) < int(e['to_mono_ns']) for e in events if e['event'] == 'kernel_lost'] == [True]"
    until_true 20 fails pgrep -x 'xsw-kernel|xsw-kernel-keep'
}
