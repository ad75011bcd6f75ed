/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_EXTENSIONS_WRONG_H
#define XSW_TEST_EXTENSIONS_WRONG_H

/* What extensions have in common that are right but for one rule. */

#include <xsw/extension.h>

/* A state that begins with the host. */
struct wrong_host {
    const struct xsw_host *host;
};

static inline enum xsw_status wrong_init(void *state, const struct xsw_host *host,
                                         const struct xsw_setting *settings,
                                         struct xsw_error *error)
{
    (void)state;
    (void)host;
    (void)settings;
    (void)error;
    return XSW_OK;
}

static inline enum xsw_status wrong_init_host(void *state, const struct xsw_host *host,
                                              const struct xsw_setting *settings,
                                              struct xsw_error *error)
{
    (void)settings;
    (void)error;
    ((struct wrong_host *)state)->host = host;
    return XSW_OK;
}

/* Operations that do nothing wrong. */
static inline void wrong_pass(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    (void)state;
    (void)batch;
    (void)verdicts;
}

static inline void wrong_look(void *state, enum xsw_direction direction,
                              const struct xsw_const_batch *batch)
{
    (void)state;
    (void)direction;
    (void)batch;
}

/* To everybody but the sender. */
static inline void wrong_forward_all(const struct xsw_const_batch *batch,
                                     const struct xsw_port_set *connected,
                                     struct xsw_port_set *destinations)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        destinations[i] = *connected;
        xsw_port_set_remove(&destinations[i], batch->packets[i]->source_port);
    }
}

#endif
