/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration between JSON and structs: what is taken, what is refused and with which words,
 * and that what is shown can be read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "switch/config/config_json.h"
#include "switch/config/config_rule.h"
#include "switch/config/config_text.h"

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *tree = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (tree == NULL)
        fail_msg("test text is no JSON: %s", error.text);
    return tree;
}

static enum xsw_status port_read(const char *text, struct port_config *config,
                                 struct xsw_error *error)
{
    struct config_reader reader;
    json_t *tree = parse(text);
    struct config_node root = config_node_root(&reader, "params", tree, error);
    struct config_node node = config_node_member(&root, "port");
    *config = (struct port_config){.mtu = 1500, .vlan = {.mode = VLAN_ACCESS, .access = 1}};
    config_port_read(&node, true, config);
    json_decref(tree);
    return reader.status;
}

static enum xsw_status rule_read(const char *text, struct acl_rule *rule, struct xsw_error *error)
{
    struct config_reader reader;
    json_t *tree = parse(text);
    struct config_node node = config_node_root(&reader, "rule", tree, error);
    config_rule_read(&node, rule);
    json_decref(tree);
    return reader.status;
}

static void assert_port_refused(const char *text, const char *expected)
{
    struct port_config config;
    struct xsw_error error = {0};
    assert_int_equal(port_read(text, &config, &error), XSW_INVALID);
    assert_string_equal(error.text, expected);
}

static void assert_rule_refused(const char *text, const char *expected)
{
    struct acl_rule rule;
    struct xsw_error error = {0};
    assert_int_equal(rule_read(text, &rule, &error), XSW_INVALID);
    assert_string_equal(error.text, expected);
}

static void a_whole_port_is_read(void **state)
{
    struct port_config config;
    (void)state;
    assert_int_equal(
        port_read("{\"port\":{\"name\":\"uplink\",\"kind\":\"tap\",\"device\":\"tap0\","
                  "\"mtu\":9000,\"vlan\":{\"mode\":\"trunk\",\"native\":1,"
                  "\"allowed\":[10,\"20-22\"]},\"spoof_guard\":true,"
                  "\"macs\":[\"02:00:00:00:00:0a\"],\"mirror_to\":\"probe\"}}",
                  &config, NULL),
        XSW_OK);
    assert_string_equal(config.name, "uplink");
    assert_int_equal(config.kind, PORT_KIND_TAP);
    assert_string_equal(config.device, "tap0");
    assert_int_equal(config.mtu, 9000);
    assert_int_equal(config.vlan.mode, VLAN_TRUNK);
    assert_int_equal(config.vlan.native, 1);
    assert_int_equal(config.vlan.allowed[0], (uint64_t)0x700400);
    assert_true(config.spoof_guard);
    assert_int_equal(config.mac_count, 1);
    assert_int_equal(config.macs[0].bytes[5], 0x0a);
    assert_string_equal(config.mirror_to, "probe");
}

static void absent_members_keep_what_was_there(void **state)
{
    struct port_config config;
    (void)state;
    assert_int_equal(port_read("{\"port\":{\"name\":\"a\"}}", &config, NULL), XSW_OK);
    assert_int_equal(config.mtu, 1500);
    assert_int_equal(config.vlan.access, 1);
}

static void errors_name_the_path_and_what_was_expected(void **state)
{
    (void)state;
    assert_port_refused("{}", "params.port: is missing");
    assert_port_refused("{\"port\":[]}", "params.port: expected an object, found an array");
    assert_port_refused("{\"port\":{}}", "params.port.name: is missing");
    assert_port_refused("{\"port\":{\"name\":\"\"}}", "params.port.name: is empty");
    assert_port_refused(
        "{\"port\":{\"name\":\"a b\"}}",
        "params.port.name: expected letters, digits, '-', '_' and '.', found \"a b\"");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"mtu\":\"1500\"}}",
                        "params.port.mtu: expected a number from 68 to 65517, found a text");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"mtu\":1500.5}}",
                        "params.port.mtu: expected a number from 68 to 65517, found a fraction");
    assert_port_refused(
        "{\"port\":{\"name\":\"a\",\"vlan\":{\"mode\":\"access\",\"access\":5000}}}",
        "params.port.vlan.access: expected a number from 1 to 4094, found 5000");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"macs\":[\"02:00:00:00:00:01\",\"02:00\"]}}",
                        "params.port.macs[1]: expected an address like \"02:00:00:00:00:01\"");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"kind\":\"tun\"}}",
                        "params.port.kind: expected one of tap, memory, file, packet, xdp, none, "
                        "found \"tun\"");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"spoof_guard\":1}}",
                        "params.port.spoof_guard: expected true or false, found a number");
}

