/* SPDX-License-Identifier: Apache-2.0 */
/* What may be compiled for somebody who is not trusted. What libpcap asks the system for a name is
 * counted here: it finds these functions before the C library's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pcap/pcap.h>

#include "formats/filter/pcap_words.h"

static unsigned lookups;

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **result)
{
    typedef int function(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct in6_addr address;
    bool is_address = node != NULL && (inet_pton(AF_INET6, node, &address) == 1 ||
                                       (hints->ai_flags & AI_NUMERICHOST) != 0);
    bool is_port = node == NULL && strspn(service, "0123456789") == strlen(service);
    lookups += !is_address && !is_port;
    function *own = (function *)dlsym(RTLD_NEXT, "getaddrinfo");
    return is_address ? own(node, service, hints, result) : EAI_NONAME;
}

static bool is_compiled(const char *text)
{
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
    struct bpf_program program;
    assert_non_null(pcap);
    bool is_done = pcap_compile(pcap, &program, text, 0, PCAP_NETMASK_UNKNOWN) == 0;
    if (is_done) {
        pcap_freecode(&program);
    }
    pcap_close(pcap);
    return is_done;
}

static void words_numbers_and_addresses_may_be_compiled(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "ip",
        "tcp port 80 or udp dst portrange 5000-6000",
        "not (src host 10.0.0.1 and dst net 192.168/16)",
        "ether host 02:00:00:00:00:0a or ether src 2-0-0-0-0-b",
        "ip6 host fe80::1 or dst net 2001:db8::/32 or host ::1",
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and ip[2:2] > 0x40",
        "icmp[icmptype] == icmp-echo or icmp6 or vlan 7 and greater 100",
        "net 10.1.2.0 mask 255.255.255.0",
        "ether proto 0x88cc or ip proto 89"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        size_t length;
        const char *name = pcap_words_find_name(good[i], &length);
        if (name != NULL || !is_compiled(good[i])) {
            fail_msg("%s: %s", good[i], name);
        }
    }
    assert_int_equal(lookups, 0);
}

static void what_would_be_looked_up_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } bad[] = {{"host example", "example"},
               {"host bad.de", "bad.de"},
               {"tcp and host 1.2.3.4.5", "1.2.3.4.5"},
               {"host 1.2.3.4.", "1.2.3.4."},
               {"port http", "http"},
               {"ip proto \\tcp", "\\"},
               {"host dead:beef", "dead:beef"},
               {"host 10.0.0.1a", "10.0.0.1a"},
               {"ip6 protochain 6", "protochain"},
               {"gateway 1.2.3.4", "gateway"},
               {"host ab-cd", "ab-cd"},
               {"net TCP", "TCP"},
               {"len-4 > x_y", "len-4"},
               {"host \xc3\xa4", "\xc3"},
               {"host 1-2-3", "1-2-3"},
               {"host 1-2", "1-2"},
               {"portrange 1-2-3", "1-2-3"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t length = 0;
        const char *name = pcap_words_find_name(bad[i].text, &length);
        if (name == NULL || length != strlen(bad[i].name) ||
            strncmp(name, bad[i].name, length) != 0) {
            fail_msg("%s: %s, %zu", bad[i].text, name, length);
        }
    }
    lookups = 0;
    assert_false(is_compiled("host example"));
    assert_true(lookups > 0); /* so the count counts */
}

/* Texts of pieces that are near to a name, at every place where a name may stand. */
static void nothing_that_is_let_through_is_ever_looked_up(void **state)
{
    (void)state;
    static const char *const before[] = {
        "host ", "net ",        "port ",     "portrange ", "proto ",       "src ", "dst ",
        "",      "ether host ", "ip6 host ", "ip proto ",  "ether proto ", "not "};
    static const char *const parts[] = {"1",    "10",  ".",   "-",  ":",  "::", "0x1", "a",
                                        "fe80", "tcp", "len", "_",  "ab", "/",  " ",   "icmp-echo",
                                        "&",    "[",   "]",   "is", "0x", "$",  "\\"};
    enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
    unsigned let_through = 0;
    lookups = 0;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        for (size_t j = 0; j < (size_t)PARTS * PARTS * PARTS; j++) {
            char text[64];
            size_t length;
            snprintf(text, sizeof(text), "%s%s%s%s", before[i], parts[j % PARTS],
                     parts[j / PARTS % PARTS], parts[j / PARTS / PARTS]);
            if (pcap_words_find_name(text, &length) == NULL) {
                let_through++;
                (void)is_compiled(text);
            }
            if (lookups > 0) {
                fail_msg("%s", text);
            }
        }
    }
    assert_true(let_through > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_numbers_and_addresses_may_be_compiled),
        cmocka_unit_test(what_would_be_looked_up_is_found),
        cmocka_unit_test(nothing_that_is_let_through_is_ever_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
