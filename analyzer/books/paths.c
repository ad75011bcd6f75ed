/* SPDX-License-Identifier: Apache-2.0 */
/* See paths.h. */
#include "analyzer/books/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct path_key) == 100, "a path key has no padding");

void paths_init(struct paths *paths)
{
    *paths = (struct paths){0};
    table_init(&paths->rows, sizeof(struct path_key), sizeof(struct path), PATHS_MAX);
}

void paths_fini(struct paths *paths)
{
    table_fini(&paths->rows);
}

static struct path_key key_of(const struct trail *trail)
{
    enum { OF_CLASS = FACTS_UNDECLARED | TRAIL_STEPS_BEYOND | TRAIL_FIELDS_BEYOND };
    struct path_key key;
    memset(key.stages, 0, sizeof(key.stages));
    memset(key.fields, 0, sizeof(key.fields));
    key.changed = 0;
    key.reason = trail->reason;
    key.stage_count = trail->step_count;
    key.field_count = trail->field_count;
    key.outcome = trail->outcome;
    key.origin = trail->origin;
    key.flags = trail->flags & OF_CLASS;
    key.zero = 0;
    for (size_t i = 0; i < trail->step_count && i < TRAIL_STEPS_MAX; i++) {
        key.stages[i] = trail->steps[i].stage;
        key.changed |= (uint32_t)trail->steps[i].is_changed << i;
    }
    memcpy(key.fields, trail->fields, trail->field_count * sizeof(key.fields[0]));
    return key;
}

static struct path *path_find(struct paths *paths, const struct path_key *key)
{
    if (paths->rows.count != 0 && memcmp(key, &paths->last, sizeof(*key)) == 0) {
        return table_value(&paths->rows, paths->last_place);
    }
    struct path *path = table_add(&paths->rows, key);
    if (path != NULL) {
        paths->last = *key;
        paths->last_place =
            (size_t)((unsigned char *)path - paths->rows.entries) / paths->rows.entry_size;
    }
    return path;
}

void paths_add(struct paths *paths, const struct trail *trail)
{
    struct path_key key = key_of(trail);
    struct path *path = path_find(paths, &key);
    if (path == NULL) {
        paths->beyond++;
        return;
    }
    if (path->packets == 0 || trail->first_ns < path->first_ns) {
        path->first_ns = trail->first_ns;
    }
    if (path->packets == 0 || trail->first_ns > path->last_ns) {
        path->last_ns = trail->first_ns;
    }
    if (path->packets < PATH_EXAMPLES) {
        path->examples[path->packets] = trail->packet_id;
    }
    uint64_t latency_ns = trail_latency_ns(trail);
    path->packets++;
    path->latency_sum_ns += latency_ns;
    if (latency_ns > path->latency_max_ns) {
        path->latency_max_ns = latency_ns;
    }
}

/* Fields stand in the order of their places. */
static struct path_key key_translate(const struct path_key *key, const uint16_t *fields)
{
    struct path_key here = *key;
    for (size_t i = 0; i < key->field_count; i++) {
        uint16_t field = fields[key->fields[i]];
        size_t place = i;
        for (; place > 0 && here.fields[place - 1] > field; place--) {
            here.fields[place] = here.fields[place - 1];
        }
        here.fields[place] = field;
    }
    return here;
}

static void path_merge(struct path *path, const struct path *behind)
{
    bool is_new = path->packets == 0;
    path->first_ns =
        is_new || behind->first_ns < path->first_ns ? behind->first_ns : path->first_ns;
    path->last_ns = is_new || behind->last_ns > path->last_ns ? behind->last_ns : path->last_ns;
    for (uint64_t i = 0; i < behind->packets && path->packets + i < PATH_EXAMPLES; i++) {
        path->examples[path->packets + i] = behind->examples[i];
    }
    path->packets += behind->packets;
    path->latency_sum_ns += behind->latency_sum_ns;
    if (behind->latency_max_ns > path->latency_max_ns) {
        path->latency_max_ns = behind->latency_max_ns;
    }
}

void paths_merge(struct paths *paths, const struct paths *behind, const uint16_t *fields)
{
    for (size_t i = 0; i < behind->rows.count; i++) {
        struct path_key key = key_translate(table_key(&behind->rows, i), fields);
        const struct path *more = table_value(&behind->rows, i);
        struct path *path = path_find(paths, &key);
        if (path == NULL) {
            paths->beyond += more->packets;
        } else {
            path_merge(path, more);
        }
    }
}

void paths_clear(struct paths *paths)
{
    table_clear(&paths->rows);
    paths->beyond = 0;
}

const char *path_origin_name(uint8_t origin)
{
    static const char *const names[] = {"received", "flood", "mirror", "clone", "injected"};
    return origin < sizeof(names) / sizeof(names[0]) ? names[origin] : "unknown";
}

void path_stages_text(struct text *text, const struct dictionary *dictionary,
                      const struct path_key *key)
{
    struct dictionary_name name;
    for (size_t i = 0; i < key->stage_count; i++) {
        text_format(text, "%s%s%s", i == 0 ? "" : " > ",
                    dictionary_stage(dictionary, key->stages[i], &name),
                    (key->changed >> i & 1) != 0 ? " CHANGED" : "");
    }
    if ((key->flags & TRAIL_STEPS_BEYOND) != 0) {
        text_append_string(text, " > ...");
    }
}

