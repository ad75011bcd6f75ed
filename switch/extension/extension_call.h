/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_EXTENSION_CALL_H
#define XSW_SWITCH_EXTENSION_CALL_H

/*
 * One call of an extension on a worker: who is called, in which operation, with which packets, and
 * what it has made meanwhile. The data path services (switch/extension/services_data.c) allow only
 * what the running call allows.
 *
 * Threads: belongs to one worker.
 */

#include <stdint.h>

#include <xsw/extension.h>

#include "switch/path/counters.h"

struct batch;
struct packet;
struct stage;
struct worker;
struct extension_instance;

enum {
    CALL_MADE_MAX = 2 * XSW_BATCH_MAX, /* packets that an extension can make in a call */
    CALL_DEPTH_MAX = 8                 /* packets made for packets made for packets … */
};

enum call_kind { CALL_NONE, CALL_LOOK, CALL_INGRESS, CALL_EGRESS, CALL_FORWARD, CALL_TICK };

struct made_packet {
    struct packet *packet;         /* null: injected or discarded */
    const struct packet *original; /* null: not a clone */
    uint8_t is_injected;
};

struct extension_call {
    struct extension_instance *instance; /* null: no call is running */
    const struct batch *batch;           /* null in a tick */
    enum call_kind kind;
    uint16_t stage; /* id, for what is counted */
    uint32_t made_count;
    struct made_packet made[CALL_MADE_MAX];
};

void extension_call_begin(struct worker *worker, struct extension_instance *instance,
                          enum call_kind kind, uint16_t stage, const struct batch *batch);
/* Takes back what the extension made and forgot. */
void extension_call_end(struct worker *worker);
/* Whether a clone of the packet was injected in this call. Also after its end. */
int extension_call_has_replaced(const struct worker *worker, const struct packet *packet);
/* The id of the reason that the instance gives in a verdict; REASON_SILENT_DROP when it is none
 * that it may give. */
uint16_t extension_drop_reason(const struct extension_instance *instance, uint16_t reason);
/* A packet that the extension might write to comes back: what only the switch may set is set again,
 * and its headers are parsed. REASON_BAD_PACKET when it is no frame in its buffer any more; it is
 * then empty. */
uint16_t extension_take_back(struct worker *worker, uint16_t stage, struct packet *packet);
void extension_violation(struct worker *worker, uint16_t stage, enum violation violation);

#endif
