/* SPDX-License-Identifier: Apache-2.0 */
/* See dictionary.h. */
#include "analyzer/journey/dictionary.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/journey/dictionary_config.h"
#include "formats/pcapng/stage_meta.h"

static_assert(DICTIONARY_MAX < DICTIONARY_NAME_UNKNOWN, "names are numbered from 1");

void dictionary_init(struct dictionary *dictionary)
{
    table_init(&dictionary->ports, sizeof(uint16_t), sizeof(struct dictionary_port),
               DICTIONARY_MAX);
    table_init(&dictionary->tap_ports, sizeof(struct dictionary_tap_port), sizeof(uint16_t),
               DICTIONARY_MAX);
    table_init(&dictionary->stages, sizeof(uint16_t), sizeof(struct dictionary_stage),
               DICTIONARY_MAX);
    table_init(&dictionary->reasons, sizeof(uint16_t), sizeof(struct dictionary_reason),
               DICTIONARY_MAX);
    table_init(&dictionary->rules, sizeof(struct dictionary_rule_key),
               sizeof(struct dictionary_rule), DICTIONARY_MAX);
    table_init(&dictionary->extensions, DICTIONARY_NAME_SIZE, sizeof(struct dictionary_extension),
               DICTIONARY_MAX);
}

void dictionary_fini(struct dictionary *dictionary)
{
    table_fini(&dictionary->ports);
    table_fini(&dictionary->tap_ports);
    table_fini(&dictionary->stages);
    table_fini(&dictionary->reasons);
    table_fini(&dictionary->rules);
    table_fini(&dictionary->extensions);
}

static bool id_of(const struct json_in *place, const char *name, uint16_t *id)
{
    uint64_t number;
    if (!json_in_number(place, name, UINT16_MAX, &number)) {
        return false;
    }
    *id = (uint16_t)number;
    return true;
}

static void port_visit(const struct json_in *element, void *context)
{
    struct dictionary *dictionary = context;
    uint16_t id;
    if (!id_of(element, "id", &id)) {
        return;
    }
    struct dictionary_port *port = table_add(&dictionary->ports, &id);
    if (port == NULL) {
        return;
    }
    json_in_text(element, "name", port->name, sizeof(port->name));
    json_in_text(element, "kind", port->kind, sizeof(port->kind));
}

static void stage_name(struct dictionary_stage *stage, const struct json_in *element,
                       const char *name_member)
{
    json_in_text(element, name_member, stage->name, sizeof(stage->name));
    json_in_text(element, "extension", stage->extension, sizeof(stage->extension));
}

static void stage_place(struct dictionary_stage *stage, const struct json_in *element)
{
    uint64_t order = STAGE_ORDER_NONE;
    json_in_optional(element, "order", UINT16_MAX, &order);
    stage->order = (uint16_t)order;
    stage->egress = json_in_flag(element, "egress");
}

static void stage_visit(const struct json_in *element, void *context)
{
    struct dictionary *dictionary = context;
    uint16_t id;
    if (!id_of(element, "id", &id)) {
        return;
    }
    struct dictionary_stage *stage = table_add(&dictionary->stages, &id);
    if (stage == NULL) {
        return;
    }
    if (!stage->is_of_tap) {
        stage_name(stage, element, "name");
    }
    stage_place(stage, element);
}

static void reason_visit(const struct json_in *element, void *context)
{
    struct dictionary *dictionary = context;
    uint16_t id;
    if (!id_of(element, "id", &id)) {
        return;
    }
    struct dictionary_reason *reason = table_add(&dictionary->reasons, &id);
    if (reason == NULL) {
        return;
    }
    json_in_text(element, "name", reason->name, sizeof(reason->name));
    json_in_text(element, "sentence", reason->sentence, sizeof(reason->sentence));
    json_in_text(element, "owner", reason->owner, sizeof(reason->owner));
}

/* Whose id it is by the lists, as in a label; 0: they do not name it. */
static uint16_t listed_name(struct dictionary *dictionary, uint16_t id)
{
    const struct dictionary_port *port = id != 0 ? table_find(&dictionary->ports, &id) : NULL;
    return port != NULL ? dictionary_add_label(dictionary, id, port->name).name : 0;
}

