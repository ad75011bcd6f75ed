/* SPDX-License-Identifier: Apache-2.0 */
/* See selection_file.h. Interfaces get new numbers, in the order of the files, in a section for
 * each capture session. */
#include "analyzer/selection/selection_file.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "formats/pcapng/pcapng_write.h"

struct selection_file {
    struct pcapng_writer *writer;
    struct selection_order order;
    const struct analysis_session *session; /* whose section was written */
    struct table interfaces;                /* u32 of this input file -> u32 written */
    uint64_t records;
    enum xsw_status status;
    struct xsw_error error;
};

enum xsw_status selection_file_open(const struct selection_order *order,
                                    struct selection_file **file, struct xsw_error *error)
{
    struct selection_file *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for writing %s", order->path);
    }
    made->order = *order;
    table_init(&made->interfaces, sizeof(uint32_t), sizeof(uint32_t), PCAPNG_INTERFACES_MAX);
    enum xsw_status status = pcapng_writer_open(order->path, &made->writer, error);
    if (status < 0) {
        (void)selection_file_close(made, NULL, NULL);
        return status;
    }
    *file = made;
    return XSW_OK;
}

/* What got its name while it was recorded is named at the end of the files alone: behind the lists
 * of the beginning, whose entries it replaces. */
static void lists_extend(json_t *section, const json_t *after)
{
    const char *name;
    json_t *more;
    json_object_foreach((json_t *)after, name, more)
    {
        json_t *list = json_object_get(section, name);
        if (json_is_array(list)) {
            json_array_extend(list, more);
        } else {
            json_object_set(section, name, more);
        }
    }
}

/* The section info with what was selected; null when memory ran out. The caller frees. */
static char *section_text(const struct selection_file *file, uint32_t session,
                          const struct pcapng_json *json)
{
    const struct analysis *known = file->order.known;
    json_t *section = json_loadb(json->text, json->length, 0, NULL);
    if (!json_is_object(section)) {
        json_decref(section);
        return strdup(json->text);
    }
    if (session < known->session_count) {
        lists_extend(section, known->sessions[session]->marks.after);
    }
    json_object_set_new(section, "selection", json_string(file->order.expression));
    char *text = json_dumps(section, JSON_COMPACT);
    json_decref(section);
    return text;
}

static enum xsw_status section_write(struct selection_file *file,
                                     const struct analysis_session *session,
                                     const struct pcapng_section *section)
{
    if (file->session == session) {
        return XSW_OK; /* the next file of a series */
    }
    struct pcapng_section copy = *section;
    char *text = section_text(file, session->number, &section->json);
    if (text == NULL) {
        return error_set(&file->error, XSW_NO_MEMORY, "no memory for the section info");
    }
    file->session = session;
    copy.json = (struct pcapng_json){.text = text, .length = strlen(text)};
    enum xsw_status status = pcapng_writer_section(file->writer, &copy, &file->error);
    free(text);
    return status;
}

static enum xsw_status interface_write(struct selection_file *file,
                                       const struct analysis_session *session,
                                       const struct pcapng_interface *interface)
{
    enum xsw_status status = XSW_OK;
    if (interface->section.text != NULL &&
        session != NULL) { /* of a stream, whose section had none */
        struct pcapng_section section = {.application = "xsw", .json = interface->section};
        status = section_write(file, session, &section);
    }
    if (status < 0 || file->session == NULL) {
        return status;
    }
    struct pcapng_interface copy = *interface;
    uint32_t id = 0;
    copy.section = (struct pcapng_json){0};
    status = pcapng_writer_interface(file->writer, &copy, &id, &file->error);
    uint32_t *written = status < 0 ? NULL : table_add(&file->interfaces, &interface->index);
    if (status >= 0 && written == NULL) {
        return error_set(&file->error, XSW_LIMIT, "too many interfaces");
    }
    if (written != NULL) {
        *written = id;
    }
    return status;
}

static enum xsw_status packet_write(struct selection_file *file,
                                    const struct analysis_session *session,
                                    const struct pcapng_packet *packet)
{
    const uint32_t *id = table_find(&file->interfaces, &packet->interface);
    if (packet->meta == NULL || id == NULL || session == NULL ||
        !file->order.wanted(session->number, packet->id, file->order.context)) {
        return XSW_OK;
    }
    struct pcapng_packet copy = *packet;
    copy.interface = *id;
    file->records++;
    return pcapng_writer_packet(file->writer, &copy, &file->error);
}

void selection_file_offer(const struct analysis_session *session, const struct pcapng_item *item,
                          void *context)
{
    struct selection_file *file = context;
    enum xsw_status status = XSW_OK;
    if (file->status < 0) {
        return;
    }
    switch (item->kind) {
    case PCAPNG_SECTION:
        /* Interfaces are counted over a whole file, and a file begins with a section. */
        if (item->offset == 0) {
            table_fini(&file->interfaces);
        }
        if (item->section.json.text != NULL && session != NULL) {
            status = section_write(file, session, &item->section);
        }
        break;
    case PCAPNG_INTERFACE:
        status = interface_write(file, session, &item->interface);
        break;
    case PCAPNG_PACKET:
        status = packet_write(file, session, &item->packet);
        break;
    default:
        break;
    }
    file->status = status < 0 ? status : file->status;
}

enum xsw_status selection_file_close(struct selection_file *file, uint64_t *records,
                                     struct xsw_error *error)
{
    if (file == NULL) {
        return XSW_OK;
    }
    enum xsw_status status = file->status;
    struct xsw_error closing = {0};
    enum xsw_status closed = pcapng_writer_close(file->writer, NULL, &closing);
    if (error != NULL && (status < 0 || closed < 0)) {
        *error = status < 0 ? file->error : closing;
    }
    if (records != NULL) {
        *records = file->records;
    }
    table_fini(&file->interfaces);
    free(file);
    return status < 0 ? status : closed;
}
