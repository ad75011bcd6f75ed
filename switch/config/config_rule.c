/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access rules between their three forms. Conditions that are not set are left out of JSON and text
 * alike.
 */
#include "switch/config/config_rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "switch/config/config_text.h"
#include "switch/policy/connections.h"

static const char *const rule_members[] = {
    "id",         "weight",   "direction", "action",      "source_mac",   "destination_mac",
    "ether_type", "protocol", "source",    "destination", "source_ports", "destination_ports",
    "stateful",   NULL};
static const char *const directions[] = {[ACL_IN] = "in", [ACL_OUT] = "out", NULL};
static const char *const actions[] = {
    [ACL_ALLOW] = "allow", [ACL_DENY] = "deny", [ACL_METER] = "meter", NULL};

enum { WORD_SIZE = 64, WEIGHT_MAX = 1000000 };

/* Reads a text member into `word`; false when there is none or it failed. A number stands for its
 * decimal text, so that "protocol": 47 and "destination_ports": 80 are as good as their texts. */
static bool word_read(const struct config_node *object, const char *name, char word[WORD_SIZE])
{
    struct config_node member = config_node_member(object, name);
    if (!config_node_is_there(&member) || object->reader->status != XSW_OK) {
        return false;
    }
    if (json_is_integer(member.value)) {
        snprintf(word, WORD_SIZE, "%lld", (long long)json_integer_value(member.value));
    } else {
        config_node_text(object, name, word, WORD_SIZE);
    }
    return object->reader->status == XSW_OK;
}

static void word_fail(const struct config_node *object, const char *name, const char *expected,
                      const char *word)
{
    struct config_node member = config_node_member(object, name);
    config_node_fail(&member, "expected %s, found \"%s\"", expected, word);
}

static bool mac_read(const struct config_node *object, const char *name, struct mac_address *mac)
{
    char word[WORD_SIZE];
    if (!word_read(object, name, word)) {
        return false;
    }
    if (!config_mac_parse(word, mac)) {
        word_fail(object, name, "an address like 02:00:00:00:00:01", word);
    }
    return true;
}

static void prefix_read(const struct config_node *object, const char *name,
                        struct ip_prefix *prefix)
{
    char word[WORD_SIZE];
    if (word_read(object, name, word) && !config_prefix_parse(word, prefix)) {
        word_fail(object, name,
                  "10.0.0.0/8, fe80::/10 or an address, with no bits behind the prefix", word);
    }
}

static void range_read(const struct config_node *object, const char *name, struct port_range *range)
{
    char word[WORD_SIZE];
    if (word_read(object, name, word) && !config_range_parse(word, range)) {
        word_fail(object, name, "ports like 80 or 1000-2000, from 1 to 65535", word);
    }
}

static bool carries_ports(uint8_t protocol)
{
    return protocol == 6 || protocol == 17;
}

/* A number of seconds, or true for the default. */
static void stateful_read(const struct config_node *node, uint32_t *seconds)
{
    int64_t number = 0;
    struct config_node member = config_node_member(node, "stateful");
    if (config_node_is_there(&member) && json_is_boolean(member.value)) {
        *seconds = json_is_true(member.value) ? CONNECTIONS_TIMEOUT_DEFAULT : 0;
        return;
    }
    config_node_number(node, "stateful", 0, CONNECTIONS_TIMEOUT_MAX, &number);
    *seconds = (uint32_t)number;
}

static void rule_check(const struct config_node *node, const struct acl_rule *rule)
{
    bool has_ports =
        !config_range_is_any(&rule->source_ports) || !config_range_is_any(&rule->destination_ports);
    if (has_ports && rule->has_protocol && !carries_ports(rule->protocol)) {
        config_node_fail(node, "has ports, so expected protocol tcp or udp");
    }
    if (rule->source.family != 0 && rule->destination.family != 0 &&
        rule->source.family != rule->destination.family) {
        config_node_fail(node, "expected source and destination of one family, IPv4 or IPv6");
    }
    if (rule->stateful_seconds != 0 && rule->action != ACL_ALLOW) {
        config_node_fail(node, "is stateful, so expected action allow");
    }
}

void config_rule_read(const struct config_node *node, struct acl_rule *rule)
{
    int64_t id = 0;
    int64_t weight = 0;
    unsigned direction = ACL_IN;
    unsigned action = ACL_ALLOW;
    char word[WORD_SIZE];

    *rule = (struct acl_rule){0};
    config_node_check_object(node, rule_members);
    config_node_require(node, "direction");
    config_node_require(node, "action");
    config_node_number(node, "id", 1, INT32_MAX, &id);
    config_node_number(node, "weight", -WEIGHT_MAX, WEIGHT_MAX, &weight);
    config_node_choice(node, "direction", directions, &direction);
    config_node_choice(node, "action", actions, &action);
    rule->id = (uint32_t)id;
    rule->weight = (int32_t)weight;
    rule->direction = (enum acl_direction)direction;
    rule->action = (enum acl_action)action;
    rule->has_source_mac = mac_read(node, "source_mac", &rule->source_mac);
    rule->has_destination_mac = mac_read(node, "destination_mac", &rule->destination_mac);
    rule->has_ether_type = word_read(node, "ether_type", word);
    if (rule->has_ether_type && !config_ether_type_parse(word, &rule->ether_type)) {
        word_fail(node, "ether_type", "arp, ipv4, ipv6 or 0x0600 to 0xffff", word);
    }
    rule->has_protocol = word_read(node, "protocol", word);
    if (rule->has_protocol && !config_protocol_parse(word, &rule->protocol)) {
        word_fail(node, "protocol", "tcp, udp, icmp, icmpv6 or a number up to 255", word);
    }
    prefix_read(node, "source", &rule->source);
    prefix_read(node, "destination", &rule->destination);
    range_read(node, "source_ports", &rule->source_ports);
    range_read(node, "destination_ports", &rule->destination_ports);
    stateful_read(node, &rule->stateful_seconds);
    rule_check(node, rule);
}

