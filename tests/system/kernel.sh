# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the kernel drops behind the switch's back: each of these drops is provoked, and its number, port
# and reason are compared with the kernel's own counters.

export LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0

# kernel_start [OPTIONS]: the sums go to kernel.json.
kernel_start() {
    : >kernel.log
    "$XSW" trace kernel --json "$@" >kernel.json 2>kernel.log &
    kernel=$!
    until_true 20 grep -q '^following' kernel.log || {
        if grep -qE 'no tracefs|needs? root|without libtracefs' kernel.log; then
            cat kernel.log
            exit 77
        fi
        return 1
    }
}

kernel_stop() {
    local code=0
    kill -INT "$kernel"
    wait "$kernel" || code=$?
    equal "exit status of trace kernel" $code "${1:-0}"
    tail -n 1 kernel.json >sums.json
}

# kernel_dropped REASON PORT: how many, by the sums.
kernel_dropped() {
    jq "[.drops[] | select(.reason == \"$1\" and .port == \"$2\") | .packets] | add // 0" sums.json
}

# sums_behind REASON PORT COUNT: so many behind that port.
sums_behind() { equal "$1 behind $2" "$(kernel_dropped "$1" "$2")" "$3"; }

# sums_are REASON PORT COUNT: so many, and none of that reason behind another port.
sums_are() {
    sums_behind "$@"
    equal "$1 behind all ports" \
        "$(jq "[.drops[] | select(.reason == \"$1\") | .packets] | add // 0" sums.json)" "$3"
}

# Guests in namespaces of their own, both of whose devices are called eth0.
two_guests() {
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "tap", "device": "tap-alice"},
        {"name": "bob", "kind": "tap", "device": "tap-bob"}]}'
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
}

# statistic HOST NAME: of /sys/class/net, by the host's kernel.
statistic() { ip -n "$1" -j -s -s link show eth0 | jq ".[0].stats64.$2"; }

# burst_here COUNT TO: datagrams as fast as they go.
burst_here() {
    python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range($1):
    try:
        s.sendto(b'x' * 100, ('$2', 9))
    except OSError:
        pass"
}

# burst HOST COUNT TO: the same from a host.
burst() { at "$1" bash -c "$(declare -f burst_here); burst_here $2 $3"; }

# The switch stands still, so that nobody empties the queue of alice's TAP.
overflow() {
    kill -STOP "$switch"
    burst alice 1500 10.0.0.2
    kill -CONT "$switch"
    dropped=$(statistic alice tx.dropped)
    [ "$dropped" -gt 100 ]
}

claim_an_overflow_of_a_tap_is_told_with_port_reason_and_the_kernels_count() {
    two_guests
    kernel_start
    until_true 20 "$XSW" --json port list
    overflow
    kernel_stop
    sums_are FULL_RING alice "$dropped"
    head -n 1 kernel.json | jq -e '.event == "kernel_drop" and .location == "tun_net_xmit" and
        .device == "eth0" and .head[24:28] == "0800"' >/dev/null
}

claim_without_bpf_the_port_is_found_by_the_packets_last_net_event() {
    # Two devices of one name cannot be told apart by name: these keep theirs.
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "tap", "device": "tap-alice"},
        {"name": "bob", "kind": "tap", "device": "tap-bob"}]}'
    local device number=0
    for device in tap-alice tap-bob; do
        number=$((number + 1))
        echo 1 >"/proc/sys/net/ipv6/conf/$device/disable_ipv6"
        ip address add "10.$number.0.1/24" dev $device
        ip link set $device up
        ip neigh replace "10.$number.0.2" lladdr 02:00:00:00:00:02 dev $device nud permanent
    done
    kernel_start --no-bpf
    kill -STOP "$switch"
    burst_here 1300 10.1.0.2
    burst_here 1100 10.2.0.2
    kill -CONT "$switch"
    until_true 20 "$XSW" --json port list
    kernel_stop
    sums_behind FULL_RING alice "$(ip -j -s link show tap-alice | jq '.[0].stats64.tx.dropped')"
    sums_behind FULL_RING bob "$(ip -j -s link show tap-bob | jq '.[0].stats64.tx.dropped')"
}

