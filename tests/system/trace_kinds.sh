# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Every kind of event, provoked by name from outside, with its fields. What tests/system/trace.sh has: drops
# for each reason, captures and triggers, vetoes, ports that go down, drops of the kernel.
# shellcheck source=tests/system/trace.sh
. "$here/trace.sh"

# told PROGRAM: about `one`, which gives the only event of a name, and `all_of`, which gives all.
told() {
    ctf ctf '
def all_of(name):
    found = [e for e in events if e["event"] == name]
    assert found, (name, sorted({e["event"] for e in events}))
    return found
def one(name):
    found = all_of(name)
    assert len(found) == 1, found
    return found[0]
def has(event, **fields):
    for name, value in fields.items():
        assert event[name] == str(value), (name, event)
'"$1"
}

claim_a_flood_and_a_delivery_are_told_with_all_their_fields() {
    out_switch ', "vlan": {"mode": "access", "access": 7}' '' ', {"name": "third", "kind": "memory", "vlan": {"mode": "access", "access": 7}}'
    frames 'write("in.pcap", [eth(9, 1, bytes(46))])'
    "$XSW" trace start t profile all to "$PWD/ctf"
    play in.pcap 1 '{"vlan": {"mode": "access", "access": 7}}'
    "$XSW" trace stop t
    told '
ends = all_of("packet_delivered")
assert {e["port_name"] for e in ends} == {"out", "third"}
copy = one("packet_cloned")
original = [e for e in ends if e["packet_id"] != copy["packet_id"]][0]
has(copy, parent_id=original["packet_id"], stage="forward", stage_name="forward", switch_name="truth", extension="-",
    reason="none", reason_name="-", rule=0, rule_port=0, source_name="in", length=60, vlan=7, worker=0)
assert int(copy["packet_id"]) > int(original["packet_id"])
for end in ends:
    has(end, stage="tx", stage_name="tx", reason="none", source_name="in", destination_name=end["port_name"], vlan=7)
    assert end["destination_port"] == end["port"] and end["source_port"] == copy["source_port"]
    assert int(end["since_rx_ns"]) > 0 and int(end["at_mono_ns"]) > int(copy["at_mono_ns"])
    assert int(end["generation"]) > 0
hops = [e for e in all_of("packet_hop") if e["packet_id"] == original["packet_id"]]
assert [e["stage_name"] for e in hops] == ["rx", "ingress-policy", "forward", "mirror", "egress-policy"]
times = [int(e["at_mono_ns"]) for e in hops]
assert times == sorted(times)'
}

claim_a_change_is_told_with_its_bytes_before_and_after() {
    out_switch ', "vlan": {"mode": "trunk", "allowed": [10]}'
    frames 'write("in.pcap", [eth(2, 1, bytes(46))])'
    "$XSW" trace start t profile changes to "$PWD/ctf"
    play in.pcap 1 '{"vlan": {"mode": "access", "access": 10}}'
    "$XSW" trace stop t
    told '
has(one("packet_changed"), stage_name="egress-policy", port_name="out", offset=12, old_length=0, new_length=4, undeclared=0,
    old_bytes="0x0", new_bytes="0x8100000A", parent_id=0)'
}

claim_what_an_extension_makes_and_replaces_is_told() {
    out_switch "" "$(test_extension workshop replace-in)"
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 3)'
    "$XSW" trace start t profile changes to "$PWD/ctf"
    play in.pcap 3
    until_true 20 port_has out tx_packets 3
    "$XSW" trace stop t
    told '
replaced, made = all_of("packet_replaced"), all_of("packet_cloned")
assert len(replaced) == len(made) == 3
assert {e["parent_id"] for e in made} == {e["packet_id"] for e in replaced}
for e in replaced + made:
    has(e, extension="workshop", stage="extension", stage_name="ingress-filter.workshop", reason_name="-")'
}

claim_what_an_extension_sends_of_its_own_is_told_as_injected() {
    out_switch "" "$(test_extension workshop originate)"
    frames 'write("in.pcap", [eth(2, 1, bytes(46))])'
    "$XSW" trace start t profile changes to "$PWD/ctf"
    play in.pcap 1
    until_true 20 port_has out tx_packets 2
    "$XSW" trace stop t
    told 'has(one("packet_injected"), parent_id=0, extension="workshop", stage_name="ingress-filter.workshop")'
}

