# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Traces of trace-cmd: on the clock that they have, and whole or not.
# shellcheck source=/dev/null
. "$here/timeline.sh"

claim_a_trace_dat_of_another_clock_is_not_laid_beside_others() {
    two_guests
    capture_start --trace
    record_dat
    until_true 20 "$XSW" --json port list
    capture_stop
    timeline capture.pcapng trace.dat
    jq -e '[.timeline.entries[] | select(.name == "clock_differs") | .text] | length == 1 and
        (.[0] | test("the kernel.s clock \"local\""))' timeline.json >/dev/null
    # Since the start of the machine, if that: not in our time.
    jq -e '[.timeline.entries[] | select(.source == 1) | .time_ns] | length > 0 and max < 1000000000000000000' timeline.json >/dev/null
    jq -e '[.timeline.entries[] | select(.source == 0) | .time_ns] | min > 1000000000000000000' timeline.json >/dev/null
}

# As trace-cmd does it on that host.
traced_on_other_host() {
    trace-cmd() { unshare --uts sh -c 'hostname other; exec trace-cmd "$@"' trace-cmd "$@"; }
    two_guests
    capture_start --trace
    record_dat
    unset -f trace-cmd
    until_true 20 "$XSW" --json port list
    capture_stop
}

claim_a_trace_dat_is_of_the_machine_whose_host_it_names() {
    incident
    mv capture.pcapng one.pcapng
    on_other_host traced_on_other_host
    local order
    for order in 'one.pcapng capture.pcapng mono.dat' 'mono.dat one.pcapng capture.pcapng'; do
        # shellcheck disable=SC2086
        timeline $order
        python3 -m schema "$here/../../docs/api/xsw-analyze-timeline.schema.json" timeline.json
        jq -e '.timeline as $t | [$t.sources[] | select(.kind == "trace.dat") |
            [$t.machines[.machine].host, .machine_known_by, .machine_is_a_guess]] == [["other", "host", true]]' timeline.json >/dev/null
        # What it tells stands where the recording of that host has it, and not where its clock is another host's.
        jq -e '[.timeline.entries[] | select(.kind == "begin" and .host == "other" and (.text | test("FULL_RING"))) | .time_ns] |
            length == 2 and max - min < 1000000' timeline.json >/dev/null
    done
    NO_COLOR=1 "$XSW" analyze --timeline one.pcapng capture.pcapng mono.dat >timeline.txt
    sed -n '/^  other, boot/,/times are\|laid beside/p' timeline.txt | tr -s '\n ' ' ' |
        grep -q "mono.dat (trace.dat), of this machine by its host's name"
    # Beside the other host alone it is nobody's.
    timeline one.pcapng mono.dat
    jq -e '.timeline.sources[1] | .machine == null and .machine_known_by == null' timeline.json >/dev/null
    NO_COLOR=1 "$XSW" analyze one.pcapng mono.dat | tr -s '\n ' ' ' |
        grep -q "mono.dat (trace.dat) was made on host other, Linux $(uname -r) .*, of which nothing else tells"
}

# torn FILE BYTES: so many are cut off its end.
torn() {
    local size code=0
    size=$(($(stat -c %s "$1") - $2))
    head -c $size "$1" >torn.dat
    "$XSW" analyze --json --timeline torn.dat >timeline.json 2>timeline.log || code=$?
    equal "exit status without the last $2 bytes of $1" $code 3
    grep -q "torn.dat: the file is torn: it ends at byte $size, expected at least [0-9]*" timeline.log
}

claim_a_torn_trace_dat_ends_with_the_byte_at_which_it_does() {
    two_guests
    record_dat
    trace-cmd convert -i trace.dat -o six.dat --file-version 6 >convert.log 2>&1
    timeline six.dat
    jq -e '.timeline.entries | length > 0' timeline.json >/dev/null
    local cut
    for cut in 10 5000 100000; do
        torn six.dat $cut
    done
    for cut in 500 5000 100000; do
        torn trace.dat $cut
    done
}