claim_names_that_read_like_numbers_stay_texts() {
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "007", "kind": "tap", "device": "tap-alice"},
        {"name": "bob", "kind": "tap", "device": "tap-bob"}]}'
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
    ip -n alice link set eth0 down
    ip -n alice link set eth0 name 0
    kernel_start
    burst bob 40 10.0.0.1
    until_true 20 grep -q '"device":"0"' kernel.json
    kernel_stop
    while read -r line; do jq -e . <<<"$line"; done <kernel.json >/dev/null
    jq -es 'map(select(.event == "kernel_drop")) | length > 0 and all(.port == "007" and .device == "0"
        and (.head | type) == "string" and (.netns | type) == "number" and (.packets | type) == "number")' kernel.json
}

# Alice's interface is down, and bob sends her 40.
down() {
    local before
    ip -n alice link set eth0 down
    before=$(statistic alice rx.dropped)
    burst bob 40 10.0.0.1
    until_true 20 rx_dropped_is alice $((before + 40))
}

claim_a_device_that_is_down_is_told_with_port_reason_and_the_kernels_count() {
    two_guests
    kernel_start
    down
    kernel_stop
    sums_are DEV_READY alice 40
}

# first_moment NAME [WHERE [COUNT]]: a port whose device is down from the first moment on, with so many packets for it
# (40), before who reads the kernel's events can know of it. With "guest" the device is a guest's then, called eth0.
first_moment() {
    kill -STOP "$kernel"
    "$XSW" port add "$1" kind tap device "tap-$1" >port.log
    if [ "${2-}" = guest ]; then
        ip netns add "$1"
        ip link set "tap-$1" netns "$1" name eth0
    fi
    # Nobody has that address, so all ports get it.
    burst bob "${3-40}" 10.0.0.9
    until_true 20 first_dropped "$1" -eq "${3-40}"
    kill -CONT "$kernel"
}

# first_dropped NAME TEST NUMBER: by the kernel's counter of its device, wherever that is.
first_dropped() {
    dropped=$({ ip -j -s -s link show "tap-$1" || ip -n "$1" -j -s -s link show eth0; } 2>/dev/null |
        jq '.[0].stats64.rx.dropped')
    test "$dropped" "$2" "$3"
}

# first_are NAME: what was told is what the kernel's counter has.
first_are() {
    first_dropped "$1" -ge 40
    sums_behind DEV_READY "$1" "$dropped"
}

claim_what_is_beyond_what_is_told_of_a_new_device_is_counted_as_lost() {
    two_guests
    ip -n bob neigh replace 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent
    kernel_start
    strangers_drop # which is beyond it, too, and nobody's
    first_moment carol here 600
    kernel_stop 1
    sums_behind DEV_READY carol 512
    equal "lost events" "$(jq .lost_events sums.json)" 88
}

# A TAP of somebody else is down, too, and what is sent there is dropped.
strangers_drop() {
    python3 -c '
import fcntl, os, struct
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", b"stranger", 0x1002))
for n in range(600):
    try:
        os.write(tap, bytes(60))
    except OSError:
        pass
assert os.system("ip -j -s -s link show stranger | jq -e \".[0].stats64.rx.dropped == 600\" >stranger.json") == 0'
}

claim_drops_on_a_device_are_a_ports_from_its_first_moment_on() {
    two_guests
    ip -n bob neigh replace 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent
    kernel_start
    strangers_drop
    first_moment carol
    first_moment dave guest
    first_moment erin
    kernel_stop
    first_are carol
    first_are dave
    first_are erin
    equal "drops behind unknown ports" "$(kernel_dropped DEV_READY '')" 0
    equal "lines about a stranger" "$(jq -s 'map(select(.device == "stranger")) | length' kernel.json)" 0
}

rx_dropped_is() { [ "$(statistic "$1" rx.dropped)" -eq "$2" ]; }

xdp_guests() {
    ip link add sw-alice up type veth peer name tap-alice
    echo 1 >/proc/sys/net/ipv6/conf/sw-alice/disable_ipv6
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "xdp", "device": "sw-alice"},
        {"name": "bob", "kind": "tap", "device": "tap-bob"}]}'
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
}

# The switch stands still, so that nobody fills the ring of alice's port.
dry() {
    kill -STOP "$switch"
    burst alice 9000 10.0.0.2
    kill -CONT "$switch"
    until_true 20 "$XSW" --json port list
    dropped=$("$XSW" --json port show alice | jq .port.numbers.fill_ring_empty)
    [ "$dropped" -gt 100 ]
}

