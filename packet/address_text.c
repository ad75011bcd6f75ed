/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/address_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Four numbers of up to three digits with one sign between each, from `text` on. */
static bool is_quad(const char *text)
{
    for (unsigned part = 0; part < 4; part++) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 3) {
            return false;
        }
        text += digits;
        if (part < 3 && (*text == '\0' || strchr(".-_", *text) == NULL)) {
            return false;
        }
        text += part < 3;
    }
    return true;
}

/* Twelve hexadecimal digits, whatever stands between them. */
static bool is_mac(const char *text)
{
    unsigned digits = 0;
    for (; isxdigit((unsigned char)*text) || (*text != '\0' && strchr(":-._", *text) != NULL);
         text++) {
        digits += isxdigit((unsigned char)*text) != 0;
    }
    return digits >= 12;
}

/* "::" beside a hexadecimal digit; IPv6 addresses that are written in full look like MAC ones. */
static bool is_short_ipv6(const char *text, const char *at)
{
    return at[0] == ':' && at[1] == ':' &&
           (isxdigit((unsigned char)at[2]) || (at > text && isxdigit((unsigned char)at[-1])));
}

bool address_text_is_in(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool is_start = at == text || !isdigit((unsigned char)at[-1]);
        if ((is_start && is_quad(at)) || is_mac(at) || is_short_ipv6(text, at)) {
            return true;
        }
    }
    return false;
}

void address_text_port_name(const char *name, uint16_t id, char *told, size_t size)
{
    if (address_text_is_in(name)) {
        snprintf(told, size, "port-%u", id);
    } else {
        snprintf(told, size, "%s", name);
    }
}
