/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_MODEL_H
#define XSW_TUI_MODEL_H

/*
 * What the screens show, as plain data: names, counters now and a while back, and lists. Where it
 * comes from, a running switch or a recording, is not to be seen here; the feeder fills it
 * (cmd/top/top_live.c, cmd/top/top_recording.c), the screens only read it.
 *
 * Counters are kept as samples: each is all counters of one moment, counted from the beginning. A
 * rate is the difference of two samples, so that the past can be looked at like the present. Live,
 * the oldest sample makes room for the newest. Of a recording, whose length nobody knows at its
 * beginning, every second sample is given up when there are too many, and the step doubles.
 *
 * Memory is fixed when the model is made: 600 samples of 20 KiB. What finds no place is counted.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"

enum {
    MODEL_STAGES_MAX = 64,
    MODEL_PORTS_MAX = 256,
    MODEL_DROPS_MAX = 256, /* pairs of stage and reason */
    MODEL_SAMPLES_MAX = 600,
    MODEL_EXTENSIONS_MAX = 32,
    MODEL_MACS_MAX = 4096,
    MODEL_SESSIONS_MAX = 64,
    MODEL_EVENTS_MAX = 1024,
    MODEL_NAME_SIZE = 64,
    MODEL_TEXT_SIZE = 400
};

struct model_stage {
    uint64_t in, made, out, dropped, replaced, changed;
    int64_t held;    /* there now */
    int64_t residue; /* in + made - out - dropped - replaced - held; not 0: does not balance */
};

struct model_port {
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, dropped_in, dropped_out;
};

/* What became of the journeys that were offered as evidence. */
struct model_account {
    uint64_t offered, filtered, sampled, written, lost;
    uint64_t lost_drops; /* live: by the session that has those that were dropped */
};

struct model_sample {
    uint64_t wall_ns; /* 0: there is none */
    uint64_t generation;
    struct model_stage stages[MODEL_STAGES_MAX]; /* by id */
    struct model_port ports[MODEL_PORTS_MAX];    /* as the model's */
    uint8_t
        owners[MODEL_PORTS_MAX]; /* live: which of the ports that had the id, model_port_owner() */
    uint64_t drops[MODEL_DROPS_MAX]; /* by the model's drop places */
    struct model_account account;
    uint64_t mac_entries, mac_moved;
};

struct model_port_info {
    bool is_there;
    uint8_t owner;                    /* live: that owner_name is of */
    char owner_name[MODEL_NAME_SIZE]; /* as the counters told it last */
    bool is_taken;                    /* of a recording: by the port of the label */
    struct dictionary_label label;
    char name[MODEL_NAME_SIZE], kind[16], state[16], vlan[24];
};

struct model_drop_key {
    uint16_t stage, reason;
};

struct model_extension {
    char name[MODEL_NAME_SIZE], extension[MODEL_NAME_SIZE], version[32], kind[16];
    bool is_enabled;
    uint64_t silent, violations; /* packets are counted by its stages, in the samples */
};

struct model_mac {
    char mac[20], port[MODEL_NAME_SIZE];
    uint16_t vlan;
    uint64_t age_s; /* live */
    bool has_moves; /* of a recording: the next two are told, and no age */
    uint64_t moves, packets;
    uint64_t moved_by; /* the packet that moved it first */
};

struct model_session {
    uint32_t id;
    bool is_own; /* the viewer's */
    char name[MODEL_NAME_SIZE];
    char filter[MODEL_TEXT_SIZE], where[MODEL_TEXT_SIZE];
    uint64_t snap_length, ring_bytes;
    struct model_account account;
};

enum model_severity { MODEL_NOTE, MODEL_WARNING, MODEL_ALARM };

struct model_event {
    uint64_t wall_ns;
    enum model_severity severity;
    char kind[24]; /* "port", "configuration", … */
    char text[MODEL_TEXT_SIZE];
    char where[96]; /* metadata expression for the packets behind it, or "" */
};

/* Offers all records of a recording, the oldest first, as an analysis_observer takes them. */
typedef enum xsw_status model_records(void *of, analysis_observer *take, void *context,
                                      struct xsw_error *error);

struct model {
    bool is_recording;      /* else live */
    model_records *records; /* of a recording that the evidence has only a part of; or null */
    void *records_of;
    char source[MODEL_TEXT_SIZE]; /* path of the recording, or of the socket */
    uint64_t started_ns;          /* wall time at which we, or the recording, began */
    bool changes_are_counted;     /* `changed` of stages is of all packets, not of the evidence */
    bool is_connected;
    const struct analysis_switch *of;  /* names; the feeder's */
    uint16_t stages[MODEL_STAGES_MAX]; /* ids in the order of the pipeline */
    size_t stage_count;
    /* Live by id; of a recording by model_port_place(), which is the id where that meant one port
     * all the time. */
    struct model_port_info ports[MODEL_PORTS_MAX];
    uint64_t ports_beyond; /* records of ports without a place */
    struct model_drop_key drops[MODEL_DROPS_MAX];
    size_t drop_count;
    uint64_t drops_beyond; /* pairs without a place */
    struct model_extension extensions[MODEL_EXTENSIONS_MAX];
    size_t extension_count;
    struct model_mac *macs;
    size_t mac_count;
    uint64_t macs_total;
    struct model_session sessions[MODEL_SESSIONS_MAX];
    size_t session_count;
    struct model_event *events; /* a ring: the newest is events[(event_next - 1) % MAX] */
    uint64_t event_next;
    /* the samples: a ring of which `sample_count` are there, the newest before sample_next */
    struct model_sample *samples;
    uint64_t sample_next;
    size_t sample_count;
    uint64_t step_ns;  /* between two samples */
    uint64_t thinned;  /* how often the step was doubled */
    char recorder[96]; /* state of the flight recorder, or "" */
    char verdict[96];  /* of a recording: whether its numbers add up */
};

enum xsw_status model_create(struct model **model, struct xsw_error *error) XSW_MUST_CHECK;
void model_destroy(struct model *model); /* accepts null */

/* The place of a pair in a sample's `drops`, made when it is new; SIZE_MAX when there is none. */
size_t model_drop_place(struct model *model, uint16_t stage, uint16_t reason);
/* An id of a port that was removed is given to another one, whose counters begin anew. The number
 * of the one that has it now: the next one each time that the name is not the one before. */
uint8_t model_port_owner(struct model *model, uint16_t id, const char *name);
/* The place of a port of a recording, made when it is new; SIZE_MAX when there is none. */
size_t model_port_place(struct model *model, struct dictionary_label label);
/* Sorts model->stages by their order in the pipeline, after the dictionary has changed. */
void model_order_stages(struct model *model);
/* A new sample, a copy of `sample`. */
void model_push(struct model *model, const struct model_sample *sample);
/* Number `back` before the newest, 0 is the newest; null when there is none. */
const struct model_sample *model_sample(const struct model *model, size_t back);
/* The sample that is at least `window_ns` older than number `back`, or the oldest one. */
const struct model_sample *model_before(const struct model *model, size_t back, uint64_t window_ns);
void model_event(struct model *model, enum model_severity severity, uint64_t wall_ns,
                 const char *kind, const char *format, ...) __attribute__((format(printf, 5, 6)));
size_t model_event_count(const struct model *model);
/* Number `back` before the newest. */
struct model_event *model_event_at(const struct model *model, size_t back);

#endif
