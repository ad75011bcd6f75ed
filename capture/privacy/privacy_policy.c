/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/privacy/privacy_policy.h"

#include <string.h>

#include "base/error.h"

enum { KEY_DIGITS = 2 * PSEUDONYM_KEY_SIZE };

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* False when the text is no key. */
static bool key_read(const char *text, uint8_t key[PSEUDONYM_KEY_SIZE])
{
    if (strlen(text) != KEY_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < PSEUDONYM_KEY_SIZE; i++) {
        int high = digit_value(text[2 * i]);
        int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void privacy_options_read(const struct config_node *params, struct privacy_options *options,
                          bool *has_key)
{
    static const char *const members[] = {"headers_only", "mask_payload", "pseudonyms", "key",
                                          NULL};
    struct config_node node = config_node_member(params, "privacy");
    bool headers_only = false;
    bool mask_payload = false;
    bool pseudonyms = false;
    char key[KEY_DIGITS + 2] = "";

    *options = (struct privacy_options){0};
    *has_key = false;
    if (!config_node_is_there(&node)) {
        return;
    }
    config_node_check_object(&node, members);
    config_node_bool(&node, "headers_only", &headers_only);
    config_node_bool(&node, "mask_payload", &mask_payload);
    config_node_bool(&node, "pseudonyms", &pseudonyms);
    config_node_text(&node, "key", key, sizeof(key));
    *has_key = key[0] != '\0';
    /* The message says nothing of what was there: it might be a key with a slip in it. */
    struct config_node key_node = config_node_member(&node, "key");
    if (*has_key && !key_read(key, options->key)) {
        config_node_fail(&key_node, "expected %d hexadecimal digits", KEY_DIGITS);
    } else if (*has_key && !pseudonyms) {
        config_node_fail(&key_node, "has no effect without \"pseudonyms\"");
    }
    explicit_bzero(key, sizeof(key));
    options->headers_only = headers_only;
    options->mask_payload = mask_payload;
    options->pseudonyms = pseudonyms;
}

enum xsw_status privacy_options_settle(struct privacy_options *options, bool has_key,
                                       bool has_filter, const struct observers_config *observers,
                                       bool may_manage,
                                       const uint8_t daemon_key[PSEUDONYM_KEY_SIZE],
                                       struct xsw_error *error)
{
    if (!may_manage && observers->no_filters && has_filter) {
        return error_set(error, XSW_DENIED,
                         "those who observe give no filter and no expression on this switch "
                         "(\"observers\" in its configuration, xswd(8)): capture without");
    }
    if (!may_manage && observers->pseudonyms && has_key) {
        return error_set(error, XSW_DENIED,
                         "those who observe get pseudonyms by the daemon's own key on this switch "
                         "(\"observers\" in its configuration, xswd(8)): leave the key out");
    }
    if (!may_manage) {
        options->headers_only |= observers->headers_only;
        options->mask_payload |= observers->mask_payload;
        options->pseudonyms |= observers->pseudonyms;
    }
    if (options->pseudonyms && !has_key) {
        memcpy(options->key, daemon_key, PSEUDONYM_KEY_SIZE);
    }
    return XSW_OK;
}

json_t *privacy_options_json(const struct privacy_options *options)
{
    return json_pack("{s:b,s:b,s:b}", "headers_only", (int)options->headers_only, "mask_payload",
                     (int)options->mask_payload, "pseudonyms", (int)options->pseudonyms);
}
