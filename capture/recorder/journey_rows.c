/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ids of ports mean in a recording. A switch gives them again; so a tap point is that of an id
 * and of the time from which on it meant this port: a row. Mostly there is one for each id, and
 * never more than JOURNEY_ROWS_OF_ID_MAX, however long the file goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/recorder/journey_parts.h"

uint32_t journey_points_left(const struct journey_file *file)
{
    return PCAPNG_INTERFACES_MAX - file->interface_count;
}

static struct journey_row *row_make(struct journey_file *file, uint16_t port, uint64_t since)
{
    struct journey_row *row = calloc(1, sizeof(*row));
    if (row == NULL) {
        return NULL;
    }
    memset(row->interfaces, 0xff, sizeof(row->interfaces));
    row->since = since;
    /* The latest first: it is what is asked for. */
    struct journey_row **at = &file->rows[port];
    while (*at != NULL && (*at)->since > since) {
        at = &(*at)->older;
    }
    row->older = *at;
    *at = row;
    return row;
}

struct journey_row *journey_row_get(struct journey_file *file, struct worker_place *place,
                                    uint16_t port)
{
    struct journey_row **known = &place->rows[port % XSW_PORTS_MAX];
    if (*known != NULL) {
        return *known;
    }
    struct tap_port meant = {0};
    if (file->options.port != NULL) {
        file->options.port(file->options.context, port, place->generation, &meant);
    }
    struct journey_row *row = file->rows[port % XSW_PORTS_MAX];
    while (row != NULL && row->since != meant.since) {
        row = row->older;
    }
    *known = row != NULL ? row : row_make(file, port % XSW_PORTS_MAX, meant.since);
    return *known;
}

void journey_rows_forget(struct journey_file *file)
{
    for (uint32_t worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
        memset(file->workers[worker].rows, 0, sizeof(file->workers[worker].rows));
    }
    for (uint32_t port = 0; port < XSW_PORTS_MAX; port++) {
        for (struct journey_row *row = file->rows[port]; row != NULL;) {
            struct journey_row *older = row->older;
            free(row);
            row = older;
        }
        file->rows[port] = NULL;
    }
}

/* Of one at which nothing was written since, what was told last is still true; losses are told with
 * what ids mean now. */
static enum xsw_status row_statistics(struct journey_file *file, struct journey_row *row,
                                      uint64_t lost, bool tells_all, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (uint32_t stage = 0; status == XSW_OK && stage < STAGES_MAX; stage++) {
        if (row->interfaces[stage] == JOURNEY_NO_INTERFACE ||
            (!tells_all && row->told[stage] == row->records[stage])) {
            continue;
        }
        struct pcapng_statistics statistics = {.interface = row->interfaces[stage],
                                               .has = PCAPNG_HAS_DELIVERED | PCAPNG_HAS_DROPPED,
                                               .timestamp_ns =
                                                   clock_mono_ns() + file->options.wall_offset_ns,
                                               .delivered = row->records[stage],
                                               .dropped = lost};
        status = pcapng_writer_statistics(file->writer, &statistics, error);
        row->told[stage] = row->records[stage];
    }
    return status;
}

enum xsw_status journey_rows_cut(struct journey_file *file, uint16_t port,
                                 const struct journey_row *needed, struct xsw_error *error)
{
    port %= XSW_PORTS_MAX;
    struct journey_row **oldest = NULL;
    uint32_t count = 0;
    for (struct journey_row **at = &file->rows[port]; *at != NULL; at = &(*at)->older) {
        oldest = *at != needed ? at : oldest;
        count++;
    }
    if (count <= JOURNEY_ROWS_OF_ID_MAX) {
        return XSW_OK;
    }
    struct journey_row *gone = *oldest;
    enum xsw_status status = row_statistics(file, gone, file->lost_told, false, error);
    *oldest = gone->older;
    for (uint32_t worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
        struct journey_row **known = &file->workers[worker].rows[port];
        *known = *known != gone ? *known : NULL;
    }
    free(gone);
    return status;
}

enum xsw_status journey_rows_statistics(struct journey_file *file, uint64_t lost, bool tells_all,
                                        struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    bool tells_loss = tells_all || lost != file->lost_told;
    for (uint32_t port = 0; port < XSW_PORTS_MAX; port++) {
        for (struct journey_row *row = file->rows[port]; status == XSW_OK && row != NULL;
             row = row->older) {
            bool is_now = row == file->rows[port];
            status = row_statistics(file, row, lost, tells_all || (is_now && tells_loss), error);
        }
    }
    file->lost_told = lost;
    return status;
}
