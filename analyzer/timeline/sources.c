/* SPDX-License-Identifier: Apache-2.0 */
/* See sources.h. How they are told is in sources_report.c. */
#include "analyzer/timeline/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/books/notes.h"

const char *event_field(const struct pcapng_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return event->fields[i].value;
        }
    }
    return NULL;
}

uint64_t event_number(const struct pcapng_event *event, const char *name, uint64_t otherwise)
{
    const char *text = event_field(event, name);
    return text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : otherwise;
}

const char *event_switch(const struct pcapng_event *event)
{
    const char *name = event_field(event, "switch_name");
    name = name != NULL ? name : event_field(event, "switch");
    return name != NULL ? name : "";
}

const char *event_port(const struct pcapng_event *event)
{
    const char *name = event_field(event, "port_name");
    const char *port = event_field(event, "port");
    if (name != NULL && (name[0] != '\0' || port == NULL || strcmp(port, "0") == 0)) {
        return name;
    }
    return port != NULL ? port : "";
}

uint16_t sources_begin(struct sources *sources, const char *path, const char *kind)
{
    if (sources->count == SOURCES_MAX) {
        sources->beyond++;
        return SOURCES_MAX - 1;
    }
    struct source *source = &sources->list[sources->count];
    *source = (struct source){.guess = -1};
    snprintf(source->path, sizeof(source->path), "%s", path);
    snprintf(source->kind, sizeof(source->kind), "%s", kind);
    return (uint16_t)sources->count++;
}

void sources_origin(struct sources *sources, uint16_t number, const char *host, const char *system)
{
    if (number >= sources->count) {
        return;
    }
    struct source *source = &sources->list[number];
    text_make_safe(source->host, sizeof(source->host), host != NULL ? host : "");
    text_make_safe(source->system, sizeof(source->system), system != NULL ? system : "");
}

/* Both spellings of a UUID are one. */
static void boot_id_plain(char plain[33], const char *boot_id)
{
    size_t length = 0;
    for (const char *c = boot_id; c != NULL && *c != '\0' && length < 32; c++) {
        if (*c != '-') {
            plain[length++] = *c;
        }
    }
    plain[length] = '\0';
}

int sources_machine(struct sources *sources, const char *host, const char *boot_id)
{
    char plain[33];
    char name[MACHINE_NAME_SIZE];
    boot_id_plain(plain, boot_id);
    text_make_safe(name, sizeof(name), host != NULL ? host : "");
    if (plain[0] == '\0' && name[0] == '\0') {
        return -1;
    }
    for (size_t i = 0; i < sources->machine_count; i++) {
        const struct machine *machine = &sources->machines[i];
        bool is_same = plain[0] != '\0' ? strcmp(machine->boot_id, plain) == 0
                                        : strcmp(machine->host, name) == 0;
        if (is_same) {
            return (int)i;
        }
    }
    if (sources->machine_count == MACHINES_MAX) {
        return -1;
    }
    struct machine *machine = &sources->machines[sources->machine_count];
    *machine = (struct machine){0};
    text_make_safe(machine->boot_id, sizeof(machine->boot_id), plain);
    memcpy(machine->host, name, sizeof(name));
    return (int)sources->machine_count++;
}

void sources_tell(struct sources *sources, uint16_t number, int machine, uint64_t wall_ns)
{
    if (number >= sources->count) {
        return;
    }
    struct source *source = &sources->list[number];
    bool is_clock = wall_ns != 0 && wall_ns < SOURCES_EPOCH_NS;
    source->is_apart |= is_clock && strcmp(source->kind, "trace.dat") == 0;
    if (machine >= 0) {
        source->machines |= 1ULL << machine;
    }
    if (wall_ns != 0 && (source->first_ns == 0 || wall_ns < source->first_ns)) {
        source->first_ns = wall_ns;
    }
    source->last_ns = wall_ns > source->last_ns ? wall_ns : source->last_ns;
}

void sources_clock(struct sources *sources, int number, uint64_t mono_ns, uint64_t wall_ns,
                   bool is_recording)
{
    if (number < 0 || mono_ns == 0 || wall_ns == 0) {
        return;
    }
    struct machine *machine = &sources->machines[number];
    uint64_t offset_ns = wall_ns - mono_ns;
    bool is_first = !machine->has_clock;
    bool is_better =
        is_recording == machine->is_recorded ? mono_ns < machine->told_ns : is_recording;
    if (is_first || is_better) {
        machine->has_clock = true;
        machine->is_recorded = is_recording;
        machine->told_ns = mono_ns;
        machine->offset_ns = offset_ns;
    }
    machine->least_ns = is_first || offset_ns < machine->least_ns ? offset_ns : machine->least_ns;
    machine->most_ns = is_first || offset_ns > machine->most_ns ? offset_ns : machine->most_ns;
}

