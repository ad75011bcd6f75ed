# SPDX-License-Identifier: Apache-2.0
"""The written schema of the control socket against a running daemon: the methods are the same, every
request and every reply of a walk through all of them is as written, and what is not written is
refused. Usage: api_test.py SCHEMA XSWD EXTENSIONS"""

import array
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

failures = []


def fail(text):
    print("FAILED:", text)
    failures.append(text)


class Schema:
    """The part of JSON Schema that the document uses; any other word in it is a failure."""

    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf",
             "minimum", "maximum", "pattern", "description", "$ref"}
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}

    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while "$ref" in schema:
            place = self.document
            for part in schema["$ref"].split("/")[1:]:
                place = place[part]
            schema = place
        return schema

    def words_check(self, schema, path):
        if not isinstance(schema, dict):
            return
        unknown = set(schema) - self.known
        if unknown:
            fail(f"schema {path}: this test does not know {unknown}")
        if "$ref" in schema:
            self.resolve(schema)
        for name, inner in schema.get("properties", {}).items():
            self.words_check(inner, f"{path}.{name}")
        self.words_check(schema.get("items"), f"{path}[]")
        for inner in schema.get("anyOf", []):
            self.words_check(inner, f"{path}|")

    def errors(self, value, schema, path):
        schema = self.resolve(schema)
        if "anyOf" in schema:
            tried = [self.errors(value, inner, path) for inner in schema["anyOf"]]
            return [] if [] in tried else min(tried, key=len)
        if "enum" in schema and value not in schema["enum"]:
            return [f"{path}: {value!r} is none of {schema['enum']}"]
        wanted = self.types.get(schema.get("type"))
        if wanted and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
            return [f"{path}: {value!r} is no {schema['type']}"]
        if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
            return [f"{path}: {value!r} does not match {schema['pattern']}"]
        if isinstance(value, int) and not (schema.get("minimum", value) <= value <=
                                           schema.get("maximum", value)):
            return [f"{path}: {value} is out of range"]
        found = []
        if isinstance(value, list) and "items" in schema:
            for i, inner in enumerate(value):
                found += self.errors(inner, schema["items"], f"{path}[{i}]")
        if isinstance(value, dict):
            members = schema.get("properties", {})
            for name in schema.get("required", []):
                if name not in value:
                    found.append(f"{path}.{name}: is missing")
            for name, inner in value.items():
                if name in members:
                    found += self.errors(inner, members[name], f"{path}.{name}")
                elif schema.get("additionalProperties") is False:
                    found.append(f"{path}.{name}: is not written")
        return found

    def check(self, value, schema, path):
        for text in self.errors(value, schema, path):
            fail(text)


