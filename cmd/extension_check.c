/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw extension check: holds a shared object to the contract of extensions.
 */
#include "cmd/extension_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certify/certify.h"
#include "cmd/command.h"
#include "formats/json_write.h"
#include "switch/config/config.h"
#include "switch/extension/extension_host.h"

const char extension_check_help[] =
    "usage: xsw extension check FILE.so [KEY=VALUE…] [only RULE] [seed N]\n"
    "                           [seconds N]\n"
    "       xsw extension check rules\n"
    "\n"
    "Runs the extension in processes of its own, between memory ports and without any\n"
    "daemon, and says rule by rule whether it keeps to the contract of\n"
    "xsw-extension(3); for each rule that is broken, what was seen.\n"
    "\n"
    "KEY=VALUE are its settings; what is checked of an unconfigured extension is\n"
    "checked without them. A KEY that is given several times makes a list.\n"
    "\n"
    "  only RULE     this rule alone; `rules` lists them\n"
    "  seed N        of the packets, not 0; default 1: same seed, same packets\n"
    "  seconds N     that a trial may take before it hangs; default 20\n"
    "  --json  --help\n"
    "\n"
    "Its code runs with your rights: check what you do not trust as somebody else.\n"
    "\n"
    "Examples: xsw extension check ./mine.so\n"
    "          xsw extension check ./mine.so 'rules=10 deny udp' only hot-path\n"
    "Exit: 0 all rules hold, 1 a rule is broken, 2 usage, 3 it cannot be checked.\n";

/* The settings that were given, and the texts that they refer to. */
struct given {
    struct extension_setting settings[EXTENSION_SETTINGS_MAX];
    const char **texts[EXTENSION_SETTINGS_MAX];
    size_t count;
};

static void given_fini(struct given *given)
{
    for (size_t i = 0; i < given->count; i++) {
        free(given->texts[i]);
    }
}

/* The setting of this name, a new one if there is none; null when there are too many. */
static struct extension_setting *given_find(struct given *given, const char *name, size_t words)
{
    size_t place = 0;
    while (place < given->count && strcmp(given->settings[place].name, name) != 0) {
        place++;
    }
    if (place < given->count) {
        return &given->settings[place];
    }
    if (place == EXTENSION_SETTINGS_MAX) {
        return NULL;
    }
    given->texts[place] = calloc(words + 1, sizeof(char *));
    if (given->texts[place] == NULL) {
        return NULL;
    }
    struct extension_setting *made = &given->settings[given->count++];
    snprintf(made->name, sizeof(made->name), "%s", name);
    made->texts = given->texts[place];
    return made;
}

/* "KEY=VALUE"; false after an error. */
static bool given_add(struct command *command, struct given *given, const char *word)
{
    char name[CONFIG_NAME_SIZE];
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word || (size_t)(equals - word) >= sizeof(name)) {
        command_usage(command, "expected KEY=VALUE, only, seed or seconds, found \"%s\"", word);
        return false;
    }
    snprintf(name, sizeof(name), "%.*s", (int)(equals - word), word);
    struct extension_setting *setting = given_find(given, name, (size_t)command->count);
    if (setting == NULL) {
        command_usage(command, "expected at most %d settings", EXTENSION_SETTINGS_MAX);
        return false;
    }
    given->texts[setting - given->settings][setting->text_count++] = equals + 1;
    return true;
}

static bool number_take(struct command *command, const char *what, unsigned long long maximum,
                        unsigned long long *number)
{
    const char *word = command_need(command, what);
    char *end = NULL;
    if (word == NULL) {
        return false;
    }
    errno = 0;
    *number = strtoull(word, &end, 0);
    if (errno != 0 || end == word || *end != '\0' || word[0] == '-' || *number == 0 ||
        *number > maximum) {
        command_usage(command, "%s: expected a number from 1 to %llu, found \"%s\"", what, maximum,
                      word);
        return false;
    }
    return true;
}

