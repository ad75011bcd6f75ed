/* SPDX-License-Identifier: Apache-2.0 */
/* Uses the data path services in the way that the setting "how" names: rightly, or against a rule
 * that the host is to notice. A filter on both sides, with a tick each millisecond. */
#include <string.h>

#include <xsw/extension.h>

/* Of letgo.so: what it holds is dropped when it goes. */
#ifndef WORKSHOP_MORE_FLAGS
#define WORKSHOP_MORE_FLAGS 0
#endif

enum { KEPT_MAX = 4096 };

struct workshop {
    char how[24];
    const struct xsw_host *host;
    struct xsw_packet *kept[KEPT_MAX];
    uint32_t kept_count;
    uint32_t ticks;
};

static int is(const struct workshop *workshop, const char *how)
{
    return strcmp(workshop->how, how) == 0;
}

static enum xsw_status workshop_init(void *state, const struct xsw_host *host,
                                     const struct xsw_setting *settings, struct xsw_error *error)
{
    struct workshop *workshop = state;
    (void)error;
    strncpy(workshop->how, settings[0].texts[0], sizeof workshop->how - 1);
    workshop->host = host;
    return XSW_OK;
}

static void keep(struct workshop *workshop, struct xsw_packet *packet, struct xsw_verdict *verdict)
{
    verdict->action = XSW_HOLD;
    verdict->rule = 9;
    workshop->kept[workshop->kept_count++ % KEPT_MAX] = packet;
}

static struct xsw_packet *clone_inject(struct workshop *workshop, uint32_t worker,
                                       const struct xsw_packet *packet)
{
    const struct xsw_data_services *data = workshop->host->data;
    struct xsw_packet *clone = data->clone(workshop->host, worker, packet);
    if (clone != NULL) {
        clone->data[clone->length - 1] ^= 0xff;
        (void)!data->inject(workshop->host, worker, clone, XSW_INGRESS);
    }
    return clone;
}

/* A broadcast with 46 bytes that say 0x88b5, an EtherType for experiments. */
static void originate(struct workshop *workshop, uint32_t worker, uint16_t source_port)
{
    static const uint8_t head[14] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0x77, 0x88, 0xb5};
    const struct xsw_data_services *data = workshop->host->data;
    struct xsw_packet *packet = data->alloc(workshop->host, worker, 60);
    if (packet == NULL) {
        return;
    }
    memcpy(packet->data, head, sizeof head);
    if (source_port != 0 &&
        data->set_source(workshop->host, worker, packet, source_port) != XSW_OK) {
        data->discard(workshop->host, worker, packet);
        return;
    }
    (void)!data->inject(workshop->host, worker, packet, XSW_INGRESS);
}

static void ingress_one(struct workshop *workshop, uint32_t worker, struct xsw_packet *packet,
                        struct xsw_verdict *verdict)
{
    const struct xsw_data_services *data = workshop->host->data;
    if (is(workshop, "hold-in") || is(workshop, "hold-for-ever") ||
        strncmp(workshop->how, "held-", 5) == 0) {
        keep(workshop, packet, verdict);
    } else if (is(workshop, "originate") && packet->injector == 0) {
        originate(workshop, worker, 0);
    } else if (is(workshop, "originate-as-1") && packet->injector == 0) {
        originate(workshop, worker, 1);
    } else if (is(workshop, "originate-as-99") && packet->injector == 0) {
        originate(workshop, worker, 99);
    } else if (is(workshop, "leak")) {
        (void)data->alloc(workshop->host, worker, 60);
    } else if (is(workshop, "release-others")) {
        data->release(workshop->host, worker, packet, NULL);
    } else if (is(workshop, "inject-others")) {
        (void)!data->inject(workshop->host, worker, packet, XSW_INGRESS);
    } else if (is(workshop, "say-replaced")) {
        verdict->action = XSW_REPLACED;
    } else if (is(workshop, "source-2")) {
        (void)!data->set_source(workshop->host, worker, packet, 2);
    } else if (is(workshop, "replace-in") && packet->injector != workshop->host->self) {
        verdict->action = clone_inject(workshop, worker, packet) != NULL ? XSW_REPLACED : XSW_PASS;
    }
}

static void workshop_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        ingress_one(state, batch->worker, batch->packets[i], &verdicts[i]);
    }
}

