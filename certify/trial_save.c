/* SPDX-License-Identifier: Apache-2.0 */
/* Save and restore: the records of the ports of one instance, given to another one, whole and
 * damaged. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "certify/model.h"
#include "certify/trial.h"

enum {
    RECORDS_MAX = 4096, /* of a port, as a host takes them */
    FIRST_ROOM = 64,    /* bytes for a record; what does not fit is asked for again */
    ROOM_GUARD = 32,    /* bytes behind it that must stay */
    DAMAGES = 300,
    WARM_UP_ROUNDS = 12,
    REGION = 64 << 10
};

struct kept {
    uint16_t port;
    uint32_t feature_class, version, length;
    uint8_t *bytes;
};

struct saved {
    struct kept records[RECORDS_MAX];
    size_t count;
};

static void saved_fini(struct saved *saved)
{
    for (size_t i = 0; saved != NULL && i < saved->count; i++) {
        free(saved->records[i].bytes);
    }
    free(saved);
}

static void guard_check(struct findings *findings, const uint8_t *room, uint32_t capacity)
{
    for (int i = 0; i < ROOM_GUARD; i++) {
        if (room[capacity + (uint32_t)i] != 0x5a) {
            findings_add(findings, RULE_SAVE_ROOM,
                         "save: wrote behind the room of %u bytes for a record", capacity);
            return;
        }
    }
}

static enum xsw_status save_call(struct model_instance *instance, uint16_t port, uint8_t *room,
                                 uint32_t capacity, struct xsw_record *record)
{
    memset(room, 0x5a, (size_t)capacity + ROOM_GUARD);
    *record = (struct xsw_record){.size = sizeof(*record), .capacity = capacity, .data = room};
    enum xsw_status status = model_control(instance->model)->save(instance->state, port, record);
    guard_check(instance->model->trial->findings, room, capacity);
    return status;
}

/* One record: first with little room, then with what it asks for. */
static enum xsw_status record_save(struct model_instance *instance, uint16_t port, uint8_t *room,
                                   struct xsw_record *record)
{
    struct findings *findings = instance->model->trial->findings;
    enum xsw_status status = save_call(instance, port, room, FIRST_ROOM, record);
    if (status == XSW_LIMIT) {
        uint32_t needed = record->length;
        status = save_call(instance, port, room, needed, record);
        if (status == XSW_LIMIT) {
            findings_add(findings, RULE_SAVE_ROOM,
                         "save of port %u: asked for a room of %u bytes, got it, and asked for %u",
                         port, needed, record->length);
            return XSW_END;
        }
    }
    if (status != XSW_OK && status != XSW_END) {
        findings_add(findings, RULE_SAVE_ENDS,
                     "save of port %u returned %d: expected XSW_OK, XSW_LIMIT or XSW_END", port,
                     (int)status);
        return XSW_END;
    }
    return status;
}

static bool record_keep(struct saved *saved, uint16_t port, const struct xsw_record *record)
{
    struct kept *kept = &saved->records[saved->count];
    *kept = (struct kept){port, record->feature_class, record->version, record->length,
                          malloc(record->length + 1)};
    if (kept->bytes == NULL || saved->count + 1 == RECORDS_MAX) {
        free(kept->bytes);
        return false;
    }
    memcpy(kept->bytes, record->data, record->length);
    saved->count++;
    return true;
}

/* Saves all ports; the caller frees the result. Null without memory or when saving does not end. */
static struct saved *all_save(struct model_instance *instance)
{
    struct saved *saved = calloc(1, sizeof(*saved));
    uint8_t *room = malloc(XSW_RECORD_MAX + ROOM_GUARD);
    bool is_good = saved != NULL && room != NULL;
    for (uint16_t port = 1; port <= TRAFFIC_STATIONS && is_good; port++) {
        struct xsw_record record;
        enum xsw_status status = XSW_OK;
        while (is_good && (status = record_save(instance, port, room, &record)) == XSW_OK) {
            is_good = record_keep(saved, port, &record);
        }
        if (!is_good) {
            findings_add(instance->model->trial->findings, RULE_SAVE_ENDS,
                         "save of port %u: %d records, and no end: expected XSW_END", port,
                         RECORDS_MAX);
        }
        struct xsw_change change = model_change(instance->model, XSW_OP_SAVE_COMPLETE, port, NULL);
        model_tell(instance, &change);
    }
    free(room);
    if (!is_good) {
        saved_fini(saved);
        return NULL;
    }
    return saved;
}

