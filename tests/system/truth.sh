# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The analyzer's numbers are those that the hosts' own kernels counted: delivery, floods, mirrors,
# rewrites, tags, offloads, several workers.

# hosts_start HOST… : a switch with a TAP port for each. Before it, `extra` may hold more members for
# the port of a host, `extensions` the extensions, and `workers` their number.
declare -A extra=()
extensions=
workers=1
hosts_start() {
    local host number=0 ports=()
    for host in "$@"; do
        ports+=("{\"name\": \"$host\", \"device\": \"tap-$host\" ${extra[$host]-}}")
    done
    switch_start <<<"{\"switch\": {\"name\": \"truth\", \"workers\": $workers},
        \"extensions\": [$extensions], \"ports\": [$(IFS=,; echo "${ports[*]}")]}"
    for host in "$@"; do
        number=$((number + 1))
        host_make "$host" $number
    done
    hosts_know_each_other "$@"
}

# kernels_agree HOST… : sent and received, by the kernels, is received and delivered, by the analyzer.
kernels_agree() {
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds"'
    equal "sent by all hosts" "$(counted_all tx_packets "$@")" \
        "$(jq .switches[0].summary.received report.json)"
    equal "received by all hosts" "$(counted_all rx_packets "$@")" \
        "$(jq .switches[0].summary.delivered report.json)"
}

# bytes_agree HOST… : and the bytes, frame by frame, at each port of the recording.
bytes_agree() {
    tshark -r capture.pcapng -T fields -e frame.interface_name -e frame.len 2>/dev/null |
        awk '{ sub(".*/", "", $1); bytes[$1] += $2 } END { for (n in bytes) print n, bytes[n] }' \
            >bytes.txt
    local host
    for host in "$@"; do
        equal "bytes from $host" "$(awk -v n="$host.rx" '$1 == n { print $2 }' bytes.txt)" \
            "$(counted "$host" tx_bytes)"
        equal "bytes to $host" "$(awk -v n="$host.tx" '$1 == n { print $2 }' bytes.txt)" \
            "$(counted "$host" rx_bytes)"
    done
}

# send HOST FRAMES: a list in Python.
send() { at "$1" python3 -c "from frames import *
send('eth0', $2)"; }

# written PORT.STAGE FILE: the frames of the recording there, as a classic pcap.
written() {
    tshark -r capture.pcapng -Y "frame.interface_name matches \"/$1\$\"" -w part.pcapng 2>/dev/null
    editcap -F pcap part.pcapng "$2"
}

claim_ping_is_delivered_and_counted() {
    hosts_start web alice
    capture_start
    at alice ping -q -c 20 -i 0.01 -W 2 10.0.0.1 >ping.log
    capture_stop
    grep -q "20 received" ping.log
    adds_up 40 0 40 0
    kernels_agree web alice
    bytes_agree web alice
}

claim_addresses_are_found_by_flooding() {
    hosts_start web alice bob
    ip -n alice neigh flush dev eth0 nud permanent
    ip -n web neigh flush dev eth0 nud permanent
    capture_start
    at alice ping -q -c 3 -i 0.01 -W 2 10.0.0.1 >ping.log
    capture_stop
    grep -q "3 received" ping.log
    # The question goes to two hosts, the answer and six pings to one.
    adds_up 8 1 9 0
    kernels_agree web alice bob
    equal "received by bob" "$(counted bob rx_packets)" 1
}

claim_a_flood_reaches_each_host_once() {
    hosts_start web alice bob carol
    capture_start
    send alice '[eth(BROADCAST, 2, bytes([n]) * 50) for n in range(50)]'
    until_true 5 port_has carol tx_packets 50
    capture_stop
    adds_up 50 100 150 0
    kernels_agree web alice bob carol
    for host in web bob carol; do
        equal "received by $host" "$(counted $host rx_packets)" 50
    done
    # Each copy knows its parent: the tree of any packet of alice holds three.
    local id
    id=$(tshark -r capture.pcapng -Y 'frame.interface_name contains "/alice.rx"' \
        -T fields -e frame.packet_id 2>/dev/null | head -n 1)
    analyze --packet "$id" capture.pcapng
    jq -e '.journey.packets | length == 3' report.json >/dev/null
}

claim_a_mirror_gets_one_copy_of_all_of_a_port() {
    extra=([alice]=', "mirror_to": "bob"')
    hosts_start web alice bob
    send web '[eth(BROADCAST, 1, bytes(46))]' # so that the switch knows where web is
    until_true 5 port_has bob tx_packets 1 # the flood, and no second one for the mirror
    local before
    before=$(counted bob rx_packets)
    capture_start
    send alice '[eth(1, 2, bytes([n]) * 60) for n in range(30)]'
    send web '[eth(2, 1, bytes([n]) * 60) for n in range(20)]'
    until_true 5 port_has alice tx_packets 21
    capture_stop
    adds_up 50 50 100 0
    report_is '$m.copies_mirror == 50'
    equal "mirrored to bob" $(($(counted bob rx_packets) - before)) 50
}

claim_rewritten_bytes_arrive_as_the_analyzer_says() {
    extensions='{"path": "rewrite", "name": "mark", "settings": {"match": "udp", "dscp": 46,
        "ip-dst": "10.0.0.77", "port-dst": 5353, "rule": 12}}'
    hosts_start web alice
    frames 'write("sent.pcap", [udp(1, 2, 1000 + n, 53, bytes([n]) * n) for n in range(25)] +
        [tcp(1, 2, 9, 53)])'
    at web python3 -c 'from frames import *