class Daemon:
    def __init__(self, program, document):
        self.schema = Schema(document)
        self.methods = {method["name"]: method for method in document["methods"]}
        self.called = set()
        self.number = 0
        self.process = subprocess.Popen([program, "--config", "config.json", "--socket", "s.sock"],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("started:"):
                break
        else:
            sys.exit("xswd did not start")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("s.sock")
        self.rest = b""

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.communicate()
        if self.process.returncode != 0:
            fail(f"xswd ended with {self.process.returncode}")

    def ask(self, name, params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": name, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        descriptors = []
        while b"\n" not in self.rest:
            data, control, _, _ = self.socket.recvmsg(1 << 16, socket.CMSG_SPACE(4 * 16))
            if not data:
                sys.exit(f"{name}: xswd has closed the connection")
            self.rest += data
            for _, _, content in control:
                numbers = array.array("i")
                numbers.frombytes(content)
                descriptors += numbers
        line, self.rest = self.rest.split(b"\n", 1)
        for descriptor in descriptors:
            os.close(descriptor)
        reply = json.loads(line)
        if reply.get("id") != self.number or reply.get("jsonrpc") != "2.0":
            fail(f"{name}: a reply to something else: {reply}")
        return reply, len(descriptors)

    def params_schema(self, method):
        members = {one["name"]: one["schema"] for one in method["params"]}
        if method["x-switch"] and "switch" not in members:
            members["switch"] = {"type": "string"}
        return {"type": "object", "properties": members, "additionalProperties": False,
                "required": [one["name"] for one in method["params"] if one["required"]]}

    def call(self, name, /, descriptors=0, **params):
        """A call that succeeds, as written; gives the result."""
        method = self.methods.get(name)
        if method is None:
            fail(f"{name}: is not written")
            return {}
        self.schema.check(params, self.params_schema(method), f"{name}: params")
        reply, got = self.ask(name, params)
        if "result" not in reply:
            fail(f"{name}({params}): {reply}")
            return {}
        self.called.add(name)
        self.schema.check(reply["result"], method["result"]["schema"], f"{name}: result")
        if got != descriptors:
            fail(f"{name}: {got} descriptors, expected {descriptors}")
        return reply["result"]

    def refused(self, name, code, status, /, **params):
        reply, _ = self.ask(name, params)
        error = reply.get("error")
        if error is None:
            fail(f"{name}({params}): expected a refusal, got {reply}")
            return
        self.schema.check(error, {"$ref": "#/components/schemas/error"}, f"{name}: error")
        if (error["code"], error["data"]["status"]) != (code, status):
            fail(f"{name}({params}): expected {code} {status}, got {error}")


def names_check(daemon):
    """The daemon's methods and the written ones are the same, with the same rights."""
    there = {one["name"]: one for one in daemon.call("rpc.methods")["methods"]}
    written = {name for name in daemon.methods if name != "rpc.methods"}
    for name in sorted(set(there) - written):
        fail(f"{name}: the daemon has it, the schema does not")
    for name in sorted(written - set(there)):
        fail(f"{name}: the schema has it, the daemon does not")
    for name in sorted(written & set(there)):
        method = daemon.methods[name]
        if (there[name]["needs_manage"], there[name]["has_switch"]) != (method["x-manage"],
                                                                        method["x-switch"]):
            fail(f"{name}: x-manage or x-switch is not what the daemon says: {there[name]}")
    return sorted(written & set(there))


def refusals_check(daemon, names):
    for name in names:
        daemon.refused(name, -32602, "invalid", no_such_member=1)
        if daemon.methods[name]["x-switch"]:
            daemon.refused(name, -32000, "not-found", switch="no-such-switch")
    daemon.refused("no.such.method", -32601, "not-found")


RICH_PORT = {
    "name": "rich", "kind": "memory", "friendly_name": "a guest", "mtu": 9000,
    "vlan": {"mode": "trunk", "native": 1, "allowed": [10, "20-30"]}, "spoof_guard": True,
    "macs": ["02:00:00:00:00:01"], "dhcp_guard": True, "router_guard": True,
    "priority_tag": "reset", "storm_limit": {"broadcast": 100}, "bandwidth": {"limit": 1000000},
    "mirror_to": "bob", "mirror_direction": "in",
    "acl": [{"direction": "in", "action": "allow", "protocol": "tcp", "destination_ports": "80"}]}


def ports_walk(daemon):
    daemon.call("port.validate", port=RICH_PORT)
    daemon.call("port.add", port=RICH_PORT)
    daemon.call("port.set", port={"name": "rich", "mtu": 1500, "required_extensions": []})
    for vlan in ({"mode": "private", "type": "isolated", "primary": 5, "secondary": 6},
                 {"mode": "private", "type": "promiscuous", "primary": 5, "secondaries": [6, 7]},
                 {"mode": "access", "access": 10}):
        daemon.call("port.add", port={"name": "p", "kind": "none", "vlan": vlan})
        daemon.call("nic.add", name="p", kind="memory")
        daemon.call("nic.connect", name="p")
        daemon.call("port.announce", name="p")
        daemon.call("nic.keep", name="p", keep=True)
        daemon.call("port.show", name="p")
        daemon.call("nic.disconnect", name="p")
        daemon.call("nic.remove", name="p")
        daemon.call("port.list")
        daemon.call("port.devices")
        daemon.call("port.remove", name="p")
    daemon.call("policy.add", port="rich", rule={"direction": "out", "action": "deny",
                                                 "ether_type": "arp", "weight": 5})
    rules = daemon.call("policy.list", port="rich").get("rules", [])
    daemon.call("policy.list")
    daemon.call("policy.connections", port="rich", count=10)
    daemon.call("policy.remove", port="rich", id=rules[0]["rule"]["id"])
    daemon.call("mac.list", port="rich", limit=10)
    daemon.call("mac.flush", port="rich")
    daemon.refused("port.show", -32000, "not-found", name="nobody")
    daemon.refused("port.add", -32000, "exists", port={"name": "rich", "kind": "memory"})
    daemon.refused("port.set", -32602, "invalid", port={"name": "rich", "mtu": 1})


def states_walk(daemon):
    state = daemon.call("port.save", name="rich").get("state")
    daemon.call("nic.restore", name="rich", state=state)
    daemon.call("port.remove", name="rich")
    daemon.call("port.restore", state=state)


def extensions_walk(daemon):
    daemon.call("extension.add", extension={"path": "rewrite", "settings": {"dscp": 46}})
    daemon.call("extension.add", extension={"path": "flowfilter", "name": "guard",
                                            "settings": {"rules": ["1 deny in tcp"]}})
    daemon.call("extension.set", extension={"name": "rewrite", "settings": {"dscp": 34}})
    daemon.call("extension.installed")
    daemon.call("extension.move", name="rewrite", place="top")
    daemon.call("extension.move", name="rewrite", place="after", other="guard")
    daemon.call("extension.disable", name="guard")
    daemon.call("extension.list")
    daemon.call("config.show")
    daemon.call("extension.enable", name="guard")
    daemon.call("extension.upgrade", name="guard")
    daemon.call("extension.list")
    daemon.call("switch.show")
    daemon.call("config.show")
    daemon.call("dictionary")
    daemon.call("stats")
    daemon.call("extension.remove", name="rewrite")


def features_walk(daemon):
    daemon.call("feature.list")
    daemon.call("feature.get", port="rich")
    daemon.call("feature.get", port="rich", feature="vlan")
    daemon.call("feature.get")
    daemon.call("feature.status", port="rich")
    daemon.call("feature.status")
    daemon.call("feature.set", port="rich", feature="storm-limit", values={"broadcast": 50})
    rule = daemon.call("feature.add", port="rich", feature="acl",
                       values={"direction": "in", "action": "deny", "protocol": "udp"})
    daemon.call("feature.remove", port="rich", feature="acl", id=rule.get("id", 0))
    daemon.refused("feature.get", -32000, "not-found", port="rich", feature="no-such-feature")


def switches_walk(daemon):
    daemon.call("hello")
    daemon.call("switch.add", switch={"name": "other", "type": "private", "workers": 2},
                ports=[{"name": "carol", "kind": "memory"}])
    daemon.call("port.show", name="carol", switch="other")
    daemon.refused("port.list", -32602, "invalid")
    daemon.call("switch.set", name="other", set={"mac_limit": 100, "name": "another", "observers": {"pseudonyms": True}})
    daemon.call("switch.list")
    daemon.call("config.all")
    daemon.call("capture.list", switch="another")
    daemon.refused("switch.remove", -32000, "busy", name="another")
    daemon.call("switch.remove", name="another", force=True)


def captures_walk(daemon):
    session = daemon.call("capture.attach", descriptors=1, filter="tcp", where="dropped", snap_length=96,
                          program=[[6, 0, 0, 1]], privacy={"headers_only": True, "pseudonyms": True, "key": "0a" * 32})
    daemon.call("events.attach", descriptors=1, budget_us=500)
    daemon.call("capture.list")
    number = session.get("session")
    daemon.call("capture.set", session=number, filter="", stages="tx", ports="bob", direction="in", sample=3, rate=100,
                budget=5000)
    daemon.refused("capture.set", -32602, "invalid", session=number, ports="")
    daemon.refused("capture.set", -32602, "invalid", session=number, stages="nowhere")
    daemon.refused("capture.stop", -32000, "not-found", session=number + 1)
    daemon.call("capture.stop", session=number)
    daemon.refused("capture.set", -32000, "unsupported", session=number, rate=1)
    daemon.call("capture.detach", session=number)
    orphans_walk(daemon)
    flights_walk(daemon)


def flights_walk(daemon):
    daemon.refused("flight.watch", -32000, "not-found", triggers=[])
    flight = daemon.call("flight.start", memory_bytes=1 << 20, snap_length=96)
    assert os.path.exists(flight["path"])
    daemon.call("flight.start", snap_length=96)
    daemon.refused("flight.start", -32000, "busy", snap_length=64)
    daemon.refused("flight.start", -32602, "invalid", name="no/slash")
    daemon.call("flight.watch", triggers=[
        {"name": "drops", "kind": "match", "where": "dropped", "rate": 5, "rearm_ms": 1000, "text": "x"},
        {"name": "sums", "kind": "balance"}, {"name": "down", "kind": "port-down", "port": "rich"},
        {"name": "mine", "kind": "other"}])
    daemon.refused("flight.watch", -32602, "invalid", triggers=[{"name": "bad", "kind": "match", "where": "?"}])
    daemon.call("flight.list")
    daemon.call("flight.stop")
    daemon.refused("flight.stop", -32000, "not-found")
    if os.path.exists(flight["path"]):
        fail("flight.stop: its file is still there")


def orphans_walk(daemon):
    """A recorder that dies: its connection ends, and a journey is in its ring."""
    recorder = socket.socket(socket.AF_UNIX)
    recorder.connect("s.sock")
    recorder.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "capture.attach", "params": {}}\n')
    while b"\n" not in recorder.recv(1 << 16):
        pass
    with open("one.pcap", "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        file.write(struct.pack("<IIII", 0, 0, 60, 60) + bytes(60))
    daemon.call("port.add", port={"name": "feed", "kind": "file", "input": os.path.abspath("one.pcap")})
    while daemon.call("capture.list")["sessions"][0]["account"]["written"] == 0:
        pass
    daemon.call("port.remove", name="feed")
    recorder.close()
    while daemon.call("capture.list")["sessions"]:
        pass
    orphan = daemon.call("capture.orphans")["orphans"][0]
    daemon.call("capture.recover", descriptors=1, orphan=orphan["orphan"])
    daemon.refused("capture.recover", -32000, "not-found", orphan=orphan["orphan"] + 1)


def tracing_walk(daemon):
    daemon.call("trace.status")
    if os.path.exists(os.environ.get("XSW_TRACE_PROVIDER", "")):
        daemon.call("trace.enable", budget_us=500)
    else:
        daemon.refused("trace.enable", -32000, "unsupported")
        daemon.called.add("trace.enable")
    daemon.call("trace.disable")


def main():
    schema, program, extensions = (os.path.abspath(path) for path in sys.argv[1:])
    with open(schema, encoding="utf-8") as file:
        document = json.load(file)
    os.environ["XSW_EXTENSION_PATH"] = extensions
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("config.json", "w", encoding="utf-8") as file:
            json.dump({"switch": {"name": "one"},
                       "ports": [{"name": "bob", "kind": "memory"}]}, file)
        daemon = Daemon(program, document)
        for method in document["methods"]:
            for one in method["params"]:
                daemon.schema.words_check(one["schema"], f"{method['name']}.{one['name']}")
            daemon.schema.words_check(method["result"]["schema"], method["name"])
        for name, inner in document["components"]["schemas"].items():
            daemon.schema.words_check(inner, name)
        names = names_check(daemon)
        refusals_check(daemon, names)
        for walk in (ports_walk, states_walk, features_walk, extensions_walk,
                      switches_walk, captures_walk, tracing_walk):
            walk(daemon)
        for name in names:
            if name not in daemon.called:
                fail(f"{name}: this test never calls it with success")
        daemon.close()
        os.chdir("/")
    sys.exit(1 if failures else 0)


main()
