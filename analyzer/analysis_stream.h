/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ANALYSIS_STREAM_H
#define XSW_ANALYZER_ANALYSIS_STREAM_H

/* Where the reading of a file stands: for analysis.c, which takes items, and analysis_read.c, which
 * gets them from files. Threads: one. */

#include "analyzer/analysis.h"
#include "analyzer/journey/record.h"

struct analysis_stream {
    struct analysis *analysis;
    size_t number;                    /* of the file */
    struct analysis_file *file;       /* of each item anew: opening another file may move it */
    struct analysis_session *session; /* of the section; null before one of ours */
    bool is_refused;                  /* the section is one of ours, and has found no place */
    struct table taps; /* u32 interface -> struct dictionary_label, the port that it names */
};

/* Names the record's port by its interface, unless that speaks of another port. */
void analysis_port_name(const struct table *taps, uint32_t interface, struct record *record);
/* And, of one that was copied or made, the port where that came from. */
void analysis_source_name(const struct dictionary *dictionary, struct record *record);

#endif
