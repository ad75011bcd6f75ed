/* SPDX-License-Identifier: Apache-2.0 */
/* See marks.h. Both lists are walked once: the one becomes a table by number, the other is looked
 * up in it. */
#include "analyzer/books/marks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "analyzer/books/table.h"

static const char *const lists[] = {"ports", "stages", "rules", "extensions", "reasons", "changes"};

void marks_fini(struct marks *marks)
{
    json_decref(marks->before);
    json_decref(marks->after);
    *marks = (struct marks){0};
}

/* The lists of a text; the one of stages has another name at the end. */
static json_t *lists_take(const json_t *text, bool is_end)
{
    json_t *taken = json_object();
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        bool is_stages = strcmp(lists[i], "stages") == 0;
        json_t *list = json_object_get(text, is_end && is_stages ? "stages_info" : lists[i]);
        if (json_is_array(list)) {
            (void)json_object_set(taken, lists[i], list);
        }
    }
    return taken;
}

/* Changes ------------------------------------------------------------------------------------ */

/* The logs of two texts overlap; numbers tell which of the second are new, and whether some are in
 * neither. They begin at 1: so does what is new when the first log was empty. */
static void change_visit(const struct json_in *element, void *context)
{
    struct marks *marks = context;
    struct mark_change change = {0};
    uint64_t last = marks->change_count == 0 ? 0 : marks->changes[marks->change_count - 1].number;
    bool is_told = json_in_number(element, "number", INT64_MAX, &change.number) &&
                   json_in_number(element, "mono_ns", INT64_MAX, &change.mono_ns) &&
                   json_in_number(element, "generation", INT64_MAX, &change.generation);
    if (!is_told || change.number <= last) {
        return;
    }
    json_in_text(element, "port", change.port, sizeof(change.port));
    json_in_text(element, "extension", change.extension, sizeof(change.extension));
    json_in_text(element, "text", change.text, sizeof(change.text));
    json_in_optional(element, "rule", UINT32_MAX, &change.rule);
    bool is_gapless = last != 0 || marks->has_first_log;
    marks->changes_missing += is_gapless ? change.number - last - 1 : 0;
    if (marks->change_count == MARK_CHANGES_MAX) {
        memmove(marks->changes, marks->changes + 1,
                (MARK_CHANGES_MAX - 1) * sizeof(marks->changes[0]));
        marks->change_count--;
        marks->changes_missing++;
    }
    marks->changes[marks->change_count++] = change;
}

static void changes_take(struct marks *marks, const struct json_in *text)
{
    json_in_each(text, "changes", change_visit, marks);
}

static int change_rank(const struct mark_change *change, const struct mark_subject *subject)
{
    bool is_rule = subject->rule != 0 && change->rule == subject->rule &&
                   strcmp(change->port, subject->port) == 0 &&
                   strcmp(change->extension, subject->extension) == 0;
    bool is_extension =
        subject->extension[0] != '\0' && strcmp(change->extension, subject->extension) == 0;
    return is_rule ? 2 : is_extension ? 1 : 0;
}

const struct mark_change *marks_find_change(const struct marks *marks,
                                            const struct mark_subject *subject, uint64_t generation,
                                            uint64_t mono_ns)
{
    const struct mark_change *found = NULL;
    for (size_t i = 0; i < marks->change_count; i++) {
        const struct mark_change *change = &marks->changes[i];
        bool is_before =
            generation != 0 ? change->generation <= generation : change->mono_ns <= mono_ns;
        if (is_before &&
            (found == NULL || change_rank(change, subject) >= change_rank(found, subject))) {
            found = change;
        }
    }
    return found;
}

void marks_begin(struct marks *marks, const struct json_in *section)
{
    if (marks->before != NULL) {
        return; /* a later file of the same recording */
    }
    marks->before = lists_take(section->object, false);
    json_in_optional(section, "generation", INT64_MAX, &marks->generation_before);
    changes_take(marks, section);
    marks->has_first_log = json_is_array(json_object_get(section->object, "changes"));
}

/* Marks -------------------------------------------------------------------------------------- */

static struct mark *mark_add(struct marks *marks, enum mark_kind kind)
{
    if (marks->count == MARKS_MAX) {
        marks->beyond++;
        return NULL;
    }
    struct mark *mark = &marks->list[marks->count++];
    *mark = (struct mark){.kind = kind};
    return mark;
}

