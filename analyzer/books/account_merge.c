/* SPDX-License-Identifier: Apache-2.0 */
/* What records that came behind others add to the books. See account.h. */
#include "analyzer/books/account.h"

static void span_merge(struct account_file *file, const struct account_file *part)
{
    if (part->records == 0) {
        return;
    }
    if (file->records == 0 || part->first_ns < file->first_ns) {
        file->first_ns = part->first_ns;
    }
    if (file->records == 0 || part->last_ns > file->last_ns) {
        file->last_ns = part->last_ns;
    }
    file->records += part->records;
}

static void gaps_merge(struct account_file *file, const struct account_file *part)
{
    for (unsigned cause = 0; cause < META_LOSS_COUNT; cause++) {
        file->gap_journeys[cause] =
            account_sum(file->gap_journeys[cause], part->gap_journeys[cause]);
    }
    for (size_t i = 0; i < part->gap_count; i++) {
        if (file->gap_count < ACCOUNT_GAPS_MAX) {
            file->gaps[file->gap_count++] = part->gaps[i];
        } else {
            file->gaps_beyond++;
        }
    }
    file->gaps_beyond += part->gaps_beyond;
}

void account_file_merge(struct account_file *file, const struct account_file *part)
{
    span_merge(file, part);
    gaps_merge(file, part);
    file->received += part->received;
    file->copies_flood += part->copies_flood;
    file->copies_mirror += part->copies_mirror;
    file->copies_other += part->copies_other;
    file->injected += part->injected;
    file->delivered += part->delivered;
    file->dropped += part->dropped;
    file->consumed += part->consumed;
    file->punted += part->punted;
    file->changed += part->changed;
}

void account_merge(struct account *account, const struct account *part)
{
    account_file_merge(&account->file, &part->file);
    account->file.packets += part->file.packets;
    account->file.foreign += part->file.foreign;
    for (size_t i = 0; i < part->drops.count; i++) {
        const struct account_drop *more = table_value(&part->drops, i);
        struct account_drop *drop = table_add(&account->drops, table_key(&part->drops, i));
        if (drop != NULL) {
            drop->in_files += more->in_files;
        } else {
            account->drops_beyond += more->in_files;
        }
    }
    account->drops_beyond += part->drops_beyond;
}

void account_clear(struct account *part)
{
    part->file = (struct account_file){0};
    table_clear(&part->drops);
    part->drops_beyond = 0;
}
