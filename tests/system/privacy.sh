# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a session is not to see is in no byte of the file; and the recorder, once it records, has no
# rights that its user does not have.

# Frames with addresses, text and a tag that are found again wherever they are: two flows in both
# directions, ARP, neighbour discovery, an ICMP error, DHCP and LLDP, which say more than addresses.
# What must not be in a file is in secrets.json.
secret_frames() {
    frames "
import random
dice = random.Random(4)
A, B = '06:b8:6d:e2:ac:12', '02:a7:5c:d1:9b:11'
a4, b4, c4 = '192.183.147.213', '172.185.149.211', '192.183.147.99'
a6, b6 = 'fd13:71d5:e99c:b1c3:a387:6b5d:493b:f7cd', 'fd13:71d5:e99c:b1c3:a989:6959:4b3d:fbcf'
TEXT = b'Geheimer Inhalt: 192.183.147.213 says 06:b8:6d:e2:ac:12 '
pack6 = lambda a: socket.inet_pton(socket.AF_INET6, a)

def v6(source, to, kind, segment, at):
    pseudo = pack6(source) + pack6(to) + struct.pack('!IHBB', len(segment), 0, 0, kind)
    segment = segment[:at] + struct.pack('!H', checksum(pseudo + segment)) + segment[at + 2:]
    return struct.pack('!IHBB', 6 << 28, len(segment), kind, 64) + pack6(source) + pack6(to) + segment

def tcp4(one, two, sport, dport, payload):
    segment = struct.pack('!HHIIBBHHH', sport, dport, 1, 0, 0x50, 0x18, 1024, 0, 0) + payload
    return ipv4(one, two, 6, transport(one, two, 6, segment, 16))

def udp4(one, two, sport, dport, payload):
    segment = struct.pack('!HHHH', sport, dport, 8 + len(payload), 0) + payload
    return ipv4(one, two, 17, transport(one, two, 17, segment, 6))

def icmp4(one, two, kind, code, rest):
    message = struct.pack('!BBH', kind, code, 0) + rest
    return ipv4(one, two, 1, message[:2] + struct.pack('!H', checksum(message)) + message[4:])

def arp(kind, smac, s4, tmac, t4):
    return struct.pack('!HHBBH', 1, 0x800, 6, 4, kind) + mac(smac) + socket.inet_aton(s4) + mac(tmac) + socket.inet_aton(t4)

def udp6(source, to, payload):
    return v6(source, to, 17, struct.pack('!HHHH', 7, 9, 8 + len(payload), 0) + payload, 6)

def payload():
    return TEXT + dice.randbytes(dice.randrange(0, 600))

lost = udp4(b4, a4, 4000, 5000, payload())
solicit = struct.pack('!BBHI', 135, 0, 0, 0) + pack6(b6) + b'\1\1' + mac(A)
advert = struct.pack('!BBHI', 136, 0, 0, 3 << 29) + pack6(b6) + b'\2\1' + mac(B)
once = [
    eth(BROADCAST, A, arp(1, A, a4, '00:00:00:00:00:00', b4), 0x0806),
    eth(A, B, arp(2, B, b4, A, a4), 0x0806),
    eth('33:33:ff:3d:fb:cf', A, v6(a6, 'ff02::1:ff3d:fbcf', 58, solicit, 2), 0x86DD),
    eth(A, B, v6(b6, a6, 58, advert, 2), 0x86DD),
    eth(B, A, icmp4(a4, b4, 3, 3, bytes(4) + lost), 0x0800),
    eth(BROADCAST, A, udp4('0.0.0.0', '255.255.255.255', 68, 67, b'\1\1\6\0' + dice.randbytes(24) + mac(A) + socket.inet_aton(a4)), 0x0800),
    eth('01:80:c2:00:00:0e', A, b'\2\7\4' + mac(A) + bytes(40), 0x88CC),
    eth(B, A, udp4(a4, c4, 9, 53, payload()), 0x0800)]
def flows():
    return [eth(B, A, tcp4(a4, b4, 4001, 80, payload()), 0x0800, tags=[9]), eth(A, B, tcp4(b4, a4, 80, 4001, payload()), 0x0800),
            eth(B, A, udp6(a6, b6, payload()), 0x86DD), eth(A, B, udp6(b6, a6, payload()), 0x86DD),
            eth(B, A, udp4(a4, b4, 5000, 4000, payload()), 0x0800), eth(A, B, lost, 0x0800)]
write('in.pcap', once + sum((flows() for _ in range($1)), []))
raw = [mac(A), mac(B), TEXT[:16], b'ff3dfbcf'] + [socket.inet_aton(a) for a in (a4, b4, c4)] + [pack6(a) for a in (a6, b6)]
raw += [pack6(a6)[8:], pack6(b6)[8:], pack6(b6)[12:]]
texts = [a4, b4, c4, a6, b6, A, B, a4.replace('.', '-'), A.replace(':', ''), A.replace(':', '-'), 'fd13:71d5', 'Geheim']
texts += ['192.183.147.250', '192.183.147.251'] # of filter and expression
json.dump([r.hex() for r in raw] + [t.encode().hex() for t in texts], open('secrets.json', 'w'))"
    played=$(frames "print(len(read('in.pcap')))")
}

