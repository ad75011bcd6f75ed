/* SPDX-License-Identifier: Apache-2.0 */
/* A slot is found by its relocation: one that names a function of the table and holds its address.
 * Functions that are hooked have no argument of ours, so what they count is static here. */
#include "certify/hooks.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "certify/hooks_table.h"

enum { BLOCKS_BITS = 15, BLOCKS_MAX = 1 << BLOCKS_BITS, OBJECTS_MAX = 64 };

struct block {
    void *memory; /* null: unused */
    size_t size;
    const void *caller;
    uint64_t number;
};

static struct {
    atomic_flag is_locked;
    struct block blocks[BLOCKS_MAX]; /* open addressing */
    uint64_t count, next_number;
    uint64_t allocations, fail_at; /* of control operations */
    const char *file;              /* name of the extension */
    const void *base;              /* where it was loaded last */
    const char *forbidden;
    const void *forbidden_caller;
    char forbidden_text[160];
} hooked = {.is_locked = ATOMIC_FLAG_INIT};

static _Thread_local enum hooks_mode mode_now;

enum hooks_mode hooks_enter(enum hooks_mode mode)
{
    enum hooks_mode before = mode_now;
    mode_now = mode;
    return before;
}

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&hooked.is_locked, memory_order_acquire)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&hooked.is_locked, memory_order_release);
}

/* For the hooked functions -------------------------------------------------------------------- */

void hooks_called(const char *name, const void *caller)
{
    if (mode_now == HOOKS_PACKET && hooked.forbidden == NULL) {
        hooked.forbidden = name;
        hooked.forbidden_caller = caller;
    }
}

/* Only of the extension itself: there are libraries that end the process when memory is short, and
 * what they do with it is not the extension's. */
bool hooks_must_fail(const void *caller)
{
    Dl_info info;
    return mode_now == HOOKS_CONTROL && dladdr(caller, &info) != 0 &&
           info.dli_fbase == hooked.base && ++hooked.allocations == hooked.fail_at;
}

static size_t block_home(const void *memory)
{
    return ((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BLOCKS_BITS);
}

/* The block of this memory, or the place for it. The table is never more than half full. */
static struct block *block_find(const void *memory)
{
    size_t place = block_home(memory);
    while (hooked.blocks[place].memory != NULL && hooked.blocks[place].memory != memory) {
        place = (place + 1) % BLOCKS_MAX;
    }
    return &hooked.blocks[place];
}

/* Those behind it that would not be found any more move up. */
static void block_remove(struct block *block)
{
    size_t hole = (size_t)(block - hooked.blocks);
    size_t next = hole;
    for (;;) {
        next = (next + 1) % BLOCKS_MAX;
        const struct block *moved = &hooked.blocks[next];
        if (moved->memory == NULL) {
            break;
        }
        size_t home = block_home(moved->memory);
        bool is_between = hole <= next ? hole < home && home <= next : hole < home || home <= next;
        if (!is_between) {
            hooked.blocks[hole] = *moved;
            hole = next;
        }
    }
    hooked.blocks[hole].memory = NULL;
    hooked.count--;
}

void hooks_allocated(void *memory, size_t size, const void *caller)
{
    if (memory == NULL || mode_now == HOOKS_OFF) {
        return;
    }
    lock();
    struct block *block = block_find(memory);
    if (block->memory == NULL && hooked.count < BLOCKS_MAX / 2) {
        *block = (struct block){memory, size, caller, ++hooked.next_number};
        hooked.count++;
    }
    unlock();
}

void hooks_freed(const void *memory)
{
    if (memory == NULL) {
        return;
    }
    lock();
    struct block *block = block_find(memory);
    if (block->memory != NULL) {
        block_remove(block);
    }
    unlock();
}

/* For the kit --------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void place_text(const void *address, char *text, size_t size)
{
    Dl_info info;
    if (address == NULL || dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        snprintf(text, size, "an unknown place");
        return;
    }
    int is_copy = strncmp(info.dli_fname, "/proc/", 6) == 0;
    snprintf(text, size, "%s+0x%zx", base_name(is_copy ? hooked.file : info.dli_fname),
             (size_t)((const char *)address - (const char *)info.dli_fbase));
}

const char *hooks_forbidden(void)
{
    if (hooked.forbidden == NULL) {
        return NULL;
    }
    char place[100];
    place_text(hooked.forbidden_caller, place, sizeof(place));
    snprintf(hooked.forbidden_text, sizeof(hooked.forbidden_text), "%s, called from %s",
             hooked.forbidden, place);
    hooked.forbidden = NULL;
    return hooked.forbidden_text;
}

uint64_t hooks_fail(uint64_t number)
{
    uint64_t before = hooked.allocations;
    hooked.allocations = 0;
    hooked.fail_at = number;
    return before;
}

struct hooks_blocks hooks_blocks(void)
{
    struct hooks_blocks sum = {0};
    lock();
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        if (hooked.blocks[i].memory != NULL) {
            sum.count++;
            sum.bytes += hooked.blocks[i].size;
        }
    }
    unlock();
    return sum;
}

void hooks_blocks_forget(void)
{
    lock();
    memset(hooked.blocks, 0, sizeof(hooked.blocks));
    hooked.count = 0;
    unlock();
}

void hooks_blocks_origin(char *text, size_t size)
{
    const struct block *newest = NULL;
    lock();
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        const struct block *block = &hooked.blocks[i];
        if (block->memory != NULL && (newest == NULL || block->number > newest->number)) {
            newest = block;
        }
    }
    const void *caller = newest != NULL ? newest->caller : NULL;
    unlock();
    place_text(caller, text, size);
}

/* Finding the slots --------------------------------------------------------------------------- */

/* The parts of an object's dynamic section; the loader has made addresses of the pointers. */
struct dynamic {
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Rela) * relocations, *calls;
    size_t relocation_count, call_count;
};

