# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of commands share: an xswd of the test's own. `start FILE` returns when it is ready;
# `line` then holds the line that said so. `stop` leaves what it said afterwards in the file rest.

start()
{
    mkfifo log
    "$XSWD" --config "${1:-config.json}" 2> log 3>&- &
    daemon=$!
    exec 5< log
    while read -r -t 30 -u 5 line; do
        if [[ "$line" == started:* ]]; then
            return 0
        fi
        echo "$line"
    done
    return 1
}

stop()
{
    kill "$daemon"
    wait "$daemon"
    daemon=
    cat <&5 > rest
    exec 5<&-
    rm -f log
}
