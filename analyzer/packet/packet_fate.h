/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PACKET_FATE_H
#define XSW_ANALYZER_PACKET_FATE_H

/* What the kernel did to a packet behind the switch: the end of its journey that the switch does
 * not see. Threads: one. */

#include "analyzer/packet/packet_view.h"
#include "analyzer/report/page.h"
#include "analyzer/timeline/timeline.h"
#include "formats/json_write.h"

enum { PACKET_FATES_MAX = 16 };

struct packet_fate {
    uint64_t packet_id, time_ns;
    uint32_t alike; /* it is one of so many; 0: it is certain */
    uint8_t by;     /* enum timeline_join_by */
    char text[TIMELINE_TEXT_SIZE];
};

struct packet_fates {
    struct packet_fate list[PACKET_FATES_MAX];
    size_t count;
};

/* Those of the packets that the view shows; behind timeline_finish. */
void packet_fates_find(struct packet_fates *fates, const struct timeline *timeline,
                       const struct packet_view *view);
void packet_fates_text(const struct page *page, const struct packet_fates *fates);
/* "kernel_drops":[…] */
void packet_fates_json(struct json_writer *json, const struct packet_fates *fates);

#endif
