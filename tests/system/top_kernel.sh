# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# xsw top --kernel on a switch that runs: what the kernel drops behind its ports is among the events,
# with the kernel's own count.
. "$here/top.sh"
. "$here/kernel.sh"

# The kernel's drops are told in groups, each with its number: their sum is what the screen shows.
dropped_on_screen() {
    tmux -S tmux.sock capture-pane -p | sed -nE 's/^[0-9].* kernel +Kernel drops behind port alice: FULL_RING in [a-z_]+, ([0-9]+) pa.*/\1/p' |
        awk '{ sum += $1 } END { print sum + 0 }'
}
shows_dropped() { [ "$(dropped_on_screen)" -eq "$1" ]; }

claim_a_drop_of_the_kernel_is_an_event_with_its_port_reason_and_number() {
    command -v tmux >/dev/null || exit 77
    two_guests
    viewer --kernel --screen events
    says 'LIVE'
    # The kernel is watched, or it is said why not, before the screen is drawn for the first time.
    if shows 'the kernel is not watched'; then
        tmux -S tmux.sock capture-pane -p
        exit 77
    fi
    overflow
    says 'kernel .*FULL_RING'
    until_true 20 shows_dropped "$dropped" || {
        tmux -S tmux.sock capture-pane -p >&2
        return 1
    }
    keys q
    says 'ended 0'
    viewer_end
}
