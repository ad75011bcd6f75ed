/* SPDX-License-Identifier: Apache-2.0 */
/* IPFIX by libfixbuf: one internal record with every field, and a template for each kind of flow
 * that names those that it has. */
#include "extensions/flowreport/ipfix.h"

#include <fixbuf/public.h>

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TEMPLATE_INTERNAL = 0x3000,
    TEMPLATE_IPV4 = 256,
    TEMPLATE_IPV6 = 257,
    TEMPLATE_FRAME = 258
};

/* Which templates an element is in; libfixbuf takes those whose flags are all asked for. */
enum { IN_ALL = 0, IN_IP = 1, IN_IPV4 = 2, IN_IPV6 = 4, IN_FRAME = 8, IN_INTERNAL = 16 };

struct record {
    uint64_t start_ms, end_ms, octets, packets;
    uint32_t source_ipv4, destination_ipv4, input, output;
    uint8_t source_ipv6[16], destination_ipv6[16], source_mac[6], destination_mac[6];
    uint16_t source_port, destination_port, vlan, ether_type, tcp_flags;
    uint8_t protocol, traffic_class, end, reserved[5];
};

static_assert(sizeof(struct record) == 112, "the internal template maps every byte");

/* libfixbuf takes no pointers to constants, though it changes nothing. */
static const fbInfoElementSpec_t elements[] = {
    {(char *)"flowStartMilliseconds", 8, IN_ALL},
    {(char *)"flowEndMilliseconds", 8, IN_ALL},
    {(char *)"octetDeltaCount", 8, IN_ALL},
    {(char *)"packetDeltaCount", 8, IN_ALL},
    {(char *)"sourceIPv4Address", 4, IN_IPV4},
    {(char *)"destinationIPv4Address", 4, IN_IPV4},
    {(char *)"ingressInterface", 4, IN_ALL},
    {(char *)"egressInterface", 4, IN_ALL},
    {(char *)"sourceIPv6Address", 16, IN_IPV6},
    {(char *)"destinationIPv6Address", 16, IN_IPV6},
    {(char *)"sourceMacAddress", 6, IN_FRAME},
    {(char *)"destinationMacAddress", 6, IN_FRAME},
    {(char *)"sourceTransportPort", 2, IN_IP},
    {(char *)"destinationTransportPort", 2, IN_IP},
    {(char *)"vlanId", 2, IN_ALL},
    {(char *)"ethernetType", 2, IN_FRAME},
    {(char *)"tcpControlBits", 2, IN_IP},
    {(char *)"protocolIdentifier", 1, IN_IP},
    {(char *)"ipClassOfService", 1, IN_IP},
    {(char *)"flowEndReason", 1, IN_ALL},
    {(char *)"paddingOctets", 5, IN_INTERNAL},
    FB_IESPEC_NULL,
};

struct ipfix {
    fbInfoModel_t *model;
    fbSession_t *session; /* owned by fbuf once that is there */
    fbExporter_t *exporter;
    fBuf_t *fbuf;
    uint64_t clock_ns; /* what the switch's clock is behind the wall's */
    uint32_t records;  /* in the message */
    uint16_t length_max;
    uint8_t is_open;   /* something is in the message */
    uint8_t message[]; /* length_max */
};

static enum xsw_status fail(struct xsw_error *error, const char *what, GError **reason)
{
    if (error != NULL) {
        error->status = XSW_IO;
        error->errno_value = 0;
        snprintf(error->text, sizeof error->text, "%s: libfixbuf: %.200s", what,
                 *reason == NULL ? "no reason given" : (*reason)->message);
    }
    g_clear_error(reason);
    return XSW_IO;
}

/* Adds the template of the elements that `flags` ask for; internal or external. */
static enum xsw_status add_template(struct ipfix *ipfix, gboolean is_internal, uint16_t id,
                                    uint32_t flags, struct xsw_error *error)
{
    GError *reason = NULL;
    fbTemplate_t *template = fbTemplateAlloc(ipfix->model);
    if (!fbTemplateAppendSpecArray(template, (fbInfoElementSpec_t *)elements, flags, &reason)) {
        fbTemplateFreeUnused(template);
        return fail(error, "a template", &reason);
    }
    if (fbSessionAddTemplate(ipfix->session, is_internal, id, template, &reason) != id) {
        fbTemplateFreeUnused(template);
        return fail(error, "a template", &reason);
    }
    return XSW_OK;
}

static enum xsw_status add_templates(struct ipfix *ipfix, struct xsw_error *error)
{
    const uint32_t all = IN_IP | IN_IPV4 | IN_IPV6 | IN_FRAME | IN_INTERNAL;
    enum xsw_status status = add_template(ipfix, TRUE, TEMPLATE_INTERNAL, all, error);
    if (status == XSW_OK) {
        status = add_template(ipfix, FALSE, TEMPLATE_IPV4, IN_IP | IN_IPV4, error);
    }
    if (status == XSW_OK) {
        status = add_template(ipfix, FALSE, TEMPLATE_IPV6, IN_IP | IN_IPV6, error);
    }
    if (status == XSW_OK) {
        status = add_template(ipfix, FALSE, TEMPLATE_FRAME, IN_FRAME, error);
    }
    return status;
}

