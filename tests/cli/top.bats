#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# xsw top in a real terminal, which tmux is: every screen against the golden texts that the unit tests
# draw, with colours and without, in UTF-8 and ASCII, while its size changes. Every key: top_keys.bats.
# XSW is in the environment; make_recording is built beside it.
load terminal

@test "each screen has a key, and is drawn in a terminal as in the unit tests" {
    terminal 80 24 tmux-256color
    golden pipeline
    local number=0 name
    for name in pipeline ports drops journeys flows extensions macs sessions events paths; do
        number=$(((number + 1) % 10))
        keys $number
        golden $name
    done
    keys '?'
    golden help
    keys Escape
    golden paths
    keys Tab
    golden pipeline
    keys BTab
    golden paths
}

@test "from a drop to its packets, to one of them, and back" {
    terminal 80 24 tmux-256color
    golden pipeline
    keys 3 Down Enter
    golden drop-packets
    keys Enter
    golden drop-journey
    keys Escape
    golden drop-packets
    keys Escape
    says '└ acl-denied'
    has 'filter: none'
}

@test "a filter is typed, wrong and right; two journeys are compared; time goes back" {
    terminal 80 24 tmux-256color
    golden pipeline
    keys 4 f
    keys -l 'dropped and por'
    says 'filter [no]: dropped and por'
    has 'column 13'
    keys -l 't == carol'
    golden typing
    keys Enter f C-u
    keys -l 'packet in (1001, 1031)'
    keys Enter Home Space Space d
    golden compare
    keys Escape u 1
    golden pipeline
    keys '[' '[' '[' '[' '[' '[' '[' '[' '[' '['
    golden earlier
    keys '}'
    golden pipeline
}

@test "a terminal without colours, and one without UTF-8, lack nothing" {
    terminal 80 24 vt100
    golden pipeline
    keys 4
    golden journeys
    run shown -e
    [[ "$output" != *'[38;5'* && "$output" != *'[3'[1-7]'m'* ]]
    keys q
    says 'ended 0'
    export LC_ALL=C
    terminal 80 24 xterm
    golden pipeline-ascii
}

@test "colours are blue and orange, and the c key takes them away" {
    terminal 80 24 tmux-256color
    keys 4
    golden journeys
    run shown -e
    [[ "$output" == *'38;5;208'* ]]
    [[ "$output" == *'38;5;75'* ]]
    keys c
    without_colours() { ! shown -e | grep -q '38;5;208'; }
    until_true without_colours
    golden journeys
}

@test "the screen follows the size of the terminal" {
    terminal 80 24 tmux-256color
    golden pipeline
    tmux -S $socket resize-window -x 160 -y 50
    golden pipeline-wide
    keys 4
    golden journeys-wide
    tmux -S $socket resize-window -x 80 -y 24
    golden journeys
    tmux -S $socket resize-window -x 30 -y 5
    says 'too small'
    tmux -S $socket resize-window -x 500 -y 200
    says 'Space mark'
    tmux -S $socket resize-window -x 1 -y 1
    tmux -S $socket resize-window -x 80 -y 24
    golden journeys
}

@test "a large terminal has room for more, and the lists below the pipeline are opened" {
    local name number=0
    terminal 132 43 tmux-256color
    golden pipeline-large
    for name in pipeline ports drops journeys flows extensions macs sessions events paths; do
        number=$(((number + 1) % 10))
        keys $number
        golden $name-large
    done
    keys 1 G Down Right
    says 'Enter: packet in ('
    keys Left Down Enter
    says 'filter: reason == mac-spoofed and stage == ingress-policy'
    says 'shown 3 of 42'
    keys Escape Enter
    says 'shown 3 of 42'
}

@test "what stands before the screens is left with q, and they are left last" {
    terminal 80 24 tmux-256color
    golden pipeline
    keys 3 Down Enter
    golden drop-packets
    keys Enter
    golden drop-journey
    keys q
    golden drop-packets
    keys '?'
    says 'Left and right choose a number'
    keys q
    golden drop-packets
    keys q
    says '└ acl-denied'
    has 'filter: none'
    keys q
    says 'ended 0'
}

