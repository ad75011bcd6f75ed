/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/readers/readers.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "trace/readers/readers_parts.h"

enum { DEPTH_MAX = 12 };

/* Whether a CTF trace is in the folder, or in one below. */
static bool has_metadata(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof(copy), "%s", path);
    char *const roots[] = {copy, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    bool found = false;
    FTSENT *entry;
    while (walk != NULL && !found && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_level > DEPTH_MAX) {
            fts_set(walk, entry, FTS_SKIP);
        }
        found = entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
                strcmp(entry->fts_name, "metadata") == 0;
    }
    if (walk != NULL) {
        fts_close(walk);
    }
    return found;
}

/* trace-cmd.dat(5): the first bytes. */
static bool is_tracedat(const char *path)
{
    static const char magic[] = "\x17\x08\x44tracing";
    char first[sizeof(magic) - 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_one = fd >= 0 && read(fd, first, sizeof(first)) == (ssize_t)sizeof(first) &&
                  memcmp(first, magic, sizeof(first)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_one;
}

enum trace_kind trace_kind_find(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return TRACE_NONE;
    }
    if (S_ISDIR(about.st_mode)) {
        return has_metadata(path) ? TRACE_CTF : TRACE_NONE;
    }
    return S_ISREG(about.st_mode) && is_tracedat(path) ? TRACE_DAT : TRACE_NONE;
}

void read_event_begin(struct read_event *read, const char *name, const char *source)
{
    read->event = (struct pcapng_event){.priority = PCAPNG_PRIORITY_INFO,
                                        .source = source,
                                        .name = read->name,
                                        .message = read->message,
                                        .fields = read->fields};
    snprintf(read->name, sizeof(read->name), "%s", name);
    snprintf(read->message, sizeof(read->message), "%s", name);
}

void read_event_field(struct read_event *read, const char *name, const char *value)
{
    size_t i = read->event.field_count;
    if (i == PCAPNG_EVENT_FIELDS_MAX) {
        return;
    }
    snprintf(read->names[i], sizeof(read->names[i]), "%s", name);
    snprintf(read->values[i], sizeof(read->values[i]), "%s", value);
    read->fields[i] = (struct pcapng_event_field){read->names[i], read->values[i]};
    read->event.field_count++;
    if (value[0] == '\0') {
        return;
    }
    size_t used = strlen(read->message);
    snprintf(read->message + used, sizeof(read->message) - used, "%s%s=%s", i == 0 ? ": " : " ",
             read->names[i], read->values[i]);
}

enum xsw_status trace_read(const char *path, enum trace_kind kind, trace_observer *observer,
                           void *context, struct xsw_error *error)
{
    switch (kind) {
    case TRACE_CTF:
        return ctf_read(path, observer, context, error);
    case TRACE_DAT:
        return tracedat_read(path, observer, context, error);
    case TRACE_NONE:
        break;
    }
    return error_set(error, XSW_UNSUPPORTED, "%s: neither a CTF folder nor a trace.dat", path);
}
