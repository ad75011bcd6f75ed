/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forwarder with a table that a person writes: a known address goes to its port, an unknown one
 * to the external port, or from there to the host, and what is for several goes to every connected
 * port but the one it came from. It learns nothing, and it knows no VLANs: it declares no policy,
 * so that the switch refuses VLANs and the security of ports while it is there, instead of
 * promising what nobody does.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <xsw/error_set.h>
#include <xsw/extension.h>

enum { ENTRIES_MAX = 1024, MAC_SIZE = 6, NAME_SIZE = 64, TEXT_SHOWN = 100 };

enum setting { SETTING_TABLE, SETTING_COUNT };
enum reason { REASON_UNKNOWN, REASON_NOT_CONNECTED, REASON_SAME_PORT, REASON_COUNT };
enum status_field { STATUS_ENTRIES, STATUS_WITHOUT_PORT, STATUS_EXTERNAL, STATUS_COUNT };

/* As it was configured. */
struct entry {
    uint64_t mac;
    char port[NAME_SIZE];
};

/* What the workers look into: an immutable snapshot of the entries and the ports that exist. */
struct table {
    uint16_t external, internal; /* XSW_PORT_NONE: there is none */
    uint16_t ports[ENTRIES_MAX]; /* in the order of the entries, which is that of the addresses */
};

struct staticforward {
    const struct xsw_host *host;
    struct entry *entries;
    size_t count;
    _Atomic(struct table *) table; /* written by the control thread */
};

/* On workers ---------------------------------------------------------------------------------- */

static uint64_t mac_value(const uint8_t *mac)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < MAC_SIZE; i++) {
        value = value << 8 | mac[i];
    }
    return value;
}

/* The place of the address among the entries; `count` when it is not there. */
static size_t find(const struct staticforward *forward, uint64_t mac)
{
    size_t low = 0;
    size_t high = forward->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (forward->entries[middle].mac < mac) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < forward->count && forward->entries[low].mac == mac ? low : forward->count;
}

static void drop(struct xsw_verdict *verdict, enum reason reason)
{
    verdict->action = XSW_DROP;
    verdict->reason = (uint16_t)reason;
}

static void forward_one(const struct staticforward *forward, const struct table *table,
                        const struct xsw_packet *packet, const struct xsw_port_set *connected,
                        struct xsw_port_set *destinations, struct xsw_verdict *verdict)
{
    if ((packet->flags & XSW_PACKET_MULTICAST) != 0) {
        *destinations = *connected;
        xsw_port_set_remove(destinations, packet->source_port);
        return; /* the switch drops it when nobody else is there */
    }
    size_t place = find(forward, mac_value(packet->data));
    int is_known = place < forward->count;
    uint16_t outside = packet->source_port != table->external ? table->external : table->internal;
    uint16_t port = is_known ? table->ports[place] : outside;
    if (port == XSW_PORT_NONE) {
        drop(verdict, is_known ? REASON_NOT_CONNECTED : REASON_UNKNOWN);
    } else if (port == packet->source_port) {
        drop(verdict, REASON_SAME_PORT);
    } else if (!xsw_port_set_has(connected, port)) {
        drop(verdict, REASON_NOT_CONNECTED);
    } else {
        xsw_port_set_add(destinations, port);
    }
}

static void staticforward_forward(void *state, const struct xsw_const_batch *batch,
                                  const struct xsw_port_set *connected,
                                  struct xsw_port_set *destinations, struct xsw_verdict *verdicts)
{
    struct staticforward *forward = state;
    /* Pairs with the exchange in rebuild. */
    const struct table *table = atomic_load_explicit(&forward->table, memory_order_acquire);
    for (uint32_t i = 0; i < batch->count; i++) {
        forward_one(forward, table, batch->packets[i], connected, &destinations[i], &verdicts[i]);
    }
}

/* On the control thread ------------------------------------------------------------------------ */

struct building {
    const struct staticforward *forward;
    struct table *table;
    uint16_t left_out; /* a port that is just going */
};

static void add_port(void *context, const struct xsw_port_info *port)
{
    struct building *building = context;
    if (port->is_validation || port->id == building->left_out) {
        return;
    }
    if (port->type == XSW_PORT_EXTERNAL) {
        building->table->external = port->id;
    } else if (port->type == XSW_PORT_INTERNAL) {
        building->table->internal = port->id;
    }
    for (size_t i = 0; i < building->forward->count; i++) {
        if (strcmp(building->forward->entries[i].port, port->name) == 0) {
            building->table->ports[i] = port->id;
        }
    }
}

