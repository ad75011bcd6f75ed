/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses the port whose name it is told, and holds the NIC of every port when it is asked to,
 * until it is removed itself. */
#include <stddef.h>

#include <xsw/extension.h>

enum { NAME_SIZE = 32, SETTING_REFUSE = 0, SETTING_HOLD = 1 };

struct doorman {
    const struct xsw_host *host;
    char refused[NAME_SIZE];
    uint8_t holds;
    uint16_t held[XSW_PORTS_MAX]; /* references to each NIC */
};

static const struct xsw_setting_info settings[] = {
    {.name = "refuse", .type = XSW_SETTING_TEXT, .default_text = "", .help = "a port's name"},
    {.name = "hold", .type = XSW_SETTING_BOOL, .help = "whether it holds NICs"}};

static enum xsw_status doorman_init(void *state, const struct xsw_host *host,
                                    const struct xsw_setting *values, struct xsw_error *error)
{
    struct doorman *doorman = state;
    const char *name = values[SETTING_REFUSE].texts[0];
    (void)error;
    doorman->host = host;
    doorman->holds = values[SETTING_HOLD].number != 0;
    for (size_t i = 0; name[i] != '\0' && i + 1 < NAME_SIZE; i++) {
        doorman->refused[i] = name[i];
    }
    return XSW_OK;
}

static void doorman_close(void *state)
{
    struct doorman *doorman = state;
    const struct xsw_host *host = doorman->host;
    for (uint16_t port = 1; port < XSW_PORTS_MAX; port++) {
        for (; doorman->held[port] > 0; doorman->held[port]--) {
            host->control->nic_dereference(host, port);
        }
    }
}

static int is_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static enum xsw_status doorman_ask(void *state, const struct xsw_change *change,
                                   struct xsw_error *refusal)
{
    static const char reason[] = "it is not on the list";
    const struct doorman *doorman = state;
    if (change->operation != XSW_OP_PORT_CREATE || doorman->refused[0] == '\0' ||
        !is_equal(change->info->name, doorman->refused)) {
        return XSW_OK;
    }
    for (size_t i = 0; i < sizeof(reason); i++) {
        refusal->text[i] = reason[i];
    }
    return XSW_DENIED;
}

static void doorman_done(void *state, const struct xsw_change *change, enum xsw_status outcome)
{
    (void)state;
    (void)change;
    (void)outcome;
}

static void doorman_told(void *state, const struct xsw_change *change)
{
    struct doorman *doorman = state;
    const struct xsw_host *host = doorman->host;
    if (doorman->holds && change->operation == XSW_OP_NIC_CONNECT &&
        host->control->nic_reference(host, change->port) == XSW_OK) {
        doorman->held[change->port]++;
    }
}

static void doorman_pass(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)batch;
    (void)verdicts;
}

static const struct xsw_filter_ops filter = {.size = sizeof filter, .ingress = doorman_pass};
static const struct xsw_control_ops control = {
    .size = sizeof control, .ask = doorman_ask, .done = doorman_done, .told = doorman_told};

static const struct xsw_extension doorman = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof doorman,
    .name = "doorman",
    .version = "1",
    .description = "decides who comes in",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct doorman),
    .settings = settings,
    .setting_count = sizeof(settings) / sizeof(settings[0]),
    .init = doorman_init,
    .close = doorman_close,
    .filter = &filter,
    .control = &control,
};

XSW_EXTENSION_EXPORT(doorman);
