# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Several captures of one switch: each has its own rules and an account that is exact, they come and
# go under load, others may look at them and those who may change and stop them, and one that takes
# too much of the switch's time does less and says so.
# shellcheck source=/dev/null
. "$here/truth.sh"

declare -A recorder=()

# begin NAME [OPTIONS]: records into NAME.pcapng.
begin() {
    local name=$1
    : >"$name.log"
    "$XSW" capture --json --name "$name" -w "$name.pcapng" "${@:2}" >"$name.json" 2>"$name.log" &
    recorder[$name]=$!
    until_true 20 grep -q '^recording' "$name.log"
}

# ended NAME [CODE]: the recorder has ended or ends by itself.
ended() {
    local code=0
    wait "${recorder[$1]}" || code=$?
    equal "exit status of $1" $code "${2:-0}"
}

end() {
    kill -INT "${recorder[$1]}"
    ended "$@"
}

# told NAME MEMBER: what its recorder said at the end, of all workers.
told() { jq "[.workers[].$2 // 0] | add" "$1.json"; }

# is_accounted NAME: for every worker and every stage offered is the sum of all that became of them,
# the recorder's account goes on with that, and the analyzer finds nothing false.
is_accounted() {
    jq -e 'def sum: .written + .filtered + .sampled + ([.lost[]] | add);
        all(.workers[]; .offered == sum) and
        ([.workers[].written] | add) == .recorder.written + ([.recorder.lost[]] | add)' "$1.json"
    analyze "$1.pcapng"
    jq -e '.switches[0].sessions[0].proof | all(.state != "fails") and
        any(.subject | startswith("capture, at")) and any(.subject == "capture, ends")' report.json || {
        jq '.switches[0].sessions[0].proof[] | select(.state == "fails")' report.json >&2
        return 1
    }
} >/dev/null

# listed NAME EXPRESSION: of jq, on the session in the list.
listed() {
    [ "$("$XSW" --json capture list |
        jq "[.sessions[] | select(.name == \"$1\")] | length == 1 and (.[0] | $2)")" = true ]
}

# events FILE NAME: how many events of the name stock tshark finds.
events() { tshark -r "$1" -Y "systemd_journal.field.value == \"$2\"" 2>/dev/null | wc -l; }

claim_captures_with_different_rules_have_exact_accounts_of_their_own() {
    extra=([bob]=', "acl": [{"direction": "out", "action": "deny", "destination_ports": "53"}]')
    hosts_start alice bob carol
    begin all
    begin in -i alice -Q in
    begin out -i bob -Q out
    begin dns 'tcp dst port 53'
    begin dropped --where dropped
    begin tx --stage tx --snap 60
    begin sample --sample 3
    begin rate --rate 20
    local code=0
    "$XSW" capture -q -w ninth.pcapng 2>ninth.log || code=$?
    equal "exit status of a ninth" $code 3
    grep -q 'there are 8 capture sessions already' ninth.log
    send alice '[tcp(2, 1, 1000 + n, 80, bytes(n)) for n in range(60)] +
        [tcp(2, 1, 1000 + n, 53, bytes(n)) for n in range(40)]'
    send bob '[tcp(1, 2, 80, 1000 + n, bytes(100)) for n in range(60)]'
    send carol '[eth(BROADCAST, 3, bytes(100))] * 25'
    until_true 5 port_has carol rx_packets 25
    # alice got 60 and 25, bob 60 and 25, carol what was flooded before the switch knew the others.
    local from_alice from_bob from_carol to_bob delivered offered
    from_alice=$(counted alice tx_packets)
    from_bob=$(counted bob tx_packets)
    from_carol=$(counted carol tx_packets)
    to_bob=$(counted bob rx_packets)
    delivered=$(counted_all rx_packets alice bob carol)
    local name
    for name in all in out dns dropped tx; do
        end $name
        is_accounted $name
    done
    end sample
    is_accounted sample
    end rate # to lose what is over the rate is what was asked for
    is_accounted rate
    offered=$(told all offered)
    for name in in out dns dropped tx sample rate; do
        equal "offered to $name" "$(told $name offered)" "$offered"
    done
    equal "sent" $((from_alice + from_bob + from_carol)) 185
    equal "offered is delivered and dropped" "$offered" $((delivered + 40))
    equal "written by all" "$(told all written)" "$offered"
    # What is in each file, by the hosts' own counters and by stock tshark.
    records() { tshark -r "$1.pcapng" -Y "frame.interface_name matches \"$2\"" 2>/dev/null | wc -l; }
    equal "in, of alice" "$(records in '/alice.rx$')" "$from_alice"
    equal "in, of others" "$(records in '/(bob|carol).rx$')" 0
    equal "to bob" "$(records out '/bob.tx$')" "$to_bob"
    equal "dropped on the way to bob" "$(records out '/bob.egress-policy$')" 40
    equal "out, in all" "$(told out written)" $((to_bob + 40))
    equal "questions" "$(records dns '/alice.rx$')" 40
    equal "dropped" "$(told dropped written)" 40
    equal "at tx" "$(records tx '.')" "$delivered"
    equal "at tx, by its account" "$(told tx written)" "$delivered"
    equal "longest at tx" "$(tshark -r tx.pcapng -T fields -e frame.cap_len 2>/dev/null | sort -n |
        tail -n 1)" 60
    [ "$(told sample sampled)" -gt 0 ]
    equal "sample" $(($(told sample written) + $(told sample sampled))) "$offered"
    [ "$(told rate 'lost["rate-limit"]')" -gt 0 ]
    equal "rate" $(($(told rate written) + $(told rate 'lost["rate-limit"]'))) "$offered"
    switch_stop
}