static void rule_visit(const struct json_in *element, void *context)
{
    struct dictionary *dictionary = context;
    struct dictionary_rule_key key = {0};
    uint64_t rule;
    if (!id_of(element, "port", &key.port) || !id_of(element, "stage", &key.stage) ||
        !json_in_number(element, "rule", UINT32_MAX, &rule)) {
        return;
    }
    key.rule = (uint32_t)rule;
    key.name = listed_name(dictionary, key.port);
    struct dictionary_rule *entry = table_add(&dictionary->rules, &key);
    if (entry != NULL) {
        json_in_text(element, "text", entry->text, sizeof(entry->text));
    }
}

static void extension_visit(const struct json_in *element, void *context)
{
    struct dictionary *dictionary = context;
    char name[DICTIONARY_NAME_SIZE] = "";
    json_in_text(element, "name", name, sizeof(name));
    /* The key is compared to its end: nothing of an earlier, longer text may stay behind. */
    memset(name + strlen(name), 0, sizeof(name) - strlen(name));
    struct dictionary_extension *extension = table_add(&dictionary->extensions, name);
    if (extension == NULL) {
        return;
    }
    json_in_text(element, "extension", extension->extension, sizeof(extension->extension));
    json_in_text(element, "version", extension->version, sizeof(extension->version));
    json_in_text(element, "kind", extension->kind, sizeof(extension->kind));
}

void dictionary_add_section(struct dictionary *dictionary, const struct json_in *section)
{
    json_in_each(section, "ports", port_visit, dictionary);
    json_in_each(section, "stages", stage_visit, dictionary);
    json_in_each(section, "reasons", reason_visit, dictionary);
    json_in_each(section, "rules", rule_visit, dictionary);
    json_in_each(section, "extensions", extension_visit, dictionary);
    dictionary_add_configuration(dictionary, section);
}

void dictionary_add_summary(struct dictionary *dictionary, const struct json_in *summary)
{
    json_in_each(summary, "ports", port_visit, dictionary);
    json_in_each(summary, "stages_info", stage_visit, dictionary);
    json_in_each(summary, "reasons", reason_visit, dictionary);
    json_in_each(summary, "rules", rule_visit, dictionary);
    json_in_each(summary, "extensions", extension_visit, dictionary);
}

struct dictionary_label dictionary_add_label(struct dictionary *dictionary, uint16_t id,
                                             const char *name)
{
    struct dictionary_label label = {.id = id};
    struct dictionary_tap_port key = {.id = id}; /* zero to its end: it is compared to there */
    if (name[0] == '\0') {
        return label;
    }
    snprintf(key.name, sizeof(key.name), "%s", name);
    uint16_t *number = table_add(&dictionary->tap_ports, &key);
    if (number != NULL && *number == 0) {
        *number = (uint16_t)dictionary->tap_ports.count;
    }
    label.name = number == NULL ? DICTIONARY_NAME_UNKNOWN : *number;
    return label;
}

static struct dictionary_label tap_port(struct dictionary *dictionary, uint16_t id,
                                        const struct json_in *tap)
{
    char name[DICTIONARY_NAME_SIZE] = "";
    json_in_text(tap, "port_name", name, sizeof(name));
    struct dictionary_port *port = name[0] != '\0' ? table_add(&dictionary->ports, &id) : NULL;
    if (port != NULL) {
        snprintf(port->name, sizeof(port->name), "%s", name);
    }
    return dictionary_add_label(dictionary, id, name);
}

struct dictionary_label dictionary_add_tap(struct dictionary *dictionary, const struct json_in *tap)
{
    uint16_t port;
    uint16_t id;
    if (!id_of(tap, "port", &port) || !id_of(tap, "stage", &id)) {
        return (struct dictionary_label){0};
    }
    struct dictionary_stage *stage = table_add(&dictionary->stages, &id);
    if (stage != NULL) {
        stage_name(stage, tap, "stage_name");
        stage_place(stage, tap);
        stage->is_of_tap = stage->name[0] != '\0';
    }
    return tap_port(dictionary, port, tap);
}

struct dictionary_label dictionary_find_label(const struct dictionary *dictionary, uint16_t id,
                                              const char *name, size_t length)
{
    struct dictionary_label label = {.id = id};
    struct dictionary_tap_port key = {.id = id};
    if (length == 0 || length >= sizeof(key.name)) {
        return label;
    }
    memcpy(key.name, name, length);
    const uint16_t *number = table_find(&dictionary->tap_ports, &key);
    if (number != NULL) {
        label.name = *number;
    } else if (!table_has_room(&dictionary->tap_ports, 1)) {
        label.name = DICTIONARY_NAME_UNKNOWN;
    }
    return label;
}

