#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Completion in bash: the function is called as the shell calls it, without a terminal.
# XSWD, XSW and COMPLETION name the programs and the file.

load daemon

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    # shellcheck source=/dev/null
    . "$COMPLETION"
    echo '{"switches": [{"switch": {"name": "left"}, "ports": [{"name": "alice", "kind": "memory"},
           {"name": "bob", "kind": "memory"}]}, {"switch": {"name": "right"}}]}' > config.json
    start
}

teardown()
{
    stop
}

# offers WORDS…: what bash would offer for the last one, on one line, sorted.
offers()
{
    COMP_WORDS=("$XSW" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _xsw
    printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}

@test "the commands are those that the help has" {
    for command in switch config port policy mac stats extension capture analyze; do
        [[ " $(offers '')" == *" $command "* ]]
    done
    [ "$(offers sw)" = "switch " ]
}

@test "verbs and words come from the parser" {
    [[ "$(offers switch '')" == *"add "*"list "*"remove "*"show "* ]]
    [ "$(offers mac fl)" = "flush " ]
    [[ " $(offers -S left port add carol '')" == *" kind "*" mtu "*" vlan "* ]]
    [[ " $(offers -S left port add carol mtu 1500 '')" != *" mtu "* ]]
    [ "$(offers -S left port set alice guard '')" = "off on " ]
    [[ " $(offers -S left port set alice vlan '')" == *" access "*"trunk "* ]]
}

@test "names are those of the running switches" {
    [ "$(offers switch show '')" = "left right " ]
    [ "$(offers --switch r)" = "right " ]
    [ "$(offers --switch left port show '')" = "alice bob " ]
    [ "$(offers --switch left mac list port b)" = "bob " ]
    [ "$(offers --switch right port show '')" = " " ]
    [ "$(XSW_SWITCH=left offers port remove a)" = "alice " ]
    [ "$(offers --switch left feature get v)" = "vlan " ]
}

@test "options and files are offered where they can stand" {
    [[ " $(offers capture --)" == *" --every-stage "*" --write "* ]]
    [[ " $(offers port --j)" == " --json " ]]
    touch recording.pcapng
    [ "$(offers analyze rec)" = "recording.pcapng " ]
    [ "$(offers config save rec)" = "recording.pcapng " ]
    [ "$(offers extension check rec)" = "recording.pcapng " ]
    [ "$(offers -S left extension add rec)" = "recording.pcapng " ]
    [[ " $(offers -S left extension add '')" == *" flowfilter "*"recording.pcapng "* ]]
}

@test "asking changes nothing and needs no daemon" {
    offers -S left port remove alice
    offers -S left mac flush
    offers -S left switch remove left force
    [ "$("$XSW" -S left port list --json | jq '.ports | length')" = 2 ]
    [ "$(XSW_SOCKET=/nowhere offers port show '')" = " " ]
    [ "$(XSW_SOCKET=/nowhere offers port sh)" = "show " ]
}
