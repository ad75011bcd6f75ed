/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_account.h"

#include <stdbool.h>

json_t *capture_account_json(const struct capture_account *account)
{
    json_t *lost = json_object();
    for (unsigned cause = 1; cause < META_LOSS_COUNT; cause++) {
        bool is_usual = cause == META_LOSS_RING_FULL || cause == META_LOSS_TOO_BIG;
        if (account->lost[cause] != 0 || is_usual) {
            json_object_set_new(lost, meta_loss_name(cause),
                                json_integer((json_int_t)account->lost[cause]));
        }
    }
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "offered", (json_int_t)account->offered,
                     "filtered", (json_int_t)account->filtered, "unwanted",
                     (json_int_t)account->unwanted, "sampled", (json_int_t)account->sampled,
                     "written", (json_int_t)account->written, "lost", lost);
}
