/* SPDX-License-Identifier: Apache-2.0 */
/* Does on the control path what the strings that it hangs on do: see tests/support/puppet.h.
 * Packets pass; the forwarder sends them to everybody else. */
#include <stddef.h>

#include <xsw/extension.h>

#include "support/puppet.h"

struct puppet_state {
    struct puppet *strings;
};

static enum xsw_status puppet_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    struct puppet_state *puppet = state;
    (void)error;
    puppet->strings = (struct puppet *)(uintptr_t)settings[0].number;
    puppet->strings->host = host;
    return XSW_OK;
}

static void puppet_fini(void *state)
{
    struct puppet_state *puppet = state;
    puppet->strings->host = NULL;
}

static void puppet_told(void *state, const struct xsw_change *change)
{
    struct puppet *strings = ((struct puppet_state *)state)->strings;
    strings->told(strings, change);
}

static const struct xsw_setting_info settings[] = {{.name = "strings",
                                                    .type = XSW_SETTING_NUMBER,
                                                    .maximum = UINT64_MAX,
                                                    .help = "where the test has them"}};

#if PUPPET_KIND == 1
static void puppet_look(void *state, enum xsw_direction direction,
                        const struct xsw_const_batch *batch)
{
    (void)state;
    (void)direction;
    (void)batch;
}

static const struct xsw_capture_ops capture = {.size = sizeof capture, .look = puppet_look};
static const struct xsw_control_ops control = {.size = sizeof control, .told = puppet_told};
#else
static enum xsw_status puppet_ask(void *state, const struct xsw_change *change,
                                  struct xsw_error *refusal)
{
    struct puppet *strings = ((struct puppet_state *)state)->strings;
    return strings->ask(strings, change, refusal);
}

static void puppet_done(void *state, const struct xsw_change *change, enum xsw_status outcome)
{
    struct puppet *strings = ((struct puppet_state *)state)->strings;
    strings->done(strings, change, outcome);
}

static const struct xsw_control_ops control = {
    .size = sizeof control, .ask = puppet_ask, .done = puppet_done, .told = puppet_told};
#endif

#if PUPPET_KIND == 2
static void puppet_pass(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)batch;
    (void)verdicts;
}

static const struct xsw_filter_ops filter = {.size = sizeof filter, .ingress = puppet_pass};
#elif PUPPET_KIND == 3
static void puppet_forward(void *state, const struct xsw_const_batch *batch,
                           const struct xsw_port_set *connected, struct xsw_port_set *destinations,
                           struct xsw_verdict *verdicts)
{
    (void)state;
    (void)verdicts;
    for (uint32_t i = 0; i < batch->count; i++) {
        destinations[i] = *connected;
        xsw_port_set_remove(&destinations[i], batch->packets[i]->source_port);
    }
}

static const struct xsw_forward_ops forward = {.size = sizeof forward, .forward = puppet_forward};
#endif

static const struct xsw_extension puppet = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof puppet,
    .name = "puppet",
    .version = "1",
    .description = "does what the test does",
    .kind = PUPPET_KIND,
    .state_size = sizeof(struct puppet_state),
    .settings = settings,
    .setting_count = 1,
    .init = puppet_init,
    .fini = puppet_fini,
#if PUPPET_KIND == 1
    .capture = &capture,
#elif PUPPET_KIND == 2
    .filter = &filter,
#else
    .forward = &forward,
    .enforces = XSW_POLICY_VLAN | XSW_POLICY_SECURITY,
#endif
    .control = &control,
};

XSW_EXTENSION_EXPORT(puppet);
