# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A port moves from one running xswd to another, in one network namespace, while its guest talks to a third
# host. `left` has the host; `right` reaches it through a link between the two switches.
#
#   guest ─ left ─ host        guest ┐
#            │ link       →        right ─ link ─ left ─ host
#          right

left=/run/left.sock
right=/run/right.sock

on() { XSW_SOCKET=$1 "$XSW" "${@:2}"; }

# daemon_start SOCKET CONFIGURATION: both write their events into one file, so that it has their order.
daemon_start() {
    local name=${1##*/}
    echo "$2" >"${name%.sock}.json"
    "$XSWD" --config "${name%.sock}.json" --socket "$1" 2>>xswd.log &
    daemons+=($!)
    until_true 20 on "$1" switch list
}

daemons_stop() {
    local daemon
    for daemon in "${daemons[@]}"; do
        kill "$daemon"
        wait "$daemon"
    done
}

# switches_start GUEST-PORT: the JSON of the guest's port.
switches_start() {
    local keeper="{\"path\": \"$XSW_EXTENSION_PATH/test/keeper.so\"}"
    daemons=()
    : >xswd.log
    ip link add link-left up type veth peer name link-right
    ip link set link-right up
    ip link add sw-host up type veth peer name tap-host
    daemon_start $left "{\"switch\": {\"name\": \"left\"}, \"extensions\": [$keeper],
        \"ports\": [{\"name\": \"link\", \"kind\": \"packet\", \"device\": \"link-left\"},
                    {\"name\": \"host\", \"kind\": \"packet\", \"device\": \"sw-host\"}, $1]}"
    daemon_start $right "{\"switch\": {\"name\": \"right\", \"workers\": 2},
        \"extensions\": [$keeper],
        \"ports\": [{\"name\": \"link\", \"kind\": \"packet\", \"device\": \"link-right\"}]}"
    host_make host 1
    at host python3 -c "from ports import *; serve('0.0.0.0', 5000)" 2>serve.log &
    until_true 20 at host sh -c 'ss -ltn | grep -q :5000'
}

# stream_start COMMAND…: what runs it where the guest is. It sends before, while and after the port
# moves: 4 MiB or more, and the digest of all must be the one that the host has seen.
stream_start() {
    "$@" python3 -c "from migration import *; stream_until('10.0.0.1', 5000, '$PWD/moved')" \
        >stream.log 2>&1 &
    stream=$!
    until_true 20 grep -q flowing stream.log
}

stream_end() {
    : >moved
    wait "$stream" || {
        cat stream.log >&2
        return 1
    }
}

events() {
    grep -o -E '^[a-z-]+: port=guest .*switch=(left|right)' xswd.log |
        sed -E 's/^([a-z-]+): .*switch=(.*)/\2 \1/' | grep -v -e property -e port-state
}

sent_by_guest() {
    XSW_SOCKET=$1 call feature.status 'port="guest", feature="keeper.sent"' |
        jq '.entries[0].status.packets'
}

moved_in_order() {
    events >events.now
    diff events.now - <<'ORDER'
left port-create
left nic-create
left nic-connect
right port-create
right port-teardown
right port-delete
right port-create
left save-complete
left nic-disconnect
left nic-delete
left port-teardown
left port-delete
right nic-create
right nic-connect
right restore-complete
ORDER
}

# addresses_are LEFT-PORT: where left has the guest's address, and that right has it at its port.
addresses_are() {
    on $left mac list --json | jq -e ".entries[] | select(.mac == \"$guest_mac\") | .port == \"$1\""
    on $right mac list --json | jq -e ".entries[] | select(.mac == \"$guest_mac\") | .port == \"guest\""
}

moves() {
    local sent
    on $left port migrate guest --to $right --json >moved.json 2>migrate.log
    sent=$(sent_by_guest $right)
    [ "$sent" -gt 100 ] # right alone has not seen so many yet: the record has come along
    equal result "$(jq -r .result moved.json)" moved
    addresses_are link >/dev/null
    moved_in_order
}

claim_a_guest_behind_a_veth_moves_and_its_stream_goes_on() {
    ip link add sw-guest up type veth peer name tap-guest
    guest_mac=02:00:00:00:00:02
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest", "dhcp_guard": true}'
    host_make guest 2
    hosts_know_each_other host guest
    stream_start at guest
    moves
    stream_end
    equal "DHCP guard at the target" "$(on $right port show guest --json | jq .port.dhcp_guard)" true
    at guest ping -q -c 3 -i 0.01 -W 2 10.0.0.1 >ping.log
    daemons_stop
}

claim_a_guest_behind_a_tap_moves_and_its_stream_goes_on() {
    guest_mac=02:00:00:00:00:02
    switches_start '{"name": "guest", "kind": "tap", "device": "tap-guest"}'
    ip link set tap-guest addrgenmode none address $guest_mac
    ip address add 10.0.0.2/24 dev tap-guest
    ip link set tap-guest up
    ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev tap-guest nud permanent
    ip -n host neigh replace 10.0.0.2 lladdr $guest_mac dev eth0 nud permanent
    stream_start env
    moves
    stream_end
    ping -q -c 3 -i 0.01 -W 2 10.0.0.1 >ping.log
    daemons_stop
    # The device was xswd's own, and goes with the port wherever that is.
    fails ip link show tap-guest 2>/dev/null
}

claim_a_guest_that_is_silent_is_found_where_it_went() {
    ip link add sw-guest up type veth peer name tap-guest
    guest_mac=02:00:00:00:00:02
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    host_make guest 2
    hosts_know_each_other host guest
    at guest ping -q -c 1 -W 2 10.0.0.1 >ping.log
    on $left port migrate guest --to $right >migrate.log
    until_true 10 addresses_are link
    # To the wrong port this would go before the guest says a word.
    at host ping -q -c 1 -W 2 10.0.0.2 >ping.log
    daemons_stop
}

claim_a_tap_that_was_there_before_stays_after_the_migration() {
    guest_mac=02:00:00:00:00:02
    ip tuntap add tap-guest mode tap vnet_hdr multi_queue
    switches_start '{"name": "guest", "kind": "tap", "device": "tap-guest"}'
    on $left port migrate guest --to $right >migrate.log
    daemons_stop
    ip link show tap-guest >/dev/null
}

claim_a_refused_migration_leaves_the_source_untouched() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    host_make guest 2
    hosts_know_each_other host guest
    on $right extension set keeper refuse=port-create >set.log
    stream_start at guest
    on $left config show >before.json
    fails on $left port migrate guest --to $right >migrate.log 2>&1
    grep -q 'no more ports today' migrate.log
    on $left config show | diff before.json -
    stream_end
    # The source was not even asked to save.
    equal "events" "$(events | grep -c left)" 3
    daemons_stop
}

claim_a_failed_migration_brings_the_stream_back() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    host_make guest 2
    hosts_know_each_other host guest
    on $right extension set keeper refuse=restore >set.log
    stream_start at guest
    on $left config show >before.json
    fails on $left port migrate guest --to $right --json >failed.json 2>migrate.log
    equal result "$(jq -r .result failed.json)" rolled-back
    on $left config show | diff before.json -
    [ "$(sent_by_guest $left)" -gt 100 ]
    stream_end
    daemons_stop
}

