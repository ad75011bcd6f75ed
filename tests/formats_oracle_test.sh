#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stock tools as the oracle: what we write, they read, and what they rewrite, we still understand.
# Usage: formats_oracle_test.sh PATH-OF-formats_oracle
set -u
oracle=$1
failures=0

for tool in tshark capinfos tcpdump mergecap editcap zstd; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# same CLAIM EXPECTED-FILE GOT-FILE
same() {
    if cmp -s "$2" "$3"; then
        echo "ok: $1"
    else
        echo "FAILED: $1"
        diff "$2" "$3" | cut -c 1-300 | head -20
        failures=$((failures + 1))
    fi
}

# holds CLAIM COMMAND…
holds() {
    claim=$1
    shift
    if "$@" >output 2>&1; then
        echo "ok: $claim"
    else
        echo "FAILED: $claim"
        head -20 output
        failures=$((failures + 1))
    fi
}

show_fields() {
    tshark -r "$1" -T fields -E separator='|' -e frame.packet_id -e frame.interface_name \
        -e frame.comment -e frame.packet_flags -e frame.interface_queue -e frame.drop_count \
        -e frame.time_epoch -e frame.len -e frame.cap_len -e udp.dstport 2>tshark.log
}

"$oracle" write a.pcapng || exit 1
"$oracle" write b.pcapng.zst || exit 1
"$oracle" show a.pcapng >a.shown || exit 1

cat >fields.expected <<'END'
1001|host1/p1.rx||0x00000001|3||1700000000.000000001|114|114|7
18446744073709551615|host1/p1.rx||0x00000001|3|5|1700000000.000000002|114|60|7
1001|host1/p2.acl|xsw stage=acl verdict=drop reason=acl-denied rule=17 port=2|0x00000002|3||1700000000.000000003|114|114|7
END
show_fields a.pcapng >fields.got
same "tshark shows packet id, interface, comment, flags, queue and drop count" fields.expected fields.got
show_fields b.pcapng.zst >fields.zst
same "tshark shows the same of the compressed file" fields.expected fields.zst

for file in a.pcapng b.pcapng.zst; do
    capinfos "$file" >capinfos.got 2>&1
    holds "capinfos counts the packets of $file" grep -q '^Number of packets: *3$' capinfos.got
    holds "capinfos names the writer of $file" grep -q '^Capture application: *xsw oracle$' capinfos.got
    holds "capinfos finds the tap points of $file" grep -q '^Number of interfaces in file: 2$' capinfos.got
    holds "capinfos shows the filter of $file" grep -q 'Filter string = udp' capinfos.got
done
holds "zstd finds the frames whole" zstd -q -t b.pcapng.zst

tcpdump -nn -r a.pcapng 2>tcpdump.log | grep -c '10.0.0.1.5000 > 10.0.0.2.7' >tcpdump.got
echo 3 >tcpdump.expected
same "tcpdump reads every packet" tcpdump.expected tcpdump.got
zstd -q -dc b.pcapng.zst | tcpdump -nn -r - 2>tcpdump.log | grep -c '10.0.0.1.5000 > 10.0.0.2.7' >tcpdump.got
same "tcpdump reads every packet of the unpacked file" tcpdump.expected tcpdump.got

"$oracle" show b.pcapng.zst >b.shown
same "our reader sees the same in the compressed file" a.shown b.shown
holds "editcap rewrites the file" editcap a.pcapng edited.pcapng
"$oracle" show edited.pcapng >edited.shown
same "after editcap every option is there byte for byte" a.shown edited.shown
holds "mergecap rewrites the file" mergecap -w merged.pcapng a.pcapng
"$oracle" show merged.pcapng | grep '^packet' >merged.shown
grep '^packet' a.shown >packets.shown
same "after mergecap every packet is there byte for byte" packets.shown merged.shown

editcap -F pcap a.pcapng classic.pcap 2>/dev/null
"$oracle" show classic.pcap 2>&1 | grep -c '^packet 0 interface 0 time 1700000000000000' >classic.got
editcap -F nsecpcap a.pcapng nsec.pcap 2>/dev/null
"$oracle" show nsec.pcap 2>&1 | grep -c '^packet 0 interface 0 time 170000000000000000[123] ' >>classic.got
printf '3\n3\n' >classic.expected
same "our reader reads classic pcap of both resolutions" classic.expected classic.got

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