/* Terminals obey C1 as well as C0, and marks of direction make one name look like another. */
static void texts_that_terminals_would_obey_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\\u0007", "\\u007f", "\\u0080", "\\u009b31m",
                                      "\\u009f", "\\u200e", "\\u200f", "\\u202a",
                                      "\\u202e", "\\u2066", "\\u2069", "a\\u202eb"};
    static const char *const good[] = {"\\u00a0", "\\u00e9", "\\u200d", "\\u2010", "\\u2029",
                                       "\\u202f", "\\u2065", "\\u206a", "\\u4e00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]) + sizeof(good) / sizeof(good[0]); i++) {
        bool is_bad = i < sizeof(bad) / sizeof(bad[0]);
        char text[64];
        char read[32] = "";
        struct xsw_error error = {0};
        struct config_reader reader;
        snprintf(text, sizeof(text), "{\"name\": \"x%s\"}",
                 is_bad ? bad[i] : good[i - sizeof(bad) / sizeof(bad[0])]);
        json_t *tree = parse(text);
        struct config_node node = config_node_root(&reader, "session", tree, &error);
        config_node_text(&node, "name", read, sizeof(read));
        if ((reader.status == XSW_INVALID) != is_bad || (read[0] == '\0') != is_bad) {
            fail_msg("%s: %s", text, error.text);
        }
        json_decref(tree);
    }
}

static void a_misspelt_member_is_refused_with_the_near_one(void **state)
{
    (void)state;
    assert_port_refused("{\"port\":{\"name\":\"a\",\"vlna\":{}}}",
                        "params.port: unknown member \"vlna\": did you mean \"vlan\"?");
    assert_port_refused(
        "{\"port\":{\"name\":\"a\",\"vlan\":{\"mode\":\"access\",\"colour\":1}}}",
        "params.port.vlan: unknown member \"colour\": expected mode, access, native, allowed, "
        "type, primary, secondary, secondaries");
}

static void vlan_members_of_the_other_mode_are_refused(void **state)
{
    (void)state;
    assert_port_refused(
        "{\"port\":{\"name\":\"a\",\"vlan\":{\"mode\":\"access\",\"access\":1,\"native\":1}}}",
        "params.port.vlan.native: does not belong to mode \"access\"");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"vlan\":{\"mode\":\"trunk\"}}}",
                        "params.port.vlan.allowed: is missing");
    assert_port_refused(
        "{\"port\":{\"name\":\"a\",\"vlan\":{\"mode\":\"trunk\",\"allowed\":[\"30-20\"]}}}",
        "params.port.vlan.allowed[0]: expected a VLAN from 1 to 4094 or a range like \"20-30\"");
}

static void members_of_another_kind_are_refused(void **state)
{
    (void)state;
    assert_port_refused("{\"port\":{\"name\":\"a\",\"input\":\"x.pcap\"}}",
                        "params.port.input: belongs to kind \"file\"");
    assert_port_refused("{\"port\":{\"name\":\"a\",\"kind\":\"file\"}}",
                        "params.port: kind \"file\" needs \"input\", \"output\" or both");
}