/* Makes a table for the ports that there are and publishes it. Without memory the old one stays. */
static void rebuild(struct staticforward *forward, uint16_t left_out)
{
    const struct xsw_host *host = forward->host;
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        host->log(host, "staticforward: no memory to take up a change of the ports");
        return;
    }
    struct building building = {forward, table, left_out};
    if (host->control->ports(host, add_port, &building) != XSW_OK) {
        free(table); /* the switch is not active yet, and will tell */
        return;
    }
    struct table *old = atomic_exchange_explicit(&forward->table, table, memory_order_acq_rel);
    host->control->synchronize(host);
    free(old);
}

static void on_change(struct staticforward *forward, const struct xsw_change *change)
{
    switch (change->operation) {
    case XSW_OP_SWITCH_ACTIVATE:
    case XSW_OP_PORT_CREATE:
    case XSW_OP_PORT_UPDATED:
        rebuild(forward, XSW_PORT_NONE);
        break;
    case XSW_OP_PORT_DELETE:
        rebuild(forward, change->port);
        break;
    default:
        break;
    }
}

static enum xsw_status staticforward_ask(void *state, const struct xsw_change *change,
                                         struct xsw_error *refusal)
{
    (void)state;
    (void)change;
    (void)refusal;
    return XSW_OK;
}

static void staticforward_done(void *state, const struct xsw_change *change,
                               enum xsw_status outcome)
{
    if (outcome == XSW_OK) {
        on_change(state, change);
    }
}

static void staticforward_told(void *state, const struct xsw_change *change)
{
    on_change(state, change);
}

static enum xsw_status staticforward_status(void *state, uint32_t feature, uint16_t port,
                                            struct xsw_status_value *values,
                                            struct xsw_error *error)
{
    struct staticforward *forward = state;
    const struct table *table = atomic_load_explicit(&forward->table, memory_order_relaxed);
    (void)feature;
    (void)port;
    (void)error;
    values[STATUS_ENTRIES].number = forward->count;
    values[STATUS_EXTERNAL].number = table->external;
    values[STATUS_WITHOUT_PORT].number = 0;
    for (size_t i = 0; i < forward->count; i++) {
        values[STATUS_WITHOUT_PORT].number += table->ports[i] == XSW_PORT_NONE;
    }
    return XSW_OK;
}

/* Life ---------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return c == '\0' || found == NULL ? -1 : (int)(found - digits);
}

/* Reads "MAC PORT". Returns 0 when it is not that. */
static int parse_entry(struct entry *entry, const char *text)
{
    uint8_t mac[MAC_SIZE];
    /* The first digit that is none ends the walk, so that it never passes the end of the text. */
    for (unsigned i = 0; i < MAC_SIZE; i++) {
        int high = hex_digit(text[3 * i]);
        int low = high < 0 ? -1 : hex_digit(text[3 * i + 1]);
        if (low < 0 || text[3 * i + 2] != (i < MAC_SIZE - 1 ? ':' : ' ')) {
            return 0;
        }
        mac[i] = (uint8_t)(high << 4 | low);
    }
    const char *port = text + 3 * MAC_SIZE;
    size_t length = strlen(port);
    if (length == 0 || length >= sizeof entry->port || strchr(port, ' ') != NULL ||
        (mac[0] & 1) != 0) {
        return 0;
    }
    entry->mac = mac_value(mac);
    memcpy(entry->port, port, length + 1);
    return 1;
}

static int entry_order(const void *one, const void *other)
{
    uint64_t a = ((const struct entry *)one)->mac;
    uint64_t b = ((const struct entry *)other)->mac;
    return (a > b) - (a < b);
}

static enum xsw_status parse_table(struct staticforward *forward, const struct xsw_setting *setting,
                                   struct xsw_error *error)
{
    for (uint32_t i = 0; i < setting->text_count; i++) {
        if (!parse_entry(&forward->entries[i], setting->texts[i])) {
            return xsw_error_set(
                error, XSW_INVALID,
                "table[%u] \"%.*s\": expected \"MAC PORT\", such as \"02:00:00:00:00:01 "
                "web\", with the address of one station",
                i, TEXT_SHOWN, setting->texts[i]);
        }
    }
    forward->count = setting->text_count;
    qsort(forward->entries, forward->count, sizeof *forward->entries, entry_order);
    for (size_t i = 1; i < forward->count; i++) {
        const struct entry *entry = &forward->entries[i];
        if (entry->mac == forward->entries[i - 1].mac) {
            return xsw_error_set(error, XSW_INVALID, "table: an address has two ports, %s and %s",
                                 forward->entries[i - 1].port, entry->port);
        }
    }
    return XSW_OK;
}

