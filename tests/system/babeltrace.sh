# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Recordings in babeltrace2, and as CTF that its own sink has written.
if [ ! -e "$XSW_BABELTRACE/babeltrace-plugin-xsw.so" ] || ! /usr/bin/python3 -c 'import bt2' 2>bt2.log; then
    echo "skipped: no babeltrace2 or no python3-bt2 here"
    exit 77
fi

# A plugin that was built with a sanitizer wants its library first, and babeltrace2 has leaks of its own.
sanitizer=$(ldd "$XSW_BABELTRACE/babeltrace-plugin-xsw.so" | awk '/lib(a|t)san/ { print $3; exit }')
under() { env ${sanitizer:+LD_PRELOAD="$sanitizer" ASAN_OPTIONS=detect_leaks=0} "$@"; }

plugged() { under babeltrace2 --plugin-path "$XSW_BABELTRACE" "$@"; }

bt2() { under /usr/bin/python3 "$here/ctf.py" "$@"; }

# converted FILE: the recording as CTF, which must hold the same.
converted() {
    rm -rf ctf
    plugged "$1" -o ctf -w ctf >sink.log 2>&1
    bt2 equal "$1" "ctf/$1" >equal.txt
    bt2 strict "ctf/$1" >packets.txt
}

claim_the_ctf_has_what_an_indexing_reader_needs_and_another_implementation_reads_it() {
    out_switch
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 9000)'
    capture_start
    play in.pcap 9000
    capture_stop
    converted capture.pcapng
    # Several packets, each with its times, sizes and the count of what was discarded before its end.
    [ "$(cat packets.txt)" -gt 3 ]
    babeltrace2 --output-format=ctf-metadata ctf/capture.pcapng >metadata.txt
    local word
    for word in 'major = 1;' 'minor = 8;' 'byte_order = ' magic stream_id packet_size content_size \
        'map = clock.monotonic.value; } timestamp_begin' 'map = clock.monotonic.value; } timestamp_end' \
        'map = clock.monotonic.value; } timestamp;' events_discarded packet_seq_num 'freq = 1000000000;' 'absolute = true'; do
        grep -qF "$word" metadata.txt || { echo "no $word in the metadata" && false; }
    done
    grep -q "uuid = \"$(cat /proc/sys/kernel/random/boot_id)\"" metadata.txt
    # babeltrace 1 has another reader of CTF, in other words.
    if command -v babeltrace >/dev/null; then
        babeltrace --no-delta ctf/capture.pcapng 2>one.log | sed 's/: { }, {/: {/' >one.txt
        babeltrace2 --no-delta ctf/capture.pcapng >two.txt
        cmp one.txt two.txt
    fi
}

# shown FILE FILTER: what jq finds in the list of all that is told.
shown() {
    bt2 show "$1" >shown.json
    jq -es "$2" shown.json >/dev/null || {
        { echo "$1 does not show: $2"; cut -c1-700 shown.json | head -n 40; } >&2
        return 1
    }
}

# journal FILE PROGRAM: a pcapng with events; entry(time in microseconds, {NAME: value}) makes one.
journal() {
    frames "
import struct
def block(kind, body):
    body += b'\0' * (-len(body) % 4)
    return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)
def entry(time, fields):
    text = b'__REALTIME_TIMESTAMP=%d\n' % time
    for name, value in fields:
        value = value if isinstance(value, bytes) else str(value).encode()
        if b'\n' in value:
            text += name.encode() + b'\n' + struct.pack('<Q', len(value)) + value + b'\n'
        else:
            text += name.encode() + b'=' + value + b'\n'
    return block(9, text)
out = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))
$2
open('$1', 'wb').write(out)"
}

