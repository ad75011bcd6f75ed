/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_STORY_H
#define XSW_TRACE_KERNEL_STORY_H

/*
 * What the kernel did, told: equal events of one turn become one with a number, and each of these
 * becomes an event of a recording, with a sentence for people. A packet that is dropped again and
 * again would else drown everything.
 *
 * Recorders tell packets apart (`by_packet`), so that each drop can be put to its journey later:
 * drops with other first bytes are events of their own, up to a number of them in a turn, and
 * those beyond it become one event that names no packet.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/pcapng/pcapng_items.h"
#include "trace/kernel/kernel.h"

enum {
    KERNEL_GROUPS_MAX = 1024,
    KERNEL_PACKETS_ALIKE = 64, /* events of their own in a turn, of packets dropped alike */
    KERNEL_UNLISTED_MAX = 256, /* groups at places that are nobody's yet */
    KERNEL_UNLISTED_ALIKE = 4, /* events of their own there */
    KERNEL_STORY_FIELDS = 16,
    KERNEL_STORY_SIZE = 320
};

struct kernel_groups {
    struct kernel_group list[KERNEL_GROUPS_MAX];
    size_t count;
    bool by_packet;
};

/* Adds to an equal one, or makes one. False: there is no room; tell and clear the groups first. */
bool kernel_groups_add(struct kernel_groups *groups, const struct kernel_event *event);

/* An event of a recording, and all texts that it points to; do not copy it. */
struct kernel_story {
    struct pcapng_event event;
    struct pcapng_event_field fields[KERNEL_STORY_FIELDS];
    bool are_numbers[KERNEL_STORY_FIELDS]; /* the others are texts, whatever they look like */
    char message[KERNEL_STORY_SIZE];
    char texts[KERNEL_STORY_FIELDS][KERNEL_STORY_SIZE / 2];
};

/* `wall_offset_ns` is wall_ns - mono_ns. Host and boot id are the caller's to set. */
void kernel_story_tell(struct kernel_story *story, const struct kernel_group *group,
                       uint64_t wall_offset_ns);

#endif
