/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const struct kernel_known_event kernel_known_events[KERNEL_KNOWN] = {
    [KERNEL_NET_QUEUE] = {"net", "net_dev_queue"},
    [KERNEL_NET_START] = {"net", "net_dev_start_xmit"},
    [KERNEL_NET_RECEIVE] = {"net", "netif_receive_skb"},
    [KERNEL_SKB_FREE] = {"skb", "kfree_skb"},
    [KERNEL_SKB_CONSUME] = {"skb", "consume_skb"},
    [KERNEL_XDP_ERROR] = {"xdp", "xdp_redirect_err"},
    [KERNEL_XDP_FAULT] = {"xdp", "xdp_exception"},
};

static struct kernel_field field_find(struct tep_event *event, const char *name)
{
    const struct tep_format_field *field = tep_find_any_field(event, name);
    struct kernel_field found = {0};
    if (field != NULL && field->offset >= 0 && field->offset <= UINT16_MAX && field->size > 0 &&
        field->size <= UINT16_MAX) {
        found = (struct kernel_field){(uint16_t)field->offset, (uint16_t)field->size};
    }
    return found;
}

static struct kernel_layout layout_find(struct tep_handle *tep,
                                        const struct kernel_known_event *known)
{
    struct tep_event *event = tep_find_event_by_name(tep, known->system, known->name);
    if (event == NULL) {
        return (struct kernel_layout){.id = -1};
    }
    return (struct kernel_layout){
        .id = event->id,
        .packet = field_find(event, "skbaddr"),
        .location = field_find(event, "location"),
        .reason = field_find(event, "reason"),
        .protocol = field_find(event, "protocol"),
        .length = field_find(event, "len"),
        .name = field_find(event, "name"),
        .action = field_find(event, "act"),
        .ifindex = field_find(event, "ifindex"),
        .error = field_find(event, "err"),
        .program = field_find(event, "prog_id"),
    };
}

/* The names stand in the event's print format: __print_symbolic(REC->reason, { 2, "…" }, …). */
static void reasons_find(struct kernel_format *format)
{
    const struct kernel_known_event *known = &kernel_known_events[KERNEL_SKB_FREE];
    struct tep_event *event = tep_find_event_by_name(format->tep, known->system, known->name);
    const struct tep_print_arg *arg = event != NULL ? event->print_fmt.args : NULL;
    while (arg != NULL && arg->type != TEP_PRINT_SYMBOL) {
        arg = arg->next;
    }
    const struct tep_print_flag_sym *symbol = arg != NULL ? arg->symbol.symbols : NULL;
    for (; symbol != NULL; symbol = symbol->next) {
        char *end = NULL;
        unsigned long long number = strtoull(symbol->value, &end, 0);
        if (end != symbol->value && number < KERNEL_REASONS_MAX && symbol->str != NULL) {
            format->reasons[number] = symbol->str;
        }
    }
}

enum xsw_status kernel_format_init(struct kernel_format *format, struct tep_handle *tep,
                                   struct xsw_error *error)
{
    *format = (struct kernel_format){.tep = tep};
    for (unsigned i = 0; i < KERNEL_KNOWN; i++) {
        format->layouts[i] = layout_find(tep, &kernel_known_events[i]);
    }
    const struct kernel_layout *freed = &format->layouts[KERNEL_SKB_FREE];
    if (freed->id < 0 || freed->packet.size == 0 || freed->reason.size == 0) {
        kernel_format_fini(format);
        return error_set(error, XSW_UNSUPPORTED,
                         "the kernel's event skb:kfree_skb tells no reason, expected Linux 5.17 or "
                         "later");
    }
    reasons_find(format);
    return XSW_OK;
}

void kernel_format_fini(struct kernel_format *format)
{
    tep_free(format->tep);
    *format = (struct kernel_format){0};
}

enum kernel_known kernel_format_find(const struct kernel_format *format, int id)
{
    unsigned i = 0;
    while (i < KERNEL_KNOWN && format->layouts[i].id != id) {
        i++;
    }
    return (enum kernel_known)i;
}

uint64_t kernel_format_number(const struct kernel_field *field, const void *event, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)event + field->offset;
    uint64_t number = 0;
    if (field->size > sizeof(number) || (size_t)field->offset + field->size > size) {
        return 0;
    }
    switch (field->size) {
    case 1:
        return bytes[0];
    case 2: {
        uint16_t value;
        memcpy(&value, bytes, sizeof(value));
        return value;
    }
    case 4: {
        uint32_t value;
        memcpy(&value, bytes, sizeof(value));
        return value;
    }
    case 8:
        memcpy(&number, bytes, sizeof(number));
        return number;
    default:
        return 0;
    }
}

void kernel_format_text(const struct kernel_field *field, const void *event, size_t size,
                        char *text, size_t capacity)
{
    /* Where it is in the lower half, how long it is, with its zero, in the upper one. */
    uint64_t place = kernel_format_number(field, event, size);
    size_t offset = place & 0xffff;
    size_t length = place >> 16 & 0xffff;
    text[0] = '\0';
    if (field->size != 4 || offset + length > size) {
        return;
    }
    length = strnlen((const char *)event + offset, length);
    length = length < capacity ? length : capacity - 1;
    memcpy(text, (const char *)event + offset, length);
    text[length] = '\0';
}

void kernel_format_reason(const struct kernel_format *format, uint32_t number, char *text,
                          size_t capacity)
{
    const char *name = number < KERNEL_REASONS_MAX ? format->reasons[number] : NULL;
    if (name != NULL) {
        snprintf(text, capacity, "%s", name);
    } else {
        snprintf(text, capacity, "reason-%u", number);
    }
}

const char *kernel_format_action(uint32_t number)
{
    static const char *const names[] = {"ABORTED", "DROP", "PASS", "TX", "REDIRECT"};
    return number < sizeof(names) / sizeof(names[0]) ? names[number] : "unknown";
}
