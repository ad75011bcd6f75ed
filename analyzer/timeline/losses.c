/* SPDX-License-Identifier: Apache-2.0 */
/* See losses.h. */
#include "analyzer/timeline/losses.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/report/words.h"

static const uint64_t ONE_LOSS_NS = 1000000000; /* as long a pause parts two losses */
static const uint64_t SAME_NS = 1000;

static bool is_named(const struct pcapng_event *event, const char *name)
{
    return event->name != NULL && strcmp(event->name, name) == 0;
}

/* LOSS_KINDS: the event tells of none. */
static enum loss_kind kind_of(const struct pcapng_event *event)
{
    if (is_named(event, "kernel_lost")) {
        return LOSS_KERNEL;
    }
    if (is_named(event, "kernel_untold")) {
        return LOSS_UNTOLD;
    }
    if (is_named(event, "capture_gap") || is_named(event, "capture_lost")) {
        return LOSS_JOURNEYS;
    }
    if (is_named(event, "trace_packets_lost")) {
        return LOSS_PACKETS;
    }
    bool is_lost = event->name != NULL && strstr(event->name, "_lost") != NULL;
    return is_lost ? LOSS_EVENTS : LOSS_KINDS;
}

/* A moment that a field tells by the monotonic clock, by both. */
static void moment_take(const struct pcapng_event *event, const char *mono_name,
                        const char *wall_name, uint64_t *mono_ns, uint64_t *wall_ns)
{
    *mono_ns = event_number(event, mono_name, 0);
    *wall_ns = event_number(event, wall_name, 0);
    if (*mono_ns != 0 && *wall_ns == 0 && event->mono_ns != 0 && event->wall_ns != 0) {
        *wall_ns = event->wall_ns - event->mono_ns + *mono_ns;
    }
}

/* Of journeys: the session, as the switch names it, or the cause, by the capture itself. */
static const char *text_of(const struct pcapng_event *event, const struct loss *loss)
{
    const char *text = loss->kind == LOSS_UNTOLD     ? event->message
                       : loss->kind != LOSS_JOURNEYS ? NULL
                       : loss->is_first_hand         ? event_field(event, "reason")
                                                     : event_field(event, "subject");
    return text != NULL ? text : "";
}

void loss_session_set(struct loss *loss, const char *switch_name, const char *session)
{
    char text[LOSS_SESSION_SIZE] = "";
    if (session != NULL && session[0] != '\0') {
        snprintf(text, sizeof(text), "%.64s %.64s", switch_name, session);
    }
    text_make_safe(loss->session, sizeof(loss->session), text);
}

static struct loss loss_make(const struct pcapng_event *event, enum loss_kind kind)
{
    struct loss loss = {.kind = (uint8_t)kind, .is_first_hand = is_named(event, "capture_lost")};
    moment_take(event, "from_mono_ns", "from_wall_ns", &loss.from_mono_ns, &loss.from_ns);
    moment_take(event, "to_mono_ns", "to_wall_ns", &loss.until_mono_ns, &loss.until_ns);
    loss.is_open = kind == LOSS_UNTOLD && loss.until_mono_ns == 0 && loss.until_ns == 0;
    if (loss.is_open && loss.from_mono_ns == 0) {
        loss.from_mono_ns = event->mono_ns;
        loss.from_ns = event->wall_ns;
    } else if (!loss.is_open && loss.until_mono_ns == 0 && loss.until_ns == 0) {
        loss.until_mono_ns = event->mono_ns;
        loss.until_ns = event->wall_ns;
    }
    loss.count = event_number(event,
                              loss.is_first_hand      ? "journeys"
                              : kind == LOSS_JOURNEYS ? "value"
                                                      : "events",
                              0);
    loss.count = event_number(event, "packets_of_trace", loss.count);
    loss.is_more = loss.count == 0 && kind != LOSS_UNTOLD;
    text_make_safe(loss.text, sizeof(loss.text), text_of(event, &loss));
    if (kind == LOSS_JOURNEYS) {
        loss_session_set(&loss, event_switch(event),
                         event_field(event, loss.is_first_hand ? "session_name" : "subject"));
    }
    return loss;
}

static uint64_t best(uint64_t mono_ns, uint64_t wall_ns)
{
    return mono_ns != 0 ? mono_ns : wall_ns;
}

/* The newest of the same kind of the source. */
static struct loss *before_find(struct losses *losses, const struct loss *loss)
{
    for (size_t i = losses->count; i > 0; i--) {
        struct loss *before = &losses->list[i - 1];
        if (before->kind == loss->kind && before->source == loss->source &&
            before->machine == loss->machine && before->is_first_hand == loss->is_first_hand &&
            strcmp(before->session, loss->session) == 0 &&
            (loss->kind == LOSS_UNTOLD || strcmp(before->text, loss->text) == 0)) {
            return before;
        }
    }
    return NULL;
}