static void mark_say(struct mark *mark, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void mark_say(struct mark *mark, const char *format, ...)
{
    char raw[MARK_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    text_make_safe(mark->text, sizeof(mark->text), raw);
}

/* Entries of a list -------------------------------------------------------------------------- */

/* What tells an entry from others: the number of a port or stage, the three of a rule. */
static bool key_read(const json_t *entry, bool is_rule, struct dictionary_rule_key *key)
{
    const json_t *id = json_object_get(entry, is_rule ? "rule" : "id");
    const json_t *port = json_object_get(entry, "port");
    const json_t *stage = json_object_get(entry, "stage");
    *key = (struct dictionary_rule_key){.rule = (uint32_t)json_integer_value(id),
                                        .port = (uint16_t)json_integer_value(port),
                                        .stage = (uint16_t)json_integer_value(stage)};
    return json_is_integer(id);
}

static const char *text_of(const json_t *entry, const char *member)
{
    const char *text = json_string_value(json_object_get(entry, member));
    return text == NULL ? "" : text;
}

static void table_fill(struct table *table, const json_t *list, bool is_rule)
{
    size_t place;
    json_t *entry;
    table_init(table, sizeof(struct dictionary_rule_key), sizeof(const json_t *), DICTIONARY_MAX);
    json_array_foreach(list, place, entry)
    {
        struct dictionary_rule_key key;
        const json_t **value = key_read(entry, is_rule, &key) ? table_add(table, &key) : NULL;
        if (value != NULL) {
            *value = entry;
        }
    }
}

static const json_t *entry_find(const struct table *table, const struct dictionary_rule_key *key)
{
    const json_t *const *entry = table_find(table, key);
    return entry == NULL ? NULL : *entry;
}

/* Calls `tell` for what is in `list` and not in `table`. */
typedef void tell_missing(struct marks *marks, const struct dictionary_rule_key *key,
                          const json_t *entry, const void *context);

static void missing_tell(struct marks *marks, const json_t *list, const struct table *table,
                         bool is_rule, tell_missing *tell, const void *context)
{
    size_t place;
    json_t *entry;
    json_array_foreach(list, place, entry)
    {
        struct dictionary_rule_key key;
        if (key_read(entry, is_rule, &key) && entry_find(table, &key) == NULL) {
            tell(marks, &key, entry, context);
        }
    }
}

/* Rules -------------------------------------------------------------------------------------- */

struct names {
    const struct dictionary *dictionary;
    enum mark_kind kind;
};

static void rule_mark(struct marks *marks, const struct dictionary_rule_key *key, const char *text,
                      const struct names *names)
{
    static const char *const verbs[] = {"added", "removed", "changed"};
    struct mark *mark = mark_add(marks, names->kind);
    struct dictionary_name label;
    struct dictionary_name name;
    if (mark == NULL) {
        return;
    }
    const char *extension = dictionary_stage_extension(names->dictionary, key->stage);
    struct dictionary_label port = {.id = key->port};
    bool is_of_port = key->port != 0;
    mark->rule = *key;
    mark_say(mark, "rule %s of %s%s was %s: \"%s\"",
             dictionary_rule_label(names->dictionary, key, &label),
             is_of_port ? "port " : "extension ",
             is_of_port ? dictionary_port(names->dictionary, port, &name) : extension,
             verbs[names->kind - MARK_RULE_ADDED], text);
}

static void rule_missing(struct marks *marks, const struct dictionary_rule_key *key,
                         const json_t *entry, const void *context)
{
    rule_mark(marks, key, text_of(entry, "text"), context);
}

static void rules_compare(struct marks *marks, const json_t *before, const json_t *after,
                          const struct dictionary *dictionary)
{
    struct table old;
    struct table new;
    struct names names = {dictionary, MARK_RULE_ADDED};
    table_fill(&old, before, true);
    table_fill(&new, after, true);
    missing_tell(marks, after, &old, true, rule_missing, &names);
    names.kind = MARK_RULE_REMOVED;
    missing_tell(marks, before, &new, true, rule_missing, &names);
    names.kind = MARK_RULE_CHANGED;
    for (size_t i = 0; i < new.count; i++) {
        const struct dictionary_rule_key *key = table_key(&new, i);
        const json_t *entry = *(const json_t *const *)table_value(&new, i);
        const json_t *was = entry_find(&old, key);
        if (was != NULL && strcmp(text_of(was, "text"), text_of(entry, "text")) != 0) {
            rule_mark(marks, key, text_of(entry, "text"), &names);
        }
    }
    table_fini(&old);
    table_fini(&new);
}

/* Ports and stages --------------------------------------------------------------------------- */

static void port_missing(struct marks *marks, const struct dictionary_rule_key *key,
                         const json_t *entry, const void *context)
{
    const enum mark_kind *kind = context;
    struct mark *mark = mark_add(marks, *kind);
    if (mark != NULL) {
        mark->id = (uint16_t)key->rule;
        mark_say(mark, "port %s was %s", text_of(entry, "name"),
                 *kind == MARK_PORT_ADDED ? "added" : "removed");
    }
}

static bool is_in_pipeline(const json_t *stage)
{
    return stage != NULL && json_integer_value(json_object_get(stage, "order")) != STAGE_ORDER_NONE;
}

/* A stage that has left the pipeline stays in the list, without an order. */
static void stages_walk(struct marks *marks, const json_t *list, const struct table *other,
                        enum mark_kind kind)
{
    size_t place;
    json_t *entry;
    json_array_foreach(list, place, entry)
    {
        struct dictionary_rule_key key;
        const char *extension = text_of(entry, "extension");
        if (!key_read(entry, false, &key) || extension[0] == '\0' || !is_in_pipeline(entry) ||
            is_in_pipeline(entry_find(other, &key))) {
            continue;
        }
        struct mark *mark = mark_add(marks, kind);
        if (mark != NULL) {
            mark->id = (uint16_t)key.rule;
            text_make_safe(mark->extension, sizeof(mark->extension), extension);
            mark_say(mark, "extension %s %s stage %s", extension,
                     kind == MARK_STAGE_ADDED ? "came, with" : "went, and with it",
                     text_of(entry, "name"));
        }
    }
}

static void places_compare(struct marks *marks, const json_t *summary)
{
    const json_t *ports[2] = {json_object_get(marks->before, "ports"),
                              json_object_get(summary, "ports")};
    const json_t *stages[2] = {json_object_get(marks->before, "stages"),
                               json_object_get(summary, "stages_info")};
    static const enum mark_kind kinds[2][2] = {{MARK_PORT_REMOVED, MARK_STAGE_REMOVED},
                                               {MARK_PORT_ADDED, MARK_STAGE_ADDED}};
    for (size_t i = 0; i < 2; i++) {
        struct table other;
        if (ports[0] != NULL && ports[1] != NULL) {
            table_fill(&other, ports[1 - i], false);
            missing_tell(marks, ports[i], &other, false, port_missing, &kinds[i][0]);
            table_fini(&other);
        }
        if (stages[0] != NULL && stages[1] != NULL) {
            table_fill(&other, stages[1 - i], false);
            stages_walk(marks, stages[i], &other, kinds[i][1]);
            table_fini(&other);
        }
    }
}

/* Settings of extensions --------------------------------------------------------------------- */

static void settings_compare(struct marks *marks, const char *extension, const json_t *before,
                             const json_t *after)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)after, name, value)
    {
        const char *now = json_string_value(value);
        const char *was = text_of(before, name);
        if (now == NULL || strcmp(now, was) == 0) {
            continue;
        }
        struct mark *mark = mark_add(marks, MARK_SETTING);
        if (mark != NULL) {
            text_make_safe(mark->extension, sizeof(mark->extension), extension);
            mark_say(mark, "setting %s of extension %s was changed: \"%s\" -> \"%s\"", name,
                     extension, was, now);
        }
    }
}

