/* SPDX-License-Identifier: Apache-2.0 */
/* A packet that the kernel dropped behind a port is one that the switch has sent there, or could
 * not: the kernel tells its first bytes, and the recording has them with the packet's id. Equal
 * packets cannot be told apart; then it is the last one. */
#include <string.h>

#include "analyzer/timeline_parts.h"

enum { HEAD_SIZE = 64 };

static const uint64_t APART_NS = 1000000000;

static uint64_t hash_bytes(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 1469598103934665603ULL ^ length;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211ULL;
    }
    return hash | 1;
}

static struct packet_end *place_of(const struct timeline *timeline, uint64_t hash)
{
    return &timeline->ends[(hash >> 20) % PACKET_ENDS];
}

void packet_end_put(struct timeline *timeline, const struct record *record)
{
    size_t whole = record->original_length < HEAD_SIZE ? record->original_length : HEAD_SIZE;
    if (record->captured_length < whole || whole == 0) {
        return; /* too little of it was captured */
    }
    uint64_t hash = hash_bytes(record->bytes, whole);
    *place_of(timeline, hash) = (struct packet_end){hash, record->packet_id, record->time_ns};
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

uint64_t packet_end_find(const struct timeline *timeline, const char *head, uint64_t time_ns)
{
    uint8_t bytes[HEAD_SIZE];
    size_t length = 0;
    while (length < HEAD_SIZE && head[2 * length] != '\0') {
        int high = digit_of(head[2 * length]);
        int low = digit_of(head[2 * length + 1]);
        if (high < 0 || low < 0) {
            return 0;
        }
        bytes[length++] = (uint8_t)(high << 4 | low);
    }
    uint64_t hash = hash_bytes(bytes, length);
    const struct packet_end *end = place_of(timeline, hash);
    uint64_t apart = end->time_ns > time_ns ? end->time_ns - time_ns : time_ns - end->time_ns;
    return length > 0 && end->hash == hash && apart < APART_NS ? end->packet_id : 0;
}
