#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# xsw extension, xsw feature, xsw port save and restore, as a person and as a script use them. Memory
# ports only. XSWD and XSW name the programs, XSW_EXTENSION_PATH the folder of the extensions.

setup()
{
    cd "$BATS_TEST_TMPDIR"
    export XSW_SOCKET="$PWD/s.sock"
    cat > config.json <<'JSON'
{
  "switch": {"name": "demo"},
  "ports": [{"name": "alice", "kind": "memory"}, {"name": "bob", "kind": "memory"}],
  "extensions": [{"path": "rewrite", "name": "low", "enabled": false, "settings": {"dscp": 10}}]
}
JSON
    mkfifo log
    "$XSWD" --config config.json 2> log 3>&- &
    daemon=$!
    exec 5< log
    while read -r -t 30 -u 5 line && [[ "$line" != started:* ]]; do :; done
}

teardown()
{
    kill "$daemon"
    wait "$daemon"
    exec 5<&-
}

add_book()
{
    "$XSW" extension add "$XSW_EXTENSION_PATH/test/notebook1.so" name "$@"
}

# Names in the order of the list, and whether they are on.
order()
{
    "$XSW" --json extension list |
        python3 -c 'import json, sys
for e in json.load(sys.stdin)["extensions"]: print(e["name"], e["enabled"])'
}

fits_80()
{
    while IFS= read -r line; do
        [ "${#line}" -le 80 ] || { echo "too long: $line"; return 1; }
    done <<< "$1"
}

@test "an extension that is configured as disabled is not in the pipeline" {
    [ "$(order)" = "low False" ]
    run "$XSW" stats
    [[ "$output" != *"ingress-filter.low"* ]]
    "$XSW" extension enable low
    [ "$(order)" = "low True" ]
    "$XSW" extension show low | grep -q '^enabled *yes'
    "$XSW" extension disable low
    "$XSW" extension disable low
    [ "$(order)" = "low False" ]
    run "$XSW" extension enable nobody
    [ "$status" -eq 1 ]
}

@test "the order of a class is what a person says" {
    "$XSW" extension add rewrite name top dscp=1
    "$XSW" extension add flowfilter
    [ "$(order | tr '\n' ' ')" = "flowfilter True top True low False " ]
    "$XSW" extension move flowfilter after low
    [ "$(order | tr '\n' ' ')" = "top True low False flowfilter True " ]
    "$XSW" extension move low top
    "$XSW" extension move top bottom
    [ "$(order | tr '\n' ' ')" = "low False flowfilter True top True " ]
    run "$XSW" extension move low
    [ "$status" -eq 2 ]
    run "$XSW" extension move low between
    [ "$status" -eq 2 ]
    [[ "$output" == *"top, bottom, before or after"* ]]
    run "$XSW" extension move low before nobody
    [ "$status" -eq 1 ]
    run "$XSW" extension list
    fits_80 "$output"
}

@test "an upgrade brings another version and keeps the rest" {
    add_book book records=2
    "$XSW" feature add book.note port alice text=keep
    run "$XSW" extension upgrade book "$XSW_EXTENSION_PATH/test/notebook2.so"
    [ "$status" -eq 0 ]
    [ "$output" = "extension book upgraded to version 2" ]
    "$XSW" feature get book.note port alice | grep -q '  text  *keep'
    "$XSW" feature status book.page port alice | grep -q '  restored  *2'
    run "$XSW" extension upgrade book "$XSW_EXTENSION_PATH/test/hub.so"
    [ "$status" -eq 2 ]
    [ "$(order | tr '\n' ' ')" = "book True low False " ]
    "$XSW" --json extension show book | grep -q '"version": *"2"'
}

@test "a text of many lines is shown whole and in its column" {
    rules=()
    for id in $(seq 40); do
        rules+=("rules=$id deny tcp dst port $((1000 + id))")
    done
    "$XSW" extension add flowfilter name many "${rules[@]}"
    run "$XSW" feature status many.rules
    [ "$status" -eq 0 ]
    [ "$(grep -c '^                     rule [0-9]*: 0 packets' <<<"$output")" -eq 39 ]
    grep -q '^  detail             rule 1: .*port 1001$' <<<"$output"
    grep -q 'rule 40: .*port 1040$' <<<"$output"
}

@test "what is installed is listed with what it is" {
    run "$XSW" extension installed
    [ "$status" -eq 0 ]
    [[ "$output" == *rewrite*filter* ]]
}

