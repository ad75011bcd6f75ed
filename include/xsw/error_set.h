/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ERROR_SET_H
#define XSW_ERROR_SET_H

/*
 * For extensions: fills in the error that a person will read, and gives the status back, so that
 *     return xsw_error_set(error, XSW_INVALID, "rule %u: expected a port, found %s", n, text);
 * is all that a failure needs. Source only: it becomes part of the extension.
 *
 * Threads: any.
 */

#include <stdarg.h>
#include <stdio.h>

#include <xsw/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* error may be null. One line, no full stop at the end; what does not fit is cut. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4), unused))
#endif
static enum xsw_status
xsw_error_set(struct xsw_error *error, enum xsw_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        error->errno_value = 0;
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

#ifdef __cplusplus
}
#endif
#endif
