#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles by itself, as C and as C++, with every warning an error.
# Usage: headers_test.sh INCLUDE_FOLDER C_COMPILER
set -eu
include=$1
cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cxx=$(command -v g++ || command -v clang++ || true)
for header in "$include"/xsw/*.h; do
    name=${header#"$include"/}
    for twice in c cpp; do
        printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$work/alone.$twice"
    done
    "$cc" -std=c11 -pedantic -Wall -Wextra -Wundef -Werror -fsyntax-only -I "$include" "$work/alone.c"
    [ -n "$cxx" ] || continue
    "$cxx" -std=c++11 -pedantic -Wall -Wextra -Wundef -Werror -fsyntax-only -I "$include" \
        "$work/alone.cpp"
done
if [ -z "$cxx" ]; then
    echo "no C++ compiler here: checked as C only"
    exit 77
fi

# An extension in C++ that knows only the base of version 1 exports the same symbol.
cat >"$work/extension.cpp" <<'END'
#include <xsw/extension.h>
static void look(void *, xsw_direction, const xsw_const_batch *) {}
static const xsw_capture_ops ops = {sizeof ops, look};
static const xsw_extension extension = {
    XSW_EXTENSION_ABI, sizeof extension, "cxx", "1", "in C++", XSW_EXTENSION_CAPTURE,
    0, 0, nullptr, 0, nullptr, 0, nullptr, nullptr, nullptr, &ops, nullptr, nullptr};
XSW_EXTENSION_EXPORT(extension);
END
"$cxx" -std=c++11 -Wall -Wextra -Wno-missing-field-initializers -Werror -fPIC -shared -fvisibility=hidden -I "$include" \
    "$work/extension.cpp" -o "$work/extension.so"
nm -D --defined-only "$work/extension.so" | grep -q ' xsw_extension_v1$' || {
    echo "an extension in C++ does not export xsw_extension_v1"
    exit 1
}
