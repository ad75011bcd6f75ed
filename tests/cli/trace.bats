#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# xsw trace as far as nothing of LTTng is started: what is wrong with a command line is told before that.
# What it does is in tests/system/trace.sh.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    unset XSW_SWITCH
    # Where nobody has a session daemon.
    export HOME="$PWD" LTTNG_HOME="$PWD"
    "$XSW" trace --help | grep -q 'trace start' || skip "this xsw was built without LTTng"
}

# wrong CODE WORDS TEXT: the command line ends with that status, and its error has the text.
wrong()
{
    local code=0
    # shellcheck disable=SC2086
    "$XSW" trace $2 2> error || code=$?
    cat error
    [ "$code" -eq "$1" ]
    grep -q -F -e "$3" error
    ! ls -d lttng-traces .lttng
}

@test "what is wrong with a command line is told" {
    wrong 2 "start profile everything" "expected drops, changes, control or all"
    wrong 2 "start profile" "the value of profile is missing"
    wrong 2 "start one two" 'unexpected word "two"'
    wrong 2 "start live to net://192.0.2.1" "leave out"
    wrong 2 "start budget 0" "1 to 10000000 microseconds"
    wrong 2 "start budget 5ms" "1 to 10000000 microseconds"
    wrong 2 "follow profile drops /tmp" "of a session that is started"
    wrong 2 "follow profile none" "expected drops, changes, control or all"
    wrong 2 "follow port" "the value of port is missing"
    wrong 2 "relay" "the folder for the traces is missing"
    wrong 2 "relay here listen somewhere" "no address to listen on"
    wrong 2 "stopp" 'did you mean "stop"?'
}

@test "limits of the kernel's events are numbers that mean something" {
    wrong 2 "kernel -c 0.5" "--count 0.5: expected a whole number from 1 on"
    wrong 2 "kernel -c 0" "--count 0: expected a whole number"
    wrong 2 "kernel -c -1" "--count -1: expected a whole number"
    wrong 2 "kernel -t 0" "--time 0: expected seconds, more than 0"
    wrong 2 "kernel -t 5s" "--time 5s: expected seconds"
    "$XSW" trace kernel --help | grep -q 'See xsw-trace-kernel(1)'
}

@test "without a daemon nothing is started" {
    wrong 3 "start" "s.sock"
    wrong 3 "follow" "s.sock"
}

@test "what is not there is told" {
    wrong 1 "follow /nowhere/trace" "/nowhere/trace is no folder"
    mkdir empty
    wrong 1 "follow $PWD/empty" "holds no trace"
    mkdir broken
    echo nonsense > broken/metadata
    wrong 3 "follow $PWD/broken" "broken cannot be read"
}

@test "words are completed" {
    [ "$("$XSW" trace --complete-here | sort | paste -sd ' ')" = \
        "follow join kernel relay rotate snapshot start status stop" ]
    [ "$("$XSW" trace start profile --complete-here | paste -sd ' ')" = "drops changes control all" ]
    "$XSW" trace start --complete-here | grep -qx filter
    "$XSW" trace follow --complete-here | grep -qx reason
    [ "$("$XSW" trace follow port --complete-here)" = "" ]
}

@test "help fits a screen" {
    "$XSW" trace --help > help
    [ "$(wc -l < help)" -le 40 ]
    [ "$(LC_ALL=C.UTF-8 wc -L < help)" -le 80 ]
}