claim_a_dry_fill_ring_of_an_xdp_port_is_told_with_port_and_count() {
    xdp_guests
    kernel_start
    dry
    kernel_stop
    equal "XDP errors behind alice" "$(kernel_dropped REDIRECT alice)" "$dropped"
    # The kernel frees such a packet too; it is told once.
    jq -e "[.drops[] | select(.port == \"alice\")] | map(.packets) | add == $dropped" sums.json >/dev/null
}

# A device whose own XDP program wants what the kernel cannot do, in the generic mode or in the driver's. Exits
# with 77 where programs may not be loaded.
xdp_faulty() {
    local device
    ip link add wire type veth peer name far
    for device in wire far; do
        echo 1 >"/proc/sys/net/ipv6/conf/$device/disable_ipv6"
        ip link set $device up
    done
    mkdir programs
    mount -t bpf bpf programs || exit 77
    python3 "$here/bpf.py" programs/invalid invalid || exit 77
    ip link set dev wire "$1" pinned programs/invalid
    switch_start <<<'{"switch": {"workers": 1}, "ports": [{"name": "alice", "kind": "packet", "device": "wire"},
        {"name": "bob", "kind": "tap", "device": "tap-bob"}]}'
}
xdp_faulty_generic() { xdp_faulty xdpgeneric; }
xdp_faulty_native() { xdp_faulty xdpdrv; }

# 40 frames come to alice's device.
faults() {
    frames '
link = link_open("far", False)
for n in range(40):
    link.send(eth(2, 1, bytes(46)))'
}

# recorded_events NAME: how many of them capture.pcapng holds, by stock tshark.
recorded_events() {
    tshark -r capture.pcapng -Y "systemd_journal.field.value == \"$1\"" 2>tshark.log | wc -l
}

# event_field NAME FIELD: of the first event of that name.
event_field() {
    tshark -r capture.pcapng -Y "systemd_journal.field.value == \"$1\"" -V 2>tshark.log |
        sed -n "s/.*XSW_$2=//p" | head -n 1
}

claim_a_capture_with_trace_holds_changes_and_kernel_drops_beside_the_packets() {
    two_guests
    capture_start --trace
    at alice ping -q -c 1 -W 5 10.0.0.2 >ping.log
    "$XSW" policy add alice in deny proto udp dport 53 >policy.log
    "$XSW" port add carol kind tap device tap-carol >port.log
    overflow
    until_true 20 "$XSW" --json port list
    capture_stop
    equal "port_created events" "$(recorded_events port_created)" 1
    equal "policy_set events" "$(recorded_events policy_set)" 1
    equal "kernel followed" "$(recorded_events kernel_followed)" 1
    tshark -r capture.pcapng -Y 'systemd_journal.field.value == "kernel_drop"' -T fields \
        -E separator='|' -e systemd_journal.message 2>tshark.log >drops.txt
    grep -q 'behind port alice: FULL_RING in tun_net_xmit' drops.txt
    equal "packets that the kernel dropped" \
        "$(sed -n 's/.*FULL_RING.*, \([0-9]*\) packets*$/\1/p' drops.txt | awk '{ sum += $1 } END { print sum }')" "$dropped"
}

# recorded_packets EVENT REASON: how many the recording has behind alice, and that none is behind another port.
recorded_packets() {
    tshark -r capture.pcapng -Y "systemd_journal.field.value == \"$1\"" -T fields \
        -e systemd_journal.message 2>tshark.log | grep "$2" >drops.txt
    fails grep -v 'behind port alice: ' drops.txt
    sed -n 's/.*, \([0-9]*\) packets*$/\1/p' drops.txt | awk '{ sum += $1 } END { print sum }'
}

claim_a_device_that_is_down_is_in_the_recording() {
    two_guests
    capture_start --trace
    down
    capture_stop
    equal "packets" "$(recorded_packets kernel_drop DEV_READY)" 40
}

claim_a_dry_fill_ring_is_in_the_recording() {
    xdp_guests
    capture_start --trace
    dry
    capture_stop
    equal "packets" "$(recorded_packets kernel_xdp_redirect_err REDIRECT)" "$dropped"
    grep -q 'its fill ring is empty' drops.txt
}

