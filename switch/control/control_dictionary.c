/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionary: names for all numbers that a recording holds, and the configuration that they
 * come from. The members are those of the section info, see xsw-pcapng.5.
 */
#include "switch/control/control_methods.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "switch/config/config_file.h"
#include "switch/config/config_json.h"
#include "switch/config/config_rule.h"
#include "switch/config/config_text.h"
#include "switch/control/change_log.h"
#include "switch/control/control_json.h"
#include "switch/extension/features_store.h"
#include "switch/switch.h"

/* What the dictionary is made of, read once. */
struct sources {
    struct vswitch *vswitch;
    struct port_info ports[XSW_PORTS_MAX];
    struct stage_info stages[STAGES_MAX];
    struct reason_info reasons[REASONS_MAX];
    struct extension_info extensions[CONFIG_EXTENSIONS_MAX];
    struct acl_rule_info rules[CONFIG_ACL_RULES_MAX]; /* of one port at a time */
    size_t port_count, stage_count, reason_count, extension_count;
};

static size_t at_most(size_t count, size_t limit)
{
    return count < limit ? count : limit;
}

static struct sources *sources_read(struct vswitch *vswitch)
{
    struct sources *from = calloc(1, sizeof(*from));
    if (from == NULL) {
        return NULL;
    }
    from->vswitch = vswitch;
    from->port_count = at_most(vswitch_ports(vswitch, from->ports, XSW_PORTS_MAX), XSW_PORTS_MAX);
    from->stage_count = at_most(vswitch_stages(vswitch, from->stages, STAGES_MAX), STAGES_MAX);
    from->reason_count = at_most(vswitch_reasons(vswitch, from->reasons, REASONS_MAX), REASONS_MAX);
    from->extension_count =
        at_most(vswitch_extensions(vswitch, from->extensions, CONFIG_EXTENSIONS_MAX),
                CONFIG_EXTENSIONS_MAX);
    return from;
}

static json_t *port_json(const struct port_name *port)
{
    return json_pack("{s:i,s:s,s:s,s:I}", "id", port->id, "name", port->name, "kind",
                     config_port_kind_name(port->kind), "since", (json_int_t)port->since);
}

/* Ports that have gone, too: packets of theirs are in the recordings that go on. */
static json_t *ports_json(const struct sources *from)
{
    json_t *list = json_array();
    struct port_name names[XSW_PORTS_MAX];
    size_t count = at_most(vswitch_port_names(from->vswitch, names, XSW_PORTS_MAX), XSW_PORTS_MAX);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, port_json(&names[i]));
    }
    return list;
}

/* And what their ids were before, of which rings may still have packets. */
static json_t *past_ports_json(const struct sources *from)
{
    json_t *list = json_array();
    const struct port_name *past;
    size_t count = vswitch_past_ports(from->vswitch, &past);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, port_json(&past[i]));
    }
    return list;
}

static json_t *stages_json(const struct sources *from)
{
    json_t *list = json_array();
    for (size_t i = 0; i < from->stage_count; i++) {
        const struct stage_info *stage = &from->stages[i];
        json_array_append_new(list, json_pack("{s:i,s:s,s:i,s:b,s:s}", "id", stage->id, "name",
                                              stage->name, "order", stage->order, "egress",
                                              (int)stage->egress, "extension", stage->extension));
    }
    return list;
}

static json_t *reasons_json(const struct sources *from)
{
    json_t *list = json_array();
    for (size_t i = 0; i < from->reason_count; i++) {
        const struct reason_info *reason = &from->reasons[i];
        json_array_append_new(list,
                              json_pack("{s:i,s:s,s:s,s:s}", "id", reason->id, "name", reason->name,
                                        "sentence", reason->sentence, "owner", reason->owner));
    }
    return list;
}

static json_t *extensions_json(const struct sources *from)
{
    json_t *list = json_array();
    for (size_t i = 0; i < from->extension_count; i++) {
        json_array_append_new(list, control_extension_json(from->vswitch, &from->extensions[i]));
    }
    return list;
}

