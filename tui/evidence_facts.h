/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_EVIDENCE_FACTS_H
#define XSW_TUI_EVIDENCE_FACTS_H

/* What a record adds to what is known of its journey. Part of evidence.c, apart for its size.
 * Threads: one. */

#include "tui/evidence.h"

void evidence_facts_begin(struct evidence_journey *journey, const struct record *record);
void evidence_facts_add(struct evidence_journey *journey, const struct record *record,
                        const struct dictionary *dictionary);

#endif