static void egress_inject(struct workshop *workshop, uint32_t worker,
                          const struct xsw_packet *packet, int is_changed)
{
    const struct xsw_data_services *data = workshop->host->data;
    struct xsw_packet *clone = data->clone(workshop->host, worker, packet);
    if (clone != NULL) {
        clone->data[clone->length - 1] ^= (uint8_t)is_changed;
        (void)!data->inject(workshop->host, worker, clone, XSW_EGRESS);
    }
}

static void egress_one(struct workshop *workshop, uint32_t worker, const struct xsw_packet *packet,
                       struct xsw_verdict *verdict)
{
    int is_own = packet->injector == workshop->host->self;
    if (is(workshop, "hold-out")) {
        keep(workshop, (struct xsw_packet *)(uintptr_t)packet, verdict);
    } else if (is(workshop, "replace-out") && !is_own) {
        verdict->rule = 5;
        verdict->action = clone_inject(workshop, worker, packet) != NULL ? XSW_REPLACED : XSW_PASS;
    } else if (is(workshop, "replace-for-ever")) {
        verdict->action = clone_inject(workshop, worker, packet) != NULL ? XSW_REPLACED : XSW_PASS;
    } else if (is(workshop, "duplicate-out") && !is_own) {
        egress_inject(workshop, worker, packet, 0);
    } else if (is(workshop, "change-out") && !is_own) {
        egress_inject(workshop, worker, packet, 1);
    } else if (is(workshop, "source-out") && !is_own) {
        const struct xsw_data_services *data = workshop->host->data;
        struct xsw_packet *clone = data->clone(workshop->host, worker, packet);
        (void)!data->set_source(workshop->host, worker, clone, 3);
        (void)!data->inject(workshop->host, worker, clone, XSW_EGRESS);
    }
}

static void workshop_egress(void *state, const struct xsw_const_batch *batch,
                            struct xsw_verdict *verdicts)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        egress_one(state, batch->worker, batch->packets[i], &verdicts[i]);
    }
}

/* What it does to a packet that it holds, before it lets it go. */
static void held_change(const struct workshop *workshop, struct xsw_packet *packet)
{
    if (is(workshop, "held-rewrite")) {
        packet->data[packet->length - 1] ^= 0xff;
    } else if (is(workshop, "held-tag")) {
        packet->data -= 4;
        packet->length += 4;
        memmove(packet->data, packet->data + 4, 12);
        memcpy(packet->data + 12, "\x81\x00\x00\x07", 4);
    } else if (is(workshop, "held-outside")) {
        packet->data -= 4096;
    } else if (is(workshop, "held-runt")) {
        packet->length = 5;
    } else if (is(workshop, "held-source")) {
        packet->source_port = 0;
        packet->id = 7;
    }
}

static void workshop_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    struct workshop *workshop = state;
    const struct xsw_verdict drop = {.action = XSW_DROP, .reason = 0, .rule = 3};
    (void)now_ns;
    workshop->ticks++;
    if (is(workshop, "hold-for-ever") || worker != 0) {
        return;
    }
    for (uint32_t i = 0; i < workshop->kept_count; i++) {
        held_change(workshop, workshop->kept[i]);
        /* Every fourth one is dropped. */
        workshop->host->data->release(workshop->host, worker, workshop->kept[i],
                                      i % 4 == 3 ? &drop : NULL);
    }
    workshop->kept_count = 0;
    if (is(workshop, "originate-in-tick")) {
        originate(workshop, worker, 0);
    }
}

static const struct xsw_reason_info reasons_table[] = {
    {"workshop-said-no", "The workshop has thrown it away"},
};

static const struct xsw_setting_info settings_table[] = {
    {"how", XSW_SETTING_TEXT, 0, 0, 0, NULL, "what it does"},
};

static const struct xsw_filter_ops ops = {
    .size = sizeof ops, .ingress = workshop_ingress, .egress = workshop_egress};

static const struct xsw_extension workshop_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof workshop_extension,
    .name = "workshop",
    .version = "1.0",
    .description = "uses the data path services",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_ORIGINATES | XSW_EXTENSION_HOLDS | XSW_EXTENSION_CHANGES_BYTES |
             WORKSHOP_MORE_FLAGS,
    .state_size = sizeof(struct workshop),
    .reasons = reasons_table,
    .reason_count = 1,
    .settings = settings_table,
    .setting_count = 1,
    .init = workshop_init,
    .filter = &ops,
    .tick_ns = 1000000,
    .tick = workshop_tick,
};

XSW_EXTENSION_EXPORT(workshop_extension);
