# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# xsw top on the standard recording, in a terminal of tmux. Loaded by top.bats and top_keys.bats.

setup()
{
    command -v tmux > /dev/null || skip "tmux is not here"
    GOLDEN="$BATS_TEST_DIRNAME/../golden"
    cd "$BATS_TEST_TMPDIR"
    "$(dirname "$XSW")/../tests/make_recording" demo.pcapng
    export TZ=UTC LC_ALL=C.UTF-8 HOME="$PWD"
    unset TMUX XDG_CONFIG_HOME NO_COLOR
}

teardown()
{
    local socket
    for socket in tmux*.sock; do
        tmux -S "$socket" kill-server 2> /dev/null || true
    done
}

# terminal WIDTH HEIGHT TERM WORDS…: xsw top in a terminal of that size and kind, and of its own: a
# server of tmux that is ending may still have its socket.
terminals=0
terminal()
{
    terminals=$((terminals + 1))
    socket=tmux$terminals.sock
    local width=$1 height=$2 term=$3
    shift 3
    tmux -S $socket -f /dev/null new-session -d -x "$width" -y "$height" \
        "TERM=$term '$XSW' top $* demo.pcapng 2> error.log; echo \"ended \$?\"; cat error.log; cat"
    tmux -S $socket set-option -g status off
    tmux -S $socket resize-window -x "$width" -y "$height"
}

shown() { tmux -S $socket capture-pane -p "$@"; }

keys() { tmux -S $socket send-keys "$@"; }

# until_true COMMAND…: asks again until it succeeds, and gives up after 20 seconds.
until_true()
{
    local tries=400
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

is_golden() { [ "$(shown)" = "$(cat "$GOLDEN/top-$1.txt")" ]; }

# golden NAME: the screen becomes this one.
golden()
{
    until_true is_golden "$1" || {
        shown | diff "$GOLDEN/top-$1.txt" -
        return 1
    }
}

has() { shown | grep -qF -- "$1"; }
says() { until_true has "$1" || { shown; return 1; }; }