static const char *difference(const struct saved *a, const struct saved *b)
{
    if (a->count != b->count) {
        return "another number of records";
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct kept *one = &a->records[i];
        const struct kept *other = &b->records[i];
        if (one->port != other->port || one->feature_class != other->feature_class ||
            one->length != other->length || memcmp(one->bytes, other->bytes, one->length) != 0) {
            return "a record with other bytes";
        }
    }
    return NULL;
}

static enum xsw_status record_restore(struct model_instance *instance, const struct kept *kept,
                                      struct xsw_error *error)
{
    struct xsw_record record = {.size = sizeof(record),
                                .feature_class = kept->feature_class,
                                .version = kept->version,
                                .length = kept->length,
                                .data = kept->bytes};
    *error = (struct xsw_error){.text = ""};
    return model_control(instance->model)->restore(instance->state, kept->port, &record, error);
}

static void restored_tell(struct model_instance *instance)
{
    for (uint16_t port = 1; port <= TRAFFIC_STATIONS; port++) {
        struct xsw_change change =
            model_change(instance->model, XSW_OP_RESTORE_COMPLETE, port, NULL);
        model_tell(instance, &change);
    }
}

static void own_restore(struct model *model, const struct saved *saved)
{
    struct findings *findings = model->trial->findings;
    struct model_instance instance;
    struct xsw_error error;
    if (model_start(model, &instance, &error) != XSW_OK) {
        findings_problem(findings, "init: %s", error.text);
        return;
    }
    for (size_t i = 0; i < saved->count; i++) {
        enum xsw_status status = record_restore(&instance, &saved->records[i], &error);
        if (status != XSW_OK) {
            findings_add(findings, RULE_RESTORE_OWN,
                         "record %zu of port %u, class %u, %u bytes, that it has saved itself: "
                         "restore returned %d: %s",
                         i, saved->records[i].port, saved->records[i].feature_class,
                         saved->records[i].length, (int)status, error.text);
        }
    }
    restored_tell(&instance);
    model_traffic(&instance, &model->trial->traffic, 2);
    model_stop(&instance);
}

/* Opens the model and saves what an instance has after some traffic. Null when there is nothing to
 * restore; the rules that this leaves without a verdict are skipped. */
static struct saved *first_save(struct model *model, struct trial *trial,
                                const enum certify_rule *rules, bool is_twice)
{
    struct model_instance instance;
    struct xsw_error error;
    if (!model_open(model, trial)) {
        return NULL;
    }
    const struct xsw_control_ops *ops = model_control(model);
    bool has_save = ops->save != NULL && ops->restore != NULL;
    for (; *rules != RULE_COUNT && !has_save; rules++) {
        findings_skip(trial->findings, *rules, "it has no operations save and restore");
    }
    if (!has_save) {
        return NULL;
    }
    if (model_start(model, &instance, &error) != XSW_OK) {
        findings_problem(trial->findings, "init: %s", error.text);
        return NULL;
    }
    model_traffic(&instance, &trial->traffic, WARM_UP_ROUNDS);
    struct saved *saved = all_save(&instance);
    struct saved *again = saved != NULL && is_twice ? all_save(&instance) : NULL;
    const char *other = again != NULL ? difference(saved, again) : NULL;
    if (other != NULL) {
        findings_add(trial->findings, RULE_SAVE_AGAIN,
                     "two saves with nothing in between but SAVE_COMPLETE: the second one gave %s",
                     other);
    }
    saved_fini(again);
    model_stop(&instance);
    return saved;
}

