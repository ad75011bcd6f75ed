/* SPDX-License-Identifier: Apache-2.0 */
/* What had been changed before something happened: from the switch's log of its changes, else from
 * the difference of the texts of a recording; and what its events and those of traces tell. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"
#include "base/clock.h"

/* Times of the log and of the packets of one batch are taken one after the other. */
static const uint64_t SAME_MOMENT_NS = 1000000;
static const uint64_t DAY_NS = (uint64_t)24 * 3600 * NS_PER_SECOND;

static const struct mark *mark_find(const struct marks *marks, const struct dictionary *dictionary,
                                    const struct finding *finding)
{
    struct dictionary_rule_key key =
        dictionary_rule_of(finding->rule, finding->port, finding->stage);
    const struct mark *mark = finding->rule != 0 ? marks_find_rule(marks, &key) : NULL;
    if (mark == NULL && finding->has_stage) {
        mark = marks_find_extension(marks, dictionary_stage_extension(dictionary, finding->stage));
    }
    return mark;
}

/* The numbers of the configuration. Attaching a capture makes a new one, whose number is that of
 * the session. The first block of the recording may tell the one before, and another change may
 * come between the two. */
static void generation_append(struct explaining *explaining, struct text *text,
                              const struct analysis_session *session, const struct finding *finding)
{
    uint64_t told = session->marks.generation_before;
    uint64_t before = session->id >= told && session->id <= told + 1 ? session->id : told + 1;
    uint64_t now = finding->generation;
    if (told == 0 || now == 0 || now < told) {
        return;
    }
    if (now > before) {
        text_format(text,
                    " The configuration had changed since the recording began (number %" PRIu64
                    ", before %" PRIu64 ")%s.",
                    now, before,
                    explaining->analysis->events.count != 0
                        ? ""
                        : "; what was changed is in recordings made with --trace");
    } else {
        text_format(text,
                    " Nothing had been configured since the recording began (configuration "
                    "%" PRIu64 ").",
                    now);
    }
}

/* How far the clock of another machine may be off is what makes "before" sure or not. */
static void elsewhere_append(struct text *text, const struct sources *sources, int here, int there)
{
    uint64_t here_ns;
    uint64_t there_ns;
    struct words words;
    if (here < 0 || there < 0 || here == there) {
        return;
    }
    text_format(text, " on %s", sources_machine_name(sources, there));
    bool is_known = sources_uncertainty(sources, here, &here_ns) &&
                    sources_uncertainty(sources, there, &there_ns);
    if (is_known) {
        text_format(text, " (the clocks are at most %s apart)",
                    words_duration(here_ns + there_ns, &words));
    } else {
        text_append_string(text, " (how far the clocks are apart is unknown)");
    }
}

/* change_ns: of a change that was told; what is not later is the same, or led to it. */
static void event_append(struct explaining *explaining, struct text *text,
                         const struct finding *finding, uint64_t change_ns)
{
    const uint64_t span_ns = EXPLAIN_BEFORE_SECONDS * (uint64_t)NS_PER_SECOND;
    const struct analysis *analysis = explaining->analysis;
    int here = explaining->of->machine;
    const struct event *event = events_find_before(&analysis->events, here, finding->first_ns,
                                                   span_ns, PCAPNG_PRIORITY_NOTICE);
    struct words time;
    if (event == NULL || finding->first_ns == 0 ||
        (change_ns != 0 && event->machine == here &&
         event->wall_ns <= change_ns + SAME_MOMENT_NS)) {
        return;
    }
    text_format(text, " Just before, at %s", words_time(event->wall_ns, &time));
    elsewhere_append(text, &analysis->sources, here, event->machine);
    text_format(text, ": %s%s%s.", event->source, event->source[0] != '\0' ? ": " : "",
                event->message);
}

/* The session that knows most of what was changed: one whose end has the log, else the first. */
static const struct analysis_session *session_find(const struct explaining *explaining)
{
    const struct analysis *analysis = explaining->analysis;
    const struct analysis_session *found = NULL;
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct analysis_session *session = analysis->sessions[i];
        bool is_better = found == NULL || (session->marks.has_changes && !found->marks.has_changes);
        if (session->of == explaining->of && is_better) {
            found = session;
        }
    }
    return found;
}

/* What the finding is about, by the names of the log; `name` has room for one that was made up. */
static struct mark_subject subject_of(const struct explaining *explaining,
                                      const struct finding *finding, struct dictionary_name *name)
{
    const struct dictionary *dictionary = &explaining->of->dictionary;
    struct mark_subject subject = {.port = "", .extension = "", .rule = finding->rule};
    if (finding->port.id != 0) {
        subject.port = dictionary_port(dictionary, finding->port, name);
    }
    if (finding->has_stage) {
        subject.extension = dictionary_stage_extension(dictionary, finding->stage);
    }
    return subject;
}

