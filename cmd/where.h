/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_WHERE_H
#define XSW_CMD_WHERE_H

/*
 * --where on the command line: an expression is checked before anything is opened, and an error
 * shows where it is.
 */

#include <stdbool.h>

/* Whether the expression can be read, names apart; if not, that has been said on standard error. */
bool where_is_readable(const char *program, const char *expression);

/* Shows the place in the same way when the error is one of xswd's about the expression,
 * "where: column N: …"; else nothing. */
void where_explain(const char *expression, const char *error);

#endif
