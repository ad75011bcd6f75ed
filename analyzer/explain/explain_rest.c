/* SPDX-License-Identifier: Apache-2.0 */
/* TCP, time, paths that are new, and what was configured. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"

enum {
    PATHS_TOLD = 3,
    MARKS_TOLD = 6,
    HOLD_TOLD_NS = 1000000,  /* a hold or queue is told from here on */
    WORK_TOLD_NS = 10000000, /* work: what is less may be the scheduler of a busy machine */
    SHARE_TOLD_PERCENT = 50
};

/* TCP ---------------------------------------------------------------------------------------- */

static const struct flow_symptom *symptom_with_cause(const struct flows *flows,
                                                     enum flow_symptom_kind kind)
{
    for (size_t i = 0; i < flows->symptom_count; i++) {
        if (flows->symptoms[i].has_cause && flows->symptoms[i].kind == kind) {
            return &flows->symptoms[i];
        }
    }
    return NULL;
}

static void cause_append(struct text *text, const struct explaining *explaining,
                         const struct flow_symptom *symptom)
{
    const struct dictionary *dictionary = &explaining->of->dictionary;
    const struct flow_drop *cause = &symptom->cause;
    struct dictionary_name name;
    text_format(text, ", e.g. packet %" PRIu64 " after packet %" PRIu64 "%s", symptom->packet_id,
                cause->packet_id, symptom->is_cause_reverse ? " of the other direction" : "");
    text_format(text, " was dropped at %s", dictionary_stage(dictionary, cause->stage, &name));
    text_format(text, " (%s", dictionary_reason(dictionary, cause->reason, &name));
    if (cause->port.id != 0) {
        text_format(text, ", port %s", dictionary_port(dictionary, cause->port, &name));
    }
    text_append_string(text, ")");
}

static void symptom_append(struct text *text, struct finding *finding,
                           const struct explaining *explaining, enum flow_symptom_kind kind)
{
    static const char *const nouns[] = {"retransmission", "late segment", "reset", "zero window"};
    const struct flows *flows = &explaining->of->flows;
    uint64_t count = flows->counts[kind];
    uint64_t caused = flows->counts_by_drop[kind];
    const struct flow_symptom *symptom = symptom_with_cause(flows, kind);
    struct words words;
    if (count == 0) {
        return;
    }
    text_format(text, "%s%s", text->length == 0 ? "" : " ",
                words_count(count, nouns[kind], &words));
    if (kind == FLOW_LATE) {
        text_append_string(text, explaining_is_whole(explaining)
                                     ? ": lost or overtaken before they came to this switch"
                                     : ": lost or overtaken before, or not in the recording");
    } else if (caused == 0) {
        text_append_string(text, ", none because of a drop in this switch");
        text_append_string(text, kind == FLOW_ZERO_WINDOW ? ": the receiver does not keep up"
                                                          : " that is in the recording");
    } else {
        text_format(text, ", %s because of a drop in this switch", words_number(caused, &words));
    }
    if (symptom != NULL) {
        cause_append(text, explaining, symptom);
        finding_example(finding, symptom->packet_id);
        finding_example(finding, symptom->cause.packet_id);
    }
    text_append_string(text, ".");
}

/* Symptoms are in the order of the file, which need not be that of time. */
static void span_take(struct finding *finding, uint64_t time_ns)
{
    if (finding->first_ns == 0 || time_ns < finding->first_ns) {
        finding->first_ns = time_ns;
    }
    if (time_ns > finding->last_ns) {
        finding->last_ns = time_ns;
    }
}

void explain_tcp(struct explaining *explaining)
{
    const struct flows *flows = &explaining->of->flows;
    uint64_t all = 0;
    uint64_t caused = 0;
    struct text text = {0};
    for (size_t i = 0; i < FLOW_SYMPTOM_KINDS; i++) {
        all += flows->counts[i];
        caused += flows->counts_by_drop[i];
    }
    struct finding *finding =
        all == 0 ? NULL
                 : finding_add(explaining, FINDING_TCP, caused != 0 ? FINDING_BAD : FINDING_NOTICE);
    if (finding == NULL) {
        return;
    }
    finding->packets = all;
    for (unsigned kind = 0; kind < FLOW_SYMPTOM_KINDS; kind++) {
        symptom_append(&text, finding, explaining, (enum flow_symptom_kind)kind);
    }
    for (size_t i = 0; i < flows->symptom_count; i++) {
        span_take(finding, flows->symptoms[i].time_ns);
    }
    if (flows->symptom_count != 0) {
        finding_example(finding, flows->symptoms[0].packet_id);
    }
    finding_say(finding, &text);
}

/* Time --------------------------------------------------------------------------------------- */

struct slowest {
    const struct latency_key *key;
    const struct histogram *histogram;
    uint64_t sum_ns; /* of all rows but the whole */
};

