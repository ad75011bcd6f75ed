/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_ELF_FILE_H
#define XSW_CERTIFY_ELF_FILE_H

/*
 * A shared object as bytes of a file (System V ABI, ELF-64), read without loading it: its segments
 * and its dynamic symbols. The file is hostile: every offset is checked.
 *
 * Threads: one at a time.
 */

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum { ELF_FILE_MAX = 64 << 20 };

struct elf_file {
    uint8_t *bytes;
    size_t size;
    Elf64_Ehdr header;
    const uint8_t *symbols; /* symbol_count of Elf64_Sym, maybe not aligned */
    size_t symbol_count;
    const char *names; /* names_size bytes, the last one zero */
    size_t names_size;
};

/* XSW_CORRUPT: no shared object of this machine; the error says what was found. */
enum xsw_status elf_file_open(struct elf_file *file, const char *path,
                              struct xsw_error *error) XSW_MUST_CHECK;
void elf_file_close(struct elf_file *file); /* also after a failure */

/* By place from 0; false behind the last. */
bool elf_file_segment(const struct elf_file *file, size_t place, Elf64_Phdr *segment);
/* The first entry of the table is no symbol. A name that is not in the table is empty. */
bool elf_file_symbol(const struct elf_file *file, size_t place, Elf64_Sym *symbol,
                     const char **name);

#endif