claim_a_recording_is_the_same_in_ctf_field_by_field() {
    out_switch ', "vlan": {"mode": "trunk", "allowed": [10]}' \
        "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\", \"settings\": {\"every\": 3}}" \
        ', {"name": "second", "kind": "memory"}'
    frames 'write("in.pcap", [eth(2, 1, bytes(46)), eth(1, 1, bytes(46)), eth(2, 1, bytes(46))] * 4)'
    capture_start --trace
    "$XSW" policy add second in deny id 9 proto tcp
    play in.pcap 12 '{"vlan": {"mode": "access", "access": 10}}'
    "$XSW" port remove in
    capture_stop
    converted capture.pcapng
    # Journeys: what is folded into a record is there too.
    shown capture.pcapng '[.[] | select(.event == "packet_dropped") | .fields.reason] | unique == ["same-port", "silent-drop"]'
    shown capture.pcapng '[.[] | select(.event == "packet_delivered") | .fields] | length > 0 and
        all(.vlan == 10 and .session > 0 and .since_rx_ns > 0 and .flags == "last") and
        all(.head | startswith("0200000000020200000000018100000a"))'
    shown capture.pcapng '[.[] | select(.event == "packet_changed") | .fields.hops] | length > 0 and
        all(test("ingress-policy@[0-9]+ forward@[0-9]+"))'
    shown capture.pcapng '[.[] | select(.event == "packet_changed") | .fields.changes] | length > 0 and all(test("egress-policy@12:>8100000a"))'
    shown capture.pcapng '[.[] | select(.event == "packet_dropped" and .fields.reason == "silent-drop") | .fields.extension] | unique == ["thief"]'
    # Events: each of their fields is one, and numbers are numbers.
    shown capture.pcapng '[.[] | select(.event == "policy_set" and .fields.subject == "acl") | .fields] | length == 1 and .[0].value == 9 and
        .[0].subject == "acl" and .[0].port == "second" and .[0].generation > 0 and .[0].mono_ns > 0 and
        .[0].source == "xsw" and .[0].priority == 5'
    # Where stock Wireshark shows an event there is one in the trace, by the same name.
    tshark -r capture.pcapng -Y systemd_journal -V 2>tshark.log | grep -A 1 'Field name: XSW_EVENT$' |
        sed -n 's/ *Field value: //p' | sort >names.tshark
    jq -r 'select(.fields.message?) | .event' shown.json | sort >names.ours
    [ -s names.ours ]
    cmp names.tshark names.ours
}

claim_drops_of_the_kernel_keep_their_packets_heads_and_times() {
    journal kernel.pcapng "
for number in range(3):
    out += entry(1700000000000000 + number, [('MESSAGE', 'Kernel drops'), ('PRIORITY', 4), ('SYSLOG_IDENTIFIER', 'kernel'),
        ('_HOSTNAME', 'here'), ('XSW_EVENT', 'kernel_drop'), ('XSW_PORT', '7'), ('XSW_PACKETS', 13 + number),
        ('XSW_LAST_MONO_NS', 1234567890123 + number), ('XSW_HEAD', '020000000001'), ('XSW_REASON', 'FULL_RING')])
out += entry(1700000000000009, [('MESSAGE', 'XDP'), ('XSW_EVENT', 'kernel_xdp_redirect_err'), ('XSW_ERROR', -12),
    ('XSW_PACKETS', 18446744073709551615)])"
    converted kernel.pcapng
    shown kernel.pcapng '[.[] | select(.event == "kernel_drop") | .fields | [.port, .packets, .last_mono_ns, .head, .reason, .host, .source]] ==
        [range(3) | ["7", 13 + ., 1234567890123 + ., "020000000001", "FULL_RING", "here", "kernel"]]'
    plugged kernel.pcapng | grep -q 'kernel_xdp_redirect_err: .*error = -12, packets = 18446744073709551615'
}

claim_events_of_others_convert_whatever_their_names_and_values_are() {
    journal odd.pcapng "
odd = ['MESSAGE', '_PID', 'CODE-FILE', '9LIVES', 'STRUCT', 'XSW_STRUCT', 'XSW_MESSAGE', 'XSW_HOST', 'XSW_EVENT_2', 'A', 'A', 'é']
for number in range(40):
    name = ['struct', 'a \"quoted\" name', 'back\\\\\\\\slash', 'tab\there', 'é', ''][number % 6]
    out += entry(1700000000000000 + number, [('MESSAGE', 'a\nb'), ('XSW_EVENT', name)] +
        [(one, ['-1', '', '18446744073709551615', '0x10', '007', '\"', 'x' * 3000][(number + place) % 7])
         for place, one in enumerate(odd[1:]) if (number + place) % 5])"
    converted odd.pcapng
    shown odd.pcapng '[.[] | select(.event)] | length == 40'
    babeltrace2 ctf/odd.pcapng >back.txt
    equal "events that are read back" "$(wc -l <back.txt)" 40
}

claim_what_a_capture_has_lost_is_a_loss_of_the_trace_with_its_span() {
    out_switch
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 60000)'
    capture_start --ring 64
    kill -STOP "$capture"
    play in.pcap 60000
    local lost
    lost=$(call capture.list | jq '.sessions[0].account.lost | add')
    kill -CONT "$capture"
    "$XSW" port remove in
    frames 'write("more.pcap", [eth(2, 1, bytes(46))] * 10)'
    play more.pcap 10
    capture_stop 1
    [ "$lost" -gt 0 ]
    converted capture.pcapng
    shown capture.pcapng "[.[] | select(.lost) | .lost] | add == $lost"
    shown capture.pcapng '[.[] | select(.lost) | .to >= .from] | all'
    shown capture.pcapng '[.[] | select(.event == "capture_lost") | .fields.reason] | unique == ["ring-full"]'
    # Stock babeltrace2 says so when it reads the CTF.
    babeltrace2 ctf/capture.pcapng 2>&1 >back.txt | grep -q "discarded $lost event"
}

