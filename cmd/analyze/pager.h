/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_PAGER_H
#define XSW_CMD_PAGER_H

/*
 * A report that is longer than the terminal, shown from its beginning: through $XSW_PAGER, $PAGER
 * or less(1). Between begin and end a report is written to a file in memory, so that its length is
 * known before it is shown; one that fits, or for which there is no pager, goes to standard output.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdio.h>

struct pager {
    FILE *out;     /* where to write */
    bool is_paged; /* it is a file of ours */
};

/* `is_wanted`: else, and where standard output is no terminal, `out` is standard output. */
void pager_begin(struct pager *pager, bool is_wanted);
/* Shows what was written, and returns when the reader has seen enough. False, with errno, when it
 * could not be: a reader who closes the pager early is no error. What is wrong with standard output
 * itself is for the caller to see, as ever. */
bool pager_end(struct pager *pager);

#endif
