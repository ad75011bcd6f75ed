/* SPDX-License-Identifier: Apache-2.0 */
/* See account.h. */
#include "analyzer/books/account.h"

#include <string.h>

void account_init(struct account *account)
{
    *account = (struct account){0};
    table_init(&account->segments, sizeof(uint32_t), sizeof(struct account_segment),
               ACCOUNT_ROWS_MAX);
    table_init(&account->workers, sizeof(uint32_t), sizeof(struct account_worker),
               ACCOUNT_ROWS_MAX);
    table_init(&account->stages, sizeof(uint16_t), sizeof(struct account_stage), ACCOUNT_ROWS_MAX);
    table_init(&account->drops, sizeof(struct account_drop_key), sizeof(struct account_drop),
               ACCOUNT_ROWS_MAX);
}

void account_fini(struct account *account)
{
    table_fini(&account->segments);
    table_fini(&account->workers);
    table_fini(&account->stages);
    table_fini(&account->drops);
}

uint64_t account_sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Adds a number that may be missing to a sum. */
static void optional_add(const struct json_in *place, const char *name, uint64_t *sum)
{
    uint64_t number = 0;
    json_in_optional(place, name, INT64_MAX, &number);
    *sum = account_sum(*sum, number);
}

static void number_add(const struct json_in *place, const char *name, uint64_t *sum)
{
    uint64_t number = 0;
    json_in_number(place, name, INT64_MAX, &number);
    *sum = account_sum(*sum, number);
}

/* Names of the causes that we know, for json_in_sum_others(). */
static void causes_name(const char **names)
{
    for (unsigned cause = 1; cause < META_LOSS_COUNT; cause++) {
        names[cause - 1] = meta_loss_name(cause);
    }
    names[META_LOSS_COUNT - 1] = NULL;
}

static void lost_visit(const struct json_in *place, struct account_worker *worker)
{
    for (unsigned cause = 1; cause < META_LOSS_COUNT; cause++) {
        optional_add(place, meta_loss_name(cause), &worker->lost[cause]);
    }
    const char *names[META_LOSS_COUNT];
    causes_name(names);
    worker->lost[0] = account_sum(worker->lost[0], json_in_sum_others(place, names));
}

static void journeys_add(const struct json_in *place, struct account_worker *sum)
{
    struct json_in lost;
    number_add(place, "offered", &sum->offered);
    number_add(place, "filtered", &sum->filtered);
    optional_add(place, "unwanted", &sum->unwanted);
    optional_add(place, "sampled", &sum->sampled);
    number_add(place, "written", &sum->written);
    json_in_child(place, "lost", &lost);
    if (lost.object != NULL) {
        lost_visit(&lost, sum);
    }
}

static void worker_visit(const struct json_in *element, void *context)
{
    struct account *account = context;
    uint64_t number;
    if (!json_in_number(element, "worker", UINT32_MAX, &number)) {
        return;
    }
    uint32_t id = (uint32_t)number;
    struct account_worker *worker = table_add(&account->workers, &id);
    if (worker != NULL) {
        journeys_add(element, worker);
    }
}

struct drop_context {
    struct account *account;
    uint16_t stage;
    uint64_t sum;
};

static void dropped_visit(const struct json_in *element, void *context)
{
    struct drop_context *drops = context;
    uint64_t reason;
    uint64_t packets = 0;
    if (!json_in_number(element, "reason", UINT16_MAX, &reason) ||
        !json_in_number(element, "packets", INT64_MAX, &packets)) {
        return;
    }
    struct account_drop_key key = {drops->stage, (uint16_t)reason};
    struct account_drop *drop = table_add(&drops->account->drops, &key);
    if (drop != NULL) {
        drop->by_switch = account_sum(drop->by_switch, packets);
    }
    drops->sum = account_sum(drops->sum, packets);
}

