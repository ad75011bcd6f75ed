/* SPDX-License-Identifier: Apache-2.0 */
/* In place of kernel.c where libtracefs was not there to build with. */
#include "base/error.h"
#include "trace/kernel/kernel.h"

enum xsw_status kernel_trace_open(const struct kernel_options *options, struct kernel_trace **trace,
                                  struct xsw_error *error)
{
    (void)options;
    (void)trace;
    return error_set(error, XSW_UNSUPPORTED,
                     "this xsw was built without libtracefs, so it cannot read events of the "
                     "kernel; install libtracefs-dev and build again");
}

const char *kernel_trace_remark(const struct kernel_trace *trace)
{
    (void)trace;
    return "";
}

enum xsw_status kernel_trace_watch(struct kernel_trace *trace, const struct kernel_device *devices,
                                   size_t count, uint64_t asked_ns, struct xsw_error *error)
{
    (void)trace;
    (void)devices;
    (void)count;
    (void)asked_ns;
    return error_set(error, XSW_UNSUPPORTED, "built without libtracefs");
}

enum xsw_status kernel_trace_read(struct kernel_trace *trace, struct xsw_error *error)
{
    (void)trace;
    return error_set(error, XSW_UNSUPPORTED, "built without libtracefs");
}

bool kernel_trace_waits(const struct kernel_trace *trace, bool is_last)
{
    (void)trace;
    (void)is_last;
    return false;
}

void kernel_trace_tell(struct kernel_trace *trace, bool is_last, kernel_observer *observer,
                       void *context)
{
    (void)trace;
    (void)is_last;
    (void)observer;
    (void)context;
}

uint64_t kernel_trace_lost(const struct kernel_trace *trace)
{
    (void)trace;
    return 0;
}

uint64_t kernel_trace_silent(const struct kernel_trace *trace)
{
    (void)trace;
    return 0;
}

uint64_t kernel_trace_told_until(const struct kernel_trace *trace)
{
    (void)trace;
    return 0;
}

void kernel_trace_close(struct kernel_trace *trace)
{
    (void)trace;
}
