/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files and folders given as arguments, and over every cut and some flips
 * of the small ones, so that the corpus counts in every ordinary test run, without a fuzzer.
 * --as-is before them: without cuts and flips, for a target that takes long.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/target.h"

enum {
    FILE_MAX = 16 << 20,
    SMALL = 1024, /* files up to this size are also cut and flipped */
    PATH_SIZE = 4096
};

static bool is_as_is;

/* The input in memory of exactly its size, so that a sanitizer sees a step too far. */
static void run(const uint8_t *bytes, size_t length)
{
    uint8_t *exact = malloc(length > 0 ? length : 1);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
}

static void run_variants(uint8_t *bytes, size_t length)
{
    run(bytes, length);
    if (length > SMALL || is_as_is) {
        return;
    }
    for (size_t cut = 0; cut < length; cut++) {
        run(bytes, cut);
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[cut] ^= (uint8_t)(1u << bit);
            run(bytes, length);
            bytes[cut] ^= (uint8_t)(1u << bit);
        }
    }
}

static unsigned run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(FILE_MAX);
    if (file == NULL || bytes == NULL) {
        perror(path);
        exit(1);
    }
    size_t length = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    run_variants(bytes, length);
    free(bytes);
    return 1;
}

static unsigned run_path(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return run_file(path);
    }
    unsigned count = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char inside[PATH_SIZE];
        struct stat about;
        snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
        if (stat(inside, &about) == 0 && S_ISREG(about.st_mode)) {
            count += run_file(inside);
        }
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    is_as_is = argc > 1 && strcmp(argv[1], "--as-is") == 0;
    for (int i = is_as_is ? 2 : 1; i < argc; i++) {
        count += run_path(argv[i]);
    }
    printf("%u files\n", count);
    return count > 0 ? 0 : 1; /* an empty corpus proves nothing */
}