void path_end_text(struct text *text, const struct dictionary *dictionary,
                   const struct path_key *key)
{
    static const char *const ends[] = {[FACTS_UNFINISHED] = "end not recorded",
                                       [FACTS_DELIVERED] = "delivered",
                                       [FACTS_DROPPED] = "DROPPED ",
                                       [FACTS_REPLACED] = "replaced"};
    struct dictionary_name name;
    text_append_string(text, ends[key->outcome]);
    if (key->outcome == FACTS_DROPPED) {
        text_append_string(text, dictionary_reason(dictionary, key->reason, &name));
    }
    if ((key->flags & FACTS_UNDECLARED) != 0) {
        text_append_string(text, ", changed UNDECLARED");
    }
}

void path_fields_text(struct text *text, const struct changes *changes, const struct path_key *key)
{
    for (size_t i = 0; i < key->field_count; i++) {
        const struct changes_field_key *field = table_key(&changes->fields, key->fields[i]);
        text_format(text, "%s%s", i == 0 ? "" : ", ", field->name);
    }
    if ((key->flags & TRAIL_FIELDS_BEYOND) != 0) {
        text_append_string(text, ", ...");
    }
}

static int path_compare(const void *key_a, const void *value_a, const void *key_b,
                        const void *value_b)
{
    const struct path *a = value_a;
    const struct path *b = value_b;
    (void)key_a;
    (void)key_b;
    if (a->is_new != b->is_new) {
        return a->is_new ? -1 : 1;
    }
    return a->packets > b->packets ? -1 : a->packets < b->packets;
}

size_t *paths_sorted(const struct paths *paths)
{
    return table_sorted(&paths->rows, path_compare);
}

/* Comparing ---------------------------------------------------------------------------------- */

static int string_compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The fields in the order of their names, since their places are those of the first packets. */
static bool fields_append(struct text *text, const struct changes *changes,
                          const struct path_key *key)
{
    const char *names[TRAIL_FIELDS_MAX];
    for (size_t i = 0; i < key->field_count; i++) {
        names[i] =
            ((const struct changes_field_key *)table_key(&changes->fields, key->fields[i]))->name;
    }
    qsort(names, key->field_count, sizeof(names[0]), string_compare);
    for (size_t i = 0; i < key->field_count; i++) {
        text_format(text, " %s", names[i]);
    }
    return !text->failed;
}

/* What a class is, by names. Null when memory ran out; the caller frees. */
static char *class_name(const struct paths_names *names, size_t place)
{
    const struct path_key *key = table_key(&names->paths->rows, place);
    struct text text = {0};
    text_format(&text, "%s: ", path_origin_name(key->origin));
    path_stages_text(&text, names->dictionary, key);
    text_append_string(&text, ", ");
    path_end_text(&text, names->dictionary, key);
    if (key->field_count != 0) {
        text_append_string(&text, ", fields");
    }
    (void)fields_append(&text, names->changes, key);
    return text_take(&text);
}

struct class
{
    char *name;
    size_t place;
};

static int class_compare(const void *left, const void *right)
{
    return strcmp(((const struct class *)left)->name, ((const struct class *)right)->name);
}

static void classes_free(struct class *classes, size_t count)
{
    for (size_t i = 0; classes != NULL && i < count; i++) {
        free(classes[i].name);
    }
    free(classes);
}

static struct class *classes_make(const struct paths_names *names)
{
    size_t count = names->paths->rows.count;
    struct class *classes = calloc(count + 1, sizeof(*classes));
    for (size_t i = 0; classes != NULL && i < count; i++) {
        classes[i] = (struct class){class_name(names, i), i};
        if (classes[i].name == NULL) {
            classes_free(classes, i);
            return NULL;
        }
    }
    if (classes != NULL) {
        qsort(classes, count, sizeof(*classes), class_compare);
    }
    return classes;
}

static void gone_take(struct paths *here, const struct paths_names *baseline,
                      const struct class *class)
{
    const struct path *path = table_value(&baseline->paths->rows, class->place);
    here->gone++;
    if (path->packets > here->gone_packets) {
        here->gone_packets = path->packets;
        snprintf(here->gone_text, sizeof(here->gone_text), "%s", class->name);
    }
}

bool paths_compare(const struct paths_names *here, const struct paths_names *baseline)
{
    struct paths *paths = here->paths;
    struct class *mine = classes_make(here);
    struct class *theirs = classes_make(baseline);
    bool is_done = mine != NULL && theirs != NULL;
    size_t count = baseline->paths->rows.count;
    for (size_t i = 0; is_done && i < paths->rows.count; i++) {
        struct path *path = table_value(&paths->rows, mine[i].place);
        bool is_known = bsearch(&mine[i], theirs, count, sizeof(*theirs), class_compare) != NULL;
        path->is_new = !is_known && (!paths->has_baseline || path->is_new);
    }
    for (size_t i = 0; is_done && i < count; i++) {
        if (bsearch(&theirs[i], mine, paths->rows.count, sizeof(*mine), class_compare) == NULL) {
            gone_take(paths, baseline, &theirs[i]);
        }
    }
    paths->has_baseline |= is_done;
    classes_free(mine, paths->rows.count);
    classes_free(theirs, count);
    return is_done;
}
