/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extension_suite FILE.so [name=value]…
 *
 * Holds an extension to the contract of <xsw/extension.h>: its descriptor, its life, and what its
 * operations do with random, short and lying packets in batches of several sizes. Says what is
 * broken and exits with 1; exits with 2 when the extension cannot be tried.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xsw/extension.h>

#include "conformance/loaded.h"
#include "packet/parse.h"
#include "unit/packet/frames.h"

enum {
    GUARD = 64,    /* bytes around a buffer that nobody may touch */
    HEADROOM = 64, /* bytes before the frame that an ingress filter may use */
    BUFFER_SIZE = GUARD + HEADROOM + FRAME_MAX + GUARD,
    ROUNDS = 40,
    PORTS = 5,
    NAME_MAX_LENGTH = 31,
    TABLE_MAX = 32,
    UNTOUCHED = 0x5a5a
};

struct slot {
    struct xsw_packet packet;
    struct xsw_packet packet_before;
    uint8_t buffer[BUFFER_SIZE];
    uint8_t buffer_before[BUFFER_SIZE];
};

struct suite {
    struct loaded loaded;
    const struct xsw_extension *extension;
    struct slot *slots; /* XSW_BATCH_MAX */
    struct xsw_packet *pointers[XSW_BATCH_MAX];
    struct xsw_verdict verdicts[XSW_BATCH_MAX + 1];
    struct xsw_port_set destinations[XSW_BATCH_MAX + 1];
    uint64_t random;
    uint64_t next_id;
    unsigned failures;
};

