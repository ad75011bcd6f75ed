/* SPDX-License-Identifier: Apache-2.0 */
/* A forwarder that does not decide at once. "hold": keeps each packet until the next tick and sends
 * it to all others when it is asked again. "clone": sends a changed clone in its place. */
#include <string.h>

#include <xsw/extension.h>

enum { KEPT_MAX = 1024 };

struct postpone {
    const struct xsw_host *host;
    struct xsw_packet *kept[KEPT_MAX];
    uint32_t kept_count;
    uint64_t released_up_to; /* ids are given in ascending order by the one worker of the tests */
    char how[16];
};

static int is(const struct postpone *postpone, const char *how)
{
    return strcmp(postpone->how, how) == 0;
}

static enum xsw_status postpone_init(void *state, const struct xsw_host *host,
                                     const struct xsw_setting *settings, struct xsw_error *error)
{
    struct postpone *postpone = state;
    (void)error;
    postpone->host = host;
    strncpy(postpone->how, settings[0].texts[0], sizeof postpone->how - 1);
    return XSW_OK;
}

static void others_choose(const struct xsw_packet *packet, const struct xsw_port_set *connected,
                          struct xsw_port_set *destinations)
{
    *destinations = *connected;
    xsw_port_set_remove(destinations, packet->source_port);
}

static int clone_inject(struct postpone *postpone, uint32_t worker, const struct xsw_packet *packet)
{
    const struct xsw_data_services *data = postpone->host->data;
    struct xsw_packet *clone = data->clone(postpone->host, worker, packet);
    if (clone == NULL) {
        return 0;
    }
    clone->data[clone->length - 1] ^= 0xff;
    return data->inject(postpone->host, worker, clone, XSW_INGRESS) == XSW_OK;
}

static int is_decided(const struct postpone *postpone, const struct xsw_packet *packet)
{
    if (is(postpone, "clone")) {
        return packet->injector == postpone->host->self;
    }
    if (is(postpone, "port-4")) {
        return packet->injector == postpone->host->self || packet->source_port != 4;
    }
    return is(postpone, "hold") && packet->id <= postpone->released_up_to;
}

static void release_all(struct postpone *postpone, uint32_t worker)
{
    const struct xsw_verdict refuse = {
        .action = XSW_DROP, .reason = XSW_REASON_STANDARD | XSW_REASON_NO_DESTINATION, .rule = 4};
    uint32_t count = postpone->kept_count;
    postpone->kept_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        postpone->released_up_to = postpone->kept[i]->id;
        postpone->host->data->release(postpone->host, worker, postpone->kept[i],
                                      is(postpone, "refuse") ? &refuse : NULL);
    }
}

static void postpone_forward(void *state, const struct xsw_const_batch *batch,
                             const struct xsw_port_set *connected,
                             struct xsw_port_set *destinations, struct xsw_verdict *verdicts)
{
    struct postpone *postpone = state;
    if (is(postpone, "again")) {
        release_all(postpone, batch->worker);
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct xsw_packet *packet = batch->packets[i];
        if (is_decided(postpone, packet)) {
            others_choose(packet, connected, &destinations[i]);
        } else if (is(postpone, "clone") || is(postpone, "port-4")) {
            verdicts[i].action =
                clone_inject(postpone, batch->worker, packet) ? XSW_REPLACED : XSW_PASS;
        } else {
            verdicts[i].action = XSW_HOLD;
            postpone->kept[postpone->kept_count++ % KEPT_MAX] =
                (struct xsw_packet *)(uintptr_t)packet;
        }
    }
}

static void postpone_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    struct postpone *postpone = state;
    (void)now_ns;
    if (is(postpone, "hold") || is(postpone, "refuse")) {
        release_all(postpone, worker);
    }
}

static const struct xsw_setting_info settings_table[] = {
    {"how", XSW_SETTING_TEXT, 0, 0, 0, NULL, "what it does"},
};

static const struct xsw_forward_ops ops = {.size = sizeof ops, .forward = postpone_forward};

static const struct xsw_extension postpone_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof postpone_extension,
    .name = "postpone",
    .version = "1.0",
    .description = "decides later",
    .kind = XSW_EXTENSION_FORWARD,
    .flags = XSW_EXTENSION_ORIGINATES | XSW_EXTENSION_HOLDS,
    .state_size = sizeof(struct postpone),
    .settings = settings_table,
    .setting_count = 1,
    .init = postpone_init,
    .forward = &ops,
    .tick_ns = 1000000,
    .tick = postpone_tick,
};

XSW_EXTENSION_EXPORT(postpone_extension);