static void stage_visit(const struct json_in *element, void *context)
{
    struct account *account = context;
    uint64_t number;
    if (!json_in_number(element, "stage", UINT16_MAX, &number)) {
        return;
    }
    uint16_t id = (uint16_t)number;
    struct account_stage *stage = table_add(&account->stages, &id);
    if (stage == NULL) {
        return;
    }
    json_in_number(element, "in", INT64_MAX, &stage->in);
    json_in_number(element, "out", INT64_MAX, &stage->out);
    json_in_optional(element, "clones", INT64_MAX, &stage->clones);
    json_in_optional(element, "injected", INT64_MAX, &stage->injected);
    json_in_optional(element, "consumed", INT64_MAX, &stage->consumed);
    json_in_optional(element, "held", INT64_MAX, &stage->held);
    json_in_optional(element, "released", INT64_MAX, &stage->released);
    struct drop_context drops = {account, id, 0};
    json_in_each(element, "dropped", dropped_visit, &drops);
    stage->dropped = drops.sum;
    struct json_in journeys;
    json_in_child(element, "journeys", &journeys);
    stage->has_journeys = journeys.object != NULL;
    stage->journeys = (struct account_worker){0};
    if (stage->has_journeys) {
        journeys_add(&journeys, &stage->journeys);
    }
}

static void summary_forget(struct account *account)
{
    table_fini(&account->workers);
    table_fini(&account->stages);
    for (size_t i = 0; i < account->drops.count; i++) {
        ((struct account_drop *)table_value(&account->drops, i))->by_switch = 0;
    }
    account->recorder_written = 0;
    memset(account->recorder_lost, 0, sizeof(account->recorder_lost));
}

static void recorder_read(struct account *account, const struct json_in *summary)
{
    struct json_in recorder;
    struct json_in lost;
    const char *names[META_LOSS_COUNT];
    json_in_child(summary, "recorder", &recorder);
    account->has_recorder = recorder.object != NULL;
    if (!account->has_recorder) {
        return;
    }
    number_add(&recorder, "written", &account->recorder_written);
    json_in_child(&recorder, "lost", &lost);
    for (unsigned cause = 1; cause < META_LOSS_COUNT; cause++) {
        optional_add(&lost, meta_loss_name(cause), &account->recorder_lost[cause]);
    }
    causes_name(names);
    account->recorder_lost[0] =
        account_sum(account->recorder_lost[0], json_in_sum_others(&lost, names));
}

void account_add_section(struct account *account, uint32_t segment)
{
    struct account_segment *entry = segment == 0 ? NULL : table_add(&account->segments, &segment);
    if (entry != NULL) {
        entry->has_section = true;
    }
}

/* True: it is the account of a file that was not read yet. A recording that is one file has one
 * account, and the last one read counts. */
static bool summary_is_new(struct account *account, const struct json_in *summary)
{
    struct json_in segment;
    uint64_t number = 0;
    json_in_child(summary, "segment", &segment);
    if (segment.object == NULL || !json_in_number(&segment, "number", UINT32_MAX, &number)) {
        summary_forget(account);
        return true;
    }
    uint32_t key = (uint32_t)number;
    struct account_segment *entry = table_add(&account->segments, &key);
    if (entry == NULL || entry->has_summary) {
        return false;
    }
    entry->has_summary = true;
    account->has_last_segment = account->has_last_segment || json_in_flag(&segment, "last");
    return true;
}

void account_read_summary(struct account *account, const struct json_in *summary)
{
    account->has_summary = true;
    account->summaries++;
    if (!summary_is_new(account, summary)) {
        return;
    }
    json_in_optional(summary, "ended_mono_ns", INT64_MAX, &account->ended_mono_ns);
    json_in_text(summary, "why", account->why, sizeof(account->why));
    json_in_text(summary, "error", account->error, sizeof(account->error));
    json_in_each(summary, "workers", worker_visit, account);
    json_in_each(summary, "stages", stage_visit, account);
    recorder_read(account, summary);
}

struct account_span account_span(const struct account *account)
{
    struct account_span span = {0};
    size_t count = account->segments.count;
    for (size_t i = 0; i < count; i++) {
        const struct account_segment *segment = table_value(&account->segments, i);
        uint32_t number = *(const uint32_t *)table_key(&account->segments, i);
        span.first = i == 0 || number < span.first ? number : span.first;
        span.last = number > span.last ? number : span.last;
        span.is_open = span.is_open || !segment->has_summary;
    }
    span.has_hole = count > 0 && span.last - span.first != count - 1;
    span.is_whole = count == 0 || (span.first == 1 && !span.has_hole && account->has_last_segment);
    return span;
}

void account_add_event(struct account *account, const struct pcapng_event *event)
{
    if (event->name == NULL || strcmp(event->name, "capture_changed") != 0) {
        return;
    }
    for (size_t i = 0; i < event->field_count; i++) {
        const struct pcapng_event_field *field = &event->fields[i];
        bool is_limit = strcmp(field->name, "stage_set") == 0 && strcmp(field->value, "0") != 0;
        account->is_limited = account->is_limited || is_limit;
    }
}