take("eth0", 26, "received.pcap")' >taken.txt &
    local taker=$!
    until_true 20 grep -q ready taken.txt
    capture_start
    send alice 'read("sent.pcap")'
    until_true 5 port_has web tx_packets 26
    capture_stop
    wait $taker
    adds_up 26 0 26 0
    kernels_agree web alice
    report_is '$m.changed == 25 and ($s.changes | length) == 1 and $s.changes[0].extension == "mark"'
    report_is '[$s.changes[0].fields[].field] | sort ==
        ["ip.checksum", "ip.dsfield.dscp", "ip.dst", "udp.checksum", "udp.dstport"]'
    report_is '$s.changes[0].checksums_broken == 0 and $s.changes[0].undeclared == 0'
    written alice.rx rx.pcap
    written web.tx tx.pcap
    # The same frames, worked out here without the extension.
    frames '
def expected(frame, n):
    if frame[23] != 17:
        return frame
    one, two, data = "10.0.0.2", "10.0.0.77", bytes([n]) * n
    segment = struct.pack("!HHHH", 1000 + n, 5353, 8 + n, 0) + data
    return eth(1, 2, ipv4(one, two, 17, transport(one, two, 17, segment, 6), 46), 0x0800)
sent = read("sent.pcap")
assert read("rx.pcap") == sent
assert read("tx.pcap") == read("received.pcap")
assert read("tx.pcap") == [expected(frame, n) for n, frame in enumerate(sent)]'
}

claim_tags_are_pushed_and_popped_and_nothing_else_is() {
    switch_start <<JSON
{"ports": [{"name": "trunk", "kind": "file", "output": "$PWD/trunk.pcap",
            "vlan": {"mode": "trunk", "native": 1, "allowed": [10, 20]}},
           {"name": "access", "kind": "file", "output": "$PWD/access.pcap",
            "vlan": {"mode": "access", "access": 10}}]}
JSON
    frames '
data = bytes(range(60))
priority = struct.pack("!HH", 0x8100, 5 << 13)
inner = struct.pack("!HH", 0x8100, 33)
write("in.pcap", [eth(2, 1, data, tags=tags) for tags in
    ([], [10], [20], [priority], [struct.pack("!HH", 0x8100, 3 << 13 | 10), inner])])'
    capture_start
    play in.pcap 5 '{"vlan": {"mode": "trunk", "native": 20, "allowed": [10, 20]}}'
    capture_stop
    report_is '.verdict == "holds" and $m.received == 5 and $m.dropped == 0'
    switch_stop
    frames '
data = bytes(range(60))
inner = struct.pack("!HH", 0x8100, 33)
tag = lambda priority, vlan: struct.pack("!HH", 0x8100, priority << 13 | vlan)
assert read("access.pcap") == [eth(2, 1, data), eth(2, 1, data, tags=[inner])], "access"
assert read("trunk.pcap") == [eth(2, 1, data, tags=tags) for tags in ([20], [10], [20],
    [tag(5, 20)], [tag(3, 10), inner])], "trunk"'
}

# serve HOST COMMAND…: in the background until the claim ends; waits for its port.
serve() {
    local host=$1 port=$2
    shift 2
    at "$host" "$@" >"serve-$port.out" 2>&1 &
    until_true 20 at "$host" sh -c "ss -tln | grep -q ':$port '"
}

claim_segments_and_partial_checksums_pass_whole() {
    hosts_start web alice
    mkdir web
    head -c 8M /dev/urandom >web/file
    serve web 80 python3 -m http.server --directory web 80
    capture_start --ring 131072
    at alice curl -sS --max-time 30 -o downloaded http://10.0.0.1/file
    capture_stop
    cmp downloaded web/file
    kernels_agree web alice
    bytes_agree web alice
    # Frames that no wire would take, and checksums that no sender has finished, are in the file.
    tshark -r capture.pcapng -Y 'frame.len > 1514' 2>/dev/null | grep -q .
    tshark -r capture.pcapng -o tcp.check_checksum:TRUE -Y 'tcp.checksum.status == "Bad"' \
        2>/dev/null | grep -q .
}

