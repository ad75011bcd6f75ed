/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_EXPLAIN_PARTS_H
#define XSW_ANALYZER_EXPLAIN_PARTS_H

/*
 * What the sources of the explanation share: explain.c orders the findings, explain_drops.c tells
 * of drops, explain_before.c of what was changed before, explain_traces.c of those of which events
 * tell, explain_books.c of what is unknown or does not add up, explain_unknown.c of events that are
 * missing, explain_rest.c of all else.
 *
 * Threads: one.
 */

#include "analyzer/explain/explain.h"
#include "base/text.h"

enum { EXPLAIN_BEFORE_SECONDS = 10 }; /* what happened in these may have been the cause */

struct explaining {
    const struct analysis *analysis;
    const struct analysis_switch *of;
    struct explain *explain;
};

/* A finding without a text, or null when there is no place. */
struct finding *finding_add(struct explaining *explaining, enum finding_kind kind,
                            enum finding_weight weight);
/* Moves the text into the finding. */
void finding_say(struct finding *finding, struct text *text);
/* A packet to look at; one that is there already is not added again. */
void finding_example(struct finding *finding, uint64_t packet_id);

/* ": the sentence", beginning with a small letter unless it begins with a name. */
void sentence_append(struct text *text, const char *sentence);
/* "by rule 10 "deny in udp" of extension flowfilter", "by extension x"; nothing for neither. */
void decider_append(struct text *text, const struct dictionary *dictionary,
                    const struct dictionary_rule_key *rule);
/* "was" or "were" */
const char *words_be(uint64_t number);
/* " since 12:00:01.123456" or " from … to … (3.2 s)". */
void span_append(struct text *text, uint64_t first_ns, uint64_t last_ns);
/* What was changed just before, or while it was recorded, or of the rule or extension that decided:
 * to be told as soon as it is clear what happened. Returns its time; 0: there was nothing. */
uint64_t change_append(struct explaining *explaining, struct text *text,
                       const struct finding *finding);
/* Behind all else: that nothing was changed, or long before, and what events tell of the time just
 * before. change_ns: from change_append. */
void before_append(struct explaining *explaining, struct text *text, const struct finding *finding,
                   uint64_t change_ns);

/* Whether each packet that the switch had is in the recording, and looked at: else nothing can be
 * said of what is not there. */
bool explaining_is_whole(const struct explaining *explaining);

void explain_drops(struct explaining *explaining);
void explain_kernel(struct explaining *explaining);
void explain_traced(struct explaining *explaining);
void explain_missing(struct explaining *explaining);
/* Behind all others: findings that fall into a time of which not all is known say so. */
void explain_doubts(struct explaining *explaining);
void explain_books(struct explaining *explaining);
void explain_losses(struct explaining *explaining);
void explain_changes(struct explaining *explaining);
void explain_moves(struct explaining *explaining);
void explain_tcp(struct explaining *explaining);
void explain_latency(struct explaining *explaining);
void explain_paths(struct explaining *explaining);
void explain_configuration(struct explaining *explaining);
void explain_capture(struct explaining *explaining);

#endif