static struct dynamic dynamic_read(const struct link_map *object)
{
    struct dynamic found = {0};
    for (const ElfW(Dyn) *entry = object->l_ld; entry->d_tag != DT_NULL; entry++) {
        const void *pointer = (const void *)entry->d_un.d_ptr; /* NOLINT */
        switch (entry->d_tag) {
        case DT_SYMTAB:
            found.symbols = pointer;
            break;
        case DT_STRTAB:
            found.names = pointer;
            break;
        case DT_RELA:
            found.relocations = pointer;
            break;
        case DT_RELASZ:
            found.relocation_count = entry->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_JMPREL:
            found.calls = pointer;
            break;
        case DT_PLTRELSZ:
            found.call_count = entry->d_un.d_val / sizeof(ElfW(Rela));
            break;
        default:
            break;
        }
    }
    return found;
}

static int slot_write(void **slot, void *value)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot & ~(uintptr_t)(page - 1));
    if (mprotect(start, page, PROT_READ | PROT_WRITE) != 0) {
        return 0;
    }
    *slot = value;
    return 1;
}

static int relocations_hook(const struct link_map *object, const struct dynamic *dynamic,
                            const ElfW(Rela) * relocations, size_t count)
{
    int good = 1;
    for (size_t i = 0; relocations != NULL && i < count && good; i++) {
        size_t symbol = ELF64_R_SYM(relocations[i].r_info);
        const struct hook *hook =
            symbol != 0 ? hook_find(dynamic->names + dynamic->symbols[symbol].st_name) : NULL;
        if (hook == NULL) {
            continue;
        }
        void **slot = (void **)(object->l_addr + relocations[i].r_offset);
        if (*slot == dlsym(RTLD_DEFAULT, hook->name)) {
            good = slot_write(slot, hook->function);
        }
    }
    return good;
}

/* Libraries that call themselves, or are called for what the kit does. */
static int is_left_alone(const char *name)
{
    static const char *const alone[] = {"libc.so",    "ld-linux",   "libm.so",  "libgcc_s",
                                        "libpthread", "libdl.so",   "librt.so", "libasan",
                                        "libubsan",   "libtsan.so", "libstdc++"};
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        if (strncmp(name, alone[i], strlen(alone[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static struct link_map *object_find(struct link_map *any, const char *name)
{
    while (any->l_prev != NULL) {
        any = any->l_prev;
    }
    while (any != NULL && strcmp(base_name(any->l_name), name) != 0) {
        any = any->l_next;
    }
    return any;
}

struct objects {
    struct link_map *entries[OBJECTS_MAX];
    size_t count;
};

static void objects_add(struct objects *objects, struct link_map *object)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (objects->entries[i] == object) {
            return;
        }
    }
    if (object != NULL && objects->count < OBJECTS_MAX) {
        objects->entries[objects->count++] = object;
    }
}

enum xsw_status hooks_install(void *library, const char *file, struct xsw_error *error)
{
    hooked.file = file;
    struct link_map *first = NULL;
    if (dlinfo(library, RTLD_DI_LINKMAP, &first) != 0) {
        return error_set(error, XSW_CORRUPT, "the loaded object cannot be looked at: %s",
                         dlerror());
    }
    hooked.base = (const void *)first->l_addr; /* NOLINT: where a shared object begins */
    struct objects objects = {.entries = {first}, .count = 1};
    for (size_t i = 0; i < objects.count; i++) {
        const struct link_map *object = objects.entries[i];
        struct dynamic dynamic = dynamic_read(object);
        for (const ElfW(Dyn) *entry = object->l_ld; entry->d_tag != DT_NULL; entry++) {
            const char *name = dynamic.names + entry->d_un.d_val;
            if (entry->d_tag == DT_NEEDED && !is_left_alone(name)) {
                objects_add(&objects, object_find(first, name));
            }
        }
        if (!relocations_hook(object, &dynamic, dynamic.relocations, dynamic.relocation_count) ||
            !relocations_hook(object, &dynamic, dynamic.calls, dynamic.call_count)) {
            return error_errno(error, "%s: its calls cannot be hooked", object->l_name);
        }
    }
    return XSW_OK;
}
