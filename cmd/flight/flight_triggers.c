/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flight/flight_triggers.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/flight/trigger.h"
#include "cmd/where.h"

enum {
    HOUR_S = 3600,
    REARM_MAX_S = 86400,
    NS_PER_MS = 1000000,
    MS_PER_S = 1000,
    NUMBER_SIZE = 24 /* of a value behind "rate" */
};

/* Reading ------------------------------------------------------------------------------------ */

static bool complain(const char *text, const char *expected)
{
    fprintf(stderr, "xsw flight: --trigger '%.200s': %s\n", text, expected);
    return false;
}

static void trim_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
}

static const char *skip_space(const char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    return text;
}

/* Cuts the last word off and returns it; null when there is only one. */
static char *last_word_cut(char *text)
{
    trim_end(text);
    char *word = text + strlen(text);
    while (word > text && !isspace((unsigned char)word[-1])) {
        word--;
    }
    if (word == text) {
        return NULL;
    }
    word[-1] = '\0';
    return word;
}

static bool rate_read(const char *word, struct flight_trigger *trigger)
{
    char *end = NULL;
    errno = 0;
    unsigned long long rate = strtoull(word, &end, 10);
    if (errno != 0 || end == word || strcmp(end, "/s") != 0 || word[0] == '-' || rate == 0 ||
        rate > TRIGGER_RATE_MAX) {
        return complain(trigger->text, "rate: expected so many a second, such as 100/s");
    }
    trigger->rate = rate;
    return true;
}

static bool rearm_read(const char *word, struct flight_trigger *trigger)
{
    char *end = NULL;
    double seconds = strtod(word, &end);
    if (end == word || *end != '\0' || !(seconds >= 0 && seconds <= REARM_MAX_S)) {
        return complain(trigger->text, "rearm: expected seconds from 0 to 86400");
    }
    trigger->rearm_ms = (uint64_t)(seconds * MS_PER_S);
    return true;
}

static bool limit_read(const char *word, struct flight_trigger *trigger)
{
    char *end = NULL;
    unsigned long limit = strtoul(word, &end, 10);
    if (end == word || *end != '\0' || word[0] == '-' || limit == 0 || limit > FLIGHT_LIMIT_MAX) {
        return complain(trigger->text, "limit: expected files an hour, from 1 to 1000");
    }
    trigger->limit = limit;
    return true;
}

/* Takes "rate N/s", "rearm S" and "limit N" from the end of the text. */
static bool endings_read(char *text, struct flight_trigger *trigger)
{
    static const struct {
        const char *word;
        bool (*read)(const char *value, struct flight_trigger *trigger);
    } endings[] = {{"rate", rate_read}, {"rearm", rearm_read}, {"limit", limit_read}};
    for (;;) {
        char copy[FLIGHT_TRIGGER_TEXT_SIZE];
        memcpy(copy, text, strlen(text) + 1);
        const char *value = last_word_cut(copy);
        const char *word = value != NULL ? last_word_cut(copy) : NULL;
        size_t found = 0;
        while (word != NULL && found < 3 && strcmp(word, endings[found].word) != 0) {
            found++;
        }
        if (word == NULL || found == 3) {
            return true;
        }
        if (!endings[found].read(value, trigger)) {
            return false;
        }
        memcpy(text, copy, strlen(copy) + 1);
    }
}

static bool is_name_letter(char letter)
{
    return isalnum((unsigned char)letter) || letter == '-' || letter == '_';
}

/* "NAME: " at the beginning. */
static const char *name_read(const char *text, struct flight_trigger *trigger)
{
    size_t length = 0;
    while (is_name_letter(text[length])) {
        length++;
    }
    if (length == 0 || text[length] != ':' || length >= sizeof(trigger->name)) {
        return text;
    }
    memcpy(trigger->name, text, length);
    trigger->name[length] = '\0';
    return skip_space(text + length + 1);
}

/* "reason == acl-denied" becomes "reason-acl-denied". */
static void name_derive(const char *text, char name[CONFIG_NAME_SIZE])
{
    size_t length = 0;
    for (; *text != '\0' && length + 1 < CONFIG_NAME_SIZE; text++) {
        if (isalnum((unsigned char)*text)) {
            name[length++] = *text;
        } else if (length > 0 && name[length - 1] != '-') {
            name[length++] = '-';
        }
    }
    while (length > 0 && name[length - 1] == '-') {
        length--;
    }
    name[length] = '\0';
}

