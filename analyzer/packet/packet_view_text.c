/* SPDX-License-Identifier: Apache-2.0 */
/* A packet's journey as a person reads it: a line for each stage, copies indented below. */
#include <inttypes.h>
#include <string.h>

#include "analyzer/packet/packet_view.h"
#include "analyzer/report/words.h"
#include "base/text.h"

enum {
    TEXT_DEPTH_MAX = 8, /* hostile files can make chains of parents that never end */
    HEX_BYTES_MAX = 16
};

static void hex_append(struct text *text, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length && i < HEX_BYTES_MAX; i++) {
        text_format(text, "%s%02x", i == 0 ? "" : " ", bytes[i]);
    }
    if (length > HEX_BYTES_MAX) {
        text_append_string(text, " ...");
    }
    if (length == 0) {
        text_append_string(text, "(none)");
    }
}

/* Those that are right; the others have lines of their own. */
static void checksums_say(const struct page *page, int indent, const struct view_step *step)
{
    const struct fields_checksums *sums = &step->checksums;
    bool is_network = sums->network == CHECKSUM_VALID;
    bool is_transport = sums->transport == CHECKSUM_VALID;
    if (step->range_count + step->field_count == 0 || !(is_network || is_transport)) {
        return;
    }
    page_say(page, indent, indent, PAGE_GOOD, "valid behind it: %s%s%s checksum",
             is_network ? "IPv4" : "", is_network && is_transport ? " and " : "",
             is_transport ? sums->transport_name : "");
}

static void change_lines(const struct page *page, int indent, const struct view_step *step)
{
    for (size_t i = 0; i < step->field_count; i++) {
        page_say(page, indent, indent + 2, PAGE_PLAIN, "%s  %s -> %s", step->fields[i].name,
                 step->fields[i].old_text, step->fields[i].new_text);
    }
    for (size_t i = 0; i < step->range_count; i++) {
        const struct view_range *range = &step->ranges[i];
        struct text text = {0};
        hex_append(&text, range->bytes, range->old_length);
        text_append_string(&text, " -> ");
        hex_append(&text, range->bytes + range->old_length, range->new_length);
        page_say(page, indent, indent + 2, PAGE_DIM, "bytes from %u: %s", range->offset,
                 text_string(&text));
        text_fini(&text);
    }
    const struct fields_checksums *sums = &step->checksums;
    bool has_changed = step->range_count + step->field_count != 0;
    checksums_say(page, indent, step);
    if (has_changed && sums->network == CHECKSUM_INVALID) {
        page_say(page, indent, indent, PAGE_BAD, "the IPv4 checksum is WRONG behind it");
    }
    if (has_changed && sums->transport == CHECKSUM_INVALID) {
        page_say(page, indent, indent, PAGE_BAD, "the %s checksum is WRONG behind it",
                 sums->transport_name);
    }
    if ((step->flags & META_UNDECLARED) != 0) {
        page_say(page, indent, indent, PAGE_BAD,
                 "UNDECLARED: the extension does not say that it changes bytes");
    }
    if ((step->flags & META_CHANGES_INCOMPLETE) != 0) {
        page_say(page, indent, indent, PAGE_WARN, "more was changed than the recording kept");
    }
}

static void rule_append(struct text *text, const struct dictionary *dictionary,
                        const struct view_step *step)
{
    struct dictionary_rule_key key = dictionary_rule_of(step->rule, step->port, step->stage);
    const char *rule = dictionary_find_rule(dictionary, &key);
    if (step->rule == 0) {
        return;
    }
    struct dictionary_name label;
    text_format(text, ", by rule %s", dictionary_rule_label(dictionary, &key, &label));
    if (rule != NULL) {
        text_format(text, " \"%s\"", rule);
    }
    if (step->generation != 0) {
        text_format(text, " (configuration %" PRIu64 ")", step->generation);
    }
}