void trial_save(struct trial *trial)
{
    static const enum certify_rule rules[] = {RULE_SAVE_ENDS, RULE_SAVE_ROOM, RULE_SAVE_AGAIN,
                                              RULE_RESTORE_OWN, RULE_COUNT};
    struct model model;
    struct saved *saved = first_save(&model, trial, rules, true);
    if (saved != NULL) {
        own_restore(&model, saved);
    }
    saved_fini(saved);
    model_close(&model);
}

/* Damage -------------------------------------------------------------------------------------- */

/* Memory whose end is at a page that cannot be touched. */
static uint8_t *region_create(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory = mmap(NULL, REGION + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool is_good = memory != MAP_FAILED && mprotect(memory, REGION, PROT_READ | PROT_WRITE) == 0;
    return is_good ? memory : NULL;
}

/* A record that is not what was saved: shorter, bent, of another class or version, or all noise. It
 * ends where the region does. */
static struct kept damaged(struct traffic *traffic, const struct saved *saved, uint8_t *region)
{
    static const struct kept nothing = {.port = 1};
    uint64_t choice = traffic_random(traffic);
    struct kept made = saved->count > 0 ? saved->records[choice % saved->count] : nothing;
    const uint8_t *from = made.bytes;
    uint32_t had = made.length;
    switch (choice >> 32 & 7) {
    case 0:
        made.length = had > 0 ? (uint32_t)(choice >> 40) % had : 0;
        break;
    case 1:
        made.length = (uint32_t)(choice >> 40) & XSW_RECORD_MAX;
        break;
    case 2:
        made.feature_class = (uint32_t)(choice >> 40);
        break;
    case 3:
        made.version += 1 + (uint32_t)(choice >> 40);
        break;
    default:
        break;
    }
    made.bytes = region + REGION - made.length;
    for (uint32_t i = 0; i < made.length; i++) {
        made.bytes[i] = i < had ? from[i] : (uint8_t)traffic_random(traffic);
    }
    for (uint64_t bends = choice >> 36 & 7; made.length > 0 && bends > 0; bends--) {
        uint64_t at = traffic_random(traffic);
        made.bytes[at % made.length] = (uint8_t)(at >> 32);
    }
    return made;
}

static void damage_run(struct model *model, const struct saved *saved)
{
    struct findings *findings = model->trial->findings;
    struct traffic *traffic = &model->trial->traffic;
    struct model_instance instance;
    struct xsw_error error;
    uint8_t *region = region_create();
    for (int i = 0; i < DAMAGES && region != NULL; i++) {
        if (model_start(model, &instance, &error) != XSW_OK) {
            findings_problem(findings, "init: %s", error.text);
            return;
        }
        struct kept kept = damaged(traffic, saved, region);
        enum xsw_status status = record_restore(&instance, &kept, &error);
        if (status > XSW_OK || (status < XSW_OK && error.text[0] == '\0')) {
            findings_add(
                findings, RULE_RESTORE_BAD,
                "restore of a damaged record of class %u and %u bytes: returned %d and %s: "
                "expected XSW_OK, or a failure and why",
                kept.feature_class, kept.length, (int)status,
                error.text[0] == '\0' ? "no text" : error.text);
        }
        restored_tell(&instance);
        model_batch(&instance, traffic, 16, false, false);
        model_stop(&instance);
    }
}

void trial_restore_bad(struct trial *trial)
{
    static const enum certify_rule rules[] = {RULE_RESTORE_BAD, RULE_COUNT};
    struct model model;
    struct saved *saved = first_save(&model, trial, rules, false);
    if (saved != NULL) {
        damage_run(&model, saved);
    } else {
        findings_skip(trial->findings, RULE_RESTORE_BAD, "there is nothing that was saved");
    }
    saved_fini(saved);
    model_close(&model);
}
