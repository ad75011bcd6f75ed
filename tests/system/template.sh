# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What an author outside of the tree does: install, take the template, build it, load it.

claim_the_template_builds_outside_the_tree_and_works() {
    if ! command -v cmake >/dev/null || ! command -v make >/dev/null || ! command -v pkg-config >/dev/null; then
        echo "skipped: there is no cmake, make or pkg-config"
        exit 77
    fi
    # Staged, so that nothing of it lands outside this folder.
    DESTDIR=$PWD/stage cmake --install "${XSW_EXTENSION_PATH%/extensions}" >install.log
    local pc
    pc=$(dirname "$(find "$PWD/stage" -name xsw-extension.pc)")
    cp -r "$(dirname "$(find stage -name minttl.c)")" minimum
    make -C minimum PKG_CONFIG_PATH="$pc" >make.log 2>&1
    if [ -n "$(nm -D --undefined-only minimum/minttl.so | grep -i xsw)" ]; then
        echo "the template needs symbols of ours" >&2
        return 1
    fi
    make -C minimum install PKG_CONFIG_PATH="$pc" >>make.log 2>&1
    XSW_EXTENSION_PATH=$(dirname "$(find "$PWD/stage" -name minttl.so)")
    export XSW_EXTENSION_PATH
    switch_start <<JSON
{"switch": {"name": "outside", "workers": 1},
 "extensions": [{"path": "minttl", "name": "mine", "settings": {"minimum": 65}}],
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap"}]}
JSON
    frames 'write("in.pcap", [udp(2, 1, 1000, port) for port in range(5)])'
    capture_start
    play in.pcap 5
    capture_stop
    adds_up 5 0 0 5
    dropped_is 5 ttl-too-low ingress-filter.mine in 1
}