static struct slowest slowest_find(const struct latency *latency)
{
    struct slowest slowest = {0};
    for (size_t i = 0; i < latency->rows.count; i++) {
        const struct latency_key *key = table_key(&latency->rows, i);
        const struct histogram *histogram = table_value(&latency->rows, i);
        if (key->kind == LATENCY_WHOLE) {
            continue;
        }
        slowest.sum_ns = account_sum(slowest.sum_ns, histogram->sum_ns);
        if (slowest.histogram == NULL || histogram->sum_ns > slowest.histogram->sum_ns) {
            slowest.key = key;
            slowest.histogram = histogram;
        }
    }
    return slowest;
}

/* Of the flows that are counted in, how many there are, and the one with most. */
struct hit {
    const struct flow_key *key;
    uint64_t most, packets;
    size_t flows;
};

static void hit_take(struct hit *hit, const struct flow_key *key, uint64_t count, uint64_t packets)
{
    hit->flows += count != 0;
    if (count > hit->most) {
        hit->most = count;
        hit->packets = packets;
        hit->key = key;
    }
}

/* Flows tell that they were held, or how long they took, not where: there must be one place only at
 * which it can have been. */
static bool is_only_place(const struct latency *latency, bool is_work)
{
    size_t count = 0;
    for (size_t i = 0; i < latency->rows.count; i++) {
        const struct latency_key *key = table_key(&latency->rows, i);
        const struct histogram *histogram = table_value(&latency->rows, i);
        bool is_slow_work = key->kind == LATENCY_WORK && histogram->max_ns >= WORK_TOLD_NS;
        count += key->kind == LATENCY_HOLD || key->kind == LATENCY_QUEUE;
        count += is_work && is_slow_work;
    }
    return count == 1 && latency->beyond == 0;
}

/* Whom it hit: those that were held, or with work those of which a packet took as long. */
static void slow_hit_append(struct text *text, const struct analysis_switch *of, uint16_t kind)
{
    const struct flows *flows = &of->flows;
    struct hit hit = {0};
    char name[FLOW_TEXT_SIZE];
    struct words words;
    struct words most;
    bool is_work = kind == LATENCY_WORK;
    for (size_t i = 0; i < flows->rows.count; i++) {
        const struct flow *flow = table_value(&flows->rows, i);
        uint64_t slow = flow->latency_max_ns >= WORK_TOLD_NS ? flow->delivered : 0;
        hit_take(&hit, table_key(&flows->rows, i), is_work ? slow : flow->held, flow->packets);
    }
    if (hit.key == NULL || flows->beyond != 0 || !is_only_place(&of->latency, is_work)) {
        return;
    }
    flow_key_text(hit.key, name, sizeof(name));
    if (hit.flows > 1) {
        text_format(text, " Hit: %s, e.g. %s.", words_count(hit.flows, "flow", &words), name);
    } else if (is_work || hit.most == hit.packets) {
        text_format(text, " Hit: %s%s.", name, is_work ? "" : ", all of its packets");
    } else {
        text_format(text, " Hit: %s, %s of its %s.", name, words_number(hit.most, &most),
                    words_count(hit.packets, "packet", &words));
    }
}

static void latency_say(struct finding *finding, const struct explaining *explaining,
                        const struct slowest *slowest, unsigned percent)
{
    static const char *const verbs[] = {"took", "were worked on",
                                        "waited in the queue for bandwidth", "were held"};
    const struct dictionary *dictionary = &explaining->of->dictionary;
    const struct histogram *whole = latency_find(&explaining->of->latency, LATENCY_WHOLE, 0);
    struct histogram_point half = histogram_percentile(slowest->histogram, 500000);
    struct histogram_point most = histogram_percentile(slowest->histogram, 990000);
    struct dictionary_rule_key no_rule = {.stage = slowest->key->stage};
    struct dictionary_name name;
    struct words words;
    struct words durations[3];
    struct text text = {0};
    text_format(&text, "%s %s at %s", words_count(slowest->histogram->count, "packet", &words),
                verbs[slowest->key->kind],
                dictionary_stage(dictionary, slowest->key->stage, &name));
    decider_append(&text, dictionary, &no_rule);
    text_format(&text, ": half of them for about %s or more, one in a hundred for %s, at most %s",
                words_duration(half.value_ns, &durations[0]),
                words_duration(most.value_ns, &durations[1]),
                words_duration(slowest->histogram->max_ns, &durations[2]));
    text_append_string(&text, ".");
    slow_hit_append(&text, explaining->of, slowest->key->kind);
    text_format(&text, " That is %u %% of all the time that packets spent in the switch.", percent);
    if (whole != NULL) {
        half = histogram_percentile(whole, 500000);
        text_format(&text, " Half of what was delivered took about %s or more from rx to tx.",
                    words_duration(half.value_ns, &durations[0]));
    }
    finding_example(finding, slowest->histogram->max_packet);
    finding_say(finding, &text);
}