/* 0 is not known. */
static uint64_t earlier(uint64_t one_ns, uint64_t other_ns)
{
    return one_ns != 0 && other_ns != 0 && other_ns < one_ns ? other_ns : one_ns;
}

static uint64_t later(uint64_t one_ns, uint64_t other_ns)
{
    return other_ns > one_ns ? other_ns : one_ns;
}

/* Where it begins, or else ends. */
static uint64_t begin_of(const struct loss *loss)
{
    uint64_t begin = best(loss->from_mono_ns, loss->from_ns);
    return begin != 0 ? begin : best(loss->until_mono_ns, loss->until_ns);
}

/* Goes on with the one before, when there is no pause between them: each processor and each worker
 * tells of its own losses, so that one may begin before the other, and end within it. */
static bool is_continued(struct loss *before, const struct loss *loss)
{
    uint64_t end = best(before->until_mono_ns, before->until_ns);
    bool is_near = begin_of(loss) <= end + ONE_LOSS_NS &&
                   begin_of(before) <= best(loss->until_mono_ns, loss->until_ns) + ONE_LOSS_NS;
    if (before->is_open || loss->is_open || end == 0 || !is_near) {
        return false;
    }
    before->from_mono_ns = earlier(before->from_mono_ns, loss->from_mono_ns);
    before->from_ns = earlier(before->from_ns, loss->from_ns);
    before->until_mono_ns = later(before->until_mono_ns, loss->until_mono_ns);
    before->until_ns = later(before->until_ns, loss->until_ns);
    before->count += loss->count;
    before->is_more |= loss->is_more;
    return true;
}

/* The kernel is followed again. */
static bool untold_end(struct losses *losses, uint16_t source, uint64_t mono_ns, uint64_t wall_ns)
{
    bool is_found = false;
    for (size_t i = 0; i < losses->count; i++) {
        struct loss *loss = &losses->list[i];
        if (loss->is_open && loss->source == source) {
            loss->is_open = false;
            loss->until_mono_ns = mono_ns;
            loss->until_ns = wall_ns;
            is_found = true;
        }
    }
    return is_found;
}

static void loss_push(struct losses *losses, const struct loss *loss)
{
    if (losses->count == LOSSES_MAX) {
        losses->beyond++;
    } else {
        losses->list[losses->count++] = *loss;
    }
}

void losses_keep(struct losses *losses, const struct loss *loss)
{
    struct loss *before = before_find(losses, loss);
    if (before == NULL || !is_continued(before, loss)) {
        loss_push(losses, loss);
    }
}

bool losses_take(struct losses *losses, const struct pcapng_event *event, uint16_t source,
                 int machine)
{
    enum loss_kind kind = kind_of(event);
    if (is_named(event, "kernel_followed")) {
        (void)untold_end(losses, source, event->mono_ns, event->wall_ns);
    }
    if (kind == LOSS_KINDS) {
        return false;
    }
    struct loss loss = loss_make(event, kind);
    loss.source = source;
    loss.machine = (int16_t)machine;
    if (kind == LOSS_UNTOLD && !loss.is_open &&
        untold_end(losses, source, loss.until_mono_ns, loss.until_ns)) {
        return true; /* it had been told of when it began */
    }
    struct loss *before = before_find(losses, &loss);
    if (before != NULL && is_continued(before, &loss)) {
        return true;
    }
    if (before != NULL && kind == LOSS_JOURNEYS && best(loss.from_mono_ns, loss.from_ns) == 0) {
        /* It counts since the last one. */
        loss.from_ns = before->until_ns;
        loss.from_mono_ns = before->until_mono_ns;
    }
    loss_push(losses, &loss);
    return true;
}

/* Times that went through two formats may differ by some nanoseconds. */
static bool is_same_time(uint64_t one_ns, uint64_t other_ns)
{
    return (one_ns > other_ns ? one_ns - other_ns : other_ns - one_ns) <= SAME_NS;
}

static bool is_overlapping(const struct loss *one, const struct loss *other)
{
    return one->from_ns <= other->until_ns + ONE_LOSS_NS &&
           other->from_ns <= one->until_ns + ONE_LOSS_NS;
}

/* A recording of an older format does not tell: it may be any. */
static bool is_session(const struct loss *one, const struct loss *other)
{
    return one->session[0] == '\0' || other->session[0] == '\0' ||
           strcmp(one->session, other->session) == 0;
}

/* Whether `loss` need not be told, since `other` is. What a tracer or a recorder loses is lost by
 * it alone, so that only what is equal is the same; but of the journeys of a capture the switch
 * tells too, from one of its reports to the next. */