static bool words_read(struct command *command, struct certify_options *options,
                       struct given *given)
{
    bool good = true;
    while (good && command->next < command->count) {
        unsigned long long number = 0;
        if (command_accept(command, "only")) {
            options->only = command_need(command, "the id of a rule");
            good = options->only != NULL;
            if (good && certify_rule_find(options->only) == RULE_COUNT) {
                command_usage(command, "there is no rule \"%s\": see `xsw extension check rules`",
                              options->only);
                good = false;
            }
        } else if (command_accept(command, "seed")) {
            good = number_take(command, "the seed", UINT64_MAX, &number);
            options->seed = number;
        } else if (command_accept(command, "seconds")) {
            good = number_take(command, "the seconds", 3600, &number);
            options->seconds = (uint32_t)number;
        } else {
            good = given_add(command, given, command_word(command));
        }
    }
    options->settings = given->settings;
    options->setting_count = given->count;
    return good;
}

static int rules_print(const struct command *command)
{
    struct json_writer json;
    struct xsw_error error;
    json_init_stream(&json, stdout, 2);
    if (command->json) {
        json_object_open(&json, NULL);
        json_u64(&json, "format", 1);
        json_array_open(&json, "rules");
    }
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        const struct certify_rule_info *info = certify_rule_info((enum certify_rule)rule);
        if (command->json) {
            json_object_open(&json, NULL);
            json_text(&json, "id", info->id);
            json_text(&json, "sentence", info->sentence);
            json_text(&json, "reference", info->reference);
            json_object_close(&json);
        } else {
            printf("%-18s  %s\n", info->id, info->sentence);
        }
    }
    if (!command->json) {
        return EXIT_DONE;
    }
    json_array_close(&json);
    json_object_close(&json);
    enum xsw_status status = json_finish(&json, &error);
    putchar('\n');
    return status == XSW_OK ? EXIT_DONE : EXIT_FAILED;
}

static int report_print(const struct command *command, const struct certify_report *report)
{
    struct xsw_error error;
    enum xsw_status status = XSW_OK;
    if (command->json) {
        status = certify_print_json(report, stdout, &error);
    } else {
        certify_print_text(report, stdout);
    }
    if (status != XSW_OK || fflush(stdout) != 0) {
        fprintf(stderr, "xsw extension: the report cannot be written\n");
        return EXIT_FAILED;
    }
    return report->broken > 0 ? EXIT_FOUND : EXIT_DONE;
}

static int check_run(struct command *command, const struct certify_options *options)
{
    struct xsw_error error;
    struct certify_report *report = calloc(1, sizeof(*report));
    if (report == NULL) {
        fputs("xsw extension: no memory\n", stderr);
        return EXIT_FAILED;
    }
    int exit_code = EXIT_FAILED;
    if (certify_run(options, report, &error) != XSW_OK) {
        fprintf(stderr, "xsw extension: %s cannot be checked: %s\n", options->path, error.text);
    } else {
        exit_code = report_print(command, report);
    }
    free(report);
    return exit_code;
}

int extension_check(struct command *command)
{
    struct certify_options options = {.seconds = CERTIFY_SECONDS_DEFAULT,
                                      .seed = CERTIFY_SEED_DEFAULT};
    struct given given = {.count = 0};
    const char *path = command_need(command, "the path of the extension");
    if (path == NULL) {
        return EXIT_USAGE;
    }
    if (strcmp(path, "rules") == 0) {
        return command_ends(command) ? rules_print(command) : EXIT_USAGE;
    }
    int exit_code = EXIT_USAGE;
    char *absolute = realpath(path, NULL);
    if (absolute == NULL) {
        fprintf(stderr, "xsw extension: %s: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    options.path = absolute;
    if (words_read(command, &options, &given)) {
        exit_code = check_run(command, &options);
    }
    given_fini(&given);
    free(absolute);
    return exit_code;
}
