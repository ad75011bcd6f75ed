/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/analyze/traces.h"

#include "trace/readers/readers.h"

struct taking {
    struct analysis *analysis;
    uint16_t source;
};

static void event_take(const struct pcapng_event *event, const struct trace_about *about,
                       void *context)
{
    struct taking *taking = context;
    bool has_mono = about->has_mono && about->boot_id != NULL;
    if (about->boot_id == NULL) {
        sources_origin(&taking->analysis->sources, taking->source, about->host, about->system);
    }
    analysis_trace_event(taking->analysis, taking->source, event, has_mono);
}

enum xsw_status traces_take(struct analysis *analysis, const char *path, struct xsw_error *error)
{
    enum trace_kind kind = trace_kind_find(path);
    struct analysis_stream *stream = NULL;
    struct taking taking = {.analysis = analysis};
    struct xsw_error problem = {0};
    if (kind == TRACE_NONE) {
        return XSW_NOT_FOUND;
    }
    enum xsw_status status = analysis_trace_open(
        analysis, path, kind == TRACE_CTF ? "ctf" : "trace.dat", &stream, &taking.source, error);
    if (status < 0) {
        return status;
    }
    status = trace_read(path, kind, event_take, &taking, &problem);
    analysis_stream_close(stream, status < 0 ? status : XSW_END, problem.text);
    return XSW_OK;
}