enum xsw_status ipfix_create(uint16_t length_max, uint32_t domain, struct ipfix **ipfix,
                             struct xsw_error *error)
{
    GError *reason = NULL;
    struct ipfix *made = calloc(1, sizeof *made + length_max);
    if (made == NULL) {
        if (error != NULL) {
            *error = (struct xsw_error){.status = XSW_NO_MEMORY, .text = "no memory for messages"};
        }
        return XSW_NO_MEMORY;
    }
    made->length_max = length_max;
    made->model = fbInfoModelAlloc();
    made->session = fbSessionAlloc(made->model);
    fbSessionSetDomain(made->session, domain);
    enum xsw_status status = add_templates(made, error);
    if (status != XSW_OK) {
        ipfix_destroy(made);
        return status;
    }
    made->exporter = fbExporterAllocBuffer(made->message, length_max);
    made->fbuf = fBufAllocForExport(made->session, made->exporter);
    fBufSetAutomaticMode(made->fbuf, FALSE);
    if (!fBufSetInternalTemplate(made->fbuf, TEMPLATE_INTERNAL, &reason)) {
        ipfix_destroy(made);
        return fail(error, "the internal template", &reason);
    }
    *ipfix = made;
    return XSW_OK;
}

void ipfix_destroy(struct ipfix *ipfix)
{
    if (ipfix == NULL) {
        return;
    }
    if (ipfix->fbuf != NULL) {
        fBufFree(ipfix->fbuf); /* and with it session and exporter */
    } else if (ipfix->session != NULL) {
        fbSessionFree(ipfix->session);
    }
    if (ipfix->model != NULL) {
        fbInfoModelFree(ipfix->model);
    }
    free(ipfix);
}

void ipfix_set_clock(struct ipfix *ipfix, uint64_t now_ns, uint64_t wall_ns)
{
    ipfix->clock_ns = wall_ns - now_ns;
    if (!ipfix->is_open) {
        fBufSetExportTime(ipfix->fbuf, (uint32_t)(wall_ns / 1000000000));
    }
}

static uint32_t read32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Returns the template for the record. */
static uint16_t fill(const struct ipfix *ipfix, const struct flow *flow, struct record *record)
{
    const struct flow_key *key = &flow->key;
    *record = (struct record){
        .start_ms = (flow->first_ns + ipfix->clock_ns) / 1000000,
        .end_ms = (flow->last_ns + ipfix->clock_ns) / 1000000,
        .octets = flow->octets,
        .packets = flow->packets,
        .input = key->input,
        .output = key->output,
        .source_port = key->source_port,
        .destination_port = key->destination_port,
        .vlan = key->vlan,
        .ether_type = key->ether_type,
        .tcp_flags = flow->tcp_flags,
        .protocol = key->protocol,
        .traffic_class = flow->traffic_class,
        .end = flow->end,
    };
    if (key->ether_type == TYPE_IPV4) {
        record->source_ipv4 = read32(key->source);
        record->destination_ipv4 = read32(key->destination);
        return TEMPLATE_IPV4;
    }
    if (key->ether_type == TYPE_IPV6) {
        memcpy(record->source_ipv6, key->source, sizeof record->source_ipv6);
        memcpy(record->destination_ipv6, key->destination, sizeof record->destination_ipv6);
        return TEMPLATE_IPV6;
    }
    memcpy(record->source_mac, key->source, sizeof record->source_mac);
    memcpy(record->destination_mac, key->destination, sizeof record->destination_mac);
    return TEMPLATE_FRAME;
}

/* libfixbuf keeps templates and records in different messages. Whenever one kind follows the other
 * it first says that a new message has to begin, even where none is under way: then once more. */
static gboolean is_turn(struct ipfix *ipfix, GError **reason)
{
    if (ipfix->is_open || !g_error_matches(*reason, FB_ERROR_DOMAIN, FB_ERROR_EOM)) {
        return FALSE;
    }
    g_clear_error(reason);
    return fBufEmit(ipfix->fbuf, reason);
}

enum xsw_status ipfix_add_templates(struct ipfix *ipfix, struct xsw_error *error)
{
    GError *reason = NULL;
    if (ipfix->is_open) {
        return XSW_LIMIT;
    }
    if (!fbSessionExportTemplates(ipfix->session, &reason) &&
        !(is_turn(ipfix, &reason) && fbSessionExportTemplates(ipfix->session, &reason))) {
        return fail(error, "exporting the templates", &reason);
    }
    ipfix->is_open = 1;
    return XSW_OK;
}

enum xsw_status ipfix_add(struct ipfix *ipfix, const struct flow *flow, struct xsw_error *error)
{
    struct record record;
    GError *reason = NULL;
    uint8_t *bytes = (uint8_t *)&record;
    uint16_t template = fill(ipfix, flow, &record);
    if (!fBufSetExportTemplate(ipfix->fbuf, template, &reason)) {
        return fail(error, "choosing a template", &reason);
    }
    if (!fBufAppend(ipfix->fbuf, bytes, sizeof record, &reason) &&
        !(is_turn(ipfix, &reason) && fBufAppend(ipfix->fbuf, bytes, sizeof record, &reason))) {
        int is_full = ipfix->is_open && g_error_matches(reason, FB_ERROR_DOMAIN, FB_ERROR_EOM);
        enum xsw_status status = fail(error, "appending a record", &reason);
        return is_full ? XSW_LIMIT : status;
    }
    ipfix->is_open = 1;
    ipfix->records++;
    return XSW_OK;
}

enum xsw_status ipfix_take(struct ipfix *ipfix, const uint8_t **bytes, uint32_t *length,
                           uint32_t *records, struct xsw_error *error)
{
    GError *reason = NULL;
    if (!ipfix->is_open) {
        return XSW_END;
    }
    *records = ipfix->records;
    ipfix->is_open = 0;
    ipfix->records = 0;
    if (!fBufEmit(ipfix->fbuf, &reason)) {
        return fail(error, "ending a message", &reason);
    }
    *bytes = ipfix->message;
    *length = (uint32_t)fbExporterGetMsgLen(ipfix->exporter);
    return XSW_OK;
}
