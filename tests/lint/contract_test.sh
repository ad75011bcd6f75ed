#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test that docs/contract.md names is there. Usage: contract_test.sh BUILD-FOLDER DOCUMENT
set -eu
tests=$(ctest -N --test-dir "$1" | sed -n 's/^ *Test *#[0-9]*: //p')
# shellcheck disable=SC2016
named=$(grep -oE '`(unit|cli|system|certify|abi|api|conformance|formats)\.[a-z0-9_.-]+`' "$2" | tr -d '`' | sort -u)
[ "$(echo "$named" | wc -l)" -gt 40 ] || { echo "hardly a test is named in $2"; exit 1; }
for name in $named; do
    echo "$tests" | grep -qxF "$name" || { echo "$2 names $name, and there is no such test"; exit 1; }
done
