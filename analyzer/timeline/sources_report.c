/* SPDX-License-Identifier: Apache-2.0 */
/* Machines and sources, told. */
#include "analyzer/report/words.h"
#include "analyzer/timeline/sources.h"

/* Text ---------------------------------------------------------------------------------------- */

static void say_clock(const struct page *page, const struct sources *sources, int number)
{
    const struct machine *machine = &sources->machines[number];
    int reference = sources_reference(sources);
    uint64_t error_ns;
    struct words words;
    if (number == reference) {
        page_say(page, 4, 4, PAGE_PLAIN, "times are by its clock");
    } else if (sources_uncertainty(sources, number, &error_ns)) {
        page_say(page, 4, 4, PAGE_PLAIN,
                 "laid beside by the wall clocks, which are at most %s apart, as the time services "
                 "of both estimate",
                 words_duration(error_ns, &words));
    } else {
        page_say(page, 4, 4, PAGE_WARN,
                 "laid beside by the wall clocks; how far these are apart is unknown: no time "
                 "service told of both. The order of what %s and %s tell is not sure",
                 machine->host[0] != '\0' ? machine->host : "it",
                 sources_machine_name(sources, reference));
    }
    if (machine_spread_ns(machine) > 1000000) {
        page_say(page, 4, 4, PAGE_WARN,
                 "its wall clock was moved by %s in the meantime; times are by its monotonic clock",
                 words_duration(machine_spread_ns(machine), &words));
    }
}

static const char *how_known(const struct source *source)
{
    return source->host[0] != '\0'
               ? "of this machine by its host's name"
               : "which does not tell of which machine it is: taken for this one";
}

static void say_sources(const struct page *page, const struct sources *sources, int machine)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->list[i];
        if ((source->machines >> machine & 1) != 0) {
            page_say(page, 4, 6, PAGE_PLAIN, "%s (%s)", source->path, source->kind);
        } else if (source->guess == machine && source->is_apart) {
            page_say(page, 4, 6, PAGE_WARN,
                     "%s (%s), %s; its times are by another clock than all others', and where it "
                     "stands beside them is unknown. Record it with trace-cmd -C mono",
                     source->path, source->kind, how_known(source));
        } else if (source->guess == machine) {
            page_say(page, 4, 6, PAGE_PLAIN,
                     "%s (%s), %s; its times are taken for CLOCK_MONOTONIC of this boot",
                     source->path, source->kind, how_known(source));
        }
    }
}

/* Why it is put to no machine. */
static void say_homeless(const struct page *page, const struct source *source)
{
    if (source->host[0] == '\0') {
        page_say(page, 2, 4, PAGE_WARN,
                 "%s (%s) does not tell of which machine it is: where it stands beside the "
                 "others is unknown",
                 source->path, source->kind);
    } else if (source->namesakes == 0) {
        page_say(page, 2, 4, PAGE_WARN,
                 "%s (%s) was made on host %s%s%s, of which nothing else tells: where it stands "
                 "beside the others is unknown",
                 source->path, source->kind, source->host, source->system[0] != '\0' ? ", " : "",
                 source->system);
    } else {
        page_say(
            page, 2, 4, PAGE_WARN,
            "%s (%s) was made on host %s, and does not tell in which of its %u boots: where it "
            "stands beside the others is unknown",
            source->path, source->kind, source->host, source->namesakes);
    }
}

void sources_text(const struct page *page, const struct sources *sources)
{
    struct words words;
    for (size_t i = 0; i < sources->machine_count; i++) {
        const struct machine *machine = &sources->machines[i];
        page_say(page, 2, 4, PAGE_BOLD, "%s%s%.8s", sources_machine_name(sources, (int)i),
                 machine->boot_id[0] != '\0' ? ", boot " : "", machine->boot_id);
        say_sources(page, sources, (int)i);
        say_clock(page, sources, (int)i);
    }
    for (size_t i = 0; i < sources->count; i++) {
        const struct source *source = &sources->list[i];
        if (source->machines == 0 && source->guess < 0) {
            say_homeless(page, source);
        }
    }
    if (sources->beyond != 0) {
        page_say(page, 2, 4, PAGE_PLAIN, "and %s that are not named here",
                 words_count(sources->beyond, "source", &words));
    }
}

/* JSON ---------------------------------------------------------------------------------------- */

static void json_machines(struct json_writer *json, const struct sources *sources)
{
    json_array_open(json, "machines");
    for (size_t i = 0; i < sources->machine_count; i++) {
        const struct machine *machine = &sources->machines[i];
        uint64_t error_ns;
        bool is_known = sources_uncertainty(sources, (int)i, &error_ns);
        json_object_open(json, NULL);
        json_text(json, "host", machine->host);
        json_text(json, "boot_id", machine->boot_id);
        json_bool(json, "is_reference", (int)i == sources_reference(sources));
        if (is_known) {
            json_u64(json, "uncertainty_ns", error_ns);
        } else {
            json_none(json, "uncertainty_ns");
        }
        json_u64(json, "wall_clock_moved_ns", machine_spread_ns(machine));
        json_object_close(json);
    }
    json_array_close(json);
}

/* Null: of no machine. */
static const char *known_by(const struct source *source)
{
    return source->machines != 0     ? "itself"
           : source->guess < 0       ? NULL
           : source->host[0] != '\0' ? "host"
                                     : "no other";
}

static void json_source(struct json_writer *json, const struct sources *sources, size_t number)
{
    const struct source *source = &sources->list[number];
    int machine = sources_machine_of(sources, (uint16_t)number);
    json_object_open(json, NULL);
    json_text(json, "path", source->path);
    json_text(json, "kind", source->kind);
    if (machine >= 0) {
        json_u64(json, "machine", (uint64_t)machine);
    } else {
        json_none(json, "machine"); /* not known, or several */
    }
    json_array_open(json, "machines");
    for (size_t i = 0; i < sources->machine_count; i++) {
        if ((source->machines >> i & 1) != 0 || source->guess == (int)i) {
            json_u64(json, NULL, i);
        }
    }
    json_array_close(json);
    json_bool(json, "machine_is_a_guess", source->guess >= 0);
    json_text(json, "machine_known_by", known_by(source));
    json_bool(json, "has_clock_of_its_own", source->is_apart);
    json_u64(json, "events", source->events);
    json_object_close(json);
}

void sources_json(struct json_writer *json, const struct sources *sources)
{
    json_machines(json, sources);
    json_array_open(json, "sources");
    for (size_t i = 0; i < sources->count; i++) {
        json_source(json, sources, i);
    }
    json_array_close(json);
    json_u64(json, "sources_beyond_limit", sources->beyond);
}