void explain_latency(struct explaining *explaining)
{
    struct slowest slowest = slowest_find(&explaining->of->latency);
    if (slowest.histogram == NULL || slowest.sum_ns == 0) {
        return;
    }
    double share = (double)slowest.histogram->sum_ns * 100 / (double)slowest.sum_ns;
    bool is_work = slowest.key->kind == LATENCY_WORK;
    uint64_t typical_ns =
        histogram_percentile(slowest.histogram, is_work ? 990000 : 500000).value_ns;
    if (share < SHARE_TOLD_PERCENT ||
        typical_ns < (uint64_t)(is_work ? WORK_TOLD_NS : HOLD_TOLD_NS)) {
        return;
    }
    struct finding *finding = finding_add(explaining, FINDING_LATENCY, FINDING_NOTICE);
    if (finding == NULL) {
        return;
    }
    finding->packets = slowest.histogram->count;
    finding->has_stage = true;
    finding->stage = slowest.key->stage;
    latency_say(finding, explaining, &slowest, (unsigned)(share + 0.5));
}

/* Paths -------------------------------------------------------------------------------------- */

static void path_append(struct text *text, struct finding *finding,
                        const struct analysis_switch *of, size_t place)
{
    const struct path_key *key = table_key(&of->paths.rows, place);
    const struct path *path = table_value(&of->paths.rows, place);
    struct words words;
    text_format(text, " %s: ", words_count(path->packets, "packet", &words));
    path_stages_text(text, &of->dictionary, key);
    text_append_string(text, ", ");
    path_end_text(text, &of->dictionary, key);
    if (key->field_count != 0) {
        text_append_string(text, ", fields ");
        path_fields_text(text, &of->changes, key);
    }
    text_append_string(text, ".");
    finding_example(finding, path->examples[0]);
    if (finding->first_ns == 0 || path->first_ns < finding->first_ns) {
        finding->first_ns = path->first_ns;
    }
    finding->last_ns = path->last_ns > finding->last_ns ? path->last_ns : finding->last_ns;
}

void explain_paths(struct explaining *explaining)
{
    const struct analysis_switch *of = explaining->of;
    const struct paths *paths = &of->paths;
    uint64_t count = 0;
    uint64_t packets = 0;
    if (!paths->has_baseline) {
        return;
    }
    for (size_t i = 0; i < paths->rows.count; i++) {
        const struct path *path = table_value(&paths->rows, i);
        count += path->is_new;
        packets += path->is_new ? path->packets : 0;
    }
    struct finding *finding = finding_add(explaining, FINDING_NEW_PATHS, FINDING_NOTICE);
    size_t *places = paths_sorted(paths);
    struct words words;
    struct text text = {0};
    if (finding == NULL) {
        free(places);
        return;
    }
    finding->packets = packets;
    if (count == 0) {
        text_append_string(&text, "No way through the switch is new against the baseline.");
    } else {
        text_format(&text, "%s through the switch %s not in the baseline.",
                    words_count(count, "way", &words), count == 1 ? "is" : "are");
    }
    for (size_t i = 0; places != NULL && i < count && i < PATHS_TOLD; i++) {
        path_append(&text, finding, of, places[i]);
    }
    if (paths->gone != 0) {
        text_format(&text, " %s of the baseline %s not here, the commonest: %s.",
                    words_count(paths->gone, "way", &words), paths->gone == 1 ? "is" : "are",
                    paths->gone_text);
    }
    free(places);
    finding_say(finding, &text);
}

/* Configuration ------------------------------------------------------------------------------ */

static void more_append(struct text *text, uint64_t more)
{
    if (more != 0) {
        text_format(text, "; and %" PRIu64 " more", more);
    }
    text_append_string(text, ".");
}

/* From the switch's log of its changes: those behind the beginning. */
static void changes_append(struct text *text, const struct analysis_session *session)
{
    const struct marks *marks = &session->marks;
    uint64_t told = 0;
    struct words time;
    for (size_t i = 0; i < marks->change_count; i++) {
        const struct mark_change *change = &marks->changes[i];
        if (change->mono_ns >= session->clock_mono_ns && told++ < MARKS_TOLD) {
            text_format(text, "%s at %s %s", told == 1 ? "While it was recorded:" : ";",
                        words_time(analysis_wall_ns(session, change->mono_ns), &time),
                        change->text);
        }
    }
    if (told != 0) {
        more_append(text, told - (told < MARKS_TOLD ? told : MARKS_TOLD) + marks->changes_missing);
    }
}

static void marks_append(struct text *text, const struct marks *marks)
{
    for (size_t i = 0; i < marks->count && i < MARKS_TOLD; i++) {
        text_format(text, "%s %s", i == 0 ? "While it was recorded:" : ";", marks->list[i].text);
    }
    if (marks->count != 0) {
        uint64_t all = marks->count + marks->beyond;
        more_append(text, all > MARKS_TOLD ? all - MARKS_TOLD : 0);
    }
}

void explain_configuration(struct explaining *explaining)
{
    for (size_t i = 0; i < explaining->analysis->session_count; i++) {
        const struct analysis_session *session = explaining->analysis->sessions[i];
        struct text text = {0};
        if (session->of != explaining->of) {
            continue;
        }
        if (session->marks.has_changes && session->has_clock) {
            changes_append(&text, session);
        } else {
            marks_append(&text, &session->marks);
        }
        struct finding *finding =
            text.length == 0 ? NULL
                             : finding_add(explaining, FINDING_CONFIGURATION, FINDING_NOTICE);
        if (finding == NULL) {
            text_fini(&text);
            continue;
        }
        finding_say(finding, &text);
    }
}