void account_add_gap(struct account *account, const struct meta_gap *gap)
{
    struct account_file *file = &account->file;
    unsigned cause = gap->cause < META_LOSS_COUNT ? gap->cause : 0;
    file->gap_journeys[cause] = account_sum(file->gap_journeys[cause], gap->journeys);
    if (file->gap_count < ACCOUNT_GAPS_MAX) {
        file->gaps[file->gap_count++] = *gap;
    } else {
        file->gaps_beyond++;
    }
}

void account_add_drop(struct account *account, uint16_t stage, uint16_t reason)
{
    struct account_drop_key key = {stage, reason};
    struct account_drop *drop = table_add(&account->drops, &key);
    if (drop != NULL) {
        drop->in_files++;
    } else {
        account->drops_beyond++;
    }
}

uint64_t account_worker_lost(const struct account_worker *worker)
{
    uint64_t sum = 0;
    for (unsigned cause = 0; cause < META_LOSS_COUNT; cause++) {
        sum = account_sum(sum, worker->lost[cause]);
    }
    return sum;
}

static void journeys_sum(struct account_worker *sum, const struct account_worker *more)
{
    sum->offered = account_sum(sum->offered, more->offered);
    sum->filtered = account_sum(sum->filtered, more->filtered);
    sum->unwanted = account_sum(sum->unwanted, more->unwanted);
    sum->sampled = account_sum(sum->sampled, more->sampled);
    sum->written = account_sum(sum->written, more->written);
    for (unsigned cause = 0; cause < META_LOSS_COUNT; cause++) {
        sum->lost[cause] = account_sum(sum->lost[cause], more->lost[cause]);
    }
}

struct account_worker account_workers_sum(const struct account *account)
{
    struct account_worker sum = {0};
    for (size_t i = 0; i < account->workers.count; i++) {
        journeys_sum(&sum, table_value(&account->workers, i));
    }
    return sum;
}

struct account_worker account_stages_sum(const struct account *account)
{
    struct account_worker sum = {0};
    for (size_t i = 0; i < account->stages.count; i++) {
        const struct account_stage *stage = table_value(&account->stages, i);
        journeys_sum(&sum, &stage->journeys);
    }
    return sum;
}

/* Over the causes that are losses: what came after a limit was not wanted. */
static uint64_t lost_sum(const uint64_t *by_cause)
{
    uint64_t sum = 0;
    for (unsigned cause = 0; cause < META_LOSS_COUNT; cause++) {
        sum = cause == META_LOSS_PAST_LIMIT ? sum : account_sum(sum, by_cause[cause]);
    }
    return sum;
}

uint64_t account_lost_in_band(const struct account *account)
{
    return lost_sum(account->file.gap_journeys);
}

uint64_t account_lost_at_end(const struct account *account)
{
    struct account_worker workers = account_workers_sum(account);
    return account_sum(lost_sum(workers.lost), lost_sum(account->recorder_lost));
}

uint64_t account_lost(const struct account *account)
{
    uint64_t in_band = account_lost_in_band(account);
    uint64_t at_end = account->has_summary ? account_lost_at_end(account) : 0;
    return at_end > in_band ? at_end : in_band;
}

uint64_t account_past_limit(const struct account *account)
{
    uint64_t in_band = account->file.gap_journeys[META_LOSS_PAST_LIMIT];
    struct account_worker workers = account_workers_sum(account);
    uint64_t at_end = account_sum(workers.lost[META_LOSS_PAST_LIMIT],
                                  account->recorder_lost[META_LOSS_PAST_LIMIT]);
    return at_end > in_band ? at_end : in_band;
}

uint64_t account_recorder_left_out(const struct account *account)
{
    return account_sum(lost_sum(account->recorder_lost),
                       account->recorder_lost[META_LOSS_PAST_LIMIT]);
}

uint64_t account_started(const struct account *account)
{
    const struct account_file *file = &account->file;
    return file->received + file->copies_flood + file->copies_mirror + file->copies_other +
           file->injected;
}

uint64_t account_ended(const struct account *account)
{
    const struct account_file *file = &account->file;
    return file->delivered + file->dropped + file->consumed + file->punted;
}
