/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as the file that `xsw analyze` and `xsw export` are given, through all
 * that the commands do: options, passes, selection, baseline, what is written to other files, and
 * each form of the report. Whatever the file is, the command ends with one of its exit codes and
 * says why, what it says is fit for a terminal, and its sums are those of its tables.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/analyze/analyze.h"
#include "cmd/analyze/export.h"
#include "cmd/exit_codes.h"
#include "fuzz/report_check.h"
#include "fuzz/target.h"

enum { WORDS_MAX = 12, PATH_SIZE = 64 };

enum form { FORM_TEXT, FORM_JSON, FORM_LINES, FORM_BYTES, FORM_AS_FIRST };

static char folder[] = "/tmp/xsw-report-fuzz-XXXXXX";
static char input[PATH_SIZE], output[PATH_SIZE];
static char *first; /* what the first call said */

/* One call of a command, in words that a shell would have taken apart. */
struct call {
    enum form form;
    const char *words[WORDS_MAX];
};

/* "IN" and "OUT" stand for the files. What it wrote is read again by the last one. The second
 * writes an index, and the third answers from it; both say what the first one said. */
static const struct call calls[] = {
    {FORM_JSON, {"analyze", "--json", "IN"}},
    {FORM_AS_FIRST, {"analyze", "--json", "--index", "IN"}}, /* beside it is that of another file */
    {FORM_AS_FIRST, {"analyze", "--json", "--index", "--threads", "3", "IN"}},
    {FORM_TEXT, {"analyze", "--all", "IN"}},
    {FORM_TEXT, {"analyze", "IN", "IN"}},
    {FORM_TEXT, {"analyze", "--timeline", "IN"}},
    {FORM_LINES, {"analyze", "--timeline", "--json", "IN"}},
    {FORM_LINES, {"analyze", "--csv", "findings", "IN"}},
    {FORM_LINES, {"analyze", "--csv", "drops", "IN"}},
    {FORM_LINES, {"analyze", "--csv", "changes", "IN"}},
    {FORM_LINES, {"analyze", "--csv", "paths", "IN"}},
    {FORM_LINES, {"analyze", "--csv", "latency", "IN"}},
    {FORM_LINES, {"analyze", "--csv", "flows", "IN"}},
    {FORM_TEXT, {"analyze", "--packet", "3", "IN"}},
    {FORM_JSON, {"analyze", "--json", "--packet", "1", "--export", "OUT", "IN"}},
    {FORM_TEXT, {"analyze", "--baseline", "IN", "--strict", "--table", "paths", "IN"}},
    {FORM_BYTES, {"export", "--stage", "alice.rx", "--write", "OUT", "IN"}},
    {FORM_TEXT, {"analyze", "--where", "dropped or changed or held", "--export", "OUT", "IN"}},
    {FORM_JSON, {"analyze", "--json", "--baseline", "IN", "--where", "changed", "OUT"}},
};

static void folder_remove(void)
{
    char path[2 * PATH_SIZE];
    static const char *const inside[] = {"in", "out", "in.xswi", "xsw/index.key", "xsw", ""};
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, inside[i]);
        (void)remove(path);
    }
    free(first);
}

static void folder_make(void)
{
    if (input[0] != '\0') {
        return;
    }
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(1);
    }
    snprintf(input, sizeof(input), "%s/in", folder);
    snprintf(output, sizeof(output), "%s/out", folder);
    setenv("XDG_CACHE_HOME", folder, 1);
    atexit(folder_remove);
}

static void file_write(const uint8_t *data, size_t size)
{
    FILE *file = fopen(input, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        perror(input);
        exit(1);
    }
}

static void output_check(const struct call *call, const char *text, size_t length)
{
    char name[256] = "";
    for (size_t i = 0; i < WORDS_MAX && call->words[i] != NULL; i++) {
        strncat(name, " ", sizeof(name) - strlen(name) - 1);
        strncat(name, call->words[i], sizeof(name) - strlen(name) - 1);
    }
    if (call->form == FORM_AS_FIRST && strcmp(text, first) != 0) {
        fprintf(stderr, "%s: not as without an index:\n%.4000s\n", name, text);
        abort();
    }
    if (call->form == FORM_JSON && length > 0) {
        check_json(text, length);
    } else if (call->form == FORM_TEXT) {
        check_text(name, text, length);
    } else if (call->form == FORM_LINES) {
        check_characters(name, text, length);
    }
}

/* The command with its standard output and error in memory. */
static void call_make(const struct call *call)
{
    char words[WORDS_MAX][PATH_SIZE];
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    char *told[2] = {NULL, NULL};
    size_t lengths[2] = {0, 0};
    FILE *out = stdout;
    FILE *err = stderr;
    for (; argc < WORDS_MAX && call->words[argc] != NULL; argc++) {
        const char *word = call->words[argc];
        word = strcmp(word, "IN") == 0 ? input : strcmp(word, "OUT") == 0 ? output : word;
        snprintf(words[argc], sizeof(words[argc]), "%s", word);
        argv[argc] = words[argc];
    }
    stdout = open_memstream(&told[0], &lengths[0]);
    stderr = open_memstream(&told[1], &lengths[1]);
    int code = call->words[0][0] == 'a' ? cmd_analyze(argc, argv) : cmd_export(argc, argv);
    fclose(stdout);
    fclose(stderr);
    stdout = out;
    stderr = err;
    output_check(call, told[0], lengths[0]);
    if (call == calls) {
        free(first);
        first = strdup(told[0]);
    }
    check_characters("standard error", told[1], lengths[1]);
    bool was_told = (code != EXIT_USAGE && code != EXIT_FAILED) || lengths[1] > 0;
    if (code < EXIT_DONE || code > EXIT_FAILED || !was_told) {
        fprintf(stderr, "%s %s ended with %d: %s\n", call->words[0], call->words[1], code, told[1]);
        abort();
    }
    free(told[0]);
    free(told[1]);
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* the name that fuzzers have agreed on */
enum { HAS_FUZZER = 1 };
#else
enum { HAS_FUZZER = 0 };
#endif

/* Under a fuzzer an input goes through some of the calls, always the same: new inputs are worth
 * more there than all calls of each. */
static bool is_wanted(const uint8_t *data, size_t size, size_t call)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * 1099511628211u;
    }
    return !HAS_FUZZER || call < 3 || (hash >> (20 + 2 * call) & 3) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    folder_make();
    unlink(output);
    file_write(data, size);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (is_wanted(data, size, i)) {
            call_make(&calls[i]);
        }
    }
    return 0;
}