# What the file says by --stage and --sample cannot be proved is not said to be wrong.
claim_records_at_some_stages_only_leave_lines_unknown_and_none_false() {
    hosts_start alice bob
    begin stage --stage forward,egress-policy
    send alice '[tcp(2, 1, 9, 80, bytes(n)) for n in range(50)]'
    until_true 5 port_has alice rx_packets 50
    end stage
    is_accounted stage
    jq -e '.verdict == "unknown"' report.json
    equal "tap points" "$(tshark -r stage.pcapng -T fields -e frame.interface_name 2>/dev/null |
        sed 's/.*\.//' | sort | uniq -c | awk '{ print $2, $1 }' | xargs)" 'egress-policy 50 forward 50'
    switch_stop
}

claim_captures_come_and_go_under_load_and_nothing_is_lost_or_reordered() {
    frames 'write("in.pcap", [eth(2, 1, struct.pack("!I", n) + bytes(60)) for n in range(40000)])'
    out_switch
    # The same frames again and again, at the full speed of the switch, while captures come and go.
    frames "
import os, time
times = 0
while not os.path.exists('enough'):
    call('$XSW_SOCKET', 'port.add', port={'name': 'in', 'kind': 'file', 'input': '$PWD/in.pcap'})
    while call('$XSW_SOCKET', 'port.show', name='in')['port']['counters']['rx_packets'] < 40000:
        time.sleep(0.001)
    call('$XSW_SOCKET', 'port.remove', name='in')
    times += 1
print(times)" >times &
    local load=$!
    # Each with other rules, and for as long as it takes to see some packets.
    frames "
rules = [{}, {'filter': 'ether dst 02:00:00:00:00:02', 'sample': 3}, {'where': 'delivered'},
         {'ports': 'out', 'direction': 'out', 'rate': 100}, {'stages': 'tx', 'budget': 1}]
link = socket.socket(socket.AF_UNIX)
link.connect('$XSW_SOCKET')
lines = link.makefile('r')
def ask(method, **params):
    request = {'jsonrpc': '2.0', 'id': 1, 'method': method, 'params': params}
    link.sendall((json.dumps(request) + '\\n').encode())
    if method == 'capture.attach': # the rings come with the first bytes
        data, fds, _, _ = socket.recv_fds(link, 1 << 16, 16)
        assert fds and data.endswith(b'\\n'), data
        reply = json.loads(data)
    else:
        reply = json.loads(lines.readline())
    assert 'result' in reply, reply
    return reply['result']
def adds_up(account):
    return account['offered'] == (account['filtered'] + account['sampled'] + account['written'] +
                                  sum(account['lost'].values()))
for n in range(50):
    number = ask('capture.attach', ring_bytes=65536, **rules[n % 5])['session']
    while ask('capture.list')['sessions'][0]['account']['offered'] < 50:
        pass
    ended = ask('capture.detach', session=number)
    assert adds_up(ended['account']) and all(map(adds_up, ended['workers'])), ended
    assert all(adds_up(stage['journeys']) for stage in ended['stages'] if 'journeys' in stage), ended"
    local round
    for round in 1 2 3; do
        "$XSW" capture -q --json --count 20 -w one.pcapng >one.json 2>one.log
        jq -e '.why == "limit" and .recorder.written == 20' one.json >/dev/null
    done
    touch enough
    wait $load
    until_true 20 port_has out tx_packets $(($(cat times) * 40000))
    equal "captures" "$("$XSW" --json capture list | jq '.sessions | length')" 0
    switch_stop
    frames "
sent = read('in.pcap')
assert read('out.pcap') == sent * $(cat times), 'lost or reordered'"
}

