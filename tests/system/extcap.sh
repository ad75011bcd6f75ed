# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Wireshark's side of capture, with stock tshark: the switch and its ports are interfaces, live, and
# what happened to a packet can be filtered for.

# extcap_start [MORE-JSON]: a switch with hosts alice and bob, where bob takes no UDP to port 53, and
# an extcap folder that has ours and nothing else. For root Wireshark looks nowhere else than in its
# own folder, so ours lies over it, in this mount namespace.
extcap_start() {
    switch_start <<JSON
{"switch": {"name": "lab", "workers": 1},
 "ports": [{"name": "alice", "device": "tap-alice"},
           {"name": "bob", "device": "tap-bob",
            "acl": [{"direction": "out", "action": "deny", "protocol": "udp",
                     "destination_ports": "53"}]}]}
JSON
    host_make alice 1
    host_make bob 2
    hosts_know_each_other alice bob
    mkdir extcap
    ln -s "$XSW" extcap/xsw-extcap
    local folder
    folder=$(tshark -G folders 2>/dev/null | sed -n 's/^Extcap path:[[:space:]]*//p')
    mount --bind extcap "$folder"
}

shark() { tshark -X "lua_script:$here/../../wireshark/xsw.lua" "$@" 2>>tshark.log; }

# shark_start OPTIONS…: captures to live.pcapng until shark_stop, or until it ends by itself.
shark_start() {
    tshark -w live.pcapng "$@" 2>>tshark.log &
    shark=$!
    until_true 20 attached
}

attached() { [ "$(call capture.list | jq '.sessions | length')" -eq 1 ]; }

detached() { [ "$(call capture.list | jq '.sessions | length')" -eq 0 ]; }

gone() { fails kill -0 "$1"; }

no_extcap() { fails pgrep -f 'xsw-extcap --capture'; }

# shark_stop RECORDS: once the file has so many, ends tshark as an operator does.
shark_stop() {
    until_true 20 records_are "$1"
    kill -TERM "$shark"
    wait "$shark" || true
    until_true 20 detached
    until_true 20 no_extcap
}

records() { shark -r live.pcapng "$@" | wc -l; }

records_are() { [ "$(records "${@:2}")" -eq "$1" ]; }

# send UDP-PORT COUNT
send() {
    at alice python3 -c "
import socket
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range($2):
    out.sendto(b'hello', ('10.0.0.2', $1))"
}

claim_each_switch_and_port_is_an_interface() {
    extcap_start
    tshark -D >interfaces.txt 2>tshark.log
    grep -F 'xsw:lab (xsw switch lab, all ports)' interfaces.txt
    grep -F 'xsw:lab:alice (xsw switch lab, port alice (tap))' interfaces.txt
    grep -F 'xsw:lab:bob (' interfaces.txt
    tshark -i xsw:lab -L 2>&1 | grep -F 'EN10MB (Ethernet)'
    switch_stop
    tshark -D 2>/dev/null | grep -F 'xsw (xsw: no switch found, set the socket)'
    switch=
}

claim_tshark_filters_a_live_capture_by_what_happened() {
    extcap_start
    shark_start -i xsw:lab
    send 9 5
    send 53 3
    # In and out, and in and dropped; and the refusals, which bob sends for an open port of nobody.
    until_true 20 port_has bob dropped_out 3
    until_true 20 records_are 3 -Y 'xsw.reason == "acl-denied"'
    until_true 20 records_are 5 -Y 'udp.dstport == 9 && xsw.stage == "tx" && !icmp'
    shark_stop "$(records)"
    equal "dropped by the rule" 3 \
        "$(records -Y 'xsw.verdict == "drop" && xsw.rule == 1 && xsw.port == "bob" && xsw.stage == "egress-policy"')"
    equal "came in" "$(records -Y 'frame.interface_name contains ".rx"')" "$(records -Y 'xsw.stage == "rx"')"
    equal "records of a journey that ended in a drop" 2 \
        "$(records -Y "xsw.journey == $(shark -r live.pcapng -Y xsw.reason -T fields -e xsw.journey | head -n 1)")"
    # Wireshark stops reading first, so the account at the end is missing, and that is said.
    analyze live.pcapng
    report_is '.verdict == "unknown"'
    report_is '[$s.drops[] | select(.reason_name == "acl-denied")] | map(.packets) | add == 3'
}

# fifo_capture INTERFACE OPTIONS…: as Wireshark does, with a reader that reads to the end.
fifo_capture() {
    rm -f fifo
    mkfifo fifo
    "$XSW" extcap --extcap-interface "$1" --capture --fifo fifo "${@:2}" 2>extcap.log &
    extcap=$!
    cat fifo >fifo.pcapng &
    reader=$!
    until_true 20 attached
}

