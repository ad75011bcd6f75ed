/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ERROR_H
#define XSW_ERROR_H

/*
 * How a call ended. Negative: it failed. Zero: done. Positive: a normal other outcome.
 *
 * A function that can fail returns this and takes, as its last parameter, an optional
 * `struct xsw_error *` for the sentence that a person reads: what was wrong, where (file, byte
 * offset, JSON path), and what was expected. There is no thread-local state.
 */

#ifdef __cplusplus
extern "C" {
#endif

enum xsw_status {
    XSW_OK = 0,
    XSW_END = 1,   /* nothing more will come */
    XSW_AGAIN = 2, /* nothing now, ask again later */

    XSW_INVALID = -1,     /* an argument or a request makes no sense */
    XSW_NO_MEMORY = -2,   /* memory could not be had */
    XSW_IO = -3,          /* the system refused: see errno_value */
    XSW_NOT_FOUND = -4,   /* the named thing does not exist */
    XSW_EXISTS = -5,      /* the name or id is taken */
    XSW_DENIED = -6,      /* the caller may not do this */
    XSW_UNSUPPORTED = -7, /* known, but not offered here */
    XSW_CORRUPT = -8,     /* bytes from outside break their format */
    XSW_TRUNCATED = -9,   /* the input ends inside a record; all before it was given */
    XSW_BUSY = -10,       /* in use by another */
    XSW_LIMIT = -11       /* a documented limit is reached */
};

/* Detail for people. The caller owns it; a callee that fails fills it, one that succeeds leaves it.
 */
struct xsw_error {
    enum xsw_status status;
    int errno_value; /* errno when status is XSW_IO, else 0 */
    char text[360];  /* one line, no full stop at the end, always terminated */
};

#if defined(__GNUC__)
#define XSW_MUST_CHECK __attribute__((warn_unused_result))
#else
#define XSW_MUST_CHECK
#endif

#ifdef __cplusplus
}
#endif
#endif
