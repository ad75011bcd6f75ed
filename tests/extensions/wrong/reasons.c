/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong: declares two drop reasons of one name. */
#include <xsw/extension.h>

#include "tests/extensions/wrong/wrong.h"

static const struct xsw_reason_info reasons[] = {
    {"unwanted", "nobody wants it"},
    {"unwanted", "somebody does not want it"},
};

static const struct xsw_filter_ops ops = {.size = sizeof(ops), .ingress = wrong_pass};

static const struct xsw_extension extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof(extension),
    .name = "reasons",
    .version = "1",
    .description = "breaks the rule reasons",
    .kind = XSW_EXTENSION_FILTER,
    .init = wrong_init,
    .reasons = reasons,
    .reason_count = 2,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(extension);
