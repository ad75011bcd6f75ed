/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONTROL_CLIENT_H
#define XSW_SWITCH_CONTROL_CLIENT_H

/*
 * One connection to the control socket: bytes become lines on the way in, answers wait for the
 * socket on the way out. Nothing here blocks, and both directions are bounded.
 *
 * Threads: control thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "switch/control/rpc.h"

struct control_output;

struct control_client {
    int fd;
    uint32_t events; /* that epoll watches for */
    struct rpc_caller caller;
    bool input_ended;     /* nothing more will come: answer what is there, then close */
    uint64_t progress_ns; /* when bytes last went out, or there were none to go */
    char *input;
    size_t input_start, input_end, input_size;
    size_t searched; /* up to here there is no newline */
    struct control_output *first, *last;
    size_t output_bytes;
};

/* Takes the descriptor, also when it fails (null). */
struct control_client *control_client_create(int fd, const struct rpc_caller *caller,
                                             uint64_t now_ns);
void control_client_destroy(struct control_client *client);

/* Reads what is there. XSW_OK: something came; XSW_AGAIN: nothing now; XSW_END: nothing more ever;
 * XSW_LIMIT: a line is longer than control_client_line_max. */
enum xsw_status control_client_read(struct control_client *client) XSW_MUST_CHECK;
size_t control_client_line_max(const struct control_client *client);
/* The next whole line, without its end; it is valid until the next read. XSW_AGAIN: none yet. When
 * the input has ended, what is left counts as a line. */
enum xsw_status control_client_line(struct control_client *client, const char **line,
                                    size_t *length) XSW_MUST_CHECK;
bool control_client_has_line(const struct control_client *client);

/* Queues the answer and empties it; its descriptors are copied. */
enum xsw_status control_client_queue(struct control_client *client,
                                     struct rpc_answer *answer) XSW_MUST_CHECK;
/* Sends what can be sent. XSW_OK: all; XSW_AGAIN: the socket is full; XSW_END: the peer has gone.
 */
enum xsw_status control_client_flush(struct control_client *client, uint64_t now_ns) XSW_MUST_CHECK;

#endif