static enum page_colour step_say(struct text *text, const struct dictionary *dictionary,
                                 const struct view_step *step)
{
    struct dictionary_name port_name;
    struct dictionary_name reason_name;
    const char *port = dictionary_port(dictionary, step->port, &port_name);
    const struct dictionary_reason *reason = dictionary_find_reason(dictionary, step->reason);
    switch (step->what) {
    case VIEW_RECEIVED:
        text_format(text, "received at port %s", port);
        return PAGE_GOOD;
    case VIEW_COPIED:
        if ((step->flags & (META_FLOOD | META_MIRROR)) == 0) {
            text_append_string(text, "made as a clone");
            return PAGE_GOOD;
        }
        text_format(text, "made as a copy (%s) for port %s", view_copy_name(step), port);
        return PAGE_GOOD;
    case VIEW_INJECTED:
        text_append_string(text, "made here");
        return PAGE_GOOD;
    case VIEW_CONSUMED:
        text_append_string(text, "replaced by its clone, which goes on");
        return PAGE_WARN;
    case VIEW_DELIVERED:
        text_format(text, "delivered to port %s", port);
        return PAGE_GOOD;
    case VIEW_DROPPED:
        text_format(text, "DROPPED: %s", dictionary_reason(dictionary, step->reason, &reason_name));
        if (reason != NULL && reason->sentence[0] != '\0') {
            text_format(text, " (%s)", reason->sentence);
        }
        text_format(text, ", port %s", port);
        return PAGE_BAD;
    case VIEW_CHANGED:
        text_append_string(text, "CHANGED");
        if (step->has_flags && (step->flags & META_UNDECLARED) == 0 &&
            dictionary_stage_extension(dictionary, step->stage)[0] != '\0') {
            text_append_string(text, ", as declared");
        }
        return PAGE_WARN;
    default:
        text_append_string(text, view_what_name(step->what));
        return PAGE_PLAIN;
    }
}

/* What forwarding knew of the address that the packet goes to. */
static void heard_line(const struct page *page, int indent, const struct dictionary *dictionary,
                       const struct view_packet *packet, const struct view_step *step)
{
    const uint8_t *mac = packet->destination_mac;
    struct dictionary_name name;
    if (packet->heard_packet == 0 || step->what != VIEW_PASSED ||
        strcmp(dictionary_stage(dictionary, step->stage, &name), "forward") != 0) {
        return;
    }
    page_say(page, indent, indent, PAGE_DIM,
             "%02x:%02x:%02x:%02x:%02x:%02x was heard at port %s, in packet %" PRIu64, mac[0],
             mac[1], mac[2], mac[3], mac[4], mac[5],
             dictionary_port(dictionary, packet->heard_port, &name), packet->heard_packet);
}

static void step_line(const struct page *page, int indent, const struct dictionary *dictionary,
                      const struct view_step *step)
{
    const char *extension = dictionary_stage_extension(dictionary, step->stage);
    struct dictionary_name stage;
    struct words since;
    struct text text = {0};
    char label[160];
    enum page_colour colour = step_say(&text, dictionary, step);
    if (extension[0] != '\0') {
        text_format(&text, ", extension %s", extension);
    }
    rule_append(&text, dictionary, step);
    if (step->is_held) {
        text_format(&text, ", HELD for %s", words_duration(step->held_ns, &since));
    }
    snprintf(label, sizeof(label), "+%-10s%s", words_duration(step->since_rx_ns, &since),
             dictionary_stage(dictionary, step->stage, &stage));
    page_label(page, indent, label, colour, indent + 36, "%s", text_string(&text));
    text_fini(&text);
    change_lines(page, indent + 36, step);
}

static const char *name_of(const struct view_packet *packet)
{
    const struct view_step *first = &packet->steps[0];
    if (packet->parent_id == 0) {
        return "Packet";
    }
    return packet->step_count > 0 && first->what == VIEW_COPIED &&
                   (first->flags & (META_FLOOD | META_MIRROR)) == 0
               ? "Clone"
               : "Copy";
}

