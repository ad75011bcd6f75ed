/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd/capture/capture_account.h"
#include "formats/pcapng/stage_meta.h"

/* 1234567 as "1,234,567". */
static const char *grouped(uint64_t value, char text[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    int to = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[to++] = ',';
        }
        text[to++] = digits[i];
    }
    text[to] = '\0';
    return text;
}

void capture_report_progress(const struct capture_progress *progress)
{
    char written[32], lost[32], filtered[32], sampled[32];
    char left_out[64] = "";
    if (progress->sampled > 0) {
        snprintf(left_out, sizeof(left_out), ", %s sampled out",
                 grouped(progress->sampled, sampled));
    }
    fprintf(stderr, "\r%6.1f s  %s journeys written, %s filtered%s, %s lost, %.1f MB\033[K",
            progress->seconds, grouped(progress->written, written),
            grouped(progress->filtered, filtered), left_out, grouped(progress->lost, lost),
            (double)progress->bytes / 1e6);
    fflush(stderr);
}

static struct capture_account rings_sum(const struct capture_end *end)
{
    struct capture_account sum = {0};
    for (uint32_t i = 0; i < end->ring_count; i++) {
        capture_account_add(&sum, &end->rings[i]);
    }
    return sum;
}

/* A switch that died in the middle of counting may have counted less than we took. */
static uint64_t since(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static struct capture_account account_since(const struct capture_account *now,
                                            const struct capture_account *before)
{
    struct capture_account part = {.offered = since(now->offered, before->offered),
                                   .filtered = since(now->filtered, before->filtered),
                                   .unwanted = since(now->unwanted, before->unwanted),
                                   .sampled = since(now->sampled, before->sampled),
                                   .written = since(now->written, before->written)};
    for (uint32_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        part.lost[cause] = since(now->lost[cause], before->lost[cause]);
    }
    return part;
}

struct capture_end capture_end_since(const struct capture_end *end,
                                     const struct capture_end *before)
{
    struct capture_end part = *end;
    part.written = since(end->written, before->written);
    part.lost_disk = since(end->lost_disk, before->lost_disk);
    part.past_limit = since(end->past_limit, before->past_limit);
    part.lost_reader = since(end->lost_reader, before->lost_reader);
    for (uint32_t i = 0; i < end->ring_count; i++) {
        part.rings[i] = account_since(&end->rings[i], &before->rings[i]);
    }
    return part;
}

uint64_t capture_end_lost(const struct capture_end *end)
{
    struct capture_account sum = rings_sum(end);
    return capture_account_lost(&sum) + end->lost_disk + end->lost_reader;
}

uint64_t capture_end_missing(const struct capture_end *end)
{
    struct capture_account sum = rings_sum(end);
    return capture_end_lost(end) - sum.lost[META_LOSS_RATE];
}

static json_t *ring_json(const struct capture_account *ring, uint32_t worker)
{
    json_t *object = capture_account_json(ring);
    json_object_set_new(object, "worker", json_integer(worker));
    return object;
}

static json_t *account_json(const struct capture_end *end)
{
    json_t *workers = json_array();
    for (uint32_t i = 0; i < end->ring_count; i++) {
        json_array_append_new(workers, ring_json(&end->rings[i], i));
    }
    json_t *recorder =
        json_pack("{s:I,s:{s:I,s:I,s:I}}", "written", (json_int_t)end->written, "lost", "disk",
                  (json_int_t)end->lost_disk, "past-limit", (json_int_t)end->past_limit, "reader",
                  (json_int_t)end->lost_reader);
    json_t *account = json_pack("{s:i,s:I,s:s,s:o,s:o}", "format", META_FORMAT, "ended_mono_ns",
                                (json_int_t)clock_mono_ns(), "why", end->why, "workers", workers,
                                "recorder", recorder);
    if (end->error != NULL) {
        json_object_set_new(account, "error", json_string(end->error));
    }
    return account;
}

char *capture_report_summary(const struct capture_end *end)
{
    json_t *summary = account_json(end);
    if (end->segment != 0) {
        json_object_set_new(summary, "segment",
                            json_pack("{s:I,s:b}", "number", (json_int_t)end->segment, "last",
                                      (int)end->is_last_segment));
    }
    json_t *stages = json_object_get(end->detached, "stages");
    if (stages != NULL) {
        json_object_set(summary, "stages", stages);
    }
    static const struct {
        const char *from, *to;
    } late[] = {{"ports", "ports"},           {"reasons", "reasons"},
                {"rules", "rules"},           {"stages", "stages_info"},
                {"extensions", "extensions"}, {"generation", "generation"},
                {"changes", "changes"}};
    for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
        json_t *value = json_object_get(end->dictionary, late[i].from);
        if (value != NULL) {
            json_object_set(summary, late[i].to, value);
        }
    }
    char *text = json_dumps(summary, JSON_COMPACT);
    json_decref(summary);
    return text;
}

