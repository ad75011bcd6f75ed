/* SPDX-License-Identifier: Apache-2.0 */
/* See block_mutate.h. */
#include "fuzz/block_mutate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS_MAX = 4096, BLOCK_HEAD = 8, BLOCK_LEAST = 12, CHANGES_MAX = 6 };

struct block {
    size_t offset, length;
};

struct file {
    uint8_t *bytes;
    size_t length, room;
    struct block blocks[BLOCKS_MAX];
    size_t count;
    uint64_t state; /* of the random numbers */
};

static uint32_t number(struct file *file)
{
    file->state = file->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(file->state >> 33);
}

static size_t below(struct file *file, size_t end)
{
    return end == 0 ? 0 : number(file) % end;
}

static uint32_t get32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof(value));
    return value;
}

static void blocks_find(struct file *file)
{
    size_t offset = 0;
    file->count = 0;
    while (file->count < BLOCKS_MAX && file->length - offset >= BLOCK_LEAST) {
        size_t length = get32(file->bytes + offset + 4);
        if (length < BLOCK_LEAST || length % 4 != 0 || length > file->length - offset) {
            return;
        }
        file->blocks[file->count++] = (struct block){offset, length};
        offset += length;
    }
}

/* The bytes [from, from + length) once more, before `to`. */
static void insert(struct file *file, size_t from, size_t length, size_t to)
{
    uint8_t *copy = length > file->room - file->length ? NULL : malloc(length);
    if (copy == NULL) {
        return;
    }
    memcpy(copy, file->bytes + from, length);
    memmove(file->bytes + to + length, file->bytes + to, file->length - to);
    memcpy(file->bytes + to, copy, length);
    file->length += length;
    free(copy);
}

static void erase(struct file *file, size_t from, size_t length)
{
    memmove(file->bytes + from, file->bytes + from + length, file->length - from - length);
    file->length -= length;
}

static void block_length_set(struct file *file, const struct block *block, size_t length)
{
    uint32_t value = (uint32_t)length;
    memcpy(file->bytes + block->offset + 4, &value, sizeof(value));
    memcpy(file->bytes + block->offset + length - 4, &value, sizeof(value));
}

/* A number of one to eight bytes becomes one that programs stumble over, or one from elsewhere. */
static void number_spoil(struct file *file, size_t at, size_t left)
{
    static const uint64_t hard[] = {0,          1,           2,         0x7f,       0x80,
                                    0xff,       0x7fff,      0xffff,    0x7fffffff, 0x80000000,
                                    0xffffffff, 1ull << 63u, INT64_MAX, UINT64_MAX};
    size_t width = (size_t)1 << below(file, 4);
    uint64_t value = hard[below(file, sizeof(hard) / sizeof(hard[0]))];
    if (width > left) {
        return;
    }
    if (below(file, 3) == 0) {
        memcpy(&value, file->bytes + below(file, file->length - width + 1), width);
    }
    memcpy(file->bytes + at, &value, width);
}

/* In JSON and journal texts: what breaks a number, a text or the nesting, or another letter. */
static void letter_spoil(struct file *file, size_t at, size_t left)
{
    static const char letters[] = "0919-+.eE\"\\{}[],:= \n\033\0\xff\xc3";
    for (size_t i = 0; i < left; i++) {
        uint8_t *letter = file->bytes + at + i;
        if (*letter >= ' ' && *letter < 0x7f) {
            *letter = (uint8_t)letters[below(file, sizeof(letters) - 1)];
            return;
        }
    }
}

static void body_spoil(struct file *file, const struct block *block)
{
    size_t end = block->offset + block->length - 4;
    size_t at = block->offset + BLOCK_HEAD + below(file, block->length - BLOCK_LEAST);
    switch (at >= end ? 6 : below(file, 6)) {
    case 0:
        file->bytes[at] ^= (uint8_t)(1u << below(file, 8));
        break;
    case 1:
        number_spoil(file, at, end - at);
        break;
    case 2:
        at -= (at - block->offset) % 4;
        number_spoil(file, at, end - at);
        break;
    case 3:
        letter_spoil(file, at, end - at);
        break;
    case 4: /* four bytes fewer */
        at -= (at - block->offset) % 4;
        erase(file, at, 4);
        block_length_set(file, block, block->length - 4);
        break;
    case 5: /* a piece of the file more */
        at -= (at - block->offset) % 4;
        size_t length = 4 * (1 + below(file, 16));
        size_t before = file->length;
        if (length <= file->length) {
            insert(file, below(file, file->length - length + 1), length, at);
        }
        block_length_set(file, block, block->length + file->length - before);
        break;
    default:
        break;
    }
}

static void blocks_spoil(struct file *file)
{
    const struct block *block = &file->blocks[below(file, file->count)];
    const struct block *other = &file->blocks[below(file, file->count)];
    switch (below(file, 8)) {
    case 0:
        erase(file, block->offset, block->length);
        break;
    case 1:
        insert(file, block->offset, block->length, other->offset);
        break;
    case 2: /* all that there is a second time, behind itself or in the middle */
        insert(file, 0, file->length, other->offset + other->length);
        break;
    case 3:
        file->length = block->offset + below(file, block->length);
        break;
    default: /* moved */
        insert(file, block->offset, block->length, other->offset);
        blocks_find(file);
        if (file->count != 0) {
            block = &file->blocks[below(file, file->count)];
            erase(file, block->offset, block->length);
        }
        break;
    }
}

size_t block_mutate(uint8_t *bytes, size_t length, size_t room, uint64_t seed)
{
    struct file *file = malloc(sizeof(*file));
    if (file == NULL) {
        abort();
    }
    *file = (struct file){.bytes = bytes, .length = length, .room = room, .state = seed};
    (void)number(file);
    for (size_t changes = 1 + below(file, CHANGES_MAX); changes > 0 && file->length > 0;
         changes--) {
        blocks_find(file);
        if (file->count == 0) {
            file->bytes[below(file, file->length)] ^= (uint8_t)(1u << below(file, 8));
        } else if (below(file, 5) == 0) {
            blocks_spoil(file);
        } else {
            body_spoil(file, &file->blocks[below(file, file->count)]);
        }
    }
    length = file->length;
    free(file);
    return length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    return block_mutate(data, size, max_size, seed);
}
