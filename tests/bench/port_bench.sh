#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Packets a second between two veth pairs, 64 bytes each, through xswd with each kind of port and
# through the Linux bridge, in one run and in namespaces of its own. One sender at full speed: on a
# machine of two processors it has one of them and the switch the other; the bridge works on the
# sender's. Usage: port_bench.sh BUILD-FOLDER [SECONDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1-}" != --inside ]; then
    [ -x "${1-}/cmd/xswd" ] || { echo "usage: port_bench.sh BUILD-FOLDER [SECONDS]" >&2; exit 2; }
    exec unshare --net --mount --pid --fork --kill-child --mount-proc \
        "$here/port_bench.sh" --inside "$(realpath "$1")" "${2:-3}"
fi
build=$2 seconds=$3
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
cd /run
export XSW_SOCKET=/run/xswd.sock

pair() { # NAME: sw-NAME here, eth0 in the namespace NAME
    ip netns add "$1"
    ip link add "sw-$1" type veth peer name eth0 netns "$1"
    echo 1 >"/proc/sys/net/ipv6/conf/sw-$1/disable_ipv6"
    ip link set "sw-$1" up
    ip -n "$1" link set eth0 address "02:00:00:00:00:0$2" up
}

received() { nsenter --net=/run/netns/b awk '$1 == "eth0:" { print $3 }' /proc/net/dev; }

measure() { # WHAT
    local before after offered
    # The destination is known: it has sent something.
    nsenter --net=/run/netns/b "$build/tests/port_load" eth0 02:00:00:00:00:01 1 >/dev/null
    sleep 0.5
    before=$(received)
    offered=$(nsenter --net=/run/netns/a "$build/tests/port_load" eth0 02:00:00:00:00:02 "$seconds")
    sleep 0.5
    after=$(received)
    printf '%-10s %11d offered/s %11d delivered/s\n' "$1" "$offered" \
        $(((after - before) / seconds))
}

pair a 1
pair b 2
for kind in bridge packet xdp bridge packet xdp; do
    if [ $kind = bridge ]; then
        ip link add br0 up type bridge
        ip link set sw-a master br0
        ip link set sw-b master br0
        measure bridge
        ip link delete br0
        continue
    fi
    echo "{\"ports\": [{\"name\": \"a\", \"kind\": \"$kind\", \"device\": \"sw-a\"},
                       {\"name\": \"b\", \"kind\": \"$kind\", \"device\": \"sw-b\"}]}" >config.json
    "$build/cmd/xswd" --config config.json 2>xswd.log &
    until "$build/cmd/xsw" switch show >/dev/null 2>&1; do sleep 0.05; done
    measure $kind
    kill $!
    wait $! || true
done
