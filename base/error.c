/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct xsw_error *error, enum xsw_status status, int errno_value,
                 const char *format, va_list arguments)
{
    error->status = status;
    error->errno_value = errno_value;
    vsnprintf(error->text, sizeof(error->text), format, arguments);
}

enum xsw_status error_set(struct xsw_error *error, enum xsw_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fill(error, status, 0, format, arguments);
        va_end(arguments);
    }
    return status;
}

enum xsw_status error_errno(struct xsw_error *error, const char *format, ...)
{
    int saved = errno;
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fill(error, XSW_IO, saved, format, arguments);
        va_end(arguments);
        size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof(error->text) - used, ": %s", strerror(saved));
    }
    errno = saved;
    return XSW_IO;
}

enum xsw_status error_prefix(struct xsw_error *error, const char *format, ...)
{
    if (error == NULL) {
        return XSW_INVALID;
    }
    char text[sizeof(error->text)];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof(text)) {
        size_t room = sizeof(text) - (size_t)used;
        snprintf(text + used, room, ": %.*s", room > 3 ? (int)room - 3 : 0, error->text);
    }
    memcpy(error->text, text, sizeof(text));
    return error->status;
}

const char *status_name(enum xsw_status status)
{
    switch (status) {
    case XSW_OK:
        return "ok";
    case XSW_END:
        return "end";
    case XSW_AGAIN:
        return "again";
    case XSW_INVALID:
        return "invalid";
    case XSW_NO_MEMORY:
        return "no-memory";
    case XSW_IO:
        return "io";
    case XSW_NOT_FOUND:
        return "not-found";
    case XSW_EXISTS:
        return "exists";
    case XSW_DENIED:
        return "denied";
    case XSW_UNSUPPORTED:
        return "unsupported";
    case XSW_CORRUPT:
        return "corrupt";
    case XSW_TRUNCATED:
        return "truncated";
    case XSW_BUSY:
        return "busy";
    case XSW_LIMIT:
        return "limit";
    }
    return "unknown";
}
