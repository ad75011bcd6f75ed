# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ports to the outside: TAPs, and the near ends of veth pairs as packet and xdp ports, with the
# offloads that a kernel gives them when nobody says anything.

# veth_make HOST KIND [OPTIONS OF ip link]: the near end sw-HOST is for the switch, the far end is what
# host_make takes.
veth_make() {
    ip link add "sw-$1" up "${@:2}" type veth peer name "tap-$1"
    echo 1 >"/proc/sys/net/ipv6/conf/sw-$1/disable_ipv6"
}

# outside HOST KIND: the JSON of a port of that kind behind which host_make finds its interface.
outside() {
    case $2 in
    tap) echo "{\"name\": \"$1\", \"kind\": \"tap\", \"device\": \"tap-$1\"}" ;;
    *) echo "{\"name\": \"$1\", \"kind\": \"$2\", \"device\": \"sw-$1\"}" ;;
    esac
}

# hosts_start WORKERS HOST:KIND…: hosts on ports of these kinds, numbered from 1, with IPv4 and IPv6. Each
# serves streams.
hosts_start() {
    local workers=$1 spec host ports= number=0 names=()
    shift
    for spec in "$@"; do
        host=${spec%:*}
        if [ "${spec#*:}" != tap ]; then
            veth_make "$host"
            [ "$workers" -eq 1 ] ||
                ethtool -L "sw-$host" rx "$workers" tx "$workers" >>ethtool.log
        fi
        ports="$ports${ports:+, }$(outside "$host" "${spec#*:}")"
    done
    switch_start <<<"{\"switch\": {\"workers\": $workers}, \"ports\": [$ports]}"
    for spec in "$@"; do
        host=${spec%:*}
        names+=("$host")
        number=$((number + 1))
        host_make "$host" $number
        at "$host" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
        ip -n "$host" address add "fd00::$number/64" dev eth0 nodad
        at "$host" python3 -c "from ports import *; serve('::', 5000)" 2>>serve.log &
    done
    hosts_know_each_other "${names[@]}"
    for host in "${names[@]}"; do
        until_true 20 at "$host" sh -c 'ss -ltn | grep -q :5000'
    done
}

# stream HOST NUMBER: 8 MiB from the host to host NUMBER, over IPv4 and over IPv6.
stream() {
    local address
    for address in "10.0.0.$2" "fd00::$2"; do
        at "$1" python3 -c "from ports import *; stream('$address', 5000)" || {
            echo "no stream from $1 to $address" >&2
            return 1
        }
    done
}

# datagrams HOST TO NUMBER: 40 batches of 20 datagrams, each batch to be cut by who can.
datagrams() {
    local address taker
    for address in "10.0.0.$3" "fd00::$3"; do
        # A host that still asks for the other's address keeps few of them.
        at "$1" ping -q -c 1 -W 5 "$address" >ping.log
        at "$2" python3 -c "from ports import *; datagrams_take('$address', 6000, 800)" >taken &
        taker=$!
        until_true 20 grep -q ready taken
        at "$1" python3 -c "from ports import *
datagrams_send('$address', 6000, 40, 20, 1200)" >sent
        wait $taker
        equal "digest of the datagrams from $1 to $address" "$(tail -n 1 taken)" "$(cat sent)"
    done
}

# between_all FUNCTION-OF-NAMES: every ordered pair of kinds, each also with its like.
between_all() {
    "$1" t1 t2 2
    "$1" t1 p1 3
    "$1" t1 x1 5
    "$1" p1 t1 1
    "$1" p1 p2 4
    "$1" p1 x1 5
    "$1" x1 t1 1
    "$1" x1 p1 3
    "$1" x1 x2 6
}

stream_between() { stream "$1" "$3"; }

port_text() { "$XSW" --json port show "$1" | jq -r ".port.$2"; }

# refused PATTERN ARGUMENTS…: of `xsw port add`, with a reason that says so.
refused() {
    local code=0
    "$XSW" port add "${@:2}" 2>refused.log || code=$?
    equal "exit status of port add ${*:2}" $code 3
    grep -q "$1" refused.log
}

claim_streams_with_default_offloads_are_whole_between_any_two_kinds() {
    hosts_start 1 t1:tap t2:tap p1:packet p2:packet x1:xdp x2:xdp
    between_all stream_between
    # Segments came whole from the TAP, and went out of the xdp port as frames.
    [ "$(port_text x1 numbers.tx_segments)" -gt 1000 ]
}

claim_the_same_with_two_workers() {
    hosts_start 2 t1:tap t2:tap p1:packet p2:packet x1:xdp x2:xdp
    equal "queues of the packet port" "$(port_text p1 queues)" 2
    equal "queues of the xdp port" "$(port_text x1 queues)" 2
    between_all stream_between
}

claim_datagrams_that_are_sent_at_once_arrive_one_by_one() {
    hosts_start 1 t1:tap t2:tap p1:packet p2:packet x1:xdp x2:xdp
    between_all datagrams
}

claim_what_cannot_be_opened_says_why_and_what_to_do() {
    veth_make a
    ip link add wide mtu 9000 type veth peer name tap-wide
    switch_start <<<'{"switch": {"workers": 2}, "ports": []}'
    refused 'no network device "absent"' p kind packet device absent
    refused 'no network device "absent"' x kind xdp device absent
    refused 'not an Ethernet device' p kind packet device lo
    refused 'not an Ethernet device' x kind xdp device lo
    refused 'ethtool -L sw-a rx 2 tx 2' x kind xdp device sw-a
    ethtool -L sw-a rx 2 tx 2
    refused 'MTU 9000; an xdp port takes at most 3822' x kind xdp device sw-a mtu 9000
    refused 'MTU 9000; an xdp port takes at most 3822' x kind xdp device wide
    "$XSW" port add x kind xdp device sw-a
    refused 'is that of port x already' y kind xdp device sw-a
    "$XSW" port show x | awk 'length > 80 { exit 1 }'
    "$XSW" port show x | grep -q 'ethtool -K'
}

claim_a_port_comes_back_on_its_device() {
    hosts_start 1 t1:tap p1:packet x1:xdp
    local turn
    for turn in 1 2 3; do
        "$XSW" port remove p1
        "$XSW" port remove x1
        "$XSW" port add x1 kind packet device sw-x1
        "$XSW" port add p1 kind xdp device sw-p1
        stream p1 3
        "$XSW" port remove p1
        "$XSW" port remove x1
        "$XSW" port add p1 kind packet device sw-p1
        "$XSW" port add x1 kind xdp device sw-x1
        stream p1 3
    done
}

claim_a_switch_that_was_killed_leaves_nothing_on_the_device() {
    hosts_start 1 p1:packet x1:xdp
    ip link show sw-x1 | grep -q 'prog/xdp'
    ip -d link show sw-p1 | grep -q 'promiscuity 1'
    kill -KILL "$switch"
    wait "$switch" || true
    switch=
    until_true 5 sh -c '! ip link show sw-x1 | grep -q prog/xdp'
    until_true 5 sh -c 'ip -d link show sw-p1 | grep -q "promiscuity 0"'
}

claim_a_file_gets_the_frames_that_a_network_would_see() {
    hosts_start 1 t1:tap t2:tap
    "$XSW" port add file kind file output "$PWD/file.pcap"
    "$XSW" port set t2 mirror file
    stream t1 2
    "$XSW" port show file | grep -q 'frames cut from larger packets'
    "$XSW" port remove t2
    "$XSW" port remove file
    tshark -r file.pcap -Y 'frame.len > 1514' 2>/dev/null >long
    equal "frames that are too long" "$(wc -l <long)" 0
    tshark -r file.pcap -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
        -Y 'tcp.checksum.status == "Bad" || ip.checksum.status == "Bad"' 2>/dev/null >bad
    equal "bad checksums" "$(wc -l <bad)" 0
    [ "$(tshark -r file.pcap -Y 'tcp.len > 1000' 2>/dev/null | wc -l)" -gt 5000 ]
}

# lost_and_found KIND: the switch stands still while a host sends more than the rings hold.
lost_and_found() {
    local sent=40000 first
    veth_make a
    switch_start <<<"{\"ports\": [$(outside a "$1")]}"
    host_make a 1
    first=$(port_number a rx_packets)
    kill -STOP "$switch"
    at a python3 -c "from frames import *
send('eth0', [eth(2, 1, bytes(986))] * $sent)"
    kill -CONT "$switch"
    until_true 20 accounted "$first" $sent
    [ "$(port_text a numbers.lost_by_kernel)" -gt 1000 ]
}

# accounted FIRST SENT
accounted() {
    [ $(($(port_number a rx_packets) - $1 + $(port_text a numbers.lost_by_kernel))) -eq "$2" ]
}

claim_what_the_kernel_loses_before_a_packet_port_is_counted() { lost_and_found packet; }

claim_what_the_kernel_loses_before_an_xdp_port_is_counted() { lost_and_found xdp; }

# ticks: of the processor that the switch has used.
ticks() { awk '{ print $14 + $15 }' "/proc/$switch/stat"; }

claim_an_idle_switch_uses_no_processor_on_any_port() {
    hosts_start 2 p1:packet x1:xdp
    stream p1 2
    local before
    before=$(ticks)
    sleep 2 # what is measured is rest, so there is nothing to wait for
    [ $(($(ticks) - before)) -le 2 ]
    stream x1 1
}

# tunnel_make HOST NUMBER PEER TYPE: a tunnel over eth0, with addresses in 10.1.0.0/24.
tunnel_make() {
    local options
    case $4 in
    vxlan) options="vxlan id 7 dstport 4789 local 10.0.0.$2 remote 10.0.0.$3 udpcsum" ;;
    geneve) options="geneve id 7 remote 10.0.0.$3 noudpcsum" ;;
    gretap) options="gretap local 10.0.0.$2 remote 10.0.0.$3" ;;
    ipip) options="ipip local 10.0.0.$2 remote 10.0.0.$3" ;;
    esac
    # shellcheck disable=SC2086
    ip -n "$1" link add tunnel mtu 1400 type $options 2>>tunnel.log || return 1
    ip -n "$1" address add "10.1.0.$2/24" dev tunnel
    ip -n "$1" link set tunnel up
}