uint64_t machine_spread_ns(const struct machine *machine)
{
    return machine->most_ns - machine->least_ns;
}

bool sources_clock_event(struct sources *sources, int number, const struct pcapng_event *event)
{
    if (event->name == NULL || strcmp(event->name, "clock") != 0 ||
        event_field(event, "synchronized") == NULL || number < 0) {
        return false;
    }
    struct machine *machine = &sources->machines[number];
    const char *error_us = event_field(event, "max_error_us");
    bool is_kept = event_number(event, "synchronized", 0) == 1 && error_us != NULL;
    uint64_t error_ns = is_kept ? event_number(event, "max_error_us", 0) * 1000 : 0;
    machine->is_kept = is_kept;
    machine->error_ns = error_ns > machine->error_ns ? error_ns : machine->error_ns;
    if (event->mono_ns != 0) {
        sources_clock(sources, number, event->mono_ns,
                      event->mono_ns + event_number(event, "wall_offset_ns", 0), true);
    }
    return true;
}

/* Both are uname(2)'s three words; what others write of the system is no evidence. */
static bool is_other_system(const char *one, const char *other)
{
    char word[3][SOURCE_SYSTEM_SIZE];
    char more[2];
    const char *systems[] = {one, other};
    for (size_t i = 0; i < 2; i++) {
        if (sscanf(systems[i], "%95s %95s %95s %1s", word[0], word[1], word[2], more) != 3) {
            return false;
        }
    }
    return strcmp(one, other) != 0;
}

/* Its host has that name, and no recording of it was made on another system. */
static bool is_namesake(const struct sources *sources, const struct source *source, size_t machine)
{
    bool is_one = strcmp(sources->machines[machine].host, source->host) == 0;
    for (size_t i = 0; i < sources->count && is_one; i++) {
        const struct source *of = &sources->list[i];
        is_one = of->machines != 1ULL << machine || !is_other_system(of->system, source->system);
    }
    return is_one;
}

void sources_guess(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct source *source = &sources->list[i];
        bool is_named = source->host[0] != '\0';
        source->guess = -1;
        source->namesakes = 0;
        for (size_t j = 0; j < sources->machine_count && source->machines == 0; j++) {
            if (!is_named || is_namesake(sources, source, j)) {
                source->namesakes++;
                source->guess = (int16_t)j;
            }
        }
        source->guess = source->namesakes == 1 ? source->guess : -1;
    }
}

int sources_machine_of(const struct sources *sources, uint16_t number)
{
    if (number >= sources->count) {
        return -1;
    }
    const struct source *source = &sources->list[number];
    bool is_one = source->machines != 0 && (source->machines & (source->machines - 1)) == 0;
    return is_one ? __builtin_ctzll(source->machines) : source->guess;
}

uint64_t sources_place(const struct sources *sources, int machine, uint64_t mono_ns,
                       uint64_t wall_ns)
{
    if (machine >= 0 && mono_ns != 0 && sources->machines[machine].has_clock) {
        return mono_ns + sources->machines[machine].offset_ns;
    }
    return wall_ns;
}

int sources_reference(const struct sources *sources)
{
    for (size_t i = 0; i < sources->machine_count; i++) {
        if (sources->machines[i].has_clock) {
            return (int)i;
        }
    }
    return sources->machine_count > 0 ? 0 : -1;
}

bool sources_uncertainty(const struct sources *sources, int machine, uint64_t *error_ns)
{
    int reference = sources_reference(sources);
    *error_ns = 0;
    if (machine == reference) {
        return machine >= 0;
    }
    if (machine < 0 || reference < 0) {
        return false;
    }
    const struct machine *one = &sources->machines[machine];
    const struct machine *other = &sources->machines[reference];
    *error_ns = one->error_ns + machine_spread_ns(one) + other->error_ns + machine_spread_ns(other);
    return one->is_kept && other->is_kept;
}

const char *sources_machine_name(const struct sources *sources, int number)
{
    if (number < 0 || (size_t)number >= sources->machine_count) {
        return "?";
    }
    const struct machine *machine = &sources->machines[number];
    return machine->host[0] != '\0' ? machine->host : machine->boot_id;
}
