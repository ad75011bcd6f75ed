/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_SOURCES_H
#define XSW_ANALYZER_SOURCES_H

/*
 * Where what is told comes from: files and folders, and the machines that they are of. A source may
 * tell of several machines, as the folder of a relay daemon does, and a machine may have several.
 *
 * Times. Sources of one boot of one machine share CLOCK_MONOTONIC and are in order to the
 * nanosecond. Machines are laid side by side by their wall clocks; how far these may be apart is
 * stated from what their time services said, and is unknown without.
 *
 * All plain values. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/report/page.h"
#include "formats/json_write.h"
#include "formats/pcapng/pcapng_items.h"

enum {
    MACHINES_MAX = 64,
    SOURCES_MAX = 256,
    MACHINE_NAME_SIZE = 64,
    SOURCE_PATH_SIZE = 200,
    SOURCE_SYSTEM_SIZE = 96
};

/* A boot of a machine; or, without a boot id, whatever a source that has none tells of. */
struct machine {
    char boot_id[33]; /* without hyphens; "": not told */
    char host[MACHINE_NAME_SIZE];
    bool has_clock;
    bool is_recorded;   /* a recording has told the clock, which goes before what traces tell */
    uint64_t told_ns;   /* mono_ns of that: the earliest goes before */
    uint64_t offset_ns; /* wall_ns - mono_ns */
    uint64_t least_ns, most_ns; /* of all that were told: apart, when the wall clock was moved */
    bool is_kept;               /* a time service keeps the clock */
    uint64_t error_ns;          /* by its estimate at most so far from true time */
};

struct source {
    char path[SOURCE_PATH_SIZE];
    char kind[16];      /* "pcapng", "ctf", "trace.dat" */
    uint64_t machines;  /* a bit for each that it tells of */
    int16_t guess;      /* it does not tell, and is taken for this one: by its host's name, or since
                           there is no other; -1: not */
    uint16_t namesakes; /* machines that are of that host, as far as one can tell */
    char host[MACHINE_NAME_SIZE]; /* where it was made, without which boot that was; "": not told */
    char system[SOURCE_SYSTEM_SIZE]; /* "Linux 6.1.0-18-amd64 x86_64"; "": not told */
    bool is_apart;                   /* its times are of a clock that is nobody else's */
    uint64_t events;
    bool tells_changes;         /* of what is configured */
    uint64_t first_ns, last_ns; /* of what it tells, by the wall clocks; 0: nothing */
};

/* Times below this are no wall times: they count from the start of some clock. */
static const uint64_t SOURCES_EPOCH_NS = 1000000000000000000;

struct sources {
    struct source list[SOURCES_MAX];
    size_t count;
    uint64_t beyond; /* sources that found no place: their machines are known all the same */
    struct machine machines[MACHINES_MAX];
    size_t machine_count;
};

/* What is told from here on comes from this file. Returns its number; SOURCES_MAX - 1 for all that
 * find no place. */
uint16_t sources_begin(struct sources *sources, const char *path, const char *kind);

/* Where the source was made, as uname(2) says it there: by this one that does not tell its boot is
 * known. The system's kind, release and hardware with a blank between them. Texts may be null. */
void sources_origin(struct sources *sources, uint16_t source, const char *host, const char *system);
/* The machine, found or made; -1: nothing is told of it, or there are too many. Texts may be null.
 */
int sources_machine(struct sources *sources, const char *host, const char *boot_id);
/* The source tells of this machine, at this time by its wall clock. */
void sources_tell(struct sources *sources, uint16_t source, int machine, uint64_t wall_ns);
/* The same moment by both clocks of a machine; 0: not known. All that is told of a machine is
 * placed by one of these, whatever the order in which they come. */
void sources_clock(struct sources *sources, int machine, uint64_t mono_ns, uint64_t wall_ns,
                   bool is_recording);
uint64_t machine_spread_ns(const struct machine *machine);
/* Takes what a time service says of the clock: true when the event is one of these. */
bool sources_clock_event(struct sources *sources, int machine, const struct pcapng_event *event);
/* Behind the last: a source that does not tell its machine is taken for the one whose host and
 * system it names; or, when it names none, for the only one that there is. It says so. */
void sources_guess(struct sources *sources);

/* The machine of something that the source tells without naming one; -1: not known. */
int sources_machine_of(const struct sources *sources, uint16_t source);
/* The wall time of a machine's moment by the clock that was told: one order for all sources of a
 * boot. `wall_ns` when the clock or the moment is not known. */
uint64_t sources_place(const struct sources *sources, int machine, uint64_t mono_ns,
                       uint64_t wall_ns);
/* The machine whose wall clock the times are on; -1: there is none. */
int sources_reference(const struct sources *sources);
/* How far the times of a machine may be off on the reference's clock. False: that is unknown. */
bool sources_uncertainty(const struct sources *sources, int machine, uint64_t *error_ns);
/* Its host, or its boot id; "?" for none. */
const char *sources_machine_name(const struct sources *sources, int machine);

/* For people: each machine, its sources, and how its clock stands to the others. */
void sources_text(const struct page *page, const struct sources *sources);
/* "machines":[…],"sources":[…] */
void sources_json(struct json_writer *json, const struct sources *sources);

/* The field's value, or null. */
const char *event_field(const struct pcapng_event *event, const char *name);
uint64_t event_number(const struct pcapng_event *event, const char *name, uint64_t otherwise);
/* The switch and the port that it is of, by their names whoever tells it; "": none. LTTng tells the
 * port's number beside its name, a recording the name alone. */
const char *event_switch(const struct pcapng_event *event);
const char *event_port(const struct pcapng_event *event);

#endif
