/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_MODEL_H
#define XSW_CERTIFY_MODEL_H

/*
 * The kit's own host, for what a switch does only by accident. It loads the object once and starts
 * as many instances of it as a trial wants, calls their operations one by one, and knows a few
 * ports. What an extension originates goes nowhere.
 *
 * A frame that it shows lies in pages of its own: its end, or its beginning, is at a page that
 * cannot be touched.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/extension.h>

#include "certify/spy.h"
#include "certify/trial.h"
#include "switch/extension/extension_host.h"

enum { MODEL_PORTS = TRAFFIC_STATIONS + 1 }; /* the last one is for what trials do with it */

struct model_port {
    enum xsw_port_state state;
    struct xsw_port_info info;
    char name[8];
    uint32_t port_references, nic_references;
};

struct model_slot {
    struct xsw_packet packet;
    uint8_t *start, *end; /* of what can be touched */
    bool is_held;
};

struct model {
    struct trial *trial;
    void *library;
    const struct xsw_extension *real;   /* as it was found */
    const struct xsw_extension *seen;   /* the spy's */
    struct extension_instance settings; /* as they were given; nothing else of it is used */
    bool is_active;
    bool is_short; /* so many packets are held that a batch was smaller than it should be */
    struct model_port ports[MODEL_PORTS + 1]; /* by id */
    struct model_slot slots[XSW_BATCH_MAX];
    uint64_t now_ns, next_id;
};

struct model_instance {
    struct model *model;
    struct xsw_host host;
    void *state;
    struct spy_instance *spied;
};

/* Loads it and reads the settings; false after a problem that was told. Ports 1 … TRAFFIC_STATIONS
 * are connected, and the switch is active. */
bool model_open(struct model *model, struct trial *trial);
void model_close(struct model *model);
/* Other settings than those of the trial. */
bool model_settings(struct model *model, const struct extension_setting *settings, size_t count,
                    struct xsw_error *error);

/* A new instance, or why there is none. */
enum xsw_status model_start(struct model *model, struct model_instance *instance,
                            struct xsw_error *error) XSW_MUST_CHECK;
void model_stop(struct model_instance *instance);

/* `count` frames of the traffic through all operations of its kind, and a tick. `is_bad`: of those
 * that nobody should send. `at_start`: the page that cannot be touched is the one before. */
void model_batch(struct model_instance *instance, struct traffic *traffic, uint32_t count,
                 bool is_bad, bool at_start);
/* Some rounds of honest traffic. */
void model_traffic(struct model_instance *instance, struct traffic *traffic, uint32_t rounds);

/* A change of a port of the model, or with 0 of the switch. The state is that which the operation
 * leads to. */
struct xsw_change model_change(struct model *model, enum xsw_operation operation, uint16_t port,
                               const struct xsw_property *property);
/* The control operations of the descriptor that the host sees; all null when it has none. */
const struct xsw_control_ops *model_control(const struct model *model);
/* Asks, tells that it is done, or that it failed with `outcome`; capture extensions are told.
 * Returns what ask gave, XSW_OK without one. */
enum xsw_status model_ask(struct model_instance *instance, const struct xsw_change *change,
                          enum xsw_status outcome);
void model_tell(struct model_instance *instance, const struct xsw_change *change);

#endif
