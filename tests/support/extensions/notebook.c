/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that writes down what the control path tells it: properties of its features, records of
 * ports. NOTEBOOK_VERSION 2 is a later version of it, whose notes have one more field. Its settings
 * make it do what the host is to stop or to refuse. For a switch with few ports. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <xsw/extension.h>

enum { PORTS = 64, LOG_SIZE = 2048, WORKERS = 16, KEPT_MAX = 256 };
enum { SET_RECORDS, SET_BYTES, SET_TROUBLE, SETTING_COUNT };
enum { FEATURE_NOTE, FEATURE_PAGE, FEATURE_COUNT };

/* What the trouble "hold" keeps until the next tick of its worker. */
struct kept {
    uint32_t count;
    struct xsw_packet *packets[KEPT_MAX];
};

struct notebook {
    const struct xsw_host *host;
    struct kept kept[WORKERS];
    uint64_t records; /* that it has for each port */
    uint64_t bytes;   /* of each */
    char trouble[24];
    uint32_t given[PORTS]; /* records of the running save */
    uint32_t restored[PORTS];
    _Atomic uint64_t packets;
    char log[LOG_SIZE];
};

static int has_trouble(const struct notebook *notebook, const char *name)
{
    return strcmp(notebook->trouble, name) == 0;
}

static void log_add(struct notebook *notebook, const char *text)
{
    size_t used = strlen(notebook->log);
    snprintf(notebook->log + used, sizeof(notebook->log) - used, "%s%s", used > 0 ? " " : "", text);
}

static enum xsw_status notebook_init(void *state, const struct xsw_host *host,
                                     const struct xsw_setting *settings, struct xsw_error *error)
{
    struct notebook *notebook = state;
    (void)error;
    notebook->host = host;
    notebook->records = settings[SET_RECORDS].number;
    notebook->bytes = settings[SET_BYTES].number;
    snprintf(notebook->trouble, sizeof(notebook->trouble), "%s", settings[SET_TROUBLE].texts[0]);
    if (has_trouble(notebook, "talk")) {
        host->log(host, "a \"word\" outcome=\"done\"\n\033[2J");
    }
    return XSW_OK;
}

static void notebook_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    struct notebook *notebook = state;
    struct kept *kept = &notebook->kept[batch->worker % WORKERS];
    atomic_fetch_add_explicit(&notebook->packets, batch->count, memory_order_relaxed);
    for (uint32_t i = 0; has_trouble(notebook, "hold") && i < batch->count; i++) {
        if (kept->count < KEPT_MAX) {
            kept->packets[kept->count++] = batch->packets[i];
            verdicts[i].action = XSW_HOLD;
        }
    }
}

static void notebook_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    static const struct xsw_verdict pass = {.action = XSW_PASS};
    struct notebook *notebook = state;
    struct kept *kept = &notebook->kept[worker % WORKERS];
    (void)now_ns;
    for (uint32_t i = 0; i < kept->count; i++) {
        notebook->host->data->release(notebook->host, worker, kept->packets[i], &pass);
    }
    kept->count = 0;
}

static enum xsw_status notebook_ask(void *state, const struct xsw_change *change,
                                    struct xsw_error *refusal)
{
    const struct notebook *notebook = state;
    if (has_trouble(notebook, "refuse") && change->property != NULL) {
        snprintf(refusal->text, sizeof(refusal->text), "the notebook is full");
        return XSW_DENIED;
    }
    return XSW_OK;
}

/* "+1(hello)", "=1(hello)", "-1(hello)" */
static void property_write(struct notebook *notebook, const struct xsw_change *change)
{
    const struct xsw_property *property = change->property;
    char sign = '-';
    char text[160];
    if (property == NULL || property->own != FEATURE_NOTE) {
        return;
    }
    if (change->operation == XSW_OP_PORT_PROPERTY_ADD) {
        sign = '+';
    } else if (change->operation == XSW_OP_PORT_PROPERTY_UPDATE) {
        sign = '=';
    }
    snprintf(text, sizeof(text), "%c%u(%s,%llu,%u)", sign, property->id,
             property->values[0].texts[0], (unsigned long long)property->values[1].number,
             property->values[3].text_count);
    log_add(notebook, text);
}

static void notebook_done(void *state, const struct xsw_change *change, enum xsw_status outcome)
{
    if (outcome == XSW_OK) {
        property_write(state, change);
    }
}

static void notebook_told(void *state, const struct xsw_change *change)
{
    struct notebook *notebook = state;
    if (change->operation == XSW_OP_SAVE_COMPLETE) {
        notebook->given[change->port % PORTS] = 0;
        log_add(notebook, "saved");
    } else if (change->operation == XSW_OP_RESTORE_COMPLETE) {
        log_add(notebook, "restored");
    }
    property_write(notebook, change);
}