static void staticforward_fini(void *state)
{
    struct staticforward *forward = state;
    free(forward->entries);
    free(atomic_load_explicit(&forward->table, memory_order_relaxed));
    forward->entries = NULL;
    atomic_store_explicit(&forward->table, NULL, memory_order_relaxed);
}

static enum xsw_status staticforward_init(void *state, const struct xsw_host *host,
                                          const struct xsw_setting *settings,
                                          struct xsw_error *error)
{
    struct staticforward *forward = state;
    const struct xsw_setting *table = &settings[SETTING_TABLE];
    forward->host = host;
    if (!XSW_HAS(host, struct xsw_host, control) || host->control == NULL) {
        return xsw_error_set(error, XSW_UNSUPPORTED, "this host does not tell of its ports");
    }
    if (table->text_count > ENTRIES_MAX) {
        return xsw_error_set(error, XSW_LIMIT, "table: %u entries, expected at most %d",
                             table->text_count, ENTRIES_MAX);
    }
    struct table *first = calloc(1, sizeof *first);
    forward->entries = calloc((size_t)table->text_count + 1, sizeof *forward->entries);
    atomic_store_explicit(&forward->table, first, memory_order_relaxed);
    enum xsw_status status = XSW_OK;
    if (first == NULL || forward->entries == NULL) {
        status = xsw_error_set(error, XSW_NO_MEMORY, "no memory for %u entries", table->text_count);
    }
    if (status == XSW_OK) {
        status = parse_table(forward, table, error);
    }
    if (status != XSW_OK) {
        staticforward_fini(forward);
        return status;
    }
    /* On a switch that is active already nobody tells of the ports; else SWITCH_ACTIVATE will. */
    struct building building = {forward, first, XSW_PORT_NONE};
    (void)!host->control->ports(host, add_port, &building);
    return XSW_OK;
}

static const struct xsw_reason_info reasons[REASON_COUNT] = {
    [REASON_UNKNOWN] = {"unknown-address",
                        "the address is not in the table, and there is no port for such"},
    [REASON_NOT_CONNECTED] = {"not-connected", "the port of the address is not connected"},
    [REASON_SAME_PORT] = {"static-same-port", "the address is where the packet came from"},
};

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_TABLE] =
        {.name = "table",
         .type = XSW_SETTING_TEXT_LIST,
         .help = "\"MAC PORT\": where a station is; others are behind the external port, or "
                 "from there, the internal one"},
};

static const struct xsw_setting_info status_table[STATUS_COUNT] = {
    [STATUS_ENTRIES] = {.name = "entries",
                        .type = XSW_SETTING_NUMBER,
                        .help = "addresses in the table"},
    [STATUS_WITHOUT_PORT] = {.name = "without-port",
                             .type = XSW_SETTING_NUMBER,
                             .help = "those whose port does not exist"},
    [STATUS_EXTERNAL] = {.name = "external-port",
                         .type = XSW_SETTING_NUMBER,
                         .help = "id of the external port; 0: none"},
};

static const struct xsw_feature_info features[] = {{
    .size = sizeof(struct xsw_feature_info),
    .name = "table",
    .help = "the table in use",
    .scope = XSW_SCOPE_SWITCH,
    .status_fields = status_table,
    .status_count = STATUS_COUNT,
}};

static const struct xsw_forward_ops ops = {.size = sizeof ops, .forward = staticforward_forward};

static const struct xsw_control_ops control = {
    .size = sizeof control,
    .ask = staticforward_ask,
    .done = staticforward_done,
    .told = staticforward_told,
    .status = staticforward_status,
};

static const struct xsw_extension staticforward = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof staticforward,
    .name = "staticforward",
    .version = XSW_VERSION,
    .description = "forwards by a table of addresses and ports",
    .kind = XSW_EXTENSION_FORWARD,
    .state_size = sizeof(struct staticforward),
    .reasons = reasons,
    .reason_count = REASON_COUNT,
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = staticforward_init,
    .fini = staticforward_fini,
    .forward = &ops,
    .control = &control,
    .features = features,
    .feature_count = sizeof features / sizeof features[0],
    .enforces = 0, /* no standard policy */
};

XSW_EXTENSION_EXPORT(staticforward);
