#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Packed files of up to 30 MB, however well they pack and however small or large the pieces: stock
# Wireshark finds every packet in them, also when it goes back, and in what is left of a torn one.
# Usage: packed_oracle_test.sh PATH-OF-packed_oracle
set -u
oracle=$1
failures=0

for tool in tshark capinfos zstd; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# equal CLAIM GOT EXPECTED
equal() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: $2, expected $3"
        failures=$((failures + 1))
    fi
}

# at_least CLAIM GOT SMALLEST
at_least() {
    if [ "$2" -ge "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: $2, expected at least $3"
        failures=$((failures + 1))
    fi
}

shown() {
    tshark -n "$@" -T fields -e frame.packet_id 2>tshark.log | wc -l
}

# is_read PACKETS KIND THREADS SMALLEST-SIZE
is_read() {
    packed="$2-$3.pcapng.zst"
    "$oracle" write "$packed" "$1" "$2" "$3" || failures=$((failures + 1))
    at_least "$packed has the size that is to be shown" "$(stat -c %s "$packed")" "$4"
    equal "tshark finds the packets of $packed" "$(shown -r "$packed")" "$1"
    equal "our reader finds the packets of $packed" "$("$oracle" count "$packed")" "$1"
    zstd -q -t "$packed" 2>zstd.log
    equal "zstd finds $packed whole" $? 0
    zstd -q -l "$packed" >zstd.log 2>&1
    equal "zstd lists the frames of $packed" $? 0
}

is_read 300000 noise 2 20000000
equal "tshark finds the packets of the unpacked file" \
    "$(zstd -dcq "$packed" | shown -r -)" 300000
equal "tshark finds the packets when it goes twice" "$(shown -2 -r "$packed")" 300000
equal "capinfos finds the packets" "$(capinfos -TrMc "$packed" 2>/dev/null | cut -f 2)" 300000

# A file that was torn has no table at its end, and half a frame.
head -c 12345678 "$packed" >torn.pcapng.zst
whole=$(zstd -dcq torn.pcapng.zst 2>/dev/null | shown -r -)
at_least "a torn file has whole packets" "$whole" 100000
equal "tshark finds what is whole in a torn file" "$(shown -r torn.pcapng.zst)" "$whole"

is_read 200000 mixed 1 10000000
is_read 250000 dribble 1 4000000
is_read 400000 text 0 4000000
is_read 400000 alike 2 10000000
is_read 200000 stored 2 20000000
is_read 200000 large 2 3000000

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