# secrets_in FILE: how many of the secrets are in the bytes of the file, unpacked.
secrets_in() {
    case $1 in *.zst) zstd -dcq "$1" >unpacked ;; *) cp "$1" unpacked ;; esac
    frames "
data = open('unpacked', 'rb').read()
print(sum(bytes.fromhex(s) in data for s in json.load(open('secrets.json'))))"
}

# Everywhere where an address may stand: in names, rules, settings of extensions.
secret_switch() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 1 ${1-}},
 "extensions": [{"path": "rewrite", "name": "mark",
                 "settings": {"match": "host 192.183.147.213", "dscp": 10}}],
 "ports": [{"name": "out", "kind": "file", "output": "$PWD/out.pcap",
            "vlan": {"mode": "trunk", "native": 1, "allowed": [1, 9]}},
           {"name": "vm-192.183.147.213", "kind": "file", "output": "$PWD/b.pcap",
            "acl": [{"id": 3, "direction": "out", "action": "deny", "source": "172.185.149.0/24",
                     "destination": "192.183.147.213/32"}]}]}
JSON
}

secret_play() { play in.pcap "$played" "{'vlan': {'mode': 'trunk', 'native': 1, 'allowed': [1, 9]}}"; }

# events FILE NAME: how many events of the name stock tshark finds.
events() { tshark -r "$1" -Y "systemd_journal.field.value == \"$2\"" 2>>tshark.log | wc -l; }

key_make() { frames "print(''.join('%02x' % (n * 7 % 256) for n in range(${1-0}, ${1-0} + 32)))"; }

# fields FILE FILTER FIELD…: by tshark, with checksums judged.
fields() {
    local file=$1 filter=$2 field wanted=()
    shift 2
    for field in "$@"; do wanted+=(-e "$field"); done
    tshark -r "$file" -n -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
        -o udp.check_checksum:TRUE -Y "$filter" -T fields "${wanted[@]}" 2>>tshark.log
}

claim_a_capture_with_pseudonyms_has_no_real_address_and_no_payload() {
    secret_frames 40
    secret_switch
    key_make >key
    "$XSW" capture -q -w plain.pcapng 2>plain.log &
    local plain=$!
    until_true 20 test -s plain.pcapng
    capture_start --pseudonyms=key --where 'not pcap "host 192.183.147.251"' \
        'not host 192.183.147.250'
    secret_play
    kill -INT $plain
    wait $plain
    capture_stop
    switch_stop
    # The search itself finds what is there: all the secrets, in a capture without pseudonyms.
    [ "$(secrets_in plain.pcapng)" -ge 14 ]
    equal "secrets in the file" "$(secrets_in capture.pcapng)" 0
    # And the proof holds all the same, with every change told.
    equal "exit status of analyze" "$analyzed" 0
    report_is '.verdict == "holds"'
    report_is "\$m.received == $played"
    [ "$("$XSW" analyze --json plain.pcapng | jq '.switches[0].changes')" != '[]' ]
    equal "stages that changed something" \
        "$("$XSW" analyze --json capture.pcapng | jq -c '[.switches[0].changes[].stage_name] | unique')" \
        "$("$XSW" analyze --json plain.pcapng | jq -c '[.switches[0].changes[].stage_name] | unique')"
    # What the recorder prints names no address either, but for the ones that it was given.
    fails grep -q 'a7:5c' capture.json capture.log
}