# Two rewrites make web appear at 10.0.0.100; the checksums that they mend are whole and half done.
claim_a_download_through_rewritten_addresses_is_whole() {
    extensions='{"path": "rewrite", "name": "there",
            "settings": {"match": "dst host 10.0.0.100", "ip-dst": "10.0.0.1"}},
        {"path": "rewrite", "name": "back",
            "settings": {"match": "src host 10.0.0.1 and tcp", "ip-src": "10.0.0.100"}}'
    hosts_start web alice
    mkdir web
    head -c 4M /dev/urandom >web/file
    serve web 80 python3 -m http.server --directory web 80
    ip -n alice neigh replace 10.0.0.100 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
    capture_start --ring 131072
    at alice curl -sS --max-time 30 -o downloaded http://10.0.0.100/file
    cmp downloaded web/file
    at alice ethtool -K eth0 tx off tso off gso off >ethtool.log
    at web ethtool -K eth0 tx off tso off gso off >ethtool.log
    at alice curl -sS --max-time 30 -o again http://10.0.0.100/file
    cmp again web/file
    capture_stop
    kernels_agree web alice
    bytes_agree web alice
    report_is '$m.changed == $m.received and all($s.changes[]; .checksums_broken == 0)'
}

# A tag moves where the headers are; what the network card is told has to move with it.
claim_segments_get_and_lose_tags_whole() {
    extra=([web]=', "vlan": {"mode": "trunk", "native": 1, "allowed": [10]}'
        [alice]=', "vlan": {"mode": "access", "access": 10}')
    hosts_start web alice
    local host
    for host in web alice; do
        at $host python3 -c 'from frames import *
expect("eth0", 1)' >$host.txt &
        until_true 20 grep -q ready $host.txt
    done
    capture_start
    local data='bytes(range(250)) * 36'
    at web python3 -c "from frames import *
send('eth0', [segment(tcp(2, 1, 80, 9, $data, tags=[10]), 18, 1400)], True)"
    at alice python3 -c "from frames import *
send('eth0', [segment(tcp(1, 2, 9, 80, $data), 14, 1300)], True)"
    until_true 10 grep -q frame web.txt
    until_true 10 grep -q frame alice.txt
    capture_stop
    adds_up 2 0 2 0
    kernels_agree web alice
    bytes_agree web alice
    report_is '$m.changed == 2'
    frames "
def got(path):
    return json.loads(open(path).read().splitlines()[1])
at_alice, at_web = got('alice.txt'), got('web.txt')
data = $data
assert at_alice.pop('frame') == tcp(2, 1, 80, 9, data).hex(), 'frame at alice'
assert at_web.pop('frame') == tcp(1, 2, 9, 80, data).hex(), 'frame at web, without its tag'
told = {'flags': 1, 'gso': 1, 'start': 34, 'offset': 16}
at_alice.pop('headers'), at_web.pop('headers')
assert at_alice == {**told, 'size': 1400, 'tag': None}, at_alice
assert at_web == {**told, 'size': 1300, 'tag': 10}, at_web"
    # The tag was there between switch and web.
    equal "tagged at web" "$(tshark -r capture.pcapng -Y 'vlan.id == 10' -T fields \
        -e frame.interface_name 2>/dev/null | sed 's|.*/||' | sort | tr '\n' ' ')" \
        'web.egress-policy web.rx web.tx '
}

claim_many_streams_on_two_workers_are_all_accounted_for() {
    workers=2
    hosts_start web alice bob
    serve web 5201 iperf3 -s
    capture_start --snap 96 --ring 131072
    at alice iperf3 -c 10.0.0.1 -P 4 -n 64M -J >iperf3.log
    at bob iperf3 -c 10.0.0.1 -P 2 -n 16M -R -J >iperf3.log
    capture_stop
    kernels_agree web alice bob
    bytes_agree web alice bob
    report_is '$s.sessions[0].lost == 0'
}

claim_a_policy_that_comes_under_traffic_is_obeyed_from_then_on() {
    hosts_start web alice
    capture_start
    at alice ping -q -i 0.002 -c 2000 -W 1 10.0.0.1 >ping.log &
    local ping=$!
    until_true 10 eval '[ "$(port_number alice rx_packets)" -gt 300 ]'
    "$XSW" policy add alice in deny proto icmp id 9 >/dev/null
    until_true 10 eval '[ "$(port_number alice dropped_in)" -gt 20 ]'
    "$XSW" policy remove alice 9 >/dev/null
    wait $ping || true
    capture_stop
    kernels_agree web alice
    local unanswered
    unanswered=$(awk '/received/ { print $1 - $4 }' ping.log)
    dropped_is "$unanswered" acl-denied ingress-policy alice 9
    report_is "\$m.dropped == $unanswered"
}