fifo_stop() {
    kill -TERM $extcap
    wait $extcap $reader
    detached
}

claim_what_is_captured_of_a_port_is_a_whole_recording() {
    extcap_start
    fifo_capture xsw:lab:bob
    send 9 5
    send 53 3
    until_true 20 port_has bob dropped_out 3
    fifo_stop
    analyze fifo.pcapng
    equal "exit status of analyze" $analyzed 0
    report_is '.verdict == "holds" and $m.received == 13 and $m.dropped == 3'
    fifo_capture xsw:lab:bob --show dropped --where 'reason == acl-denied' --extcap-capture-filter udp
    send 53 2
    send 9 3
    until_true 20 port_has bob dropped_out 5
    fifo_stop
    analyze fifo.pcapng
    report_is '.verdict == "holds" and $m.received == 2 and $m.dropped == 2 and $m.delivered == 0'
}

claim_a_port_shows_what_touches_it() {
    extcap_start
    shark_start -i xsw:lab:bob -f 'udp and not icmp'
    send 53 2
    send 9 4
    # 4 in and out, 2 in and dropped at bob's egress.
    shark_stop 12
    equal "packets" 6 "$(shark -r live.pcapng -T fields -e xsw.journey | sort -u | wc -l)"
    # Nothing of this comes to a port that it neither came from nor went to.
    call port.add "port={'name': 'carol', 'kind': 'file', 'output': '$PWD/carol.pcap'}" >call.json
    shark_start -i xsw:lab:carol -f 'udp or arp'
    send 9 4
    at bob python3 -c "
import socket
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('eth0', 0))
out.send(b'\xff' * 6 + b'\x02\0\0\0\0\2' + b'\x08\x06' + bytes(46))"
    # The copy for carol: as it was made, and as it was delivered. The first packet went to alice.
    until_true 20 records_are 2 -Y 'xsw.port == "carol"'
    shark_stop "$(records)"
    equal "of alice's packets" 0 "$(records -Y udp)"
}

claim_the_stage_is_an_option() {
    extcap_start
    local show
    for show in rx:6 tx:4 dropped:4; do
        shark_start -i xsw:lab -f 'udp and not icmp' -o "extcap.xsw_lab.show:${show%:*}"
        send 53 2
        send 9 4
        shark_stop "${show#*:}"
        case $show in
        rx:*) equal "of rx" 6 "$(records -Y 'xsw.stage == "rx"')" ;;
        tx:*) equal "of tx" 4 "$(records -Y 'xsw.stage == "tx"')" ;;
        *) equal "of drops, each with its way" 2 "$(records -Y 'xsw.verdict == "drop"')" ;;
        esac
        # Packets of one stage are no journeys, and the analyzer is not made to look for the rest.
        analyze live.pcapng
        fails grep -q FAILS report.json
    done
    shark_start -i xsw:lab -f 'udp port 9 and not icmp' -o extcap.xsw_lab.show:every -o extcap.xsw_lab.snap:40
    send 9 1
    # rx, ingress policy, forward, egress policy, tx
    until_true 20 records_are 1 -Y 'xsw.stage == "tx"'
    shark_stop "$(records)"
    equal "of the ingress policy" 1 "$(records -Y 'xsw.stage == "ingress-policy" && xsw.verdict == "pass"')"
    equal "longest" 40 "$(shark -r live.pcapng -T fields -e frame.cap_len | sort -n | tail -n 1)"
}

claim_a_filter_that_does_not_compile_is_refused() {
    extcap_start
    "$XSW" extcap --extcap-interface xsw:lab --extcap-capture-filter 'udp port 53' >check.txt
    [ ! -s check.txt ]
    fails "$XSW" extcap --extcap-interface xsw:lab --extcap-capture-filter 'udp prot 53' >check.txt
    grep -q 'syntax error' check.txt
    # tshark does not ask: the capture itself says so.
    fails timeout 20 tshark -i xsw:lab -f 'udp prot 53' -w live.pcapng >shark.txt 2>&1
    grep -q 'syntax error' shark.txt
    detached
}

claim_a_stream_goes_through_dumpcap_whole() {
    extcap_start
    mkfifo fifo
    "$XSW" capture --quiet --write - --count 8 >fifo 2>capture.log &
    capture=$!
    tshark -i - -w live.pcapng <fifo >shark.txt 2>&1 &
    shark=$!
    until_true 20 attached
    send 9 8
    wait $capture || true
    wait $shark
    fails grep -E 'died|neither' shark.txt
    # The section info, which is longer than dumpcap bears in the first block, has come through.
    analyze live.pcapng
    report_is '$s.name == "lab" and $s.summary.received == 8'
}

