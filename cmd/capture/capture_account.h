/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_ACCOUNT_H
#define XSW_CMD_CAPTURE_ACCOUNT_H

/* The account of a capture, as JSON: of the daemon, of the recorder and in files alike. */

#include <jansson.h>

#include "capture/ring.h"

/* offered, filtered, unwanted, sampled, written, and lost by cause. */
json_t *capture_account_json(const struct capture_account *account);

#endif