@test "a feature that no program knew is listed, set and asked with the same verbs" {
    add_book book
    run "$XSW" feature list
    fits_80 "$output"
    [[ "$output" == *"book.note"* ]]
    run "$XSW" feature list book.note
    fits_80 "$output"
    [[ "$output" == *"level"*"number"*"1-7"*"3"* ]]
    run "$XSW" feature add book.note port alice text='two words' level=7 tags=a tags=b
    [ "$output" = "added, id 1" ]
    run "$XSW" --json feature get book.note port alice
    [[ "$output" == *'"tags"'*'"a"'*'"b"'* ]]
    "$XSW" feature set book.note port alice id 1 level=2
    "$XSW" feature get book.note port alice | grep -q '  level  *2'
    run "$XSW" feature add book.note port alice text=x level=9
    [ "$status" -eq 2 ]
    [[ "$output" == *"expected a number from 1 to 7"* ]]
    run "$XSW" feature set book.note port alice id 5 level=2
    [ "$status" -eq 1 ]
    "$XSW" feature remove book.note port alice id 1
    [ "$("$XSW" feature get book.note port alice)" = "nothing is set" ]
    run "$XSW" feature get book.note
    [[ "$output" == *"feature of ports: name one"* ]]
}

@test "built-in features are the configuration of the port" {
    "$XSW" feature set vlan port alice mode=trunk allowed=10 allowed=20-30
    "$XSW" feature get vlan port alice | grep -q '  allowed  *10, 20-30'
    "$XSW" --json port show alice | grep -q '"20-30"'
    "$XSW" feature add acl port alice direction=in action=deny protocol=tcp
    "$XSW" policy list alice | grep -q tcp
    "$XSW" feature remove vlan port alice
    "$XSW" feature get vlan port alice | grep -q '  access  *1'
    "$XSW" feature set mac-table limit=100
    "$XSW" --json switch show | grep -q '"mac_limit": *100'
    run "$XSW" feature set vlam port alice mode=access
    [ "$status" -eq 1 ]
    [[ "$output" == *'did you mean "vlan"?'* ]]
    run "$XSW" feature list
    fits_80 "$output"
    for name in vlan guards storm-limit bandwidth mirror acl mac-table; do
        run "$XSW" feature list "$name"
        fits_80 "$output"
    done
    run "$XSW" feature status port alice
    [[ "$output" == *"rx-packets"* ]]
}

@test "a saved port comes back with all that belongs to it" {
    add_book book records=3
    "$XSW" feature set storm-limit port alice broadcast=77
    "$XSW" feature add book.note port alice text=keep
    "$XSW" feature add acl port alice direction=in action=deny protocol=tcp
    "$XSW" port save alice > alice.json
    python3 -c 'import json
d = json.load(open("alice.json"))
assert d["xsw_port_state"] == 1 and len(d["records"]) == 3 and d["port"]["acl"]'
    "$XSW" port remove alice
    run "$XSW" port save alice
    [ "$status" -eq 1 ]
    "$XSW" port restore alice.json
    "$XSW" feature get storm-limit port alice | grep -q '  broadcast  *77'
    "$XSW" feature get book.note port alice | grep -q '  text  *keep'
    "$XSW" feature status book.page port alice | grep -q '  restored  *3'
    "$XSW" port restore - name copy < alice.json
    "$XSW" port show copy
    run "$XSW" port restore alice.json
    [ "$status" -eq 3 ]
    echo '{"xsw_port_state": 1, "port": {"name": "x"}, "records": 5}' > bad.json
    run "$XSW" port restore bad.json
    [ "$status" -eq 2 ]
    [[ "$output" == *"state.records"* ]]
    echo '{' > torn.json
    run "$XSW" port restore torn.json
    [ "$status" -eq 3 ]
    [[ "$output" == *"torn.json:"* ]]
}

@test "the running configuration starts another switch that is the same" {
    add_book book records=3
    "$XSW" feature add book.note port bob id 4 text=keep
    "$XSW" config show | python3 -c 'import json, sys
c = json.load(sys.stdin)
assert c["ports"][1]["features"][0]["id"] == 4, c
assert [e.get("enabled", True) for e in c["extensions"]] == [False, True], c'
}

@test "help fits a screen" {
    for command in "extension --help" "feature --help" "port save --help"; do
        run "$XSW" $command
        [ "$status" -eq 0 ]
        fits_80 "$output"
        [ "${#lines[@]}" -le 40 ]
    done
}

@test "the longest names stay within 80 columns" {
    long=a123456789012345678901234567890
    add_book $long
    "$XSW" port add $long kind memory
    run "$XSW" extension list
    fits_80 "$output"
    [[ "$output" == *"$long"* ]]
    run "$XSW" switch show
    fits_80 "$output"
    [[ "$output" == *"$long"* ]]
}

@test "a name that no instance can have is refused with the rule for names" {
    for name in 'a b' a_b A; do
        run add_book "$name"
        [ "$status" -ne 0 ]
        [[ "$output" == *"expected a-z, 0-9 and '-', found \"$name\""* ]]
    done
}

@test "a word that is no KEY=VALUE is told what was expected" {
    run "$XSW" feature set vlan port alice access 7
    [ "$status" -eq 2 ]
    [[ "$output" == *"expected KEY=VALUE"*'"access"'* ]]
}

@test "a status that fails is told among the others" {
    add_book book trouble=status
    run "$XSW" feature status port alice
    [ "$status" -eq 0 ]
    [[ "$output" == *"traffic"*"rx"*"book.page"*"failed:"*"more room"* ]]
    run "$XSW" feature status book.page port alice
    [ "$status" -eq 3 ]
}