static const char *name_or_number(const char *known, const char *what, unsigned id,
                                  struct dictionary_name *name)
{
    if (known != NULL && known[0] != '\0') {
        return known;
    }
    snprintf(name->text, sizeof(name->text), "%s %u", what, id);
    return name->text;
}

const char *dictionary_port(const struct dictionary *dictionary, struct dictionary_label port,
                            struct dictionary_name *name)
{
    if (port.name == DICTIONARY_NAME_UNKNOWN) {
        return name_or_number(NULL, "port", port.id, name);
    }
    if (port.name != 0) {
        const struct dictionary_tap_port *tap =
            table_key(&dictionary->tap_ports, (size_t)port.name - 1);
        return tap->name;
    }
    const struct dictionary_port *known = table_find(&dictionary->ports, &port.id);
    return name_or_number(known == NULL ? NULL : known->name, "port", port.id, name);
}

const char *dictionary_stage(const struct dictionary *dictionary, uint16_t id,
                             struct dictionary_name *name)
{
    const struct dictionary_stage *stage = dictionary_find_stage(dictionary, id);
    return name_or_number(stage == NULL ? NULL : stage->name, "stage", id, name);
}

const char *dictionary_reason(const struct dictionary *dictionary, uint16_t id,
                              struct dictionary_name *name)
{
    const struct dictionary_reason *reason = dictionary_find_reason(dictionary, id);
    return name_or_number(reason == NULL ? NULL : reason->name, "reason", id, name);
}

const struct dictionary_port *dictionary_find_port(const struct dictionary *dictionary,
                                                   struct dictionary_label port)
{
    return table_find(&dictionary->ports, &port.id);
}

const struct dictionary_stage *dictionary_find_stage(const struct dictionary *dictionary,
                                                     uint16_t id)
{
    return table_find(&dictionary->stages, &id);
}

const struct dictionary_reason *dictionary_find_reason(const struct dictionary *dictionary,
                                                       uint16_t id)
{
    return table_find(&dictionary->reasons, &id);
}

const char *dictionary_rule_table(const struct dictionary *dictionary,
                                  const struct dictionary_rule_key *key,
                                  struct dictionary_name *name)
{
    struct dictionary_label port = {.id = meta_rule_table(key->stage, key->rule)};
    return port.id != 0 ? dictionary_port(dictionary, port, name) : NULL;
}

const char *dictionary_rule_label(const struct dictionary *dictionary,
                                  const struct dictionary_rule_key *key,
                                  struct dictionary_name *name)
{
    struct dictionary_name port_name;
    const char *table = dictionary_rule_table(dictionary, key, &port_name);
    int length = snprintf(name->text, sizeof(name->text), "%" PRIu32,
                          meta_rule_number(key->stage, key->rule));
    if (table != NULL && length > 0) {
        snprintf(name->text + length, sizeof(name->text) - (size_t)length, " of %s", table);
    }
    return name->text;
}

const char *dictionary_find_rule(const struct dictionary *dictionary,
                                 const struct dictionary_rule_key *key)
{
    struct dictionary_rule_key one = *key;
    const struct dictionary_port *port = table_find(&dictionary->ports, &key->port);
    const struct dictionary_rule *rule = NULL;
    if (key->name != DICTIONARY_NAME_UNKNOWN) {
        rule = table_find(&dictionary->rules, &one);
    }
    if (rule == NULL && key->name == 0 && port != NULL) {
        one.name =
            dictionary_find_label(dictionary, key->port, port->name, strlen(port->name)).name;
        rule = table_find(&dictionary->rules, &one);
    }
    if (rule == NULL) { /* of a list that names no ports, or of an extension */
        one.name = 0;
        rule = table_find(&dictionary->rules, &one);
    }
    if (rule == NULL) {
        one.port = 0;
        rule = table_find(&dictionary->rules, &one);
    }
    return rule == NULL || rule->text[0] == '\0' ? NULL : rule->text;
}

const char *dictionary_stage_extension(const struct dictionary *dictionary, uint16_t id)
{
    const struct dictionary_stage *stage = dictionary_find_stage(dictionary, id);
    return stage == NULL ? "" : stage->extension;
}

uint16_t dictionary_stage_order(const struct dictionary *dictionary, uint16_t id)
{
    const struct dictionary_stage *stage = dictionary_find_stage(dictionary, id);
    return stage == NULL ? STAGE_ORDER_NONE : stage->order;
}
