/* SPDX-License-Identifier: Apache-2.0 */
/* In place of readers_ctf.c where libbabeltrace2 was not there to build with. */
#include "base/error.h"
#include "trace/readers/readers_parts.h"

enum xsw_status ctf_read(const char *path, trace_observer *observer, void *context,
                         struct xsw_error *error)
{
    (void)observer;
    (void)context;
    return error_set(error, XSW_UNSUPPORTED,
                     "%s: this xsw was built without libbabeltrace2, so it cannot read CTF; "
                     "install libbabeltrace2-dev and build again",
                     path);
}
