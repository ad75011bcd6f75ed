/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pcapng/json_pieces.h"

#include <string.h>

#include "formats/byte_order.h"

void json_piece_head(uint8_t *head, enum meta_kind kind, uint16_t index, bool is_last)
{
    put_le32(head, META_ENTERPRISE);
    memcpy(head + 4, "XSW1", 4);
    head[8] = (uint8_t)kind;
    head[9] = is_last;
    put_le16(head + 10, index);
}

void json_joiner_begin(struct json_joiner *joiner, enum meta_kind kind)
{
    text_clear(&joiner->text);
    joiner->kind = kind;
    joiner->pieces = 0;
    joiner->complete = false;
    joiner->problem = NULL;
}

void json_joiner_add(struct json_joiner *joiner, const uint8_t *data, size_t length)
{
    if (length <= 8 || data[8] != joiner->kind || joiner->problem != NULL) {
        return;
    }
    if (length < JSON_PIECE_HEAD_SIZE) {
        joiner->problem = "a piece of the JSON text is shorter than its head";
    } else if (joiner->complete) {
        joiner->problem = "a piece of the JSON text stands behind the last one";
    } else if (get_le16(data + 10) != joiner->pieces) {
        joiner->problem = "a piece of the JSON text is missing or out of order";
    } else if (length - JSON_PIECE_HEAD_SIZE > PCAPNG_JSON_MAX - joiner->text.length) {
        joiner->problem = "the JSON text is longer than 8 MiB";
    } else {
        text_append(&joiner->text, data + JSON_PIECE_HEAD_SIZE, length - JSON_PIECE_HEAD_SIZE);
        joiner->pieces++;
        joiner->complete = data[9] != 0;
    }
}

struct pcapng_json json_joiner_end(struct json_joiner *joiner)
{
    if (joiner->problem == NULL && joiner->pieces > 0 && !joiner->complete) {
        joiner->problem = "the last piece of the JSON text is missing";
    }
    if (joiner->problem == NULL && joiner->text.failed) {
        joiner->problem = "no memory for the JSON text";
    }
    if (joiner->problem != NULL || joiner->pieces == 0) {
        return (struct pcapng_json){.problem = joiner->problem};
    }
    return (struct pcapng_json){.text = text_string(&joiner->text), .length = joiner->text.length};
}

void json_joiner_fini(struct json_joiner *joiner)
{
    text_fini(&joiner->text);
}
