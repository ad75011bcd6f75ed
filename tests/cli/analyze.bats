#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line of xsw analyze and its exit status, on a recording that DEMO makes.
# XSW and DEMO name the programs.

setup()
{
    cd "$BATS_TEST_TMPDIR"
    "$DEMO" .
}

# refused CODE TEXT COMMAND…: it ends with that status and says why.
refused()
{
    local code=$1 text=$2
    shift 2
    run "$@"
    [ "$status" -eq "$code" ]
    [[ $output == *"$text"* ]]
}

@test "options that make no sense are refused with what was expected" {
    refused 2 'expected findings, drops, changes, paths, latency or flows' "$XSW" analyze -t nothing small.pcapng
    refused 2 'expected findings, drops, changes, paths, latency or flows' "$XSW" analyze --csv all small.pcapng
    refused 2 'give one of the two' "$XSW" analyze --json --csv drops small.pcapng
    refused 2 'give one of the two' "$XSW" analyze --packet 1 --csv drops small.pcapng
    refused 2 'standard input only goes once' "$XSW" analyze --export x.pcapng -
    refused 2 'which file?' "$XSW" analyze --json
    refused 2 '--baseline' "$XSW" analyze --baseline - small.pcapng
    [ ! -e x.pcapng ]
}

@test "a baseline or an export that cannot be had fails and says why" {
    refused 3 'missing.pcapng' "$XSW" analyze --baseline missing.pcapng small.pcapng
    refused 3 'no/where.pcapng' "$XSW" analyze --export no/where.pcapng small.pcapng
}

@test "each table can be had alone, as text and as CSV" {
    local table
    for table in findings drops changes paths latency flows; do
        "$XSW" analyze --table $table small.pcapng >text.txt
        "$XSW" analyze --csv $table small.pcapng >table.csv
        [ -s text.txt ]
        [ "$(wc -l <table.csv)" -ge 2 ]
        [ "$(head -n 1 table.csv | cut -d, -f1)" = switch ]
        ! grep -q PROOF text.txt
    done
    [ "$("$XSW" analyze --csv drops small.pcapng | sed -n 2p | cut -d, -f2-6)" = \
        'ingress-policy,acl-denied,bob,10,' ]
}

@test "an export is read by the analyzer and by stock tools" {
    "$XSW" analyze --where dropped --export dropped.pcapng.zst small.pcapng
    "$XSW" analyze --json dropped.pcapng.zst | jq -e '.switches[0].summary | .received == 1 and .dropped == 1'
    "$XSW" analyze --packet 1 --export tree.pcapng small.pcapng >tree.txt
    [ "$(tcpdump -n -r tree.pcapng 2>/dev/null | wc -l)" -eq 5 ]
}

@test "the usual mistakes with a file are told in a line, for analyze and top alike" {
    printf 'no recording at all' >text
    : >nothing
    head -c 60 small.pcapng >cut
    mkdir folder
    local command
    for command in "analyze" "top --once"; do
        refused 3 'missing.pcapng: cannot be opened for reading: No such file' "$XSW" $command missing.pcapng
        refused 3 'folder: this is a folder, expected a recording' "$XSW" $command folder
        refused 3 'text: byte 0: the file begins with 0x' "$XSW" $command text
        refused 3 'nothing: the file is empty, expected pcapng or pcap' "$XSW" $command nothing
        refused 3 'cut: byte 0: the file ends inside the block that begins here' "$XSW" $command cut
        [ "${#lines[@]}" -eq 1 ]
        [ "$(grep -o 'cut: ' <<<"$output" | wc -l)" -eq 1 ]
    done
}

@test "a file of another writer is told to be one, and what would write journeys" {
    editcap -F pcap small.pcapng other.pcap
    run "$XSW" analyze other.pcap
    [[ "$(tr '\n' ' ' <<<"$output" | tr -s ' ')" == *'no journeys in this file'*'is recorded by xsw capture'* ]]
}

