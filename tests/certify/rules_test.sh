#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rules_test.sh XSW FOLDER: there is a wrong extension in the folder for each rule of the kit, and
# the other way round; and the command says what is wrong with its words.
set -eu
xsw=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$xsw" extension check rules | cut -d ' ' -f 1 | sort >"$work/rules"
find "$folder" -name '*.c' -exec basename {} .c \; | tr _ - | sort >"$work/wrong"
diff -u "$work/rules" "$work/wrong"
[ "$(wc -l <"$work/rules")" -gt 50 ]

# fails CODE TEXT WORDS...
fails() {
    code=$1 text=$2
    shift 2
    status=0
    "$xsw" extension check "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" -ne "$code" ] || ! grep -q "$text" "$work/out"; then
        echo "xsw extension check $*: expected exit $code and \"$text\", found exit $status and:"
        cat "$work/out"
        exit 1
    fi
}

: >"$work/empty.so"
fails 2 "path of the extension"
fails 3 "No such file" "$work/absent.so"
fails 2 "there is no rule \"nonsense\"" "$work/empty.so" only nonsense
fails 2 "expected KEY=VALUE" "$work/empty.so" nonsense
fails 2 "the seed: expected a number" "$work/empty.so" seed 0
fails 1 "it is no ELF file" "$work/empty.so"
# Nothing is judged of what nobody could look at.
fails 1 '^(no extension), seed 1$' "$work/empty.so"
fails 1 '^0 rules hold, 1 broken, ' "$work/empty.so"
fails 3 "it is no ELF file" "$work/empty.so" only exports
"$xsw" extension check --help | awk 'length > 80 { exit 1 }'