static void violation(struct suite *suite, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void violation(struct suite *suite, const char *format, ...)
{
    va_list arguments;
    if (suite->failures++ >= 20) {
        return; /* one broken promise breaks for every packet: enough is said */
    }
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static int name_is_good(const char *name)
{
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MAX_LENGTH) {
        return 0;
    }
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static int line_is_good(const char *text)
{
    return text != NULL && text[0] != '\0' && strchr(text, '\n') == NULL;
}

static void check_tables(struct suite *suite)
{
    const struct xsw_extension *extension = suite->extension;
    for (size_t i = 0; i < extension->reason_count; i++) {
        if (!name_is_good(extension->reasons[i].name) ||
            !line_is_good(extension->reasons[i].sentence)) {
            violation(suite, "reason %zu: expected a name and a sentence", i);
        }
    }
    for (size_t i = 0; i < extension->setting_count; i++) {
        const struct xsw_setting_info *info = &extension->settings[i];
        if (!name_is_good(info->name) || !line_is_good(info->help)) {
            violation(suite, "setting %zu: expected a name and a line of help", i);
        }
        if (info->type < XSW_SETTING_BOOL || info->type > XSW_SETTING_TEXT_LIST) {
            violation(suite, "setting %zu: type %d is unknown", i, (int)info->type);
        }
        if (info->type == XSW_SETTING_NUMBER &&
            (info->default_number < info->minimum || info->default_number > info->maximum)) {
            violation(suite, "setting %s: the default is out of its own range", info->name);
        }
    }
}

static void check_descriptor(struct suite *suite)
{
    const struct xsw_extension *extension = suite->extension;
    if (extension->abi != XSW_EXTENSION_ABI || extension->size < sizeof *extension) {
        violation(suite, "descriptor: abi %u, size %u: expected abi %d and the base of version 1",
                  extension->abi, extension->size, XSW_EXTENSION_ABI);
    }
    if (!name_is_good(extension->name) || !line_is_good(extension->version) ||
        !line_is_good(extension->description)) {
        violation(suite, "descriptor: name, version or description is missing or malformed");
    }
    if (extension->reason_count > TABLE_MAX || extension->setting_count > TABLE_MAX) {
        violation(suite, "descriptor: more than %d reasons or settings", TABLE_MAX);
    }
    int operations =
        (extension->capture != NULL) + (extension->filter != NULL) + (extension->forward != NULL);
    const void *own = extension->kind == XSW_EXTENSION_CAPTURE  ? (const void *)extension->capture
                      : extension->kind == XSW_EXTENSION_FILTER ? (const void *)extension->filter
                                                                : (const void *)extension->forward;
    if (operations != 1 || own == NULL || extension->init == NULL) {
        violation(suite, "descriptor: expected init and the operations of its kind, no others");
    }
    if ((extension->flags & XSW_EXTENSION_CHANGES_BYTES) != 0 &&
        extension->kind != XSW_EXTENSION_FILTER) {
        violation(suite, "descriptor: only a filter can change bytes");
    }
    check_tables(suite);
}

/* Bad texts: an init that refuses must say why, and leave nothing behind. */
static void check_refusals(struct suite *suite)
{
    static const char *const nonsense[] = {"((", "\x01\xff", "1 deny ((", "%s%n", ""};
    for (size_t i = 0; i < suite->extension->setting_count; i++) {
        if (suite->extension->settings[i].type < XSW_SETTING_TEXT) {
            continue;
        }
        for (size_t n = 0; n < sizeof nonsense / sizeof nonsense[0]; n++) {
            struct xsw_error error = {0};
            const char *name = suite->extension->settings[i].name;
            loaded_defaults(&suite->loaded);
            suite->loaded.texts[i][0] = nonsense[n];
            suite->loaded.settings[i].text_count = 1;
            enum xsw_status status = loaded_init(&suite->loaded, &error);
            if (status == XSW_OK) {
                loaded_fini(&suite->loaded);
            } else if (status > 0 || error.status != status || error.text[0] == '\0' ||
                       memchr(error.text, '\0', sizeof error.text) == NULL) {
                violation(suite, "init refuses %s \"%s\" without saying why", name, nonsense[n]);
            } else if (loaded_init(&suite->loaded, NULL) == XSW_OK) {
                violation(suite, "init takes %s \"%s\" when nobody asks why", name, nonsense[n]);
                loaded_fini(&suite->loaded);
            }
        }
    }
    loaded_defaults(&suite->loaded);
}

static void slot_fill(struct suite *suite, struct slot *slot, int is_egress)
{
    struct frame frame;
    uint64_t choice = frame_random(&suite->random);
    frame_make_random(&frame, &suite->random);
    for (unsigned bends = choice % 4 == 0 ? choice >> 8 & 7 : 0; bends > 0; bends--) {
        frame.bytes[frame_random(&suite->random) % 80] = (uint8_t)frame_random(&suite->random);
    }
    if ((choice >> 16) % 8 == 0) {
        frame.length = frame_random(&suite->random) % 60;
    }
    memset(slot->buffer, (int)(choice >> 24 & 0xff), sizeof slot->buffer);
    slot->packet = (struct xsw_packet){
        .data = slot->buffer + GUARD + HEADROOM,
        .length = (uint32_t)frame.length,
        .source_port = (uint16_t)(1 + (choice >> 32) % PORTS),
        .destination_port = is_egress ? (uint16_t)(1 + (choice >> 40) % PORTS) : XSW_PORT_NONE,
        .id = ++suite->next_id,
        .vlan = 1,
    };
    memcpy(slot->packet.data, frame.bytes, frame.length);
    parse_packet(&slot->packet);
    slot->packet_before = slot->packet;
    memcpy(slot->buffer_before, slot->buffer, sizeof slot->buffer);
}

static void batch_fill(struct suite *suite, uint32_t count, int is_egress)
{
    memset(suite->verdicts, 0, sizeof suite->verdicts);
    memset(suite->destinations, 0, sizeof suite->destinations);
    suite->verdicts[count].action = UNTOUCHED;
    suite->destinations[count].words[0] = UNTOUCHED;
    for (uint32_t i = 0; i < count; i++) {
        slot_fill(suite, &suite->slots[i], is_egress);
        suite->pointers[i] = &suite->slots[i].packet;
    }
}

/* For an extension that may write: the guards hold, `data` moved no further than allowed, and the
 * descriptor is what it was but for what may change. */
static void check_changed_slot(struct suite *suite, struct slot *slot)
{
    struct xsw_packet packet = slot->packet;
    const uint8_t *first = slot->buffer + GUARD;
    const uint8_t *end = slot->buffer + sizeof slot->buffer - GUARD;
    if (packet.data < first || packet.data > end || packet.length > (size_t)(end - packet.data)) {
        violation(suite, "ingress: the frame was moved out of its buffer");
    }
    if (memcmp(slot->buffer, slot->buffer_before, GUARD) != 0 ||
        memcmp(end, slot->buffer_before + sizeof slot->buffer - GUARD, GUARD) != 0) {
        violation(suite, "ingress: wrote outside of the headroom and the buffer");
    }
    packet.data = slot->packet_before.data;
    packet.length = slot->packet_before.length;
    packet.offload = slot->packet_before.offload;
    if (memcmp(&packet, &slot->packet_before, sizeof packet) != 0) {
        violation(suite, "ingress: changed the packet's descriptor");
    }
}

static void check_slot(struct suite *suite, struct slot *slot, const char *operation, int may_write)
{
    if (may_write) {
        check_changed_slot(suite, slot);
        return;
    }
    if (memcmp(slot->buffer, slot->buffer_before, sizeof slot->buffer) != 0) {
        violation(suite, "%s: bytes of a packet changed, and it may not", operation);
    }
    if (memcmp(&slot->packet, &slot->packet_before, sizeof slot->packet) != 0) {
        violation(suite, "%s: the packet's descriptor changed", operation);
    }
}

static void check_verdict(struct suite *suite, uint32_t i, const char *operation)
{
    const struct xsw_verdict *verdict = &suite->verdicts[i];
    if (verdict->action != XSW_PASS && verdict->action != XSW_DROP) {
        violation(suite, "%s: action %u is unknown", operation, verdict->action);
    }
    if (verdict->action == XSW_DROP && verdict->reason >= suite->extension->reason_count) {
        violation(suite, "%s: dropped for reason %u, which is not declared", operation,
                  verdict->reason);
    }
}

static void check_batch(struct suite *suite, uint32_t count, const char *operation, int may_write)
{
    for (uint32_t i = 0; i < count; i++) {
        if (suite->pointers[i] != &suite->slots[i].packet) {
            violation(suite, "%s: the pointer to packet %u of %u was changed", operation, i, count);
        }
        check_slot(suite, &suite->slots[i], operation, may_write);
        check_verdict(suite, i, operation);
    }
    if (suite->verdicts[count].action != UNTOUCHED ||
        suite->destinations[count].words[0] != UNTOUCHED) {
        violation(suite, "%s: wrote behind the end of a batch of %u", operation, count);
    }
    if (!loaded_guards_hold(&suite->loaded)) {
        violation(suite, "%s: wrote outside of its state of %zu bytes", operation,
                  suite->extension->state_size);
    }
}

static void run_capture(struct suite *suite, uint32_t count)
{
    for (int direction = XSW_INGRESS; direction <= XSW_EGRESS; direction++) {
        batch_fill(suite, count, direction == XSW_EGRESS);
        const struct xsw_const_batch batch = {(const struct xsw_packet *const *)suite->pointers,
                                              count, 0, suite->next_id};
        suite->extension->capture->look(suite->loaded.state, (enum xsw_direction)direction, &batch);
        check_batch(suite, count, "look", 0);
    }
}

static void run_filter(struct suite *suite, uint32_t count)
{
    const struct xsw_filter_ops *ops = suite->extension->filter;
    if (ops->ingress != NULL) {
        struct xsw_batch batch = {suite->pointers, count, 0, suite->next_id};
        batch_fill(suite, count, 0);
        ops->ingress(suite->loaded.state, &batch, suite->verdicts);
        check_batch(suite, count, "ingress",
                    (suite->extension->flags & XSW_EXTENSION_CHANGES_BYTES) != 0);
    }
    if (ops->egress != NULL) {
        const struct xsw_const_batch batch = {(const struct xsw_packet *const *)suite->pointers,
                                              count, 0, suite->next_id};
        batch_fill(suite, count, 1);
        ops->egress(suite->loaded.state, &batch, suite->verdicts);
        check_batch(suite, count, "egress", 0);
    }
}

static void run_forward(struct suite *suite, uint32_t count)
{
    struct xsw_port_set connected = {0};
    const struct xsw_const_batch batch = {(const struct xsw_packet *const *)suite->pointers, count,
                                          0, suite->next_id};
    for (uint16_t port = 1; port <= PORTS; port++) {
        xsw_port_set_add(&connected, port);
    }
    const struct xsw_port_set connected_before = connected;
    batch_fill(suite, count, 0);
    suite->extension->forward->forward(suite->loaded.state, &batch, &connected, suite->destinations,
                                       suite->verdicts);
    check_batch(suite, count, "forward", 0);
    if (memcmp(&connected, &connected_before, sizeof connected) != 0) {
        violation(suite, "forward: the set of connected ports was changed");
    }
    for (uint32_t i = 0; i < count; i++) {
        for (size_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
            if ((suite->destinations[i].words[word] & ~connected.words[word]) != 0) {
                violation(suite, "forward: a destination is not connected");
            }
        }
    }
}

static void run_batches(struct suite *suite)
{
    static const uint32_t counts[] = {1, 2, 7, 32, 255, XSW_BATCH_MAX};
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t count = counts[round % (sizeof counts / sizeof counts[0])];
        if (suite->extension->kind == XSW_EXTENSION_CAPTURE) {
            run_capture(suite, count);
        } else if (suite->extension->kind == XSW_EXTENSION_FILTER) {
            run_filter(suite, count);
        } else {
            run_forward(suite, count);
        }
    }
}

static int run_life(struct suite *suite)
{
    struct xsw_error error = {0};
    if (loaded_init(&suite->loaded, &error) != XSW_OK) {
        printf("init failed: %s\n", error.text);
        return 2;
    }
    if (!loaded_guards_hold(&suite->loaded)) {
        violation(suite, "init: wrote outside of its state");
    }
    run_batches(suite);
    loaded_fini(&suite->loaded);
    return suite->failures == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct suite suite;
    const char *problem = argc < 2 ? "expected FILE.so [name=value]..." : NULL;
    if (problem == NULL) {
        problem = loaded_open(&suite.loaded, argv[1]);
    }
    suite.slots = calloc(XSW_BATCH_MAX, sizeof *suite.slots);
    if (problem != NULL || suite.slots == NULL) {
        printf("%s\n", problem == NULL ? "no memory" : problem);
        return 2;
    }
    suite.extension = suite.loaded.descriptor;
    suite.random = 0xc0ffee;
    check_descriptor(&suite);
    int result = suite.failures == 0 ? 0 : 1;
    if (result == 0) {
        check_refusals(&suite);
    }
    for (int i = 2; i < argc && problem == NULL; i++) {
        problem = loaded_set(&suite.loaded, argv[i]);
    }
    if (problem != NULL) {
        printf("%s\n", problem);
        result = 2;
    }
    /* Two lives: whatever the first one leaves behind must not show in the second. */
    for (int life = 0; life < 2 && result == 0; life++) {
        result = run_life(&suite);
    }
    free(suite.slots);
    loaded_close(&suite.loaded);
    return result;
}
