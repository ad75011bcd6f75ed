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
