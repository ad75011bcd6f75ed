#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs trace_bench with daemons of LTTng of its own, so that no other session is seen or disturbed.
# Usage, as root: trace_bench.sh BUILD-FOLDER [ROUNDS [SECONDS]]
set -eu
if [ "${1-}" != --inside ]; then
    exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0" --inside "$(realpath "$1")" "${@:2}"
fi
shift
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
lttng-sessiond --daemonize --no-kernel
"$1/tests/trace_bench" "$1/trace/xsw-trace.so" "${@:2}"