# What others do meanwhile, with addresses in every word that there is for them.
secret_deeds() {
    "$XSW" extension add rewrite name no-192-183-147-213 dscp=10 'match=host 192.183.147.213'
    "$XSW" extension add "$XSW_EXTENSION_PATH/test/doorman.so" name no-06b86de2ac12 refuse=door
    fails "$XSW" port add door kind memory 2>door.log
    "$XSW" capture -q --name 'of 192.183.147.99' -w other.pcapng 'host 192.183.147.213' 2>other.log &
    local other=$!
    until_true 20 "$XSW" capture set 'of 192.183.147.99' filter 'dst net 192.183'
    kill -INT $other
    wait $other
    "$XSW" capture set p filter 'not host 192.183.147.251' where 'not pcap "host 192.183.147.250"' \
        ports vm-192.183.147.213,out
    "$XSW" port set vm-192.183.147.213 mtu 1400
} >deeds.out

claim_pseudonyms_hold_under_other_rules_with_events_and_in_every_file_of_a_series() {
    secret_frames 200
    secret_switch
    "$XSW" capture -q --trace -w plain.pcapng 'less 1' 2>plain.log &
    local plain=$!
    until_true 20 test -s plain.pcapng
    capture_start --pseudonyms --trace --name p -C 64K -i vm-192.183.147.213,out \
        --where 'not pcap "host 192.183.147.251"' 'not host 192.183.147.250'
    secret_deeds
    secret_play
    kill -INT $plain $capture
    wait $plain
    wait $capture
    switch_stop
    # All of it was told, by events alone, to the one that may know it.
    local word
    for word in 192.183.147.213 192.183.147.99 'dst net 192.183'; do grep -qaF "$word" plain.pcapng; done
    local files=(capture_*.pcapng) file told=0 ports=0
    [ ${#files[@]} -gt 2 ]
    for file in "${files[@]}"; do
        equal "secrets in $file" "$(secrets_in "$file")" 0
        fails grep -qaF 'dst net 192.183' "$file"
        told=$((told + $(events "$file" capture_changed) + $(events "$file" extension_attached)))
        ports=$((ports + $(events "$file" '(hidden),out')))
    done
    # Of our own rules by the recorder and the switch, of those of the other by the switch alone.
    equal "events of rules and extensions" $told 5
    "$XSW" analyze --json "${files[@]}" | jq -e ".verdict == \"holds\""
    # What is left of the rules is what nobody can be found by.
    equal "events that tell the ports" $ports 1
}

claim_checksums_and_directions_survive_pseudonyms() {
    secret_frames 20
    secret_switch
    key_make >key
    capture_start --pseudonyms=key
    secret_play
    capture_stop
    switch_stop
    # Stock tshark finds every checksum right, and that there are some.
    equal "bad checksums" "$(fields capture.pcapng \
        'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 ||
         icmp.checksum.status == 0 || icmpv6.checksum.status == 0' frame.number | wc -l)" 0
    [ "$(fields capture.pcapng 'tcp.checksum.status == 1' frame.number | wc -l)" -gt 40 ]
    [ "$(fields capture.pcapng 'udp.checksum.status == 1 && ipv6' frame.number | wc -l)" -gt 40 ]
    [ "$(fields capture.pcapng 'icmpv6.checksum.status == 1' frame.number | wc -l)" -gt 2 ]
    # One TCP connection, whose two ends have one address each, which are those that ARP tells.
    equal "TCP connections" "$(fields capture.pcapng tcp tcp.stream | sort -u | wc -l)" 1
    fields capture.pcapng tcp ip.src | sort -u >tcp.hosts
    equal "ends" "$(wc -l <tcp.hosts)" 2
    fields capture.pcapng arp arp.src.proto_ipv4 | sort -u | cmp - tcp.hosts
    fields capture.pcapng arp arp.src.hw_mac | sort -u >arp.macs
    fields capture.pcapng tcp eth.src | sort -u | cmp - arp.macs
    # Two addresses of one subnet are still of one subnet, and the third is not.
    fields capture.pcapng ip ip.addr | tr , '\n' | sort -uV |
        grep -vx '0.0.0.0\|255.255.255.255' >all.hosts
    equal "IPv4 hosts" "$(wc -l <all.hosts)" 3
    equal "subnets" "$(cut -d . -f 1-3 all.hosts | sort -u | wc -l)" 2
}

claim_a_key_gives_the_same_pseudonyms_again_and_no_key_other_ones() {
    secret_frames 3
    secret_switch
    key_make >key
    local run number=0
    for run in --pseudonyms=key --pseudonyms=key --pseudonyms; do
        number=$((number + 1))
        capture_start $run
        secret_play
        capture_stop
        fields capture.pcapng ip ip.addr | tr , '\n' | sort -u >hosts.$number
        call port.remove "name='in'" >call.json
    done
    cmp hosts.1 hosts.2
    fails cmp -s hosts.1 hosts.3
    # Whoever has the key can turn it back, so it goes nowhere: not into the file, nor a report.
    fails grep -qF "$(cat key)" capture.pcapng capture.json capture.log xswd.log
    "$XSW" capture -q -t 1 --pseudonyms=secrets.json -w none.pcapng 2>none.log && return 1
    grep -q '64 hexadecimal digits' none.log
    fails test -e none.pcapng
}

claim_headers_are_kept_and_payload_is_cut_or_zeros() {
    secret_frames 10
    secret_switch
    "$XSW" capture -q --mask-payload -w masked.pcapng 2>masked.log &
    local masked=$!
    until_true 20 test -s masked.pcapng
    capture_start --headers-only
    secret_play
    kill -INT $masked
    wait $masked
    capture_stop
    switch_stop
    equal "verdict" "$(jq -r .verdict report.json)" holds
    local file
    for file in capture.pcapng masked.pcapng; do
        fails grep -qa Geheim "$file"
        # All headers, the addresses among them; and the real lengths.
        fields "$file" 'tcp && ip.src == 192.183.147.213' ip.dst tcp.dstport | sort -u >headers
        equal "headers in $file" "$(cat headers)" "172.185.149.211	80"
    done
    fields capture.pcapng '' frame.len | sort -n >lengths
    fields masked.pcapng '' frame.len | sort -n | cmp - lengths
    equal "longest captured" "$(fields capture.pcapng 'tcp' frame.cap_len | sort -n | tail -n 1)" 58
    equal "cut short" "$(fields masked.pcapng 'frame.cap_len < frame.len' frame.number | wc -l)" 0
    # Zeros, whose checksums are right; of what is cut tshark judges nothing.
    [ "$(fields masked.pcapng 'tcp.checksum.status == 1' frame.number | wc -l)" -gt 20 ]
    equal "bad ones" "$(fields masked.pcapng 'tcp.checksum.status == 0' frame.number | wc -l)" 0
    tcpdump -nr capture.pcapng >tcpdump.out 2>tcpdump.log
    [ "$(grep -c '192.183.147.213.4001 > 172.185.149.211.80' tcpdump.out)" -ge 10 ]
}

# A kernel's own connection: segments that are to be cut, and sums that are still to be finished.
claim_a_real_connection_is_recorded_without_its_addresses() {
    switch_start <<JSON
{"switch": {"name": "truth", "workers": 2},
 "ports": [{"name": "alice", "device": "tap-alice"}, {"name": "bob", "device": "tap-bob"}]}
JSON
    local host number=0
    for host in alice bob; do
        number=$((number + 1))
        host_make $host $number
        ip -n $host link set eth0 address "06:b8:6d:e2:ac:1$number"
        ip -n $host address flush dev eth0
        ip -n $host address add "192.183.147.21$number/24" dev eth0
    done
    frames "
json.dump([m.hex() for n in (1, 2) for m in (mac('06:b8:6d:e2:ac:1%d' % n), socket.inet_aton('192.183.147.21%d' % n))] +
          [b'Geheimer Inhalt'.hex()], open('secrets.json', 'w'))"
    capture_start --pseudonyms
    at bob python3 -c 'import socket
server = socket.create_server(("", 80))
print("ready", flush=True)
link = server.accept()[0]
count = 0
while data := link.recv(1 << 16):
    count += len(data)
link.sendall(b"%d" % count)' >server.log &
    local server=$!
    until_true 10 grep -q ready server.log
    at alice python3 -c 'import socket
link = socket.create_connection(("192.183.147.212", 80))
link.sendall(b"Geheimer Inhalt " * 60000)
link.shutdown(socket.SHUT_WR)
assert link.recv(100) == b"960000"'
    wait $server
    capture_stop
    switch_stop
    equal verdict "$(jq -r .verdict report.json)" holds
    equal "secrets in the file" "$(secrets_in capture.pcapng)" 0
    # Large segments were among it. What tshark takes for a wrong sum is one that the sender left to
    # the network card: that of the pseudo header, and of the one with pseudonyms.
    [ "$(fields capture.pcapng tcp frame.len | sort -n | tail -n 1)" -gt 3000 ]
    equal "wrong IP sums" "$(fields capture.pcapng 'ip.checksum.status == 0' frame.number | wc -l)" 0
    fields capture.pcapng 'tcp.checksum.status == 0' ip.src ip.dst ip.len ip.hdr_len tcp.checksum >sums
    [ "$(wc -l <sums)" -gt 10 ]
    frames "
for line in open('sums'):
    source, to, length, head, field = line.split()
    pseudo = socket.inet_aton(source) + socket.inet_aton(to)
    pseudo += struct.pack('!HH', 6, int(length) - int(head))
    assert int(field, 16) == ~checksum(pseudo) & 0xffff, line"
    equal "connections" "$(fields capture.pcapng tcp tcp.stream | sort -u | wc -l)" 1
    [ "$(fields capture.pcapng 'tcp.len > 1000' frame.number | wc -l)" -gt 10 ]
}

# Users ------------------------------------------------------------------------------------------

# nobody becomes a member of a group xsw, in this mount namespace alone; a copy of xsw is where he
# may run it. A user namespace has no other users.
users_make() {
    [ "$(awk '{ sum += $3 } END { print (sum > 1) }' /proc/self/uid_map)" = 1 ] || exit 77
    grep -v '^xsw:' /etc/group >group
    echo 'xsw:x:4242:nobody' >>group
    mount --bind group /etc/group
    cp "$XSW" /run/xsw
    mkdir -m 700 /run/home
    chown nobody /run/home
    chmod 755 /run
}

as_nobody=(setpriv --reuid nobody --regid nogroup --init-groups)
as_stranger=(setpriv --reuid nobody --regid nogroup --clear-groups)

claim_observers_see_at_most_what_the_configuration_lets_them() {
    users_make
    secret_frames 5
    secret_switch ', "observers": {"pseudonyms": true}'
    key_make >/run/home/key
    chmod 644 /run/home/key
    capture_start
    "${as_nobody[@]}" /run/xsw capture --json -w /run/home/seen.pcapng.zst >seen.json 2>seen.log &
    local observer=$!
    until_true 20 grep -q '^recording' seen.log
    # What is in force is told, to him and in the file.
    "$XSW" capture list --json >list.json
    jq -e '[.sessions[].privacy.pseudonyms] | sort == [false, true]' list.json
    secret_play
    kill -INT $observer
    wait $observer
    capture_stop
    equal "secrets that the observer has" "$(secrets_in /run/home/seen.pcapng.zst)" 0
    [ "$(secrets_in capture.pcapng)" -ge 14 ]
    equal "owner of the file" "$(stat -c %U /run/home/seen.pcapng.zst)" nobody
    "$XSW" analyze --json /run/home/seen.pcapng.zst | jq -e '.verdict == "holds"'
    # Who knows the key can turn pseudonyms back: theirs is the daemon's.
    "${as_nobody[@]}" /run/xsw capture -q -t 1 --pseudonyms=/run/home/key -w /run/home/no.pcapng 2>no.log &&
        return 1
    grep -q 'own key' no.log
    # Managers tighten it further; who is no member gets nothing at all.
    "$XSW" switch set truth observers headers-only,no-filters
    "${as_nobody[@]}" /run/xsw capture -q -t 1 -w /run/home/no.pcapng 'host 192.183.147.213' 2>no.log && return 1
    grep -q 'give no filter' no.log
    "${as_nobody[@]}" /run/xsw capture -q -t 0.1 -w /run/home/cut.pcapng
    "$XSW" switch set truth observers none
    "${as_nobody[@]}" /run/xsw capture -q -t 0.1 -w /run/home/all.pcapng 'host 192.183.147.213'
    "${as_stranger[@]}" /run/xsw capture -q -t 0.1 -w /run/home/no2.pcapng 2>no.log && return 1
    fails test -e /run/home/no2.pcapng
    switch_stop
}

# rights_are TASKS UID CAPABILITIES: of all threads of the process.
rights_are() {
    local status
    for status in /proc/"$1"/task/*/status; do
        grep -qE "^Uid:	$2	$2	$2	$2$" "$status" || return 1
        equal "CapEff CapPrm CapBnd NoNewPrivs" "$(awk '/^Cap(Prm|Eff|Bnd)|^NoNewPrivs/ {
            printf "%s ", $2 }' "$status")" '0000000000000000 0000000000000000 0000000000000000 1 '
    done
}

claim_the_recorder_has_no_capabilities_once_it_records() {
    secret_frames 5
    secret_switch
    capture_start
    rights_are $capture 0
    secret_play
    capture_stop
    report_is "\$m.received == $played"
    # A series into a folder that is not root's could not go on: said at once.
    if [ "$(awk '{ sum += $3 } END { print (sum > 1) }' /proc/self/uid_map)" = 1 ]; then
        mkdir -m 755 theirs
        chown nobody theirs
        "$XSW" capture -q -t 1 -C 64K -w theirs/a.pcapng 2>theirs.log && return 1
        grep -q 'say with -Z' theirs.log
        equal "files there" "$(ls theirs | wc -l)" 0
    fi
    switch_stop
}

claim_the_recorder_becomes_the_user_of_z_and_its_files_are_his() {
    users_make
    secret_frames 2000
    secret_switch
    mkdir -m 700 /run/files
    chown nobody /run/files
    "$XSW" capture -Z nobody -C 64K -w /run/files/series.pcapng >series.out 2>series.log &
    local recorder=$!
    until_true 20 grep -q '^recording' series.log
    rights_are $recorder 65534
    secret_play
    kill -INT $recorder
    wait $recorder
    local files=(/run/files/*)
    [ ${#files[@]} -gt 2 ]
    equal "owners" "$(stat -c %U /run/files/* | sort -u)" nobody
    "$XSW" analyze --json /run/files/*.pcapng | jq -e ".verdict == \"holds\" and
        .switches[0].summary.received == $played"
    "$XSW" capture -q -t 1 -Z nosuchuser -w x.pcapng 2>user.log && return 1
    grep -q 'nosuchuser: expected the name of a user' user.log
    # Who is not root cannot become somebody else.
    "${as_nobody[@]}" /run/xsw capture -q -t 1 -Z root -w /run/home/x.pcapng 2>user.log && return 1
    grep -q 'only root can' user.log
    switch_stop
}