claim_a_port_is_told_from_its_making_over_its_changes_to_its_end() {
    out_switch
    "$XSW" trace start t profile control to "$PWD/ctf"
    "$XSW" port add guest kind memory
    "$XSW" port set guest friendly 'The guest'
    "$XSW" port set guest mtu 1400
    "$XSW" port save guest >guest.json
    "$XSW" port remove guest
    "$XSW" trace stop t
    told '
names = [e["event"] for e in events if e["port_name"] == "guest"]
assert names == ["port_created", "nic_created", "nic_connected", "port_updated", "nic_updated", "switch_told",
                 "nic_disconnected", "nic_deleted", "port_teardown", "port_deleted"], names
has(one("port_updated"), detail="connected")
has(one("nic_updated"), detail="connected")
has(one("port_teardown"), detail="tearing-down")
has(one("switch_told"), subject="save-complete")
numbers = {e["port"] for e in events if e["port_name"] == "guest"}
assert len(numbers) == 1 and numbers != {"0"}
generations = [int(e["generation"]) for e in events]
assert generations == sorted(generations)'
}

claim_a_change_that_cannot_be_made_is_told_as_failed() {
    out_switch
    "$XSW" trace start t profile control to "$PWD/ctf"
    fails "$XSW" port add wire kind packet device nowhere 2>add.log
    "$XSW" trace stop t
    told 'has(one("change_failed"), port_name="wire", subject="nic-create")
assert one("change_failed")["detail"] != "-"'
}

claim_an_extension_that_is_moved_set_or_switched_is_told_with_its_version() {
    out_switch "" "{\"path\": \"$XSW_EXTENSION_PATH/test/vanish.so\", \"name\": \"thief\", \"settings\": {\"every\": 3}}"
    "$XSW" trace start t profile control to "$PWD/ctf"
    "$XSW" extension set thief every=5
    "$XSW" extension disable thief
    "$XSW" extension enable thief
    "$XSW" extension remove thief
    "$XSW" trace stop t
    told '
has(one("extension_changed"), extension="thief", detail="vanish 1")
assert [e["subject"] for e in all_of("extension_detached")] == ["disabled", "removed"]
has(one("extension_attached"), subject="enabled", extension="thief", detail="vanish 1")'
}

claim_addresses_that_come_move_are_too_many_and_age_are_told() {
    out_switch
    "$XSW" switch set truth mac-limit 2 mac-ageing 1
    frames '
write("in.pcap", [eth(9, 1, bytes(46)), eth(9, 2, bytes(46)), eth(9, 3, bytes(46))])
write("again.pcap", [eth(9, 1, bytes(46))])'
    "$XSW" trace start t profile control to "$PWD/ctf"
    call port.add "port={'name': 'in', 'kind': 'file', 'input': '$PWD/in.pcap'}" >call.json
    call port.add "port={'name': 'there', 'kind': 'file', 'input': '$PWD/again.pcap'}" >call.json
    until_true 30 is_told_by 'mac_aged.*02:00:00:00:00:02'
    "$XSW" trace stop t
    told '
learned = {e["subject"]: e for e in all_of("mac_learned")}
assert {"02:00:00:00:00:01", "02:00:00:00:00:02"} <= set(learned), learned
for e in learned.values():
    has(e, value=1, extension="-", stage="none")
    assert int(e["packet_id"]) > 0 and e["port_name"] in ("in", "there")
has(all_of("mac_limit")[0], subject="02:00:00:00:00:03", port_name="in", before=2)
moved = one("mac_moved")
has(moved, subject="02:00:00:00:00:01", port_name="there")
assert moved["before"] == learned["02:00:00:00:00:01"]["port"]
assert {e["subject"] for e in all_of("mac_aged")} >= {"02:00:00:00:00:02"}'
}

is_told_by() {
    "$XSW" trace rotate t
    babeltrace2 ctf 2>>ctf.log | grep -q "$1"
}

claim_a_worker_that_is_over_its_budget_is_told_with_time_and_packets() {
    out_switch
    frames 'write("in.pcap", [eth(2, 1, bytes(46))] * 500)'
    "$XSW" trace start t profile control to "$PWD/ctf" budget 1
    play in.pcap 500
    "$XSW" trace stop t
    told '
for e in all_of("worker_over_budget"):
    assert int(e["value"]) > 1000 and int(e["before"]) <= 256, e
assert sum(int(e["before"]) for e in all_of("worker_over_budget")) <= 500
has(all_of("worker_over_budget")[0], switch_name="truth", port=0, port_name="-", packet_id=0)'
}

# No kind can come without a claim that names it.
claim_every_kind_of_event_is_named_by_a_claim() {
    local name missing=
    sed -n 's/^EVENT([0-9]*, [A-Z_]*, \([a-z_]*\),.*/\1/p' "$here/../../switch/events.def" >kinds.txt
    [ "$(wc -l <kinds.txt)" -ge 37 ]
    while read -r name; do
        cat "$here/trace.sh" "$here/trace_kinds.sh" | grep -v '^#' | grep -q "[\"=' ]$name\b" || missing="$missing $name"
    done <kinds.txt
    equal "kinds without a claim" "$missing" ""
}
