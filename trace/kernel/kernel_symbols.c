/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Lines of the file are "address type name", not in order of addresses where modules come in. */
static void look_up(FILE *file, struct kernel_symbol *symbol)
{
    char line[512];
    uint64_t best = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        uint64_t address;
        char type;
        char name[KERNEL_SYMBOL_SIZE];
        if (sscanf(line, "%" SCNx64 " %c %63s", &address, &type, name) != 3 || address == 0 ||
            (type != 't' && type != 'T')) {
            continue;
        }
        if (address <= symbol->address && address > best) {
            best = address;
            memcpy(symbol->name, name, sizeof(name));
        }
    }
}

const char *kernel_symbols_find(struct kernel_symbols *symbols, uint64_t address)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (symbols->known[i].address == address) {
            return symbols->known[i].name;
        }
    }
    if (address == 0 || symbols->count == KERNEL_SYMBOLS_MAX) {
        return "";
    }
    struct kernel_symbol *symbol = &symbols->known[symbols->count++];
    *symbol = (struct kernel_symbol){.address = address};
    FILE *file = fopen(symbols->path != NULL ? symbols->path : "/proc/kallsyms", "re");
    if (file != NULL) {
        look_up(file, symbol);
        fclose(file);
    }
    return symbol->name;
}