static bool is_told_by(const struct loss *loss, const struct loss *other)
{
    if (other->is_repeat || loss->kind != other->kind || loss->machine != other->machine ||
        !is_session(loss, other)) {
        return false;
    }
    if (loss->kind == LOSS_JOURNEYS && loss->is_first_hand != other->is_first_hand) {
        return other->is_first_hand && is_overlapping(loss, other);
    }
    return loss->source != other->source && loss->count == other->count &&
           loss->is_more == other->is_more && loss->is_open == other->is_open &&
           is_same_time(loss->from_ns, other->from_ns) &&
           is_same_time(loss->until_ns, other->until_ns) && strcmp(loss->text, other->text) == 0;
}

static void repeats_mark(struct losses *losses)
{
    for (size_t i = 0; i < losses->count; i++) {
        struct loss *loss = &losses->list[i];
        loss->is_repeat = false;
        for (size_t j = 0; j < losses->count && !loss->is_repeat; j++) {
            bool is_first = j < i || losses->list[j].is_first_hand != loss->is_first_hand;
            loss->is_repeat = is_first && is_told_by(loss, &losses->list[j]);
        }
    }
}

void losses_place(struct losses *losses, const struct sources *sources)
{
    for (size_t i = 0; i < losses->count; i++) {
        struct loss *loss = &losses->list[i];
        int machine =
            loss->machine >= 0 ? loss->machine : sources_machine_of(sources, loss->source);
        loss->machine = (int16_t)machine;
        loss->from_ns = sources_place(sources, machine, loss->from_mono_ns, loss->from_ns);
        loss->until_ns = sources_place(sources, machine, loss->until_mono_ns, loss->until_ns);
        uint64_t end_ns = loss->source < sources->count ? sources->list[loss->source].last_ns : 0;
        if (loss->is_open && end_ns > loss->from_ns) {
            loss->until_ns = end_ns;
        }
    }
    repeats_mark(losses);
}

const struct loss *losses_find(const struct losses *losses, int machine, uint64_t first_ns,
                               uint64_t last_ns, size_t *place)
{
    while (*place < losses->count) {
        const struct loss *loss = &losses->list[(*place)++];
        bool is_here = machine < 0 || loss->machine < 0 || loss->machine == machine;
        /* With an unknown beginning it may be any time before its end. */
        if (is_here && loss->from_ns <= last_ns &&
            (loss->until_ns == 0 || loss->is_open || loss->until_ns >= first_ns)) {
            return loss;
        }
    }
    return NULL;
}

const char *loss_kind_name(uint8_t kind)
{
    static const char *const names[LOSS_KINDS] = {[LOSS_KERNEL] = "kernel",
                                                  [LOSS_UNTOLD] = "kernel-untold",
                                                  [LOSS_EVENTS] = "events",
                                                  [LOSS_PACKETS] = "trace-packets",
                                                  [LOSS_JOURNEYS] = "journeys"};
    return names[kind];
}

void loss_append(struct text *text, const struct loss *loss)
{
    static const char *const nouns[LOSS_KINDS] = {[LOSS_KERNEL] = "event",
                                                  [LOSS_UNTOLD] = "",
                                                  [LOSS_EVENTS] = "event",
                                                  [LOSS_PACKETS] = "packet",
                                                  [LOSS_JOURNEYS] = "journey"};
    struct words words;
    if (loss->kind == LOSS_UNTOLD) {
        text_append_string(text, loss->text);
        return;
    }
    if (loss->count == 0) {
        text_format(text, "%ss, it is not known how many,", nouns[loss->kind]);
    } else {
        text_format(text, "%s%s", loss->is_more ? "more than " : "",
                    words_count(loss->count, nouns[loss->kind], &words));
    }
    text_format(text, "%s %s lost",
                loss->kind == LOSS_KERNEL    ? " of the kernel"
                : loss->kind == LOSS_PACKETS ? " of the trace, with all events in them,"
                                             : "",
                loss->count == 1 && !loss->is_more ? "was" : "were");
    if (loss->kind == LOSS_JOURNEYS) {
        text_format(text, loss->is_first_hand ? " by the capture (%s)" : " by the capture %s",
                    loss->text);
    }
}

void loss_span_append(struct text *text, const struct loss *loss)
{
    struct words from;
    struct words until;
    if (loss->from_ns == 0 && loss->until_ns == 0) {
        text_append_string(text, "at an unknown time");
    } else if (loss->from_ns == 0) {
        text_format(text, "up to %s", words_time(loss->until_ns, &until));
    } else if (loss->is_open || loss->until_ns == 0) {
        text_format(text, "from %s on", words_time(loss->from_ns, &from));
    } else {
        text_format(text, "from %s to %s", words_time(loss->from_ns, &from),
                    words_time(loss->until_ns, &until));
    }
}
