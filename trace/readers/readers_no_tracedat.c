/* SPDX-License-Identifier: Apache-2.0 */
/* In place of readers_tracedat.c where libtracecmd was not there to build with. */
#include "base/error.h"
#include "trace/readers/readers_parts.h"

enum xsw_status tracedat_read(const char *path, trace_observer *observer, void *context,
                              struct xsw_error *error)
{
    (void)observer;
    (void)context;
    return error_set(error, XSW_UNSUPPORTED,
                     "%s: this xsw was built without libtracecmd, so it cannot read trace.dat; "
                     "install libtracecmd-dev and build again",
                     path);
}
