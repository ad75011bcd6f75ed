#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An extension exports its descriptor and nothing else. Usage: symbols_test.sh EXTENSION...
set -eu
failed=0
for extension in "$@"; do
    symbols=$(nm -D --defined-only "$extension" | awk '{ print $NF }')
    if [ "$symbols" != xsw_extension_v1 ]; then
        echo "$extension exports: $symbols; expected xsw_extension_v1 alone"
        failed=1
    fi
done
exit $failed
