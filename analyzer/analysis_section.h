/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ANALYSIS_SECTION_H
#define XSW_ANALYZER_ANALYSIS_SECTION_H

/*
 * The texts of a recording: which switch and which session a section belongs to, names, and the
 * account at the end. Part of analysis.c, apart for its size.
 *
 * Threads: one.
 */

#include "analyzer/analysis.h"
#include "formats/pcapng/pcapng_items.h"

/* The session of a section, found or made. `json` may have no text: then the session is one of an
 * unnamed switch, of its own for each file. Null when there are too many switches or sessions,
 * with a note, or when memory ran out. */
struct analysis_session *analysis_section(struct analysis *analysis,
                                          const struct analysis_file *file,
                                          const struct pcapng_json *json);
/* A switch and a session of it for an analysis that is read by itself (part.h). */
bool analysis_section_blank(struct analysis *analysis);
/* Returns the port of the tap point, for its records; all zero when it does not tell. */
struct dictionary_label analysis_tap(struct analysis *analysis, struct analysis_session *session,
                                     const struct analysis_file *file,
                                     const struct pcapng_interface *interface);
void analysis_summary(struct analysis *analysis, struct analysis_session *session,
                      const struct analysis_file *file, const struct pcapng_json *json);
/* Found or made; null when there are too many, with a note, or when memory ran out. */
struct analysis_switch *analysis_switch_find(struct analysis *analysis, const char *id);
/* The same for a session, by the switch's number of it. */
struct analysis_session *analysis_session_find(struct analysis *analysis,
                                               struct analysis_switch *of, uint64_t id);
void analysis_session_destroy(struct analysis_session *session);
void analysis_switch_destroy(struct analysis_switch *of);

#endif
