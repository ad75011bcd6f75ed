/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw policy: the access rules of ports.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/listing.h"
#include "switch/config/config_text.h"

static const char help[] =
    "usage: xsw policy list [PORT]\n"
    "       xsw policy add PORT in|out allow|deny|meter [WORDS…]\n"
    "       xsw policy remove PORT ID\n"
    "       xsw policy connections [PORT] [count N]\n"
    "Rules are tried in order of weight, largest first, then of id; the first that\n"
    "matches decides; a meter only counts. What no rule matches is allowed.\n"
    "\n"
    "  weight N           default 0\n"
    "  id N               default: the next free one\n"
    "  proto P            tcp, udp, icmp, icmpv6 or a number\n"
    "  src A[/LEN]        source address or prefix, IPv4 or IPv6; dst: destination\n"
    "  sport N[-M]        source ports; dport: destination ports\n"
    "  smac M             source MAC address; dmac: destination\n"
    "  ethertype T        arp, ipv4, ipv6 or 0x88cc\n"
    "  --stateful[=SECS]  answers to what it allows pass too; ends when idle that\n"
    "                     long (255)\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw policy add alice in deny proto tcp dport 23\n"
    "          xsw policy add bob out allow src 10.0.0.0/8 weight 10\n"
    "          xsw policy remove alice 1\n"
    "Exit: 0 done, 1 there is no such port or rule, 2 usage, 3 failed.\n";

static const struct word_rule rule_words[] = {
    {"weight", "weight", WORD_NUMBER},         {"id", "id", WORD_NUMBER},
    {"proto", "protocol", WORD_TEXT},          {"src", "source", WORD_TEXT},
    {"dst", "destination", WORD_TEXT},         {"sport", "source_ports", WORD_TEXT},
    {"dport", "destination_ports", WORD_TEXT}, {"smac", "source_mac", WORD_TEXT},
    {"dmac", "destination_mac", WORD_TEXT},    {"ethertype", "ether_type", WORD_TEXT},
    {"stateful", "stateful", WORD_NUMBER},     {NULL, NULL, WORD_TEXT}};

