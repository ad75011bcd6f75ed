/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_privacy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "capture/privacy/pseudonym.h"

enum { KEY_DIGITS = 2 * PSEUDONYM_KEY_SIZE };

/* 64 hexadecimal digits and nothing else but blanks and line ends. */
static bool key_read(const char *command, const char *path, char key[KEY_DIGITS + 1])
{
    size_t count = 0;
    int digit;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: --pseudonyms: cannot open the key file %s: %m\n", command, path);
        return false;
    }
    while ((digit = fgetc(file)) != EOF && (isxdigit(digit) || isspace(digit))) {
        if (isxdigit(digit)) {
            key[count < KEY_DIGITS ? count : KEY_DIGITS] = (char)digit;
            count++;
        }
    }
    bool is_key = digit == EOF && count == KEY_DIGITS;
    fclose(file);
    key[KEY_DIGITS] = '\0';
    if (!is_key) {
        fprintf(stderr,
                "%s: --pseudonyms: expected %d hexadecimal digits in %s; "
                "openssl rand -hex %d makes such a key\n",
                command, KEY_DIGITS, path, PSEUDONYM_KEY_SIZE);
    }
    return is_key;
}

bool capture_privacy_take(const char *command, int option, const char *text, json_t *rules)
{
    char key[KEY_DIGITS + 1] = "";
    json_t *privacy = json_object_get(rules, "privacy");
    if (privacy == NULL) {
        privacy = json_object();
        json_object_set_new(rules, "privacy", privacy);
    }
    switch (option) {
    case CAPTURE_PRIVACY_HEADERS:
        return json_object_set_new(privacy, "headers_only", json_true()) == 0;
    case CAPTURE_PRIVACY_MASK:
        return json_object_set_new(privacy, "mask_payload", json_true()) == 0;
    default:
        break;
    }
    json_object_set_new(privacy, "pseudonyms", json_true());
    if (text != NULL && !key_read(command, text, key)) {
        return false;
    }
    if (text != NULL) {
        json_object_set_new(privacy, "key", json_string(key));
        explicit_bzero(key, sizeof(key));
    }
    return true;
}