# through TYPE HOST NUMBER HOST NUMBER: a stream through a tunnel between the two.
through() {
    tunnel_make "$2" "$3" "$5" "$1" || return 0 # a kernel without this kind
    tunnel_make "$4" "$5" "$3" "$1"
    at "$2" timeout 20 python3 -c "from ports import *; stream('10.1.0.$5', 5000)" || {
        echo "no stream through $1 from $2 to $4" >&2
        return 1
    }
    echo "$1 $2 $4" >>streamed
    ip -n "$2" link delete tunnel
    ip -n "$4" link delete tunnel
}

claim_a_stream_in_a_tunnel_with_default_offloads_is_whole() {
    local kind
    hosts_start 1 t1:tap p1:packet p2:packet x1:xdp
    # What xsw-ports(7) asks for: XDP has no word for an unfinished checksum in a tunnel.
    at x1 ethtool -K eth0 tx-checksum-ip-generic off >ethtool.log
    for kind in vxlan geneve gretap ipip; do
        through $kind t1 1 p1 2
        through $kind p1 2 t1 1
        through $kind p1 2 p2 3
        through $kind p1 2 x1 4
    done
    grep -q 'vxlan p1 p2' streamed || exit 77
    [ "$(port_text t1 numbers.tx_segments)" -gt 1000 ]
    [ "$(port_text p2 numbers.tx_segments)" -gt 1000 ]
}
