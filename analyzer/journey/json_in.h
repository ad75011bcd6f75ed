/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_JSON_IN_H
#define XSW_ANALYZER_JSON_IN_H

/*
 * Members of the JSON texts that a recording carries. Nothing in them is trusted: a member that is
 * missing or of another type leaves the default and adds a note that says where it stands and what
 * was expected.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/books/notes.h"

/* A JSON object and where it stands. Kept on the stack while it is walked. */
struct json_in {
    const struct json_t *object; /* of jansson */
    struct notes *notes;
    char path[160]; /* "demo.pcapng, section info: ports[2]" */
};

/* Parses a text into a place named `path`. False, with a note, when it is not a JSON object. Close
 * it in either case. */
bool json_in_open(struct json_in *place, const char *text, size_t length, const char *path,
                  struct notes *notes);
void json_in_close(struct json_in *place);

/* Whole numbers 0 … maximum. Optional: a missing member is no fault. */
bool json_in_number(const struct json_in *place, const char *name, uint64_t maximum,
                    uint64_t *number);
bool json_in_optional(const struct json_in *place, const char *name, uint64_t maximum,
                      uint64_t *number);
/* Text made safe for a terminal; a missing member leaves an empty text. */
void json_in_text(const struct json_in *place, const char *name, char *text, size_t size);
bool json_in_flag(const struct json_in *place, const char *name);
/* The member object; `child->object` is null when it is missing or no object. */
void json_in_child(const struct json_in *place, const char *name, struct json_in *child);
/* The sum of the members that are numbers and not named in `known`, a list that ends with a null.
 */
uint64_t json_in_sum_others(const struct json_in *place, const char *const *known);
/* Calls `visit` for each object of the member array. A missing array is no fault. */
typedef void json_in_visit(const struct json_in *element, void *context);
void json_in_each(const struct json_in *place, const char *name, json_in_visit *visit,
                  void *context);

#endif
