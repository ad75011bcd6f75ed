-- SPDX-License-Identifier: Apache-2.0
-- Fields for recordings of xsw in Wireshark and tshark: where a record was made, what happened to the
-- packet there, and why. See xsw-extcap(1) for the list.
--
-- Lua in Wireshark 4.0 does not see the custom options of a recording. What is shown comes from
-- what Wireshark itself shows: the name and the description of the interface, the packet's id, and
-- the comment, which records have on which something happened. Of a record without one the verdict
-- is "pass".
--
-- Other files get no fields: an interface of ours is known by its description, and a comment of
-- ours by its first word.

-- Wireshark looks into the whole folder: loaded already, perhaps, from another one.
if xsw_loaded then
    return
end
xsw_loaded = true

local xsw = Proto("xsw", "xsw, a virtual switch")

local fields = {
    stage = ProtoField.string("xsw.stage", "Stage"),
    port = ProtoField.string("xsw.port", "Port"),
    extension = ProtoField.string("xsw.extension", "Extension"),
    verdict = ProtoField.string("xsw.verdict", "Verdict"),
    reason = ProtoField.string("xsw.reason", "Drop reason"),
    rule = ProtoField.uint32("xsw.rule", "Rule"),
    journey = ProtoField.uint64("xsw.journey", "Journey", base.DEC, nil, nil, "Id of the packet"),
    parent = ProtoField.uint64("xsw.parent", "Parent", base.DEC, nil, nil,
        "Id of the packet that this one was copied from"),
    changed = ProtoField.string("xsw.changed", "Changed bytes",  base.ASCII,
        "Offsets of the first and the last byte of each range, behind the change"),
    held_at = ProtoField.string("xsw.held_at", "Held at"),
    held_ns = ProtoField.uint64("xsw.held_ns", "Held for (ns)"),
}
for _, field in pairs(fields) do
    table.insert(xsw.fields, field)
end
xsw.prefs.info = Pref.bool("Tell in the Info column", true,
    "Add what happened to a packet to the Info column")

-- An older Wireshark may not have all of them: what is not there is not shown.
local function source(name)
    local found, field = pcall(Field.new, name)
    return found and field or nil
end
local sources = {
    description = source("frame.interface_description"),
    comment = source("frame.comment"),
    id = source("frame.packet_id"),
}

-- The first value of a source that `accept` takes, as `accept` gives it back.
local function find(name, accept)
    local values = sources[name] and { sources[name]() } or {}
    for _, value in ipairs(values) do
        local accepted = accept(value)
        if accepted then
            return accepted
        end
    end
    return nil
end

-- "port 3 (alice) stage 4 mark extension mark": names hold no blanks.
local function place_read(value)
    local port, stage, rest = tostring(value):match("^port %d+ %((%S+)%) stage %d+ (%S+)(.*)$")
    if not port then
        return nil
    end
    return { port = port, stage = stage, extension = rest:match("^ extension (%S+)$") }
end

-- The words of "xsw stage=acl verdict=drop reason=acl-denied …", in order.
local function words_read(value)
    local text = tostring(value)
    if not text:find("^xsw stage=") then
        return nil
    end
    local words = {}
    for key, word in text:gmatch("(%l[%l_]*)=(%S+)") do
        table.insert(words, { key = key, text = word })
    end
    return words
end

local of_word = {
    verdict = "verdict",
    reason = "reason",
    bytes = "changed",
    held_at = "held_at",
}
local of_number = {
    rule = "rule",
    parent = "parent",
    held_ns = "held_ns",
}

-- A number as the field wants it; nil when it is none.
local function number_read(name, text)
    if not text:find("^%d+$") or #text > 20 then
        return nil
    end
    if name == "rule" then
        local number = tonumber(text)
        return number <= 0xffffffff and number or nil
    end
    local read, number = pcall(UInt64.new, 0)
    if not read then
        return nil
    end
    for digit in text:gmatch("%d") do
        number = number * 10 + tonumber(digit)
    end
    return number
end

-- Adds the words to the tree, and returns those that a line about the packet is made of.
local function words_add(tree, words, place)
    local told = {}
    for _, word in ipairs(words) do
        local name = of_word[word.key]
        if name then
            tree:add(fields[name], word.text)
            told[name] = word.text
        elseif of_number[word.key] then
            local number = number_read(of_number[word.key], word.text)
            if number then
                tree:add(fields[of_number[word.key]], number)
                told[word.key] = word.text
            end
        elseif (word.key == "stage" or word.key == "port") and not place[word.key] then
            -- The interface has lost its description on the way through some tool.
            place[word.key] = word.text
        end
    end
    return told
end

local function sentence(told, place)
    local text = (told.verdict or "pass") .. (told.reason and " " .. told.reason or "")
    text = text .. " at " .. (place.port or "?") .. "." .. (place.stage or "?")
    return text .. (told.rule and ", rule " .. told.rule or "")
end

function xsw.dissector(buffer, pinfo, tree)
    local place = find("description", place_read)
    local words = find("comment", words_read)
    if not place and not words then
        return
    end
    place = place or {}
    local branch = tree:add(xsw, buffer(0, 0))
    local told = words_add(branch, words or {}, place)
    for _, name in ipairs({ "port", "stage", "extension" }) do
        if place[name] then
            branch:add(fields[name], place[name])
        end
    end
    if not told.verdict then
        branch:add(fields.verdict, "pass")
    end
    local id = find("id", function(value) return value.value end)
    if id then
        branch:add(fields.journey, id)
    end
    local text = sentence(told, place)
    branch:append_text(": " .. text)
    if words and xsw.prefs.info then
        pinfo.cols.info:append("  [xsw: " .. text .. "]")
    end
end

-- For all packets, so that a filter and a column find the fields wherever they are used.
register_postdissector(xsw, true)