static void packet_lines(const struct page *page, const struct analysis *analysis,
                         const struct packet_view *view, const struct view_packet *packet,
                         int depth)
{
    const struct dictionary *dictionary = &analysis->sessions[packet->session]->of->dictionary;
    int indent = 2 + depth * 2;
    struct words time;
    page_say(page, depth * 2, indent, packet->id == view->asked ? PAGE_BOLD : PAGE_PLAIN,
             "%s %" PRIu64 "%s  %s, %u bytes, %s", name_of(packet), packet->id,
             packet->id == view->asked && depth > 0 ? " (the one asked for)" : "",
             packet->description, packet->length, words_date_time(packet->first_ns, &time));
    if (!packet->has_first) {
        page_say(page, indent, indent, PAGE_WARN, "unknown: its beginning is not in the recording");
    }
    for (size_t i = 0; i < packet->step_count; i++) {
        step_line(page, indent, dictionary, &packet->steps[i]);
        heard_line(page, indent + 36, dictionary, packet, &packet->steps[i]);
    }
    if (packet->steps_beyond != 0) {
        page_say(page, indent, indent, PAGE_WARN, "%" PRIu64 " more steps are not shown",
                 packet->steps_beyond);
    }
    if (!packet->has_last) {
        page_say(page, indent, indent, PAGE_WARN, "unknown: its end is not in the recording");
    }
    if (packet->is_ancestor) {
        page_say(page, indent, indent, PAGE_DIM,
                 "Other copies are left out: --packet %" PRIu64 " shows all.", packet->id);
    }
    if (depth == TEXT_DEPTH_MAX) {
        return;
    }
    for (size_t i = packet_view_next_copy(view, packet, 0); i != SIZE_MAX;
         i = packet_view_next_copy(view, packet, i + 1)) {
        packet_lines(page, analysis, view, packet_view_at(view, i), depth + 1);
    }
}

static void loss_lines(const struct page *page, const struct analysis *analysis, bool is_empty)
{
    struct words words;
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct account *account = &analysis->sessions[i]->account;
        uint64_t lost = account_lost(account);
        uint64_t filtered = account_workers_sum(account).filtered;
        if (lost != 0) {
            page_say(page, 0, 2, PAGE_WARN, "unknown: %s lost by capture; %s may be among them",
                     words_count(lost, "journey", &words), is_empty ? "it" : "further copies");
        }
        uint64_t past_limit = account_past_limit(account);
        if (past_limit != 0 && is_empty) {
            page_say(page, 0, 2, PAGE_WARN,
                     "%s came after the limit of --count was reached; it may be among them",
                     words_count(past_limit, "journey", &words));
        }
        if (filtered != 0 && is_empty) {
            page_say(page, 0, 2, PAGE_WARN, "%s did not match the capture filter \"%s\"",
                     words_count(filtered, "journey", &words), analysis->sessions[i]->filter);
        }
        if (!account->has_summary) {
            page_say(page, 0, 2, PAGE_WARN,
                     "unknown: the end account of the recording is missing, later records may be");
        }
    }
}

void packet_view_text(const struct page *page, const struct analysis *analysis,
                      const struct packet_view *view)
{
    bool is_empty = packet_view_is_empty(view);
    if (is_empty) {
        page_say(page, 0, 2, PAGE_BAD, "Packet %" PRIu64 " is not in the recording.", view->asked);
    }
    for (size_t i = packet_view_next_root(view, 0); !is_empty && i != SIZE_MAX;
         i = packet_view_next_root(view, i + 1)) {
        packet_lines(page, analysis, view, packet_view_at(view, i), 0);
    }
    if (!is_empty && packet_view_next_root(view, 0) == SIZE_MAX) {
        page_say(page, 0, 2, PAGE_BAD, "The packets of this journey name each other as parents.");
    }
    if (view->packets_beyond != 0) {
        page_say(page, 0, 2, PAGE_WARN, "%" PRIu64 " more copies are not shown",
                 view->packets_beyond);
    }
    loss_lines(page, analysis, is_empty);
}
