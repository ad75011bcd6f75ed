#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long a question about a recording takes: capinfos, tshark and xsw analyze on the same files, in
# one run, in turn. Files are read once before, so that all find them in memory.
#
# Usage: tests/bench/analyze_bench.sh BUILD-FOLDER [FOLDER [JOURNEYS [JOURNEYS-OF-THE-LARGE-ONE]]]
# FOLDER is where the recordings are made, 2.3 GB by default in all, and removed. A journey of these
# is two packet records. tshark is given the first 200,000 records, and its time for all is reckoned
# from that: it takes as long for each.
set -eu

build=$(realpath "$1")
folder=$(mktemp -d "${2:-/tmp}/analyze_bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
journeys=${3:-1000000}
large=${4:-5000000}
part=200000
xsw=$build/cmd/xsw
export XDG_CACHE_HOME=$folder/cache
mkdir "$XDG_CACHE_HOME"

record() { # FILE JOURNEYS: at a rate that the recorder keeps up with
    "$build/tests/record_bench" -k -n 1 -r 800K -t "$(echo "scale=3; $2 / 800000" | bc)" "$1" |
        grep -E 'offered|file'
}

# Runs a command, and prints its time by the clock, of the processor, and its memory.
measure() { # LABEL COMMAND...
    local label=$1
    shift
    local words
    words=$(/usr/bin/time -f '%e %U %S %M' "$@" 2>&1 >/dev/null | tail -n 1)
    # shellcheck disable=SC2086
    set -- $words
    printf '  %-44s %8.2f s  %8.2f s of CPU  %6d MiB\n' "$label" "$1" "$(echo "$2 + $3" | bc)" \
        $(($4 / 1024))
    seconds=$1
}

ratio() { # LABEL OURS OTHER
    printf '  %-44s 1/%.1f\n' "$1" "$(echo "scale=3; $3 / ($2 + 0.001)" | bc)"
}

questions() { # FILE: each with the index that the first has left
    measure 'xsw analyze, second question' "$xsw" analyze "$1"
    measure 'xsw analyze --drops' "$xsw" analyze --drops "$1"
    measure 'xsw analyze --json' "$xsw" analyze --json "$1"
    measure 'xsw analyze --packet 700001' "$xsw" analyze --packet 700001 "$1"
    measure "xsw analyze --where dropped" "$xsw" analyze --where dropped "$1"
    measure "xsw analyze --where 'packet == 700001'" "$xsw" analyze --where 'packet == 700001' "$1"
    measure "xsw analyze --where 'latency > 60us'" "$xsw" analyze --where 'latency > 60us' "$1"
}

echo "A recording of $journeys journeys:"
record "$folder/small.pcapng" "$journeys"
cat "$folder/small.pcapng" >/dev/null
for round in 1 2 3; do
    echo "round $round"
    measure capinfos capinfos "$folder/small.pcapng"
    capinfos_seconds=$seconds
    rm -f "$folder"/*.xswi
    measure 'xsw analyze --no-index --threads 1' \
        "$xsw" analyze --no-index --threads 1 "$folder/small.pcapng"
    measure 'xsw analyze --no-index' "$xsw" analyze --no-index "$folder/small.pcapng"
    ours=$seconds
    measure 'xsw analyze, first question' "$xsw" analyze "$folder/small.pcapng"
    first=$seconds
    ratio 'of capinfos' "$ours" "$capinfos_seconds"
    ratio 'of capinfos, with the index' "$first" "$capinfos_seconds"
done
records=$((2 * journeys))
editcap -r "$folder/small.pcapng" "$folder/part.pcapng" "1-$part"
measure "tshark -T fields, six, of $part records" tshark -r "$folder/part.pcapng" -T fields \
    -e frame.time_epoch -e frame.interface_name -e ip.src -e ip.dst -e udp.srcport -e udp.dstport
whole=$(echo "scale=3; $seconds * $records / $part" | bc)
printf '  %-44s %8.2f s, reckoned\n' "tshark for all $records records" "$whole"
ratio 'of tshark' "$ours" "$whole"
ratio 'of tshark, with the index' "$first" "$whole"
echo "its second question:"
questions "$folder/small.pcapng"

echo "A recording of $large journeys, $((2 * large)) packet records:"
record "$folder/large.pcapng" "$large"
cat "$folder/large.pcapng" >/dev/null
measure 'xsw analyze, first question' "$xsw" analyze "$folder/large.pcapng"
questions "$folder/large.pcapng"
ls -l "$folder"/*.xswi | awk '{ printf "  an index of %.1f MB\n", $5 / 1e6 }'
