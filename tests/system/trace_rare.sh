# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Drop reasons that take more than a frame to provoke: what a sender may claim of a frame and the kernel lets
# through, and a pool without buffers. Each is in CTF and in pcapng with the same words, as in trace.sh.
# shellcheck source=tests/system/trace.sh
. "$here/trace.sh"

# dropped_only COUNT REASON STAGE PORT: so many, and nothing else is dropped.
dropped_only() {
    report_is "[\$s.drops[].packets] | add == $1"
    report_is "[\$s.drops[] | select(.reason_name == \"$2\" and .stage_name == \"$3\" and .port_name == \"$4\")
        | .packets] | add == $1"
}

quiet() { echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"; }

# A frame whose checksum is left to the receiver, and whose end the kernel has cut off on its way to the port, by
# an XDP program in its generic mode: the checksum's place is behind what is left.
checksum_is_cut_off() {
    ip link add near type veth peer name far
    quiet near
    quiet far
    ip link set near up
    ip link set far up
    mkdir programs
    mount -t bpf bpf programs || exit 77
    python3 "$here/bpf.py" programs/cut cut 52 || exit 77
    ip link set dev near xdpgeneric pinned programs/cut
    switch_start <<<'{"ports": [{"name": "wire", "kind": "packet", "device": "near"}]}'
    capture_start
    frames '
link = link_open("far", True)
whole = udp(2, 1, 7, 9, bytes(46))
assert len(whole) == 88
for n in range(9):
    link.send(OFFLOAD.pack(1, 0, 0, 0, 34, 6) + whole)'
    until_true 20 port_has wire rx_packets 9
    capture_stop
    dropped_only 9 bad-offload rx wire
}
claim_bad_offload_is_the_same_in_ctf_and_pcapng() { agree checksum_is_cut_off; }

# Segments of TCP in what says of itself that it is a fragment: the kernel takes the sender's word for it.
segments_of_a_fragment() {
    out_switch ', "mtu": 9000' '' ', {"name": "guest", "kind": "tap", "device": "tap-guest", "mtu": 9000}'
    quiet tap-guest
    ip link set tap-guest up
    capture_start
    frames '
link = link_open("tap-guest", True)
whole = bytearray(tcp(2, 1, 7, 9, bytes(3000)))
whole[20:22] = b"\x00\x40"
for n in range(9):
    link.send(segment(bytes(whole), 14, 1000))'
    until_true 20 port_has guest rx_packets 9
    capture_stop
    dropped_only 9 not-segmented tx out
}
claim_not_segmented_is_the_same_in_ctf_and_pcapng() { agree segments_of_a_fragment; }

# Large frames go to more ports than there are large buffers for, while an extension holds what was copied.
copies_are_held() {
    local name more=
    for name in one two three four; do
        more+=", {\"name\": \"$name\", \"kind\": \"memory\", \"mtu\": 9000}"
    done
    out_switch ', "mtu": 9000' "$(test_extension workshop hold-out)" "$more"
    frames 'write("in.pcap", [eth(9, 1, bytes(3000))] * 512)'
    capture_start
    play in.pcap 512 '{"mtu": 9000}'
    capture_stop
    report_is '[$s.drops[] | select(.reason_name == "no-buffer" and .stage_name == "forward") | .packets] | add > 0'
}
claim_no_buffer_is_the_same_in_ctf_and_pcapng() { agree copies_are_held; }

# No reason can come without a claim that is named after it, here or in trace.sh.
claim_every_drop_reason_of_the_switch_has_a_claim() {
    local name missing=
    sed -n 's/^DROP_REASON([0-9]*, [A-Z_]*, "\([a-z-]*\)",.*/\1/p' "$here/../../switch/path/drop_reasons.def" >reasons.txt
    equal "reasons that were found" "$(wc -l <reasons.txt)" "$(grep -c '^DROP_REASON(' "$here/../../switch/path/drop_reasons.def")"
    [ "$(wc -l <reasons.txt)" -ge 26 ]
    while read -r name; do
        grep -qE "^claim_${name//-/_}(_at_[a-z]+)?_is_the_same_in_ctf_and_pcapng\(\)" "$here/trace.sh" "$here/trace_rare.sh" ||
            missing="$missing $name"
    done <reasons.txt
    equal "reasons without a claim" "$missing" ""
}