@test "what is shown is saved, as text and as JSON, and nothing is overwritten" {
    terminal 80 24 tmux-256color
    keys 3
    golden drops
    keys s C-u
    keys -l 'drops.txt'
    keys Enter
    says 'saved to drops.txt'
    grep -q 'acl-denied' drops.txt
    keys s C-u
    keys -l 'drops.json'
    keys Enter
    says 'saved to drops.json'
    [ "$(jq -r '.rows[0].reason' drops.json)" = acl-denied ]
    keys s C-u
    keys -l 'drops.txt'
    keys Enter
    says 'is there already'
    keys 4 Home Space Space d
    says 'fields in which the frames differ'
    keys s C-u
    keys -l 'compare.json'
    keys Enter
    says 'saved to compare.json'
    [ "$(jq -r .screen compare.json)" = compare ]
    python3 "$BATS_TEST_DIRNAME/../system/schema.py" \
        "$BATS_TEST_DIRNAME/../../docs/api/xsw-top.schema.json" ./*.json
}

@test "keys of a file hold, and are what the bottom bar says" {
    mkdir -p .config/xsw
    printf 'quit F10\nhelp H\n' > .config/xsw/top.keys
    terminal 80 24 tmux-256color
    says 'H help F10 quit'
    keys q H
    says 'Left and right choose a number'
    keys F10
    helps_no_more() { ! has 'Left and right choose a number'; }
    until_true helps_no_more
    keys F10
    says 'ended 0'
    echo 'fly x' > wrong.keys
    terminal 80 24 tmux-256color --keys wrong.keys
    says 'ended 2'
    has 'wrong.keys, line 1: "fly" is no action'
}

@test "columns that were chosen are there the next time, and a table that is too wide moves" {
    mkdir -p .config/xsw
    echo 'pause F5' > .config/xsw/top.keys
    terminal 80 24 tmux-256color
    golden pipeline
    keys 2 S End Space
    says '[x] out, total'
    keys s
    says 'kept in '
    keys Escape q
    says 'ended 0'
    grep -qx 'pause F5' .config/xsw/top.keys
    grep -q '^show ports port state .* out_total$' .config/xsw/top.keys
    terminal 80 24 tmux-256color
    golden pipeline
    keys 2
    says 'in bit/s'
    [ "$(shown | grep -c 'out, total')" = 0 ]
    keys Right Right Right Right Right Right Right
    says 'out, total'
    rm -r .config
    terminal 80 24 tmux-256color
    golden pipeline
    keys 2 S Space s
    says 'kept in '
    grep -q '^show ports state in_per_second' .config/xsw/top.keys
}

@test "without a terminal it says what to do, and --once needs none" {
    run "$XSW" top demo.pcapng < /dev/null
    [ "$status" -eq 3 ]
    [[ "$output" == *'--once --json'* ]]
    "$XSW" top --once demo.pcapng | diff "$GOLDEN/top-pipeline.txt" -
    for screen in pipeline ports drops journeys flows extensions macs sessions events paths; do
        "$XSW" top --once --json --screen $screen demo.pcapng > $screen.json
        [ "$(jq -r '"\(.format) \(.screen)"' $screen.json)" = "1 $screen" ]
    done
    "$XSW" top --once --json --packet 2001 demo.pcapng > journey.json
    "$XSW" top --once --json --packet 1001 demo.pcapng > changed.json
    "$XSW" top --once --json --packet 1031 demo.pcapng > dropped.json
    python3 "$BATS_TEST_DIRNAME/../system/schema.py" \
        "$BATS_TEST_DIRNAME/../../docs/api/xsw-top.schema.json" ./*.json
    [ "$("$XSW" top --once --json --packet 1001 demo.pcapng |
        jq -r '.packets[0].steps[] | select(.fields != []) | .stage')" = ingress-filter.rewrite ]
    run "$XSW" top --once --packet 99999 demo.pcapng
    [ "$status" -eq 1 ]
}

@test "wrong words and wrong files are told apart" {
    run "$XSW" top --screen nowhere
    [ "$status" -eq 2 ]
    [[ "$output" == *'expected one of pipeline ports'* ]]
    run "$XSW" top --json
    [ "$status" -eq 2 ]
    run "$XSW" top --where 'dropped and' demo.pcapng
    [ "$status" -eq 2 ]
    run "$XSW" top --where 'port == nobody' --once demo.pcapng
    [ "$status" -eq 2 ]
    [[ "$output" == *nobody* ]]
    run "$XSW" top --packet 1001
    [ "$status" -eq 2 ]
    [[ "$output" == *'--packet is for a recording: give its FILE'* ]]
    run "$XSW" top --once missing.pcapng
    [ "$status" -eq 3 ]
    [[ "$output" == *missing.pcapng* ]]
    echo nonsense > nonsense.pcapng
    run "$XSW" top --once nonsense.pcapng
    [ "$status" -eq 3 ]
    run "$XSW" top --once --socket "$PWD/none.sock"
    [ "$status" -eq 3 ]
    [[ "$output" == *none.sock* ]]
}

@test "a torn recording is shown as far as it goes" {
    head -c 12000 demo.pcapng > torn.pcapng
    run "$XSW" top --once torn.pcapng
    [ "$status" -eq 0 ]
    [[ "$output" == *'proof: unknown'* ]]
    [[ "$output" == *'ingress-policy'* ]]
}