/* What is shown of a port, read again, is the port. */
static void assert_shown_is_read(const char *text)
{
    struct port_config first;
    struct port_config second;
    struct xsw_error error = {0};
    if (port_read(text, &first, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    json_t *shown = json_pack("{s:o}", "port", config_port_json(&first));
    char *again = json_dumps(shown, 0);
    assert_int_equal(port_read(again, &second, NULL), XSW_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    free(again);
    json_decref(shown);
}

static void a_shown_port_can_be_read_again(void **state)
{
    (void)state;
    assert_shown_is_read("{\"port\":{\"name\":\"u\",\"mtu\":9000,\"vlan\":{\"mode\":\"trunk\","
                         "\"native\":0,\"allowed\":[\"1-4094\"]},\"spoof_guard\":true,"
                         "\"macs\":[\"02:00:00:00:00:0a\"],\"mirror_to\":\"p\"}}");
    assert_shown_is_read(
        "{\"port\":{\"name\":\"u\",\"kind\":\"packet\",\"device\":\"eth7\",\"role\":\"external\","
        "\"friendly_name\":\"to the wörld\",\"dhcp_guard\":true,\"router_guard\":true,"
        "\"priority_tag\":\"reset\",\"mirror_to\":\"p\",\"mirror_direction\":\"out\","
        "\"storm_limit\":{\"broadcast\":1,\"unknown_unicast\":4294967295},"
        "\"bandwidth\":{\"limit\":1000000000000,\"burst\":9000,\"weight\":100,"
        "\"reservation\":8000,\"capacity\":10000},\"required_extensions\":[\"a\",\"b.c\"]}}");
    assert_shown_is_read("{\"port\":{\"name\":\"u\",\"kind\":\"none\",\"role\":\"internal\","
                         "\"vlan\":{\"mode\":\"private\",\"type\":\"community\","
                         "\"primary\":100,\"secondary\":101}}}");
    assert_shown_is_read(
        "{\"port\":{\"name\":\"u\",\"kind\":\"xdp\",\"vlan\":{\"mode\":\"private\","
        "\"type\":\"promiscuous\",\"primary\":4094,\"secondaries\":[7,\"9-12\"]}}}");
}

static void policies_are_read(void **state)
{
    struct port_config config;
    (void)state;
    assert_int_equal(
        port_read("{\"port\":{\"name\":\"u\",\"vlan\":{\"mode\":\"private\",\"type\":\"isolated\","
                  "\"primary\":100,\"secondary\":101},\"storm_limit\":{\"multicast\":50},"
                  "\"bandwidth\":{\"weight\":7},\"mirror_direction\":\"in\","
                  "\"required_extensions\":[\"wall\"],\"role\":\"internal\"}}",
                  &config, NULL),
        XSW_OK);
    assert_int_equal(config.vlan.mode, VLAN_PRIVATE);
    assert_int_equal(config.vlan.private_type, PRIVATE_VLAN_ISOLATED);
    assert_int_equal(config.vlan.primary, 100);
    assert_int_equal(config.vlan.secondary, 101);
    assert_int_equal(config.storm.multicast, 50);
    assert_int_equal(config.storm.broadcast, 0);
    assert_int_equal(config.bandwidth.weight, 7);
    assert_int_equal(config.mirror_direction, MIRROR_IN);
    assert_int_equal(config.role, PORT_ROLE_INTERNAL);
    assert_int_equal(config.required_count, 1);
    assert_string_equal(config.required[0], "wall");
}

static void policies_that_make_no_sense_are_refused_with_their_path(void **state)
{
    static const char *const cases[][2] = {
        {"\"vlan\":{\"mode\":\"private\",\"type\":\"lonely\"}",
         "params.port.vlan.type: expected one of isolated, community, promiscuous, found "
         "\"lonely\""},
        {"\"vlan\":{\"mode\":\"private\",\"type\":\"isolated\",\"primary\":4095}",
         "params.port.vlan.primary: expected a number from 1 to 4094, found 4095"},
        {"\"vlan\":{\"mode\":\"private\",\"type\":\"isolated\",\"primary\":1}",
         "params.port.vlan.secondary: is missing"},
        {"\"vlan\":{\"mode\":\"private\",\"type\":\"isolated\",\"primary\":1,\"secondaries\":[2]}",
         "params.port.vlan.secondaries: belongs to type \"promiscuous\""},
        {"\"vlan\":{\"mode\":\"private\",\"type\":\"promiscuous\",\"primary\":1,\"secondary\":2}",
         "params.port.vlan.secondary: a promiscuous port has \"secondaries\""},
        {"\"vlan\":{\"mode\":\"private\",\"type\":\"isolated\",\"native\":1}",
         "params.port.vlan.native: does not belong to mode \"private\""},
        {"\"vlan\":{\"mode\":\"access\",\"access\":1,\"primary\":1}",
         "params.port.vlan.primary: does not belong to mode \"access\""},
        {"\"dhcp_guard\":1", "params.port.dhcp_guard: expected true or false, found a number"},
        {"\"priority_tag\":\"drop\"",
         "params.port.priority_tag: expected one of keep, reset, found \"drop\""},
        {"\"storm_limit\":{\"broadcast\":-1}",
         "params.port.storm_limit.broadcast: expected a number from 0 to 4294967295, found -1"},
        {"\"storm_limit\":{\"unicast\":1}",
         "params.port.storm_limit: unknown member \"unicast\": expected broadcast, multicast, "
         "unknown_unicast"},
        {"\"bandwidth\":{\"weight\":101}",
         "params.port.bandwidth.weight: expected a number from 0 to 100, found 101"},
        {"\"mirror_direction\":\"up\"",
         "params.port.mirror_direction: expected one of both, in, out, found \"up\""},
        {"\"required_extensions\":[\"a\",\"\"]",
         "params.port.required_extensions[1]: expected the name of an instance of an extension"},
        {"\"required_extensions\":[1,2,3,4,5,6,7,8,9]",
         "params.port.required_extensions: expected at most 8 elements, found 9"},
        {"\"role\":\"uplink\"",
         "params.port.role: expected one of generic, external, internal, found \"uplink\""},
        {"\"kind\":\"none\",\"device\":\"eth0\"",
         "params.port.device: belongs to kinds \"tap\", \"packet\" and \"xdp\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{\"port\":{\"name\":\"a\",%s}}", cases[i][0]);
        assert_port_refused(text, cases[i][1]);
    }
}

static void a_shown_switch_can_be_read_again(void **state)
{
    static const char text[] = "{\"name\":\"s\",\"type\":\"private\",\"bandwidth_mode\":"
                               "\"absolute\",\"workers\":2,\"observers\":{\"pseudonyms\":true,"
                               "\"filters\":false}}";
    struct config_reader reader;
    struct switch_config first = {.workers = 1, .mac_limit = 8192};
    struct switch_config second = first;
    (void)state;
    json_t *tree = parse(text);
    struct config_node node = config_node_root(&reader, "switch", tree, NULL);
    config_switch_read(&node, &first);
    assert_int_equal(reader.status, XSW_OK);
    assert_int_equal(first.type, SWITCH_PRIVATE);
    assert_int_equal(first.bandwidth_mode, BANDWIDTH_ABSOLUTE);
    assert_true(first.observers.pseudonyms && first.observers.no_filters);
    assert_false(first.observers.headers_only || first.observers.mask_payload);
    json_decref(tree);
    tree = config_switch_json(&first);
    node = config_node_root(&reader, "switch", tree, NULL);
    config_switch_read(&node, &second);
    assert_int_equal(reader.status, XSW_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    json_decref(tree);
}

static const char whole_rule[] =
    "{\"id\":7,\"weight\":-5,\"direction\":\"in\",\"action\":\"deny\","
    "\"source_mac\":\"02:00:00:00:00:01\",\"destination_mac\":\"02:00:00:00:00:02\","
    "\"ether_type\":\"ipv4\",\"protocol\":\"tcp\",\"source\":\"10.0.0.0/8\","
    "\"destination\":\"10.0.0.2\",\"source_ports\":\"1000-2000\",\"destination_ports\":\"23\"}";

static void a_whole_rule_is_read(void **state)
{
    struct acl_rule rule;
    (void)state;
    assert_int_equal(rule_read(whole_rule, &rule, NULL), XSW_OK);
    assert_int_equal(rule.id, 7);
    assert_int_equal(rule.weight, -5);
    assert_int_equal(rule.direction, ACL_IN);
    assert_int_equal(rule.action, ACL_DENY);
    assert_true(rule.has_source_mac && rule.has_destination_mac);
    assert_int_equal(rule.ether_type, 0x0800);
    assert_int_equal(rule.protocol, 6);
    assert_int_equal(rule.source.family, 4);
    assert_int_equal(rule.source.bits, 8);
    assert_int_equal(rule.destination.bits, 32);
    assert_int_equal(rule.source_ports.last, 2000);
    assert_int_equal(rule.destination_ports.first, 23);
}

static void a_shown_rule_can_be_read_again(void **state)
{
    struct acl_rule first;
    struct acl_rule second;
    (void)state;
    assert_int_equal(rule_read(whole_rule, &first, NULL), XSW_OK);
    json_t *shown = config_rule_json(&first);
    char *text = json_dumps(shown, 0);
    assert_int_equal(rule_read(text, &second, NULL), XSW_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    free(text);
    json_decref(shown);
}

static void a_rule_reads_as_a_sentence(void **state)
{
    struct acl_rule rule;
    char text[CONFIG_RULE_TEXT_SIZE];
    (void)state;
    assert_int_equal(rule_read(whole_rule, &rule, NULL), XSW_OK);
    config_rule_format(&rule, text);
    assert_string_equal(text, "deny in ipv4 tcp smac 02:00:00:00:00:01 dmac 02:00:00:00:00:02 "
                              "src 10.0.0.0/8 src port 1000-2000 dst 10.0.0.2 dst port 23");
    assert_int_equal(
        rule_read("{\"direction\":\"out\",\"action\":\"allow\",\"protocol\":47}", &rule, NULL),
        XSW_OK);
    config_rule_format(&rule, text);
    assert_string_equal(text, "allow out proto 47");
    assert_int_equal(rule_read("{\"direction\":\"out\",\"action\":\"deny\"}", &rule, NULL), XSW_OK);
    config_rule_format(&rule, text);
    assert_string_equal(text, "deny out all");
}

static void a_rule_that_can_never_match_is_refused(void **state)
{
    (void)state;
    assert_rule_refused("{\"direction\":\"in\",\"action\":\"deny\",\"protocol\":\"icmp\","
                        "\"destination_ports\":80}",
                        "rule: has ports, so expected protocol tcp or udp");
    assert_rule_refused("{\"direction\":\"in\",\"action\":\"deny\",\"source\":\"10.0.0.1\","
                        "\"destination\":\"fe80::1\"}",
                        "rule: expected source and destination of one family, IPv4 or IPv6");
    assert_rule_refused("{\"direction\":\"in\",\"action\":\"deny\",\"source\":\"10.0.0.1/8\"}",
                        "rule.source: expected 10.0.0.0/8, fe80::/10 or an address, with no bits "
                        "behind the prefix, found \"10.0.0.1/8\"");
    assert_rule_refused("{\"action\":\"deny\"}", "rule.direction: is missing");
}

static void the_longest_rule_fits_its_text(void **state)
{
    struct acl_rule rule;
    char text[CONFIG_RULE_TEXT_SIZE];
    (void)state;
    assert_int_equal(
        rule_read("{\"direction\":\"out\",\"action\":\"allow\",\"ether_type\":\"0x86de\","
                  "\"protocol\":\"17\",\"source_mac\":\"02:00:00:00:00:01\","
                  "\"destination_mac\":\"02:00:00:00:00:01\","
                  "\"source\":\"1111:2222:3333:4444:5555:6666:7777:8800/120\","
                  "\"destination\":\"1111:2222:3333:4444:5555:6666:7777:8800/120\","
                  "\"source_ports\":\"10000-65535\",\"destination_ports\":\"10000-65535\"}",
                  &rule, NULL),
        XSW_OK);
    config_rule_format(&rule, text);
    assert_string_equal(text + strlen(text) - 11, "10000-65535");
}

static void small_texts_are_taken_whole_or_not_at_all(void **state)
{
    struct mac_address mac;
    struct ip_prefix prefix;
    struct port_range range;
    uint16_t ether_type;
    uint64_t vlans[4096 / 64] = {0};
    uint64_t number;
    (void)state;
    assert_true(config_mac_parse("02-00-00-00-00-ff", &mac));
    assert_false(config_mac_parse("02:00:00:00:00:01:", &mac));
    assert_false(config_mac_parse("2:0:0:0:0:1", &mac));
    assert_false(config_mac_parse("", &mac));
    assert_true(config_prefix_parse("0.0.0.0/0", &prefix));
    assert_false(config_prefix_parse("10.0.0.0/33", &prefix));
    assert_false(config_prefix_parse("10.0.0.0/", &prefix));
    assert_false(config_prefix_parse("/8", &prefix));
    assert_false(config_range_parse("0", &range));
    assert_false(config_range_parse("80-", &range));
    assert_false(config_range_parse("65536", &range));
    assert_true(config_range_parse("0-65535", &range));
    assert_true(config_range_is_any(&range));
    assert_false(config_ether_type_parse("0x05ff", &ether_type));
    assert_false(config_ether_type_parse("0x", &ether_type));
    assert_false(config_ether_type_parse("0x12345", &ether_type));
    assert_false(config_vlans_parse("0", vlans));
    assert_false(config_vlans_parse("4095", vlans));
    assert_true(config_vlans_parse("4094", vlans));
    assert_false(config_number_parse("18446744073709551616", 0, UINT64_MAX, &number));
    assert_false(config_number_parse("+1", 0, 10, &number));
}

static enum xsw_status extension_read(const char *text, struct config_extension *extension,
                                      struct xsw_error *error)
{
    struct config_reader reader;
    json_t *tree = parse(text);
    struct config_node node = config_node_root(&reader, "extension", tree, error);
    config_extension_read(&node, extension);
    json_decref(tree);
    return reader.status;
}

static void settings_become_texts(void **state)
{
    struct config_extension extension;
    (void)state;
    assert_int_equal(extension_read("{\"path\":\"rewrite\",\"settings\":{\"dscp\":46,\"on\":true,"
                                    "\"rules\":[\"a\",\"b\"],\"none\":[]}}",
                                    &extension, NULL),
                     XSW_OK);
    const struct extension_config *config = &extension.config;
    assert_int_equal(config->setting_count, 4);
    for (size_t i = 0; i < config->setting_count; i++) {
        const struct extension_setting *setting = &config->settings[i];
        if (strcmp(setting->name, "dscp") == 0)
            assert_string_equal(setting->texts[0], "46");
        else if (strcmp(setting->name, "on") == 0)
            assert_string_equal(setting->texts[0], "true");
        else if (strcmp(setting->name, "rules") == 0)
            assert_string_equal(setting->texts[1], "b");
        else
            assert_int_equal(setting->text_count, 0);
    }
    config_extension_fini(&extension);
}

static void settings_of_other_types_are_refused(void **state)
{
    struct config_extension extension;
    struct xsw_error error = {0};
    (void)state;
    assert_int_equal(
        extension_read("{\"path\":\"x\",\"settings\":{\"rules\":[\"a\",{}]}}", &extension, &error),
        XSW_INVALID);
    assert_string_equal(error.text,
                        "extension.settings.rules[1]: expected a text below 4096 bytes, "
                        "a number, true or false");
    config_extension_fini(&extension);
    assert_int_equal(extension_read("{\"path\":\"x\",\"settings\":7}", &extension, &error),
                     XSW_INVALID);
    config_extension_fini(&extension);
}

static void the_first_failure_is_the_one_that_is_told(void **state)
{
    (void)state;
    assert_port_refused("{\"port\":{\"name\":7,\"mtu\":\"x\"}}",
                        "params.port.name: expected a text, found a number");
}

static void near_words_are_found_and_far_ones_are_not(void **state)
{
    static const char *const words[] = {"port.list", "port.show", "mac.flush", NULL};
    (void)state;
    assert_string_equal(config_near("port.lsit", words), "port.list");
    assert_string_equal(config_near("mac.flsh", words), "mac.flush");
    const char *const short_words[] = {"mtu", "vlan", NULL};
    assert_string_equal(config_near("mut", short_words), "mtu"); /* two changed places: one slip */
    assert_null(config_near("tmx", short_words));
    assert_null(config_near("frobnicate", words));
    assert_null(config_near("", words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_port_is_read),
        cmocka_unit_test(absent_members_keep_what_was_there),
        cmocka_unit_test(errors_name_the_path_and_what_was_expected),
        cmocka_unit_test(texts_that_terminals_would_obey_are_refused),
        cmocka_unit_test(a_misspelt_member_is_refused_with_the_near_one),
        cmocka_unit_test(vlan_members_of_the_other_mode_are_refused),
        cmocka_unit_test(members_of_another_kind_are_refused),
        cmocka_unit_test(a_shown_port_can_be_read_again),
        cmocka_unit_test(policies_are_read),
        cmocka_unit_test(policies_that_make_no_sense_are_refused_with_their_path),
        cmocka_unit_test(a_shown_switch_can_be_read_again),
        cmocka_unit_test(a_whole_rule_is_read),
        cmocka_unit_test(a_shown_rule_can_be_read_again),
        cmocka_unit_test(a_rule_reads_as_a_sentence),
        cmocka_unit_test(a_rule_that_can_never_match_is_refused),
        cmocka_unit_test(the_longest_rule_fits_its_text),
        cmocka_unit_test(small_texts_are_taken_whole_or_not_at_all),
        cmocka_unit_test(settings_become_texts),
        cmocka_unit_test(settings_of_other_types_are_refused),
        cmocka_unit_test(the_first_failure_is_the_one_that_is_told),
        cmocka_unit_test(near_words_are_found_and_far_ones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
