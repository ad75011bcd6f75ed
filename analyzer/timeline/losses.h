/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_LOSSES_H
#define XSW_ANALYZER_LOSSES_H

/*
 * When something is not known, since what would have told it was lost: each from when to when.
 * Where only the end is known it is "up to", and what still lasts ends with its source. Losses of
 * one kind that follow each other in one source are one.
 *
 * All plain values. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/timeline/sources.h"
#include "base/text.h"
#include "formats/pcapng/pcapng_items.h"

enum { LOSSES_MAX = 512, LOSS_TEXT_SIZE = 200, LOSS_SESSION_SIZE = 136 };

enum loss_kind {
    LOSS_KERNEL,   /* the kernel's buffer was full: drops behind ports are missing */
    LOSS_UNTOLD,   /* the kernel is not followed */
    LOSS_EVENTS,   /* the tracer, or the recorder, lost events */
    LOSS_PACKETS,  /* whole packets of a trace, with an unknown number of events */
    LOSS_JOURNEYS, /* a capture session lost journeys */
    LOSS_KINDS
};

struct loss {
    uint64_t from_ns, until_ns; /* by the wall clock; 0: not known. losses_place makes the order */
    uint64_t from_mono_ns, until_mono_ns; /* 0: not known */
    uint64_t count;                       /* what is missing; 0: not told */
    bool is_more;                         /* and of some it was not told how many */
    bool is_open;                         /* lasted when the source ended */
    bool
        is_first_hand; /* of LOSS_JOURNEYS: told by the capture that lost them, not by the switch */
    bool is_repeat;    /* another one tells of the same. losses_place makes it */
    uint8_t kind;      /* enum loss_kind */
    int16_t machine;   /* -1: not known */
    uint16_t source;
    char session[LOSS_SESSION_SIZE]; /* of LOSS_JOURNEYS: the switch's name and the session's, with
                                        a blank between them; "": not told */
    char
        text[LOSS_TEXT_SIZE]; /* of LOSS_UNTOLD: why; of LOSS_JOURNEYS: the session, or the cause */
};

struct losses {
    struct loss list[LOSSES_MAX];
    size_t count;
    uint64_t beyond;
};

/* Takes the event when it tells of a loss, and says so. The end of one that lasted is no loss. */
bool losses_take(struct losses *losses, const struct pcapng_event *event, uint16_t source,
                 int machine);
/* Whose journeys were lost, as the switch and its recordings both call it. */
void loss_session_set(struct loss *loss, const char *switch_name, const char *session);
/* One that is known otherwise. */
void losses_keep(struct losses *losses, const struct loss *loss);
/* Behind the last event: times on the clocks of `sources`, the end of what still lasts, and which
 * of them tell what another one tells too. These stay, since they say of whose knowledge they are a
 * part, but people are told of the other one alone. */
void losses_place(struct losses *losses, const struct sources *sources);

/* The next loss of this machine (or of one that is not known) in the span, from the place on;
 * null: there is none. After losses_place. */
const struct loss *losses_find(const struct losses *losses, int machine, uint64_t first_ns,
                               uint64_t last_ns, size_t *place);
/* "kernel", "kernel-untold", "events", "trace-packets" or "journeys". */
const char *loss_kind_name(uint8_t kind);
/* "12 events of the kernel were lost", without a full stop. */
void loss_append(struct text *text, const struct loss *loss);
/* "from 12:00:01.000000 to 12:00:02.000000", "up to …", "from … on". */
void loss_span_append(struct text *text, const struct loss *loss);

#endif
