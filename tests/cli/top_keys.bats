#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every key of the map of xsw top in a real terminal, which tmux is: the lines that it changes there are
# those that the unit test has written down in golden/top-keys.txt. And the mouse.
load terminal

# again: a new viewer in the same terminal.
again()
{
    tmux -S $socket respawn-window -k \
        "TERM=tmux-256color '$XSW' top demo.pcapng 2> error.log; echo \"ended \$?\"; cat error.log; cat"
    golden pipeline
}

has_marks() { [ "$(shown | grep -c '●')" = "$1" ]; }

# place ACTION: goes to where the unit test presses the keys of this action.
place()
{
    case $1 in
    mark | up | page-up | page-down | home | end | follow | times | letter)
        keys 4 Down Down Down Down Down Down Down Down Down Down
        keys Down Down Down Down Down Down Down Down Down Down
        says ' 1022 '
        ;;
    search-next | tree | tree-close | tree-all)
        keys 4 Down Enter Home
        says 'packet 2001 as it began'
        ;;
    search-previous)
        keys 4 Down Enter End
        says 'packet 2001 as it began'
        ;;
    tree-open)
        keys 4 Down Enter Home -l -- -
        says '[+] packet 2001'
        ;;
    back | unfilter)
        keys 3 Enter
        says 'filter: reason'
        ;;
    time-forward | time-far-forward)
        keys '{'
        says 'AT 03:04:05.031'
        ;;
    compare)
        keys 4 Space Space
        until_true has_marks 2
        ;;
    left | right)
        keys Right Right
        ;;
    esac
}

# press KEY: as the help writes it.
press()
{
    case $1 in
    Esc) keys Escape ;;
    Bksp) keys BSpace ;;
    S-Tab) keys BTab ;;
    ^?) keys "C-$(tr A-Z a-z <<< "${1#^}")" ;;
    ?) keys -l -- "$1" ;;
    *) keys "$1" ;;
    esac
}

# The lines of the golden text for an action, without the marks of the cursor.
told() { awk -v name="== $1:" 'index($0, "== ") == 1 { here = index($0, name) == 1; next } here' "$GOLDEN/top-keys.txt"; }

# is_told: all lines that are told in told.txt stand in the terminal; other lines may be anything.
is_told()
{
    shown | awk '
        NR == FNR {
            if (substr($0, 1, 2) ~ /^[ 0-9][0-9]$/) {
                text = substr($0, 5)
                gsub(/[][]/, "", text)
                wanted[substr($0, 1, 2) + 0] = text
            }
            next
        }
        {
            gsub(/[][]/, "")
            # The name of a file to be saved has the time in it.
            if (FNR - 1 in wanted && $0 != wanted[FNR - 1] &&
                !(wanted[FNR - 1] == "save to:" && index($0, wanted[FNR - 1]) == 1))
                exit failed = 1
        }
        END { exit failed }' told.txt -
}

# What a key does that changes no line, or asks the program for something.
pressed()
{
    case $1 in
    quit) says 'ended 0' ;;
    record) says 'this is a recording already' ;;
    dump) says 'a recording has no flight recorder' ;;
    colour) until_true without_colours ;;
    pipeline) golden pipeline ;;
    redraw)
        printf '\e[5;1Hsomething that another program has written' > "$(tmux -S $socket display-message -p '#{pane_tty}')"
        says 'another program'
        keys C-l
        golden pipeline
        ;;
    *) until_true is_told ;;
    esac
}

without_colours() { ! shown -e | grep -q '38;5;208'; }

@test "each key of the map does in a terminal what it does in the unit tests" {
    local action names key list pressed=0
    terminal 80 24 tmux-256color
    while read -r action names; do
        told "$action" > told.txt
        read -ra list <<< "$names"
        for key in "${list[@]}"; do
            again
            place "$action"
            press "$key"
            pressed "$action" || {
                echo "$key ($action):"
                cat told.txt
                shown
                return 1
            }
            pressed=$((pressed + 1))
        done
    done < <(sed -n 's/^== \([^:]*\): /\1 /p' "$GOLDEN/top-keys.txt")
    echo "$pressed keys"
    [ $pressed -gt 75 ]
}

@test "the manual page has each action with its keys" {
    local page="$BATS_TEST_DIRNAME/../../man/xsw-top.1" action names found=0
    while read -r action names; do
        # Without what mdoc wants in front of some characters.
        sed -n "s/^\.It $action Ta \(.*\) Ta .*/\1/p" "$page" |
            sed 's/\\&//g; s/\\e/\\/g; s/\\(aq/'"'"'/g; s/, / /g' > keys.txt
        [ "$(cat keys.txt)" = "$names" ] || {
            echo "$action: \"$names\", in the manual \"$(cat keys.txt)\""
            return 1
        }
        found=$((found + 1))
    done < <(sed -n 's/^== \([^:]*\): /\1 /p' "$GOLDEN/top-keys.txt")
    [ $found -gt 40 ]
}

@test "the mouse chooses a screen and opens a row, its wheel moves" {
    terminal 80 24 xterm
    golden pipeline
    keys -l $'\e[<0;21;2M\e[<0;21;2m'
    golden drops
    # The second row, twice.
    keys -l $'\e[<0;9;6M\e[<0;9;6m\e[<0;9;6M\e[<0;9;6m'
    golden drop-packets
    keys -l $'\e[<65;9;9M'
    says '10.0.0.1:4000 > 10.0.0.2:23 udp'
    keys Enter
    says 'packet 1032 as it began'
    keys Escape
    keys -l $'\e[<64;9;9M'
    keys Enter
    golden drop-journey
}
