#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every event of switch/events.def stands in the manual with its level and its sentence, and the manual has
# no other. Usage: events_test.sh EVENTS_DEF MANUAL
set -eu
sed -nE 's/^EVENT\([0-9]+, [A-Z_]+, ([a-z_]+), [A-Z]+, ([A-Z]+), .*, "([^"]*)"\)$/\1 \2 \3/p' "$1" | sort >events.def.txt
[ "$(grep -c '^EVENT(' "$1")" -eq "$(wc -l <events.def.txt)" ] || { echo "some line of $1 was not understood"; exit 1; }
# .It Ic NAME Pq Sy LEVEL, and the sentence on the next line, which ends with a full stop there.
awk '/^\.It Ic [a-z_]+ Pq Sy [A-Z]+$/ { name = $3; level = $6; getline; sub(/\.$/, ""); print name, level, $0 }' "$2" | sort >events.manual.txt
diff events.def.txt events.manual.txt