@test "the report says what to ask next, and that can be asked" {
    local next
    "$XSW" analyze small.pcapng >report.txt
    next=$(tr '\n' ' ' <report.txt | grep -o 'xsw analyze --packet [0-9]* small.pcapng')
    "$XSW" ${next#xsw } >packet.txt
    grep -q 'DROPPED' packet.txt
    cp small.pcapng 'a b.pcapng' # which a shell would take for two
    ! "$XSW" analyze 'a b.pcapng' | grep -q '^Next'
}

@test "the help fits a screen" {
    [ "$("$XSW" analyze --help | wc -l)" -le 24 ]
    [ "$("$XSW" analyze --help | awk '{ print length }' | sort -n | tail -n 1)" -le 80 ]
}

# on_terminal ROWS COMMAND…: in a terminal of so many rows, whose output is in out.txt.
on_terminal()
{
    local rows=$1
    shift
    script -qefc "stty rows $rows cols 80; $*" /dev/null < /dev/null > out.txt
}

@test "a report that is longer than the terminal is paged as a whole, and only then" {
    export NO_COLOR=1 XSW_PAGER='cat > paged.txt' PAGER=false
    "$XSW" analyze small.pcapng > whole.txt || [ $? -eq 1 ]
    [ ! -e paged.txt ]
    local rows
    rows=$(wc -l < whole.txt)
    on_terminal "$rows" "'$XSW' analyze small.pcapng" || [ $? -eq 1 ]
    cmp paged.txt whole.txt
    [ ! -s out.txt ]
    rm paged.txt
    on_terminal $((rows + 1)) "'$XSW' analyze small.pcapng" || [ $? -eq 1 ]
    [ ! -e paged.txt ]
    tr -d '\r' < out.txt | cmp - whole.txt
    for option in --no-pager --json '--csv drops' '--table drops'; do
        on_terminal 20 "'$XSW' analyze $option small.pcapng" || [ $? -eq 1 ]
        [ ! -e paged.txt ]
        [ -s out.txt ]
    done
}

@test "a pager changes neither the exit status nor, when it cannot be run, the report" {
    export NO_COLOR=1
    local code=0 paged=0
    "$XSW" analyze small.pcapng > whole.txt || code=$?
    XSW_PAGER=false on_terminal 10 "'$XSW' analyze small.pcapng" || paged=$?
    [ "$paged" -eq "$code" ]
    [ ! -s out.txt ]
    for pager in /no/such/pager '' cat; do
        XSW_PAGER=$pager on_terminal 10 "'$XSW' analyze small.pcapng" || [ $? -eq "$code" ]
        tr -d '\r' < out.txt > shown.txt
        tail -n "$(wc -l < whole.txt)" shown.txt | cmp - whole.txt
    done
}

@test "a timeline that is longer than the terminal is shown by the pager, too" {
    export NO_COLOR=1
    "$XSW" analyze --timeline small.pcapng > whole.txt || [ $? -eq 1 ]
    local rows
    rows=$(wc -l < whole.txt)
    [ "$rows" -gt 1 ]
    XSW_PAGER='cat > paged.txt' on_terminal "$rows" "'$XSW' analyze --timeline small.pcapng" || [ $? -eq 1 ]
    cmp paged.txt whole.txt
    rm paged.txt
    for option in --no-pager --json; do
        XSW_PAGER='cat > paged.txt' on_terminal 2 "'$XSW' analyze --timeline $option small.pcapng" ||
            [ $? -eq 1 ]
        [ ! -e paged.txt ]
    done
}

@test "less shows the beginning of the report, and q ends it" {
    command -v tmux > /dev/null && command -v less > /dev/null || skip "tmux or less is not here"
    unset TMUX XSW_PAGER PAGER LESS
    export NO_COLOR=1 LC_ALL=C.UTF-8
    local first
    first=$("$XSW" analyze small.pcapng | grep -m 1 .) || true
    tmux -S tmux.sock -f /dev/null new-session -d -x 80 -y 20 \
        "'$XSW' analyze small.pcapng; echo \"ended \$?\"; cat"
    shows() { tmux -S tmux.sock capture-pane -p | grep -qF -- "$1"; }
    local tries=400
    until shows "$first" || [ $tries -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    shows "$first"
    if shows 'ended'; then false; fi
    tmux -S tmux.sock send-keys q
    until shows 'ended' || [ $tries -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    shows 'ended'
    tmux -S tmux.sock kill-server
}