static const struct mark_change *change_find(const struct explaining *explaining,
                                             const struct analysis_session *session,
                                             const struct finding *finding)
{
    struct dictionary_name name;
    if (session == NULL || !session->has_clock || finding->first_ns == 0) {
        return NULL;
    }
    struct mark_subject subject = subject_of(explaining, finding, &name);
    uint64_t mono_ns = finding->first_ns - session->clock_wall_ns + session->clock_mono_ns;
    return marks_find_change(&session->marks, &subject, finding->generation, mono_ns);
}

static bool is_of_rule(const struct mark_change *change, const struct mark_subject *subject)
{
    return subject->rule != 0 && change->rule == subject->rule &&
           strcmp(change->port, subject->port) == 0;
}

/* Whether it may be the cause, so that it is told at once: it came while it was recorded, or just
 * before, or it is about the very rule or extension. */
static bool is_near(const struct analysis_session *session, const struct mark_change *change,
                    const struct mark_subject *subject, const struct finding *finding)
{
    const uint64_t near_ns = EXPLAIN_BEFORE_SECONDS * (uint64_t)NS_PER_SECOND;
    bool is_of_extension =
        subject->extension[0] != '\0' && strcmp(change->extension, subject->extension) == 0;
    return change->mono_ns >= session->clock_mono_ns || is_of_extension ||
           is_of_rule(change, subject) ||
           analysis_wall_ns(session, change->mono_ns) + near_ns >= finding->first_ns;
}

/* "21 ms before, at 12:00:01.123456" */
static void when_append(struct text *text, uint64_t change_ns, uint64_t first_ns)
{
    struct words time;
    struct words span;
    uint64_t before_ns = first_ns > change_ns ? first_ns - change_ns : 0;
    if (before_ns < DAY_NS) {
        words_time(change_ns, &time);
    } else {
        words_date_time(change_ns, &time);
    }
    if (before_ns < SAME_MOMENT_NS) {
        text_format(text, "at that moment, %s", time.text);
    } else {
        text_format(text, "%s before, at %s", words_duration(before_ns, &span), time.text);
    }
}

uint64_t change_append(struct explaining *explaining, struct text *text,
                       const struct finding *finding)
{
    const struct analysis_session *session = session_find(explaining);
    const struct mark_change *change = change_find(explaining, session, finding);
    struct dictionary_name name;
    struct mark_subject subject = subject_of(explaining, finding, &name);
    if (change == NULL || !is_near(session, change, &subject, finding)) {
        return 0;
    }
    uint64_t change_ns = analysis_wall_ns(session, change->mono_ns);
    const char *added = strstr(change->text, " was added: ");
    bool is_known = is_of_rule(change, &subject) && added != NULL;
    text_append_string(text, " Changed ");
    when_append(text, change_ns, finding->first_ns);
    if (is_known) { /* what the rule says is told already */
        text_format(text, ": %.*s was added.", (int)(added - change->text), change->text);
    } else {
        text_format(text, ": %s.", change->text);
    }
    return change_ns;
}

/* That nothing was changed, which the log shows, and what was long before. */
static void calm_append(struct explaining *explaining, struct text *text,
                        const struct analysis_session *session, const struct finding *finding)
{
    const struct mark_change *change = change_find(explaining, session, finding);
    if (finding->first_ns == 0 || session->marks.changes_missing != 0) {
        return;
    }
    text_append_string(text, " Nothing had been configured since the recording began");
    if (change != NULL) {
        text_append_string(text, "; the last change was ");
        when_append(text, analysis_wall_ns(session, change->mono_ns), finding->first_ns);
        text_format(text, ": %s", change->text);
    }
    text_append_string(text, ".");
}

/* Of a recording that has no log of changes at its end. */
static void difference_append(struct explaining *explaining, struct text *text,
                              const struct finding *finding)
{
    const struct analysis *analysis = explaining->analysis;
    const struct analysis_session *told = NULL;
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct analysis_session *session = analysis->sessions[i];
        if (session->of != explaining->of) {
            continue;
        }
        const struct mark *mark = mark_find(&session->marks, &explaining->of->dictionary, finding);
        if (mark != NULL) {
            text_format(text, " During the recording %s.", mark->text);
            told = NULL;
            break;
        }
        told = told == NULL ? session : told;
    }
    if (told != NULL && analysis_sessions_of(analysis, explaining->of) == 1) {
        generation_append(explaining, text, told, finding);
    }
}

void before_append(struct explaining *explaining, struct text *text, const struct finding *finding,
                   uint64_t change_ns)
{
    const struct analysis_session *session = session_find(explaining);
    bool has_log = session != NULL && session->marks.has_changes && session->has_clock;
    if (change_ns == 0 && has_log) {
        calm_append(explaining, text, session, finding);
    } else if (change_ns == 0) {
        difference_append(explaining, text, finding);
    }
    event_append(explaining, text, finding, change_ns);
}
