/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_PUPPET_H
#define XSW_TEST_PUPPET_H

/*
 * An extension whose control operations are the test's own: tests/support/extensions/puppet.c,
 * built once for each kind. The test passes the address of its strings as the setting "strings".
 */

#include <xsw/extension.h>

struct puppet {
    const char *name;            /* of the instance */
    const struct xsw_host *host; /* while it runs, else null */
    enum xsw_status (*ask)(struct puppet *puppet, const struct xsw_change *change,
                           struct xsw_error *refusal);
    void (*done)(struct puppet *puppet, const struct xsw_change *change, enum xsw_status outcome);
    void (*told)(struct puppet *puppet, const struct xsw_change *change);
    void *context;
};

#endif