claim_a_port_that_another_is_mirrored_to_is_not_moved() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    host_make guest 2
    hosts_know_each_other host guest
    on $left port set host mirror guest >set.log
    on $left config show >before.json
    fails on $left port migrate guest --to $right --json >refused.json 2>migrate.log
    equal result "$(jq -r .result refused.json)" refused
    grep -q 'is the mirror of port host' migrate.log
    on $left config show | diff before.json -
    on $left port set host mirror '' >set.log
    on $left port migrate guest --to $right >migrate.log
    at guest ping -q -c 1 -W 2 10.0.0.1 >ping.log
    daemons_stop
}

claim_a_port_without_a_connected_nic_is_not_moved() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    on $left nic disconnect guest >nic.log
    fails on $left port migrate guest --to $right --json >refused.json 2>migrate.log
    equal result "$(jq -r .result refused.json)" refused
    equal life "$(on $left port show guest --json | jq -r .port.life)" disconnected
    daemons_stop
}

# migrate_once FROM TO: while the guest is nowhere, everything that ends a program comes: nobody reads on,
# and it is told to stop.
migrate_once() {
    mkfifo steps
    XSW_SOCKET=$1 "$XSW" port migrate guest --to "$2" >steps 2>migrate.log &
    local migrate=$! line
    exec 3<steps
    while read -r -u 3 line && [[ $line != *nic.disconnect* ]]; do :; done
    exec 3<&-
    kill -INT $migrate
    kill -TERM $migrate
    kill -HUP $migrate
    wait $migrate || true
    rm steps
    on "$2" port show guest >/dev/null
    fails on "$1" port show guest 2>/dev/null
}

claim_a_migration_that_is_told_to_stop_still_ends() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    migrate_once $left $right
    migrate_once $right $left
    daemons_stop
}

claim_a_device_that_the_target_has_not_is_found_before_the_cut() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    fails on $left port migrate guest --to $right --device nodev --json >refused.json 2>migrate.log
    equal result "$(jq -r .result refused.json)" refused
    grep -q 'there is no device "nodev"' migrate.log
    equal "steps at the source" "$(events | grep -c 'left nic-disconnect')" 0
    daemons_stop
}

# hangs_at METHOD RESULT: what becomes of a migration to a target that gives no answer to this.
hangs_at() {
    rm -f /run/hanging.sock
    python3 -c "from migration import *; hang_at('/run/hanging.sock', '$right', '$1')" >hanging.log &
    local hanging=$!
    until_true 20 test -S /run/hanging.sock
    fails on $left port migrate guest --to /run/hanging.sock --json >hung.json 2>migrate.log
    equal result "$(jq -r .result hung.json)" "$2"
    grep -q 'gives no answer' migrate.log
    # What it does later is undone as it was asked to be.
    wait $hanging
    fails on $right port show guest 2>/dev/null
    at guest ping -q -c 1 -W 2 10.0.0.1 >ping.log
}

claim_a_target_that_hangs_does_not_keep_the_guest() {
    ip link add sw-guest up type veth peer name tap-guest
    switches_start '{"name": "guest", "kind": "packet", "device": "sw-guest"}'
    host_make guest 2
    hosts_know_each_other host guest
    on $left config show >before.json
    hangs_at port.validate refused
    hangs_at port.add refused
    hangs_at nic.connect rolled-back
    on $left config show | diff before.json -
    daemons_stop
}