claim_a_torn_recording_gives_all_that_is_whole_and_says_at_which_byte_it_ends() {
    out_switch
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 500)'
    capture_start
    play in.pcap 500
    capture_stop
    head -c 60000 capture.pcapng >torn.pcapng
    local whole code=0
    whole=$("$XSW" analyze --json torn.pcapng 2>analyze.log | jq '.files[0].packets')
    plugged torn.pcapng >torn.txt 2>torn.log || code=$?
    equal "exit status of reading it" "$code" 1
    tr -s ' \n' ' ' <torn.log | grep -q 'torn.pcapng: byte [0-9]*: the file ends inside the block'
    equal "records before that" "$(grep -c ' packet_' torn.txt)" "$whole"
    tail -n 1 torn.txt | grep -q 'recording_torn: .*byte [0-9]*'
    code=0
    plugged torn.pcapng -o ctf -w ctf >sink.log 2>&1 || code=$?
    equal "exit status of converting it" "$code" 1
    bt2 equal torn.pcapng ctf/torn.pcapng
    shown torn.pcapng '.[-1].error | test("byte [0-9]+")'
}

claim_a_time_that_babeltrace_cannot_hold_is_where_a_recording_is_torn() {
    journal far.pcapng "
for seconds in [1700000000, 1700000001, 9300000000, 1700000002]:
    place = len(out)
    far = place if seconds == 9300000000 else 0
    open('far', 'a').write(f'{far}\\n')
    out += entry(seconds * 1000000, [('MESSAGE', 'x'), ('XSW_EVENT', 'policy_set')])"
    local way byte
    byte=$(sort -n far | tail -n 1)
    for way in dummy 'ctf -w ctf'; do
        local code=0
        # shellcheck disable=SC2086
        plugged far.pcapng -o $way >far.log 2>&1 || code=$?
        equal "exit status" "$code" 1
        tr -s ' \n' ' ' <far.log | grep -q "far.pcapng: byte $byte: a time behind the year 2262"
    done
    bt2 equal far.pcapng ctf/far.pcapng
    shown ctf/far.pcapng '[.[] | select(.event == "policy_set")] | length == 2'
}

# unknown FILE...: what the timeline does not know, as numbers.
unknown() {
    "$XSW" analyze --timeline --json "$@" >timeline.json 2>timeline.log || true
    jq -c '[.timeline.entries[] | select(.kind == "unknown") | [.name, .count]]' timeline.json
}

claim_a_loss_that_a_converted_recording_tells_is_told_once() {
    out_switch
    capture_start --trace
    "$XSW" policy add out in deny id 9 proto tcp
    capture_stop
    # With losses behind its last event, of its own boot and clock.
    journal none.pcapng "
import re
whole = open('capture.pcapng', 'rb').read()
mono, wall, boot, host = (re.findall(name + rb'=([^\n]+)', whole)[-1]
    for name in (b'XSW_MONO_NS', b'XSW_WALL_NS', b'_BOOT_ID', b'_HOSTNAME'))
def lost(name, seconds, events):
    now = int(mono) + seconds * 1000000000
    return entry((int(wall) + seconds * 1000000000) // 1000, [('MESSAGE', 'lost'), ('XSW_EVENT', name), ('_HOSTNAME', host),
        ('_BOOT_ID', boot), ('XSW_WALL_NS', int(wall) + seconds * 1000000000), ('XSW_MONO_NS', now), ('XSW_EVENTS', events),
        ('XSW_FROM_MONO_NS', now - 500000000), ('XSW_TO_MONO_NS', now)])
open('lost.pcapng', 'wb').write(whole + lost('events_lost', 10, 5) + lost('kernel_lost', 20, 7) + lost('events_lost', 30, 'unknown'))"
    plugged lost.pcapng -o ctf -w ctf >sink.log 2>&1
    local all='[["events-lost",5],["kernel-lost",7],["events-lost",0]]'
    equal "by the recording" "$(unknown lost.pcapng)" "$all"
    equal "by what it was converted to" "$(unknown ctf)" "$all"
    equal "by both" "$(unknown lost.pcapng ctf)" "$all"
    # Who reads the messages has all three; the last one has no number.
    shown lost.pcapng '[.[] | select(has("lost")) | .lost] == [5, 7, null]'
    shown ctf/lost.pcapng '[.[] | select(has("lost"))] | length == 3'
}