static void rule_append(json_t *list, uint16_t port, uint16_t stage, uint32_t rule,
                        const char *text)
{
    json_array_append_new(list, json_pack("{s:i,s:i,s:I,s:s}", "port", port, "stage", stage, "rule",
                                          (json_int_t)rule, "text", text));
}

static int stage_id(const struct sources *from, const char *name)
{
    for (size_t i = 0; i < from->stage_count; i++) {
        if (strcmp(from->stages[i].name, name) == 0) {
            return from->stages[i].id;
        }
    }
    return -1;
}

static void acl_append(struct sources *from, json_t *list)
{
    const int stages[] = {
        [ACL_IN] = stage_id(from, "ingress-policy"), [ACL_OUT] = stage_id(from, "egress-policy")};
    for (size_t i = 0; i < from->port_count; i++) {
        const struct port_info *port = &from->ports[i];
        size_t count = 0;
        if (vswitch_acl_list(from->vswitch, port->config.name, from->rules, CONFIG_ACL_RULES_MAX,
                             &count, NULL) != XSW_OK) {
            continue;
        }
        for (size_t j = 0; j < at_most(count, CONFIG_ACL_RULES_MAX); j++) {
            const struct acl_rule *rule = &from->rules[j].rule;
            char text[CONFIG_RULE_TEXT_SIZE];
            config_rule_format(rule, text);
            if (stages[rule->direction] >= 0) {
                rule_append(list, port->id, (uint16_t)stages[rule->direction], rule->id, text);
            }
        }
    }
}

/* An extension's setting "rules" that is a list of lines "NUMBER text" names its rules. */
static void numbered_lines_append(const struct stage_info *stage,
                                  const struct setting_info *setting, json_t *list)
{
    for (size_t i = 0; i < setting->text_count; i++) {
        const char *text = setting->texts[i];
        size_t digits = strspn(text, "0123456789");
        char word[16];
        uint64_t number;
        if (digits == 0 || digits >= sizeof(word) || text[digits] != ' ') {
            continue;
        }
        memcpy(word, text, digits);
        word[digits] = '\0';
        if (config_number_parse(word, 1, UINT32_MAX, &number)) {
            rule_append(list, XSW_PORT_NONE, stage->id, (uint32_t)number, text + digits + 1);
        }
    }
}

/* The other settings in one line, "dscp=46", for an extension that decides by one rule: its setting
 * "rule" is the number that it reports. */
static void whole_extension_append(const struct sources *from, const struct stage_info *stage,
                                   uint32_t number, json_t *list)
{
    char text[200];
    struct setting_info setting;
    size_t length = (size_t)snprintf(text, sizeof(text), "%s", stage->extension);
    for (size_t place = 0;
         vswitch_extension_setting(from->vswitch, stage->extension, place, &setting) == XSW_OK;
         place++) {
        bool is_told =
            !setting.is_default && setting.text_count == 1 && strcmp(setting.name, "rule") != 0;
        if (!is_told || length >= sizeof(text)) {
            continue;
        }
        int added = snprintf(text + length, sizeof(text) - length, " %s=%s", setting.name,
                             setting.texts[0]);
        length += added > 0 ? (size_t)added : 0;
    }
    /* A text that was cut within a character would not be UTF-8 any more. */
    if (length >= sizeof(text)) {
        snprintf(text, sizeof(text), "%s", stage->extension);
    }
    rule_append(list, XSW_PORT_NONE, stage->id, number, text);
}

static void extension_rules_append(const struct sources *from, const struct stage_info *stage,
                                   json_t *list)
{
    struct setting_info setting;
    for (size_t place = 0;
         vswitch_extension_setting(from->vswitch, stage->extension, place, &setting) == XSW_OK;
         place++) {
        uint64_t number;
        if (strcmp(setting.name, "rules") == 0) {
            numbered_lines_append(stage, &setting, list);
        } else if (strcmp(setting.name, "rule") == 0 && setting.text_count == 1 &&
                   config_number_parse(setting.texts[0], 1, UINT32_MAX, &number)) {
            whole_extension_append(from, stage, (uint32_t)number, list);
        }
    }
}

