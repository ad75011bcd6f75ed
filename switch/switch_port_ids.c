/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids of ports are few, and are given again without end; a packet has nothing else. So an id is
 * given to another port only when no packet is under way that means the one before:
 *
 * - When a port goes, each worker takes up a snapshot without it, between two batches: no packet in
 *   a batch has its id any more, and none is received with it.
 * - What is held on a worker, by extensions or bandwidth queues, each worker has shown when it took
 *   up its newest snapshot (worker.held_ports). It may only have become less since.
 * - Frames that wait to be originated are looked through here.
 *
 * Who looks on resolves an id by the generation under which a packet ended: from port_slot.since on
 * it means the port of the slot; before, one of vswitch.past_ports.
 *
 * What an id was before stays known as long as an observer may ask.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/path/frame_queue.h"
#include "switch/state.h"

/* Taking ------------------------------------------------------------------------------------- */

static bool is_in_flight(const struct vswitch *vswitch, uint16_t id)
{
    for (uint32_t i = 0; i < vswitch->worker_count; i++) {
        uint64_t word =
            atomic_load_explicit(&vswitch->workers[i]->held_ports[id / 64], memory_order_relaxed);
        if ((word >> id % 64 & 1) != 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        const struct frame_queue *frames = vswitch->extensions[i]->frames;
        if (frames != NULL && frame_queue_has_source(frames, id)) {
            return true;
        }
    }
    return vswitch->announcements != NULL && frame_queue_has_source(vswitch->announcements, id);
}

static bool is_free(const struct vswitch *vswitch, uint16_t id)
{
    const struct port_slot *slot = &vswitch->ports[id];
    return slot->life == XSW_STATE_NOT_CREATED &&
           (slot->config.name[0] == '\0' || !is_in_flight(vswitch, id));
}

/* Ids go round, so that one that was given back is not soon another port's. */
static uint16_t next_free(struct vswitch *vswitch)
{
    for (uint32_t tries = 0; tries < XSW_PORTS_MAX - 1; tries++) {
        uint16_t id = vswitch->next_port;
        vswitch->next_port = (uint16_t)(id % (XSW_PORTS_MAX - 1) + 1);
        if (is_free(vswitch, id)) {
            return id;
        }
    }
    return XSW_PORT_NONE;
}

static uint32_t ports_count(const struct vswitch *vswitch)
{
    uint32_t count = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        count += port_slot_exists(&vswitch->ports[id]);
    }
    return count;
}

enum xsw_status port_id_take(struct vswitch *vswitch, uint16_t *taken, struct xsw_error *error)
{
    uint16_t id = next_free(vswitch);
    if (id == XSW_PORT_NONE && !vswitch->is_held && ports_count(vswitch) < XSW_PORTS_MAX - 1) {
        /* What is held is told with each snapshot; perhaps it is less by now. */
        enum xsw_status status = vswitch_publish(vswitch, error);
        if (status != XSW_OK) {
            return status;
        }
        id = next_free(vswitch);
    }
    *taken = id;
    if (id != XSW_PORT_NONE) {
        return XSW_OK;
    }
    uint32_t count = ports_count(vswitch);
    return count == XSW_PORTS_MAX - 1
               ? error_set(error, XSW_LIMIT,
                           "there are %u ports already, which is all that a "
                           "switch can have",
                           count)
               : error_set(error, XSW_LIMIT,
                           "no port id is free: there are %d; %u are those of ports, and of ports "
                           "that are gone the others, whose packets an extension or a bandwidth "
                           "limit still holds: try again when it has let them go",
                           XSW_PORTS_MAX - 1, count);
}

/* The past ----------------------------------------------------------------------------------- */

/* The lowest generation that somebody may still ask about; UINT64_MAX: nobody asks. */
static uint64_t asked_since(const struct vswitch *vswitch)
{
    uint64_t since = UINT64_MAX;
    for (uint32_t i = 0; i < OBSERVERS_MAX; i++) {
        const struct observer *observer = vswitch->observers[i];
        if (observer != NULL && observer->asks_names && observer->names_since < since) {
            since = observer->names_since;
        }
    }
    return since;
}

/* In vswitch->past_ports the place behind an entry's end is the `since` of the next of its id. */
static bool is_asked_about(const struct vswitch *vswitch, size_t index, uint64_t since)
{
    const struct port_name *past = vswitch->past_ports;
    for (size_t next = index + 1; next < vswitch->past_count; next++) {
        if (past[next].id == past[index].id) {
            return past[next].since > since;
        }
    }
    return vswitch->ports[past[index].id].since > since;
}

static void past_prune(struct vswitch *vswitch, size_t room)
{
    uint64_t since = asked_since(vswitch);
    size_t first = vswitch->past_count > room ? vswitch->past_count - room : 0;
    size_t kept = 0;
    for (size_t i = first; i < vswitch->past_count; i++) {
        if (is_asked_about(vswitch, i, since)) {
            vswitch->past_ports[kept++] = vswitch->past_ports[i];
        }
    }
    vswitch->past_count = kept;
}

static enum xsw_status past_grow(struct vswitch *vswitch, struct xsw_error *error)
{
    enum { FIRST = 64 };
    size_t capacity = vswitch->past_capacity == 0 ? FIRST : 2 * vswitch->past_capacity;
    struct port_name *more =
        reallocarray(vswitch->past_ports, capacity, sizeof(*vswitch->past_ports));
    if (more == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the names of ports that are gone");
    }
    vswitch->past_ports = more;
    vswitch->past_capacity = capacity;
    return XSW_OK;
}

enum xsw_status port_id_forget(struct vswitch *vswitch, uint16_t id, struct xsw_error *error)
{
    const struct port_slot *slot = &vswitch->ports[id];
    if (slot->config.name[0] == '\0' || asked_since(vswitch) > slot->removed_at) {
        return XSW_OK;
    }
    past_prune(vswitch, VSWITCH_PAST_PORTS_MAX - 1);
    if (vswitch->past_count == vswitch->past_capacity) {
        enum xsw_status status = past_grow(vswitch, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    struct port_name *past = &vswitch->past_ports[vswitch->past_count++];
    *past = (struct port_name){.id = id, .kind = slot->config.kind, .since = slot->since};
    memcpy(past->name, slot->config.name, sizeof(past->name));
    return XSW_OK;
}

size_t vswitch_past_ports(struct vswitch *vswitch, const struct port_name **names)
{
    past_prune(vswitch, VSWITCH_PAST_PORTS_MAX);
    *names = vswitch->past_ports;
    return vswitch->past_count;
}

enum xsw_status port_id_tell(const struct vswitch *vswitch, struct xsw_error *error)
{
    for (uint32_t i = 0; i < OBSERVERS_MAX; i++) {
        struct observer *observer = vswitch->observers[i];
        if (observer != NULL && observer->port_comes != NULL) {
            enum xsw_status status = observer->port_comes(observer->owner, error);
            if (status != XSW_OK) {
                return status;
            }
        }
    }
    return XSW_OK;
}