fault_is_recorded() {
    "$1"
    capture_start --trace
    faults
    capture_stop
    equal "packets" "$(recorded_packets kernel_xdp_exception 'XDP unknown failed')" 40
    fails grep -v "the program's action could not be done" drops.txt
}
claim_an_action_that_xdp_does_not_have_is_in_the_recording() { fault_is_recorded xdp_faulty_generic; }
claim_an_action_that_xdp_does_not_have_is_in_the_recording_in_the_drivers_mode() {
    fault_is_recorded xdp_faulty_native
}

# events_look: attaches to the switch's events, and when a port "marker" is among them says whether the address
# 02:00:00:00:00:01 was, in any way of writing it. What is in the memory counts, not what a program takes of it.
events_look() {
    cat <<'PYTHON'
import array, json, mmap, os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "events.attach", "params": {}}).encode() + b"\n")
answer, more, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(64))
fds = array.array("i", more[0][2])
memory = mmap.mmap(fds[0], os.fstat(fds[0]).st_size, mmap.MAP_SHARED, mmap.PROT_READ)
print("attached", flush=True)
until = time.monotonic() + 20
while memory.find(b"marker") < 0 and time.monotonic() < until:
    time.sleep(0.02)
assert memory.find(b"marker") >= 0, "no event came"
ways = (b"02:00:00:00:00:01", b"02-00-00-00-00-01", b"020000000001", bytes.fromhex("020000000001"))
print("named" if any(memory.find(way) >= 0 for way in ways) else "hidden", flush=True)
PYTHON
}

claim_events_for_observers_who_get_pseudonyms_name_no_address() {
    # shellcheck source=/dev/null
    . "$here/privacy.sh"
    users_make
    out_switch ', "macs": ["02:00:00:00:00:07"]'
    "$XSW" switch set truth observers pseudonyms
    events_look >/run/home/look.py
    chmod 755 /run/home
    "${as_nobody[@]}" /usr/bin/python3 /run/home/look.py "$XSW_SOCKET" >observer.txt 2>observer.log &
    local observer=$!
    python3 /run/home/look.py "$XSW_SOCKET" >manager.txt 2>manager.log &
    local manager=$!
    until_true 20 grep -q attached observer.txt
    until_true 20 grep -q attached manager.txt
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 3)'
    play in.pcap 3
    "$XSW" port add marker kind memory
    wait $manager
    wait $observer
    # The search itself finds what is there.
    grep -q named manager.txt
    grep -q hidden observer.txt
}

claim_without_tracefs_a_recording_says_that_the_kernel_is_not_told_and_goes_on() {
    two_guests
    # Nobody can mount it, nor look at what is mounted.
    mount -t tmpfs -o ro tmpfs /sys/kernel
    capture_start --trace
    at alice ping -q -c 2 -W 5 10.0.0.2 >ping.log
    capture_stop
    grep -q 'drops of the kernel are not recorded: ' capture.log
    equal "kernel_untold events" "$(recorded_events kernel_untold)" 1
    report_is '$m.delivered == 4'
    "$XSW" trace kernel -t 1 2>kernel.log && return 1
    grep -q 'there is no tracefs' kernel.log
}

claim_a_full_ring_of_the_kernel_is_told_as_lost_events() {
    two_guests
    kernel_start --no-bpf
    # Nobody reads while much more happens than the rings hold.
    kill -STOP "$kernel"
    for _ in 1 2 3 4; do burst alice 20000 10.0.0.2; done
    kill -CONT "$kernel"
    until_true 20 grep -q kernel_lost kernel.json
    kernel_stop 1
    jq -e '.lost_events > 0' sums.json >/dev/null
    jq -es 'map(select(.event == "kernel_lost") | .events) | add == '"$(jq .lost_events sums.json)" kernel.json >/dev/null
}

claim_a_killed_reader_leaves_an_instance_that_the_next_one_removes() {
    two_guests
    kernel_start --no-bpf
    local instances=/sys/kernel/tracing/instances left
    left=$(ls -t $instances | grep "^xsw-$kernel-" | head -n 1)
    [ -d "$instances/$left" ]
    kill -KILL "$kernel"
    wait "$kernel" || true
    [ -d "$instances/$left" ]
    kernel_start --no-bpf
    fails [ -e "$instances/$left" ]
    kernel_stop
}
