/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_FLOWS_TCP_H
#define XSW_ANALYZER_FLOWS_TCP_H

/* The TCP symptoms of a flow and their causes. Part of flows.c, apart for its size. Threads: one.
 */

#include "analyzer/books/flows.h"

/* A segment whose journey has ended. */
void flows_tcp_follow(struct flows *flows, struct flow *flow, const struct trail *trail);

#endif