static void line(FILE *out, const char *label, uint64_t value, const char *note)
{
    char text[32];
    fprintf(out, "  %-22s %15s%s%s\n", label, grouped(value, text), note[0] != '\0' ? "  " : "",
            note);
}

/* What there was beside what is always told. */
static void rare_lines(FILE *out, const struct capture_account *sum, const struct capture_end *end)
{
    const struct {
        const char *label;
        uint64_t value;
        const char *note;
    } lines[] = {
        {"+ sampled out", sum->sampled, "other flows than those of --sample"},
        {"+ lost: budget", sum->lost[META_LOSS_BUDGET],
         "no time for them (--budget); perhaps not all of them would have matched"},
        {"+ lost: over the rate", sum->lost[META_LOSS_RATE], "more a second than --rate"},
        {"+ lost: overwritten", sum->lost[META_LOSS_OVERWRITTEN], ""},
        {"+ lost: not read", end->lost_reader, ""},
        {"+ past the limit", end->past_limit, "arrived after --count was reached"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (lines[i].value > 0) {
            line(out, lines[i].label, lines[i].value, lines[i].note);
        }
    }
}

static void end_text(const struct capture_end *end)
{
    struct capture_account sum = rings_sum(end);
    uint64_t ring_full = sum.lost[META_LOSS_RING_FULL];
    uint64_t too_big = sum.lost[META_LOSS_TOO_BIG];
    FILE *out = stderr;
    fprintf(out, "\r\033[K%s: %.1f MB in %.1f s, ended by %s\n", end->path,
            (double)end->bytes / 1e6, end->seconds, end->why);
    if (end->files != 0) {
        fprintf(out, "  the last of %u files, %u of them deleted; the account is that of all\n",
                end->files, end->deleted);
    }
    line(out, "journeys offered", sum.offered, "");
    line(out, "= written", end->written, "");
    char note[64] = "";
    char unwanted[32];
    if (sum.unwanted > 0) {
        snprintf(note, sizeof(note), "%s of them at their end", grouped(sum.unwanted, unwanted));
    }
    line(out, "+ filtered", sum.filtered, note);
    line(out, "+ lost: ring full", ring_full,
         ring_full > 0 ? "the recorder did not keep up: try --snap, a filter, --ring" : "");
    line(out, "+ lost: too big", too_big,
         too_big > 0 ? "larger than half of the ring: try --ring" : "");
    line(out, "+ lost: disk", end->lost_disk, end->error != NULL ? end->error : "");
    rare_lines(out, &sum, end);
    if (end->lost_events > 0) {
        line(out, "events lost", end->lost_events, "of the switch or of the kernel");
    }
    if (end->kernel_untold_ns > 0) {
        fprintf(out, "  kernel not followed    %13.3f s  its drops in that time are not recorded\n",
                (double)end->kernel_untold_ns / 1e9);
    }
    if (end->detached == NULL) {
        fprintf(out, "The switch stopped before the recording did: its own counters are not in the "
                     "file.\n");
    }
}

void capture_report_end(const struct capture_end *end, bool as_json)
{
    if (!as_json) {
        end_text(end);
        return;
    }
    json_t *account = account_json(end);
    json_object_set_new(account, "file", json_string(end->path));
    if (end->files != 0) {
        json_object_set_new(account, "files", json_integer(end->files));
        json_object_set_new(account, "deleted", json_integer(end->deleted));
    }
    json_object_set_new(account, "bytes", json_integer((json_int_t)end->bytes));
    json_object_set_new(account, "seconds", json_real(end->seconds));
    if (end->has_trace) {
        json_object_set_new(account, "trace",
                            json_pack("{s:I,s:I,s:I}", "events", (json_int_t)end->events,
                                      "lost_events", (json_int_t)end->lost_events,
                                      "kernel_untold_ns", (json_int_t)end->kernel_untold_ns));
    }
    json_dumpf(account, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(account);
}

void capture_end_fini(struct capture_end *end)
{
    json_decref(end->detached);
    json_decref(end->dictionary);
    end->detached = NULL;
    end->dictionary = NULL;
}