static enum xsw_status notebook_status(void *state, uint32_t feature, uint16_t port,
                                       struct xsw_status_value *values, struct xsw_error *error)
{
    const struct notebook *notebook = state;
    (void)feature;
    (void)error;
    values[0].number = notebook->restored[port % PORTS];
    values[1].number = atomic_load_explicit(&notebook->packets, memory_order_relaxed);
    values[2].length = (uint32_t)strlen(notebook->log);
    if (has_trouble(notebook, "status")) {
        values[2].length = UINT32_MAX;
    }
    if (values[2].length >= values[2].capacity) {
        return XSW_LIMIT;
    }
    memcpy(values[2].text, notebook->log, values[2].length + 1);
    return XSW_OK;
}

static enum xsw_status notebook_save(void *state, uint16_t port, struct xsw_record *record)
{
    struct notebook *notebook = state;
    uint32_t *given = &notebook->given[port % PORTS];
    if (*given == notebook->records && !has_trouble(notebook, "endless")) {
        return XSW_END;
    }
    record->length = (uint32_t)notebook->bytes;
    if (has_trouble(notebook, "greedy")) {
        record->length = XSW_RECORD_MAX + 1;
        return XSW_LIMIT;
    }
    if (record->capacity < record->length) {
        return XSW_LIMIT;
    }
    record->feature_class = 7;
    record->version = *given;
    memset(record->data, (int)('a' + *given % 26), record->length);
    *given += 1;
    return XSW_OK;
}

static enum xsw_status notebook_restore(void *state, uint16_t port, const struct xsw_record *record,
                                        struct xsw_error *error)
{
    struct notebook *notebook = state;
    const char *bytes = record->data;
    char expected = (char)('a' + record->version % 26);
    if (has_trouble(notebook, "restore")) {
        snprintf(error->text, sizeof(error->text), "the pages do not fit");
        return XSW_CORRUPT;
    }
    if (record->feature_class != 7 ||
        (record->length > 0 && (bytes[0] != expected || bytes[record->length - 1] != expected))) {
        snprintf(error->text, sizeof(error->text), "these are not its pages");
        return XSW_CORRUPT;
    }
    notebook->restored[port % PORTS]++;
    return XSW_OK;
}

static const struct xsw_setting_info settings[SETTING_COUNT] = {
    {.name = "records", .type = XSW_SETTING_NUMBER, .maximum = 100000},
    {.name = "bytes", .type = XSW_SETTING_NUMBER, .maximum = 100000, .default_number = 100},
    {.name = "trouble", .type = XSW_SETTING_TEXT, .default_text = ""},
};

static const struct xsw_setting_info note_fields[] = {
    {.name = "text", .type = XSW_SETTING_TEXT, .help = "what is to be remembered"},
    {.name = "level",
     .type = XSW_SETTING_NUMBER,
     .minimum = 1,
     .maximum = 7,
     .default_number = 3,
     .help = "how important it is"},
    {.name = "urgent", .type = XSW_SETTING_BOOL, .help = "whether it is urgent"},
    {.name = "tags", .type = XSW_SETTING_TEXT_LIST, .help = "words to find it by"},
#if NOTEBOOK_VERSION == 2
    {.name = "colour", .type = XSW_SETTING_TEXT, .default_text = "red", .help = "of the pen"},
#endif
};

static const struct xsw_setting_info page_status[] = {
    {.name = "restored", .type = XSW_SETTING_NUMBER, .help = "records of the port"},
    {.name = "packets", .type = XSW_SETTING_NUMBER, .help = "that it has seen"},
    {.name = "log", .type = XSW_SETTING_TEXT, .help = "what it was told"},
};

static const struct xsw_feature_info features[FEATURE_COUNT] = {
    [FEATURE_NOTE] = {.size = sizeof(struct xsw_feature_info),
                      .name = "note",
                      .help = "something to remember about a port",
                      .scope = XSW_SCOPE_PORT,
                      .is_list = 1,
                      .fields = note_fields,
                      .field_count = sizeof(note_fields) / sizeof(note_fields[0])},
    [FEATURE_PAGE] = {.size = sizeof(struct xsw_feature_info),
                      .name = "page",
                      .help = "what is written about a port",
                      .scope = XSW_SCOPE_PORT,
                      .status_fields = page_status,
                      .status_count = sizeof(page_status) / sizeof(page_status[0])},
};

static const struct xsw_filter_ops filter = {.size = sizeof(filter), .ingress = notebook_ingress};

static const struct xsw_control_ops control = {.size = sizeof(control),
                                               .ask = notebook_ask,
                                               .done = notebook_done,
                                               .told = notebook_told,
                                               .status = notebook_status,
                                               .save = notebook_save,
                                               .restore = notebook_restore};

static const struct xsw_extension notebook_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(struct xsw_extension),
    .name = "notebook",
    .version = NOTEBOOK_VERSION == 2 ? "2" : "1",
    .description = "writes down what it is told",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_HOLDS,
    .state_size = sizeof(struct notebook),
    .settings = settings,
    .setting_count = SETTING_COUNT,
    .init = notebook_init,
    .filter = &filter,
    .tick_ns = 1000000,
    .tick = notebook_tick,
    .control = &control,
    .features = features,
    .feature_count = FEATURE_COUNT,
};

XSW_EXTENSION_EXPORT(notebook_extension);