/* What is set of an entry in one line, "action=deny expression=udp"; empty when it is too long. */
static void entry_format(json_t *values, char *text, size_t size)
{
    const char *key;
    json_t *value;
    size_t length = 0;
    text[0] = '\0';
    json_object_foreach(values, key, value)
    {
        char number[24];
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        const char *word = json_is_string(value) ? json_string_value(value) : number;
        bool is_told = json_is_string(value) ? word[0] != '\0' : json_integer_value(value) != 0;
        if (is_told && length < size) {
            length += (size_t)snprintf(text + length, size - length, "%s%s=%s",
                                       length > 0 ? " " : "", key, word);
        }
    }
    if (length >= size) {
        text[0] = '\0';
    }
}

/* The entries of an extension's feature "rule" name the rules in its table of that port. */
static void feature_rules_append(const struct sources *from, const struct stage_info *stage,
                                 json_t *list)
{
    char name[FEATURE_NAME_SIZE];
    const struct feature_value *entry;
    snprintf(name, sizeof(name), "%s.rule", stage->extension);
    for (size_t place = 0; (entry = features_value(from->vswitch, place)) != NULL; place++) {
        if (entry->port != XSW_PORT_NONE && entry->id != 0 && strcmp(entry->name, name) == 0) {
            char text[512];
            uint32_t rule = (uint32_t)entry->port << XSW_RULE_TABLE_SHIFT | entry->id;
            entry_format(entry->values, text, sizeof(text));
            rule_append(list, XSW_PORT_NONE, stage->id, rule, text);
        }
    }
}

static json_t *rules_json(struct sources *from)
{
    json_t *list = json_array();
    acl_append(from, list);
    for (size_t i = 0; i < from->stage_count; i++) {
        if (from->stages[i].extension[0] != '\0') {
            extension_rules_append(from, &from->stages[i], list);
            feature_rules_append(from, &from->stages[i], list);
        }
    }
    return list;
}

static json_t *host_json(void)
{
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0) {
        host[0] = '\0';
    }
    json_t *name = json_string(host);
    return name != NULL ? name : json_string("");
}

static json_t *boot_id_json(void)
{
    char id[40] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file != NULL) {
        if (fgets(id, sizeof(id), file) == NULL) {
            id[0] = '\0';
        }
        fclose(file);
    }
    id[strcspn(id, "\n")] = '\0';
    return json_string(id);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The wall clock is read between two readings of the other, so the pair fits to a microsecond. */
static json_t *clock_json(void)
{
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    int64_t wall = clock_ns(CLOCK_REALTIME);
    int64_t after = clock_ns(CLOCK_MONOTONIC);
    return json_pack("{s:I,s:I}", "mono_ns", (json_int_t)(before + (after - before) / 2), "wall_ns",
                     (json_int_t)wall);
}

json_t *control_dictionary_json(struct vswitch *vswitch)
{
    struct sources *from = sources_read(vswitch);
    if (from == NULL) {
        return NULL;
    }
    json_t *dictionary = json_pack(
        "{s:o,s:{s:s,s:s},s:o,s:o,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "host", host_json(),
        "switch", "name", vswitch_config(vswitch)->name, "id", vswitch_uuid(vswitch), "boot_id",
        boot_id_json(), "clock", clock_json(), "workers", (json_int_t)vswitch_worker_count(vswitch),
        "generation", (json_int_t)vswitch_generation(vswitch), "ports", ports_json(from),
        "past_ports", past_ports_json(from), "stages", stages_json(from), "reasons",
        reasons_json(from), "rules", rules_json(from), "extensions", extensions_json(from),
        "configuration", config_running_json(vswitch), "changes", change_log_json(vswitch));
    free(from);
    return dictionary;
}
