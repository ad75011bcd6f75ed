/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of `xsw port show` that depend on the kind of port. */
#include "cmd/port/port_details.h"

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/listing.h"

enum { TEXT_WIDTH = 64 }; /* what is left of 80 columns behind the name of a line */

static const struct {
    const char *name; /* in JSON */
    const char *line;
} numbers[] = {{"tx_segments", "frames cut from larger packets"},
               {"lost_by_kernel", "lost by the kernel before the switch saw them"},
               {"ring_full", "times that the ring from the kernel was full"},
               {"rx_ring_full", "of them because the ring from the kernel was full"},
               {"fill_ring_empty", "times that the kernel had no frame to fill"},
               {"rx_too_long", "too long for a packet buffer"},
               {"tx_refused", "refused by the kernel as malformed"}};

/* In lines of TEXT_WIDTH, broken between words. */
static void text_print(const char *name, const char *text)
{
    while (text[0] != '\0') {
        size_t length = strlen(text);
        if (length > TEXT_WIDTH) {
            length = TEXT_WIDTH;
            while (length > 1 && text[length] != ' ') {
                length--;
            }
        }
        line_print(name, "%.*s", (int)length, text);
        text += length + strspn(text + length, " ");
        name = "";
    }
}

void port_details_print(const json_t *port)
{
    const json_t *counted = json_object_get(port, "numbers");
    const char *name = "details";
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char count[COUNT_TEXT_SIZE];
        json_int_t number = json_integer_value(json_object_get(counted, numbers[i].name));
        /* What never happened needs no line; --json has all. */
        if (number != 0) {
            line_print(name, "%s %s", count_format(number, count), numbers[i].line);
            name = "";
        }
    }
    text_print("advice", reply_text(port, "advice"));
}
