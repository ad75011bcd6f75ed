/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BASE_ERROR_H
#define XSW_BASE_ERROR_H

/* Fills struct xsw_error. All take a null error and return the status, so that a caller writes
 * `return error_set(error, XSW_INVALID, "…", …);`. Any thread. */

#include <xsw/error.h>

enum xsw_status error_set(struct xsw_error *error, enum xsw_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with status XSW_IO; ": <strerror(errno)>" is appended and errno kept in the error. */
enum xsw_status error_errno(struct xsw_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the text of an error that is being passed on, and returns its status. */
enum xsw_status error_prefix(struct xsw_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "invalid", "not-found", …: stable names for --json. */
const char *status_name(enum xsw_status status);

#endif