static bool match_read(const char *expression, struct flight_trigger *trigger)
{
    trigger->kind = FLIGHT_TRIGGER_MATCH;
    snprintf(trigger->where, sizeof(trigger->where), "%s", expression);
    if (trigger->where[0] == '\0') {
        return complain(trigger->text, "match: expected an expression, see xsw-filter(7)");
    }
    if (trigger->name[0] == '\0') {
        name_derive(trigger->where, trigger->name);
        trigger->is_derived = true;
    }
    return where_is_readable("xsw flight", trigger->where);
}

static bool port_down_read(const char *port, struct flight_trigger *trigger)
{
    trigger->kind = FLIGHT_TRIGGER_PORT_DOWN;
    if (strlen(port) >= sizeof(trigger->port)) {
        return complain(trigger->text, "port-down: expected the name of a port");
    }
    snprintf(trigger->port, sizeof(trigger->port), "%s", port);
    return true;
}

static bool kind_read(const char *kind, const char *rest, struct flight_trigger *trigger)
{
    static const struct {
        const char *word;
        enum flight_trigger_kind kind;
    } kinds[] = {{"balance", FLIGHT_TRIGGER_BALANCE},
                 {"signal", FLIGHT_TRIGGER_SIGNAL},
                 {"switch-died", FLIGHT_TRIGGER_SWITCH_DIED}};
    if (strcmp(kind, "match") == 0) {
        return match_read(rest, trigger);
    }
    if (strcmp(kind, "port-down") == 0) {
        return port_down_read(rest, trigger);
    }
    if (rest[0] == '\0' && strcmp(kind, "silent-drop") == 0) {
        if (trigger->name[0] == '\0') {
            snprintf(trigger->name, sizeof(trigger->name), "%s", kind);
        }
        return match_read("reason == silent-drop", trigger);
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (rest[0] == '\0' && strcmp(kind, kinds[i].word) == 0) {
            trigger->kind = kinds[i].kind;
            return true;
        }
    }
    return complain(trigger->text, "expected match EXPR, silent-drop, balance, port-down [PORT], "
                                   "signal or switch-died");
}

bool flight_trigger_read(const char *text, struct flight_trigger *trigger)
{
    char rest[FLIGHT_TRIGGER_TEXT_SIZE];
    char kind[16];
    *trigger =
        (struct flight_trigger){.rearm_ms = FLIGHT_REARM_DEFAULT_MS, .limit = FLIGHT_LIMIT_DEFAULT};
    snprintf(trigger->text, sizeof(trigger->text), "%s", skip_space(text));
    if (strlen(text) >= sizeof(rest)) {
        return complain(text, "is longer than 4095 characters");
    }
    snprintf(rest, sizeof(rest), "%s", name_read(trigger->text, trigger));
    if (!endings_read(rest, trigger)) {
        return false;
    }
    trim_end(rest);
    size_t length = strcspn(rest, " \t\n");
    snprintf(kind, sizeof(kind), "%.*s", (int)length, rest);
    bool is_good = kind_read(kind, skip_space(rest + length), trigger);
    if (is_good && trigger->rate != 0 && trigger->kind != FLIGHT_TRIGGER_MATCH) {
        return complain(trigger->text, "rate: expected with match alone");
    }
    if (trigger->name[0] == '\0') {
        snprintf(trigger->name, sizeof(trigger->name), "%s", kind);
    }
    return is_good;
}

void flight_triggers_name(struct flight_trigger *triggers, uint32_t count, bool hides)
{
    for (uint32_t i = 0; hides && i < count; i++) {
        if (triggers[i].is_derived) {
            snprintf(triggers[i].name, sizeof(triggers[i].name), "match");
        }
    }
    for (uint32_t i = 1; i < count; i++) {
        uint8_t same = 1;
        for (uint32_t j = 0; j < i; j++) {
            same += strcmp(triggers[j].name, triggers[i].name) == 0;
        }
        if (same > 1) {
            char name[CONFIG_NAME_SIZE];
            snprintf(name, sizeof(name), "%.*s-%u", CONFIG_NAME_SIZE - 5, triggers[i].name, same);
            memcpy(triggers[i].name, name, sizeof(name));
        }
    }
}

