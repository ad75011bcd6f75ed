#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wrong_test.sh XSW FILE.so RULE: the kit finds that the extension breaks this rule, and no other.
set -eu
xsw=$1 file=$2 rule=$3
seconds=60
[ "$rule" != no-hang ] || seconds=3
report=$(mktemp)
trap 'rm -f "$report"' EXIT

status=0
"$xsw" extension check "$file" seconds "$seconds" >"$report" || status=$?
broken=$(sed -n 's/^  FAIL  \([a-z-]*\) .*/\1/p' "$report" | tr '\n' ' ')
if [ "$status" -ne 1 ] || [ "$broken" != "$rule " ]; then
    echo "expected exit 1 and the rule \"$rule\" broken; found exit $status and \"$broken\""
    cat "$report"
    exit 1
fi
# A rule that is broken comes with evidence.
sed -n "/^  FAIL  $rule /,/^  [a-zA-Z?-]/p" "$report" | grep -q '^        [^ (]'
# The rule alone gives the same verdict, in JSON too.
status=0
"$xsw" extension check "$file" only "$rule" seconds "$seconds" --json >"$report" || status=$?
[ "$status" -eq 1 ]
grep -q '"verdict": "fail"' "$report"
grep -q "\"id\": \"$rule\"" "$report"
