# SPDX-License-Identifier: Apache-2.0
"""Traces as libbabeltrace2 gives them to Python: what a claim compares. Usage:

    ctf.py equal RECORDING CTF      both have the same events, field by field, and the same losses
    ctf.py strict CTF               packets have times in order, and all events stand in them
    ctf.py show INPUT               a line of JSON for each event and each loss

XSW_BABELTRACE is the folder of our plugin.
"""
import json
import os
import sys

import bt2

READ_ERROR = "READ ERROR"


def messages(path):
    """Events and losses, as lists that can be compared; at the end the error, when there is one."""
    plugins = bt2.find_plugins_in_path(os.environ["XSW_BABELTRACE"])
    known = {name: part for plugin in plugins for name, part in plugin.source_component_classes.items()}
    source = known["pcapng"] if os.path.isfile(path) else bt2.find_plugin("ctf").source_component_classes["fs"]
    spec = bt2.ComponentSpec(source, {"inputs": [path]})
    try:
        yield from bt2.TraceCollectionMessageIterator(spec)
    except bt2._Error as error:
        yield READ_ERROR, str(error[0].message if len(error) else error)


def plain(field):
    if isinstance(field, bt2._StructureFieldConst):
        return {name: plain(member) for name, member in field.items()}
    if isinstance(field, bt2._IntegerFieldConst):
        return int(field)
    return str(field)


def told(path):
    for message in messages(path):
        if isinstance(message, tuple):
            yield {"error": message[1]}
        elif isinstance(message, bt2._EventMessageConst):
            yield {"event": message.event.name, "ns": message.default_clock_snapshot.ns_from_origin,
                   "fields": plain(message.event.payload_field)}
        elif isinstance(message, bt2._DiscardedEventsMessageConst):
            yield {"lost": message.count, "from": message.beginning_default_clock_snapshot.ns_from_origin,
                   "to": message.end_default_clock_snapshot.ns_from_origin}


def equal(recording, ctf):
    here = [one for one in told(recording) if "error" not in one]
    there = list(told(ctf))
    assert here, "nothing is there"
    for left, right in zip(here, there):
        assert left == right, (left, right)
    assert len(here) == len(there), (len(here), len(there))
    print(len(here))


def strict(ctf):
    """What Trace Compass's index is made of."""
    end, is_open, packets = 0, False, 0
    for message in messages(ctf):
        if isinstance(message, bt2._PacketBeginningMessageConst):
            begin = message.default_clock_snapshot.value
            assert begin >= end and not is_open, (begin, end)
            is_open, now, packets = True, begin, packets + 1
        elif isinstance(message, bt2._PacketEndMessageConst):
            end = message.default_clock_snapshot.value
            assert end >= now, (end, now)
            is_open = False
        elif isinstance(message, bt2._EventMessageConst):
            assert is_open and message.default_clock_snapshot.value >= now
            now = message.default_clock_snapshot.value
        elif isinstance(message, bt2._DiscardedEventsMessageConst):
            assert not is_open
    assert packets > 0 and not is_open
    print(packets)


if __name__ == "__main__":
    verb, paths = sys.argv[1], sys.argv[2:]
    if verb == "show":
        for one in told(*paths):
            print(json.dumps(one))
    else:
        {"equal": equal, "strict": strict}[verb](*paths)
