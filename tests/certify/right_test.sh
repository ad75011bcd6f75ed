#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# right_test.sh XSW FILE.so [KEY=VALUE]...: every rule holds, and nothing was left unchecked.
set -eu
xsw=$1
shift
report=$(mktemp)
trap 'rm -f "$report"' EXIT

if ! "$xsw" extension check "$@" seconds 60 >"$report"; then
    cat "$report"
    exit 1
fi
tail -n 1 "$report" | grep -q ' 0 broken, .* 0 not checked: pass$'
# What people read fits their terminal, but for a path.
sed 2d "$report" | awk 'length > 80 { print "longer than 80 columns: " $0; exit 1 }'