static void extensions_compare(struct marks *marks, const json_t *before, const json_t *after)
{
    enum { EXTENSIONS_MAX = 256 };
    size_t place;
    json_t *entry;
    json_array_foreach(after, place, entry)
    {
        size_t other;
        json_t *was;
        json_array_foreach(before, other, was)
        {
            if (other == EXTENSIONS_MAX) {
                break; /* a switch has 64; a hostile file may not cost the square of its size */
            }
            if (strcmp(text_of(was, "name"), text_of(entry, "name")) == 0) {
                settings_compare(marks, text_of(entry, "name"), json_object_get(was, "settings"),
                                 json_object_get(entry, "settings"));
                break;
            }
        }
    }
}

void marks_end(struct marks *marks, const struct dictionary *dictionary,
               const struct json_in *summary)
{
    const json_t *end = summary->object;
    if (marks->before == NULL || end == NULL) {
        return;
    }
    marks->count = 0; /* a later file of a series knows more */
    marks->beyond = 0;
    marks->has_end = true;
    json_decref(marks->after);
    marks->after = lists_take(end, true);
    marks->has_changes = json_is_array(json_object_get(end, "changes"));
    changes_take(marks, summary);
    json_in_optional(summary, "generation", INT64_MAX, &marks->generation_after);
    if (json_is_array(json_object_get(end, "rules"))) {
        rules_compare(marks, json_object_get(marks->before, "rules"), json_object_get(end, "rules"),
                      dictionary);
    }
    places_compare(marks, end);
    extensions_compare(marks, json_object_get(marks->before, "extensions"),
                       json_object_get(end, "extensions"));
}

const struct mark *marks_find_rule(const struct marks *marks,
                                   const struct dictionary_rule_key *rule)
{
    for (size_t i = 0; i < marks->count; i++) {
        const struct mark *mark = &marks->list[i];
        if (mark->kind <= MARK_RULE_CHANGED && mark->rule.rule == rule->rule &&
            mark->rule.stage == rule->stage &&
            (mark->rule.port == rule->port || mark->rule.port == 0)) {
            return mark;
        }
    }
    return NULL;
}

const struct mark *marks_find_extension(const struct marks *marks, const char *extension)
{
    for (size_t i = 0; i < marks->count && extension[0] != '\0'; i++) {
        if (strcmp(marks->list[i].extension, extension) == 0) {
            return &marks->list[i];
        }
    }
    return NULL;
}
