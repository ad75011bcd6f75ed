/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_FILTER_PROGRAM_H
#define XSW_CAPTURE_FILTER_PROGRAM_H

/*
 * The program that a pcap-filter(7) expression becomes. To compile one may take seconds and ask a
 * nameserver, so who wants a capture does that, and the daemon takes the instructions:
 * [[code, jt, jf, k], ...]. They are from outside: they run on workers, so they are looked at
 * before.
 *
 * Threads: any, each program by one.
 */

#include <stddef.h>

#include <jansson.h>
#include <pcap/pcap.h>

#include <xsw/error.h>

#include "switch/config/config_node.h"

enum { FILTER_PROGRAM_MAX = 4096 /* instructions */ };

/* An error says what libpcap says of the expression. pcap_freecode() for the program. */
enum xsw_status filter_program_compile(const char *text, struct bpf_program *program,
                                       struct xsw_error *error) XSW_MUST_CHECK;

/* A copy of a program that ends for every packet, and reads nothing but the packet and what it has
 * written itself; XSW_INVALID for any other. */
enum xsw_status filter_program_copy(const struct bpf_insn *instructions, size_t count,
                                    struct bpf_program *program,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* As JSON; null: no memory. */
json_t *filter_program_json(const struct bpf_program *program);
/* Reads the node: instructions from malloc, null when it is absent or wrong. */
struct bpf_insn *filter_program_read(const struct config_node *node, size_t *count);

/* Compiles the text "filter" of the parameters of capture.attach or capture.set, if there is one,
 * and puts the member "program" beside it. */
enum xsw_status filter_program_add(json_t *params, struct xsw_error *error) XSW_MUST_CHECK;

#endif