static int text_set(json_t *object, const char *name, const char *text)
{
    return json_object_set_new(object, name, json_string(text));
}

static int conditions_set(json_t *object, const struct acl_rule *rule)
{
    char text[CONFIG_PREFIX_TEXT_SIZE];
    int failed = 0;

    if (rule->has_source_mac) {
        config_mac_format(&rule->source_mac, text);
        failed |= text_set(object, "source_mac", text);
    }
    if (rule->has_destination_mac) {
        config_mac_format(&rule->destination_mac, text);
        failed |= text_set(object, "destination_mac", text);
    }
    if (rule->has_ether_type) {
        config_ether_type_format(rule->ether_type, text);
        failed |= text_set(object, "ether_type", text);
    }
    if (rule->has_protocol) {
        config_protocol_format(rule->protocol, text);
        failed |= text_set(object, "protocol", text);
    }
    if (rule->source.family != 0) {
        config_prefix_format(&rule->source, text);
        failed |= text_set(object, "source", text);
    }
    if (rule->destination.family != 0) {
        config_prefix_format(&rule->destination, text);
        failed |= text_set(object, "destination", text);
    }
    return failed;
}

static int rest_set(json_t *object, const struct acl_rule *rule)
{
    char text[CONFIG_RANGE_TEXT_SIZE];
    int failed = 0;

    if (!config_range_is_any(&rule->source_ports)) {
        config_range_format(&rule->source_ports, text);
        failed |= text_set(object, "source_ports", text);
    }
    if (!config_range_is_any(&rule->destination_ports)) {
        config_range_format(&rule->destination_ports, text);
        failed |= text_set(object, "destination_ports", text);
    }
    if (rule->stateful_seconds != 0) {
        failed |= json_object_set_new(object, "stateful", json_integer(rule->stateful_seconds));
    }
    return failed;
}

json_t *config_rule_json(const struct acl_rule *rule)
{
    json_t *object =
        json_pack("{s:I,s:i,s:s,s:s}", "id", (json_int_t)rule->id, "weight", (int)rule->weight,
                  "direction", directions[rule->direction], "action", actions[rule->action]);
    if (object == NULL || conditions_set(object, rule) != 0 || rest_set(object, rule) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

struct line {
    char *text;
    size_t length;
};

static void line_add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void line_add(struct line *line, const char *format, ...)
{
    va_list arguments;
    size_t room = CONFIG_RULE_TEXT_SIZE - line->length;
    va_start(arguments, format);
    int added = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (added > 0) {
        line->length += (size_t)added < room ? (size_t)added : room - 1;
    }
}

static void line_add_side(struct line *line, const char *side, const struct ip_prefix *prefix,
                          const struct port_range *ports)
{
    char text[CONFIG_PREFIX_TEXT_SIZE];
    if (prefix->family != 0) {
        config_prefix_format(prefix, text);
        line_add(line, " %s %s", side, text);
    }
    if (!config_range_is_any(ports)) {
        config_range_format(ports, text);
        line_add(line, " %s port %s", side, text);
    }
}

void config_rule_format(const struct acl_rule *rule, char text[CONFIG_RULE_TEXT_SIZE])
{
    struct line line = {.text = text};
    char word[CONFIG_PREFIX_TEXT_SIZE];

    line_add(&line, "%s %s", actions[rule->action], directions[rule->direction]);
    size_t bare = line.length;
    if (rule->has_ether_type) {
        config_ether_type_format(rule->ether_type, word);
        line_add(&line, " %s", word);
    }
    if (rule->has_protocol) {
        config_protocol_format(rule->protocol, word);
        line_add(&line, word[0] >= '0' && word[0] <= '9' ? " proto %s" : " %s", word);
    }
    if (rule->has_source_mac) {
        config_mac_format(&rule->source_mac, word);
        line_add(&line, " smac %s", word);
    }
    if (rule->has_destination_mac) {
        config_mac_format(&rule->destination_mac, word);
        line_add(&line, " dmac %s", word);
    }
    line_add_side(&line, "src", &rule->source, &rule->source_ports);
    line_add_side(&line, "dst", &rule->destination, &rule->destination_ports);
    if (line.length == bare) {
        line_add(&line, " all");
    }
    if (rule->stateful_seconds != 0) {
        line_add(&line, " stateful %us", rule->stateful_seconds);
    }
}