claim_captures_are_listed_changed_and_stopped_from_outside() {
    hosts_start alice bob
    begin web 'tcp dst port 80'
    begin other
    listed web '.filter == "tcp dst port 80" and .rules_number == 1 and .stopped == false'
    send alice '[tcp(2, 1, 9, 80)] * 10 + [tcp(2, 1, 9, 81)] * 5'
    until_true 5 port_has alice rx_packets 15
    until_true 5 listed web '.account.written == 10 and .account.filtered == 5'
    "$XSW" capture set web filter 'tcp dst port 81' snap 50 >set.txt
    grep -q 'what: tcp dst port 81; first 50 bytes' set.txt
    send alice '[tcp(2, 1, 9, 80)] * 10 + [tcp(2, 1, 9, 81)] * 5'
    until_true 5 port_has alice rx_packets 30
    until_true 5 listed web '.account.written == 15 and .rules_number == 2'
    # What makes no sense changes nothing.
    local code=0
    "$XSW" capture set web filter 'tcp prot 81' 2>set.log || code=$?
    equal "exit status of a filter that makes no sense" $code 2
    listed web '.filter == "tcp dst port 81"'
    # By somebody else, and its recorder ends in order.
    "$XSW" capture stop web >stop.txt
    grep -q '; stopped' stop.txt
    ended web
    jq -e '.why == "stopped"' web.json
    equal "written" "$(told web written)" 15
    is_accounted web
    jq -e '.verdict == "holds"' report.json
    equal "events in the file" "$(events web.pcapng capture_changed)" 1
    tshark -r web.pcapng -Y systemd_journal -T fields -e systemd_journal.message 2>/dev/null |
        grep -q 'capture session web has other rules from now on: tcp dst port 81; first 50 bytes'
    code=0
    "$XSW" capture show web 2>show.log || code=$?
    equal "exit status of a session that is not there" $code 1
    end other
    is_accounted other
    equal "the other one" "$(told other written)" 30
    switch_stop
}

claim_an_observer_may_stop_only_his_own() {
    . "$here/privacy.sh"
    users_make
    hosts_start alice bob
    begin mine
    "${as_nobody[@]}" /run/xsw capture -q --name his -w /run/home/his.pcapng 2>his.log &
    local his=$! code=0
    until_true 20 listed his true
    "${as_nobody[@]}" /run/xsw --json capture list | jq -e '.sessions | length == 2'
    send alice '[tcp(2, 1, 9, 80)] * 5'
    until_true 5 port_has alice rx_packets 5
    "${as_nobody[@]}" /run/xsw capture stop mine 2>stop.log || code=$?
    equal "exit status of a stop that is refused" $code 3
    grep -q 'belongs to somebody else' stop.log
    code=0
    "${as_nobody[@]}" /run/xsw capture set mine rate 1 2>set.log || code=$?
    equal "exit status of a change that is refused" $code 3
    listed mine '.stopped == false and .rate == 0'
    "${as_nobody[@]}" /run/xsw capture set his snap 60 >set.txt
    "${as_nobody[@]}" /run/xsw capture stop his >stop.txt
    wait $his
    end mine
    is_accounted mine
    switch_stop
}