json_t *flight_triggers_json(const struct flight_trigger *triggers, uint32_t count)
{
    static const char *const kinds[] = {"match", "balance", "port-down", "other", "other"};
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const struct flight_trigger *trigger = &triggers[i];
        json_t *object =
            json_pack("{s:s,s:s,s:s,s:I}", "name", trigger->name, "kind", kinds[trigger->kind],
                      "text", trigger->text, "rearm_ms", (json_int_t)trigger->rearm_ms);
        if (trigger->kind == FLIGHT_TRIGGER_MATCH) {
            json_object_set_new(object, "where", json_string(trigger->where));
            json_object_set_new(object, "rate", json_integer((json_int_t)trigger->rate));
        }
        if (trigger->port[0] != '\0') {
            json_object_set_new(object, "port", json_string(trigger->port));
        }
        json_array_append_new(list, object);
    }
    return list;
}

/* Hits --------------------------------------------------------------------------------------- */

/* What a slot said at a look. */
struct slot_view {
    uint64_t fires, early;
    struct flight_hit newest; /* that fired */
};

/* One slot; the earliest of those that fired anew is the hit. Returns how many hits are new. */
static uint64_t slot_look(struct flight_trigger *trigger, uint32_t row,
                          const struct slot_view *view, struct flight_hit *hit, bool *has_fired)
{
    uint64_t fired = view->fires - trigger->seen[row];
    uint64_t early = view->early - trigger->seen_early[row];
    trigger->seen[row] = view->fires;
    trigger->seen_early[row] = view->early;
    if (fired > 0 && (!*has_fired || view->newest.mono_ns < hit->mono_ns)) {
        *hit = view->newest;
        *has_fired = true;
    }
    return fired + early;
}

static struct slot_view control_view(const struct flight_trigger_slot *slot)
{
    return (struct slot_view){
        .fires = atomic_load_explicit(&slot->fires, memory_order_relaxed),
        .early = atomic_load_explicit(&slot->early, memory_order_relaxed),
        .newest = {.mono_ns = atomic_load_explicit(&slot->fire_mono_ns, memory_order_relaxed),
                   .packet_id = atomic_load_explicit(&slot->fire_packet_id, memory_order_relaxed)}};
}

bool flight_trigger_hit(struct flight_trigger *trigger, uint32_t index,
                        const struct flight_header *header, const struct flight_worker_view *views,
                        struct flight_hit *hit)
{
    struct slot_view view = control_view(&header->control[index]);
    bool has_fired = false;
    uint64_t hits = slot_look(trigger, CONFIG_WORKERS_MAX, &view, hit, &has_fired);
    for (uint32_t i = 0; i < header->worker_count && i < CONFIG_WORKERS_MAX; i++) {
        view = (struct slot_view){.fires = views[i].fires[index],
                                  .early = views[i].early[index],
                                  .newest = {.mono_ns = views[i].fire_mono_ns[index],
                                             .packet_id = views[i].fire_packet_id[index]}};
        hits += slot_look(trigger, i, &view, hit, &has_fired);
    }
    /* Of the others no more is known than that they were. */
    trigger->suppressed += hits - has_fired;
    trigger->suppressed_since += hits - has_fired;
    return has_fired;
}

void flight_trigger_suppress(struct flight_trigger *trigger)
{
    trigger->suppressed++;
    trigger->suppressed_since++;
}

bool flight_trigger_may_write(struct flight_trigger *trigger, const struct flight_hit *hit)
{
    bool is_armed =
        trigger->last_ns == 0 || hit->mono_ns >= trigger->last_ns + trigger->rearm_ms * NS_PER_MS;
    uint64_t oldest = trigger->file_ns[trigger->files % trigger->limit];
    bool is_full = trigger->files >= trigger->limit &&
                   hit->mono_ns < oldest + (uint64_t)HOUR_S * NS_PER_SECOND;
    if (!is_armed || is_full) {
        flight_trigger_suppress(trigger);
        return false;
    }
    trigger->last_ns = hit->mono_ns;
    trigger->file_ns[trigger->files % trigger->limit] = hit->mono_ns;
    trigger->files++;
    return true;
}

void flight_triggers_forget(struct flight_trigger *triggers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        memset(triggers[i].seen, 0, sizeof(triggers[i].seen));
        memset(triggers[i].seen_early, 0, sizeof(triggers[i].seen_early));
    }
}