static int policy_list(struct command *command)
{
    static const struct listing_column columns[] = {
        {"PORT", false}, {"ID", true}, {"WEIGHT", true}, {"PACKETS", true}, {"RULE", false}};
    struct listing listing;
    json_t *result;
    size_t place;
    json_t *entry;
    const char *port = command_word(command);
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    json_t *params = port != NULL ? json_pack("{s:s}", "port", port) : NULL;
    int exit_code = command_call(command, "policy.list", params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }

    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(json_object_get(result, "rules"), place, entry)
    {
        const json_t *rule = json_object_get(entry, "rule");
        listing_text(&listing, "%s", reply_text(entry, "port"));
        listing_text(&listing, "%lld", reply_number(rule, "id"));
        listing_text(&listing, "%lld", reply_number(rule, "weight"));
        listing_count(&listing, reply_number(entry, "packets"));
        listing_text(&listing, "%s", reply_text(entry, "text"));
    }
    exit_code = listing_rows(&listing) > 0 ? listing_print(&listing) : EXIT_DONE;
    if (listing_rows(&listing) == 0) {
        puts("no rules: everything is allowed");
    }
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

static bool is_one_of(const char *word, const char *first, const char *second)
{
    return strcmp(word, first) == 0 || strcmp(word, second) == 0;
}

/* Takes --stateful and --stateful=SECONDS; false when the next word is another one. */
static bool stateful_take(struct command *command, json_t *rule)
{
    static const char option[] = "--stateful";
    uint64_t seconds;
    if (command_accept(command, option)) {
        json_object_set_new(rule, "stateful", json_true());
        return true;
    }
    const char *word = command->words[command->next];
    size_t length = sizeof(option) - 1;
    if (strncmp(word, option, length) != 0 || word[length] != '=' ||
        !config_number_parse(word + length + 1, 0, INT32_MAX, &seconds)) {
        return false;
    }
    (void)command_word(command);
    json_object_set_new(rule, "stateful", json_integer((json_int_t)seconds));
    return true;
}

/* The rule behind the port's name; null after an error. */
static json_t *rule_read(struct command *command)
{
    const char *direction = command_need(command, "in or out");
    const char *action = direction != NULL ? command_need(command, "allow, deny or meter") : NULL;
    if (action == NULL) {
        return NULL;
    }
    if (!is_one_of(direction, "in", "out") ||
        (!is_one_of(action, "allow", "deny") && strcmp(action, "meter") != 0)) {
        command_usage(command, "expected in|out and allow|deny|meter, found \"%s %s\"", direction,
                      action);
        return NULL;
    }
    json_t *rule = json_pack("{s:s,s:s}", "direction", direction, "action", action);
    while (command_has_word(command)) {
        if (!stateful_take(command, rule) && !command_member(command, rule_words, rule)) {
            json_decref(rule);
            return NULL;
        }
    }
    return rule;
}

static int policy_add(struct command *command)
{
    json_t *result;
    const char *port = command_need(command, "the name of the port");
    json_t *rule = port != NULL ? rule_read(command) : NULL;
    if (rule == NULL) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "policy.add",
                                 json_pack("{s:s,s:o}", "port", port, "rule", rule), &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    printf("port %s: rule %lld added: %s\n", reply_text(result, "port"), reply_number(result, "id"),
           reply_text(result, "text"));
    json_decref(result);
    return EXIT_DONE;
}

static int policy_remove(struct command *command)
{
    char text[120];
    uint64_t id;
    const char *port = command_need(command, "the name of the port");
    const char *number = port != NULL ? command_need(command, "the id of the rule") : NULL;
    if (number == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    if (!config_number_parse(number, 1, INT32_MAX, &id)) {
        return command_usage(command, "expected the id of a rule, found \"%s\"", number);
    }
    snprintf(text, sizeof(text), "port %s: rule %s removed", port, number);
    return command_do(command, "policy.remove",
                      json_pack("{s:s,s:I}", "port", port, "id", (json_int_t)id), text);
}

static void connections_print(const json_t *result, struct listing *listing)
{
    size_t place;
    json_t *entry;
    json_array_foreach(json_object_get(result, "connections"), place, entry)
    {
        listing_text(listing, "%s", reply_text(entry, "port"));
        listing_text(listing, "%lld", reply_number(entry, "rule"));
        listing_text(listing, "%lld+%lld", reply_number(entry, "packets"),
                     reply_number(entry, "answer_packets"));
        listing_text(listing, "%llds",
                     reply_number(entry, "timeout_seconds") - reply_number(entry, "idle_seconds"));
        listing_text(listing, "%s", reply_text(entry, "text"));
    }
}

static json_t *connections_ask(struct command *command)
{
    static const struct word_rule words[] = {{"count", "count", WORD_NUMBER},
                                             {NULL, NULL, WORD_TEXT}};
    json_t *params = json_object();
    if (command_has_word(command) && strcmp(command->words[command->next], "count") != 0) {
        const char *port = command_need(command, "the name of the port");
        json_object_set_new(params, "port", json_string(port));
    }
    if (command_members(command, words, params)) {
        return params;
    }
    json_decref(params);
    return NULL;
}

static int policy_connections(struct command *command)
{
    static const struct listing_column columns[] = {
        {"PORT", false}, {"RULE", true}, {"PACKETS", true}, {"ENDS", true}, {"CONNECTION", false}};
    char live[COUNT_TEXT_SIZE], limit[COUNT_TEXT_SIZE], refused[COUNT_TEXT_SIZE];
    struct listing listing;
    json_t *result;
    json_t *params = connections_ask(command);
    if (params == NULL) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "policy.connections", params, &result);
    if (exit_code != EXIT_DONE || command->json) {
        return exit_code != EXIT_DONE ? exit_code : command_print_json(result);
    }
    listing_init(&listing, columns, sizeof(columns) / sizeof(columns[0]));
    connections_print(result, &listing);
    if (listing_rows(&listing) > 0) {
        exit_code = listing_print(&listing);
    }
    printf("%zu of %lld shown; the switch has %s of %s, and refused %s\n", listing_rows(&listing),
           reply_number(result, "total"), count_format(reply_number(result, "live"), live),
           count_format(reply_number(result, "limit"), limit),
           count_format(reply_number(result, "refused"), refused));
    listing_fini(&listing);
    json_decref(result);
    return exit_code;
}

int cmd_policy(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", policy_list},
                                        {"add", policy_add},
                                        {"remove", policy_remove},
                                        {"connections", policy_connections},
                                        {NULL, NULL}};
    return command_run("policy", argc, argv, verbs, help);
}