# paced MICROSECONDS COUNT: in.pcap has so many packets, each so long behind the one before.
paced() {
    frames "
frames = [udp(2, 1, n % 50, 80, bytes(200)) for n in range($2)]
with open('in.pcap', 'wb') as out:
    out.write(struct.pack('<IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    for n, frame in enumerate(frames):
        out.write(struct.pack('<IIII', 1 + n * $1 // 1000000, n * $1 % 1000000, len(frame),
                              len(frame)) + frame)"
}

again() {
    "$XSW" port remove in
    play in.pcap "$1" "{'timing': True}"
}

claim_a_capture_over_its_budget_does_less_says_so_and_recovers() {
    paced 250 2000
    out_switch
    begin poor --budget 0.0001
    begin rich --budget 100
    is_disarmed() { listed poor 'any(.by_worker[]; .level == "disarmed")'; }
    play in.pcap 2000 "{'timing': True}"
    until_true 20 is_disarmed
    "$XSW" capture list | grep -q 'poor.*disarmed'
    "$XSW" stats | grep -q 'capture poor: .*disarmed'
    "$XSW" --json stats | jq -e '.captures | length == 1 and .[0].name == "poor"'
    "$XSW" capture show poor | grep -q 'of 0.0001 % that it may take: disarmed'
    "$XSW" capture set poor budget 100 >set.txt
    again 2000
    until_true 20 listed poor 'all(.by_worker[]; .level == "full")'
    fails grep -q capture <("$XSW" stats)
    end poor 1
    end rich
    is_accounted poor
    # Steps down, and back to all of it; tshark shows each with its number.
    equal "events of the budget" "$(events poor.pcapng capture_over_budget)" 4
    tshark -r poor.pcapng -Y systemd_journal -T fields -e systemd_journal.message 2>/dev/null |
        grep -q 'keeps the first 128 bytes of packets'
    "$XSW" analyze poor.pcapng | tr -s ' \n' ' ' | grep -q 'from now on it keeps nothing'
    local lost
    lost=$(told poor 'lost.budget')
    [ "$lost" -gt 0 ]
    equal "told in band" "$(jq '[.switches[0].sessions[0].gaps[] | select(.cause == "budget").journeys] |
        add' report.json)" "$lost"
    equal "epb_dropcount in all" "$(tshark -r poor.pcapng -T fields -e frame.drop_count 2>/dev/null |
        awk '{ sum += $1 } END { print sum }')" "$lost"
    equal "all of what it was offered" $(($(told poor written) + lost)) "$(told poor offered)"
    is_accounted rich
    equal "the other one has all" "$(told rich written)" "$(told rich offered)"
    switch_stop
}

claim_every_kind_of_loss_is_in_the_account_and_no_line_is_false() {
    paced 100 4000
    out_switch
    mkdir small
    mount -t tmpfs -o size=300k tmpfs small
    begin rate --rate 100
    begin sample --sample 4
    begin limit --count 30
    begin full --ring 64
    kill -STOP "${recorder[full]}"
    begin budget --budget 0.0001
    "$XSW" capture --budget 0.0001 -w words.pcapng 2>words.log &
    recorder[words]=$!
    until_true 20 grep -q '^recording switch truth to words.pcapng' words.log
    begin all
    : >disk.log
    "$XSW" capture --json -w small/disk.pcapng >disk.json 2>disk.log &
    recorder[disk]=$!
    until_true 20 grep -q '^recording' disk.log
    play in.pcap 4000 "{'timing': True}"
    until_true 10 port_has out tx_packets 4000
    ended limit
    kill -CONT "${recorder[full]}"
    end rate
    end sample
    end full 1
    end budget 1
    # Who is short of time does not ask the filter any more; the account for people says so.
    end words 1
    grep -q '+ lost: budget .*perhaps not all of them would have matched' words.log
    end all
    kill -INT "${recorder[disk]}"
    wait "${recorder[disk]}" || true
    ln -s small/disk.pcapng disk.pcapng
    local name
    for name in rate sample limit full budget all disk; do
        is_accounted $name
        [ $name = limit ] || equal "offered to $name" "$(told $name offered)" 4000
        # What the records tell is not more than was lost, and is what is missing before them.
        jq -e '.switches[0].sessions[0] | ([.gaps[].journeys] | add // 0) <= .lost + .past_limit' \
            report.json >/dev/null
        equal "epb_dropcount of $name" \
            "$(tshark -r $name.pcapng -T fields -e frame.drop_count 2>/dev/null |
                awk '{ sum += $1 } END { print sum + 0 }')" \
            "$(jq '[.switches[0].sessions[0].gaps[].journeys] | add // 0' report.json)"
    done
    [ "$(told rate 'lost["rate-limit"]')" -gt 0 ]
    [ "$(told sample sampled)" -gt 0 ]
    [ "$(told full 'lost["ring-full"]')" -gt 0 ]
    [ "$(told budget 'lost.budget')" -gt 0 ]
    [ "$(jq '.recorder.lost.disk' disk.json)" -gt 0 ]
    equal "past the limit or not there yet" \
        $(($(told limit written) - $(jq '.recorder.lost["past-limit"]' limit.json))) 30
    equal "lost by all" "$(jq '[.workers[].lost[]] | add' all.json)" 0
    # Packets that nobody could have seen bound what is not known, stage by stage.
    analyze full.pcapng
    jq -e '.switches[0].sessions[0].proof[] | select(.subject == "delivered") |
        .state == "unknown" and (.text | test("lost there$"))' report.json
    analyze sample.pcapng
    jq -e '.verdict == "holds"' report.json
    switch_stop
}