claim_a_switch_that_stops_ends_the_capture_and_says_so() {
    extcap_start
    tshark -i xsw:lab -w live.pcapng >shark.txt 2>&1 &
    shark=$!
    until_true 20 attached
    send 53 2
    until_true 20 records_are 2 -Y 'udp && xsw.verdict == "drop"'
    switch_stop
    switch=
    until_true 20 gone $shark
    grep -q 'the switch has stopped' shark.txt
    until_true 20 no_extcap
}

claim_a_reader_that_goes_ends_the_session() {
    extcap_start
    mkfifo fifo
    "$XSW" extcap --extcap-interface xsw:lab --capture --fifo fifo 2>extcap.log &
    local extcap=$!
    # Nobody reads yet: nothing is attached for nobody.
    detached
    exec 7<fifo
    until_true 20 attached
    exec 7<&-
    until_true 20 detached
    wait $extcap
    # And one that reads nothing more: the recorder is told to end, and what is missing is said.
    "$XSW" extcap --extcap-interface xsw:lab --capture --fifo fifo 2>extcap.log &
    extcap=$!
    exec 7<fifo
    until_true 20 attached
    kill -TERM $extcap
    until_true 20 detached
    wait $extcap
    exec 7<&-
    kill -0 "$switch"
}

claim_what_is_installed_is_found_by_tshark() {
    extcap_start
    umount "$(tshark -G folders 2>/dev/null | sed -n 's/^Extcap path:[[:space:]]*//p')"
    local build
    build=$(dirname "$(dirname "$XSW")")
    cmake --install "$build" --prefix "$PWD/prefix" --component wireshark >install.log
    [ "$(readlink prefix/lib/wireshark/extcap/xsw-extcap)" = "$PWD/prefix/bin/xsw" ]
    DESTDIR=$PWD/root cmake --install "$build" --prefix /usr --component wireshark >>install.log
    local folders
    folders=$(tshark -G folders 2>/dev/null)
    [ "$(readlink "root/$(sed -n 's/^Extcap path:[[:space:]]*//p' <<<"$folders")/xsw-extcap")" = /usr/bin/xsw ]
    # The folder of Lua plugins, over which the new one lies now.
    local lua
    lua=$(sed -n 's/^Global Lua Plugins:[[:space:]]*//p' <<<"$folders")
    mount --bind "root/$lua" "$lua"
    tshark -G fields 2>tshark.log | cut -f 3 | grep -x xsw.reason
}

# field NAME EXPRESSION: the values, sorted, of capture.pcapng.
field() { shark -r "${3-capture.pcapng}" -Y "$2" -T fields -e "$1" | sort -u | paste -sd ' '; }

claim_the_fields_tell_of_changes_copies_and_held_packets() {
    switch_start <<JSON
{"switch": {"name": "lab", "workers": 1},
 "extensions": [{"path": "rewrite", "name": "mark", "settings": {"match": "udp", "dscp": 10}}],
 "ports": [{"name": "bob", "kind": "file", "output": "$PWD/bob.pcap"},
           {"name": "carol", "kind": "file", "output": "$PWD/carol.pcap", "mirror_to": "bob"}]}
JSON
    frames 'write("in.pcap", [udp(2, 1, 9, 9, bytes([n])) for n in range(3)])'
    capture_start
    play in.pcap 3
    capture_stop
    equal "bytes" "$(field xsw.changed xsw.changed)" "15-15,25-25"
    equal "who" "$(field xsw.extension xsw.changed)" mark
    equal "verdict" "$(field xsw.verdict xsw.changed)" changed
    # Floods to bob and carol, and what went to carol once more to bob.
    equal "copies" "$(shark -r capture.pcapng -Y 'xsw.verdict == "clone" && xsw.parent' | wc -l)" \
        "$(jq '.switches[0].summary | .copies_flood + .copies_mirror' report.json)"
    # Of any age: what a tool has left of it, and what is none of ours.
    tcpdump -r capture.pcapng -w plain.pcap 2>/dev/null
    equal "fields of a stranger" "$(shark -r plain.pcap -Y xsw | wc -l)" 0
    editcap -F pcapng -a '2:stage=acl verdict=drop' \
        -a '1:xsw stage=acl verdict=drop rule=99999999999 parent=18446744073709551615 held_at=q held_ns=7 =' \
        plain.pcap strange.pcapng
    equal "of a comment alone" "$(field xsw.parent xsw strange.pcapng)" 18446744073709551615
    equal "held" "$(field xsw.held_ns xsw strange.pcapng)" 7
    equal "too large for a rule" "$(field xsw.rule xsw strange.pcapng)" ""
    equal "others" "$(shark -r strange.pcapng -Y xsw | wc -l)" 1
    shark -r strange.pcapng -V >all.txt
    shark -r capture.pcapng -V >>all.txt
    fails grep -i 'lua error' all.txt tshark.log
}
