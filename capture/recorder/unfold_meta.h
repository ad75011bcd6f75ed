/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_UNFOLD_META_H
#define XSW_CAPTURE_UNFOLD_META_H

/* A step of an unfolded journey as the metadata of its record: the same for files and for who shows
 * journeys without one. Threads: one at a time. */

#include "capture/recorder/unfold.h"

/* Behind meta_build() and gaps, if there are any. `generation`: of the configuration that decided.
 * `source_name`: of step->source_port, or null. */
void unfold_meta_add(struct meta_builder *builder, const struct unfold_step *step,
                     uint64_t generation, const char *source_name);

#endif
