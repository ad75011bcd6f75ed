/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of the object without running it, and of the descriptor before anything but its
 * constructors has run. */
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "certify/elf_file.h"
#include "certify/trial.h"
#include "switch/extension/extension_host.h"

static const char exported_name[] = "xsw_extension_v1";

/* The object ---------------------------------------------------------------------------------- */

static void segments_check(struct findings *findings, const struct elf_file *file)
{
    Elf64_Phdr segment;
    for (size_t i = 0; elf_file_segment(file, i, &segment); i++) {
        bool is_mapped = segment.p_type == PT_LOAD || segment.p_type == PT_GNU_STACK;
        if (is_mapped && (segment.p_flags & (PF_W | PF_X)) == (PF_W | PF_X)) {
            findings_add(findings, RULE_OBJECT,
                         "program header %zu (%s): writable and executable: expected one or the "
                         "other",
                         i, segment.p_type == PT_LOAD ? "segment" : "stack");
        }
    }
}

/* Names of the linker and of the runtime that older tools export beside those of the source. */
static bool is_of_linker(const char *name)
{
    static const char *const names[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    /* A sanitizer gives every object that it builds some marks of its own. */
    return strncmp(name, "__asan_", 7) == 0 || strncmp(name, "__odr_asan", 10) == 0;
}

static void symbol_check(struct findings *findings, const Elf64_Sym *symbol, const char *name,
                         bool *is_extension)
{
    unsigned bind = ELF64_ST_BIND(symbol->st_info);
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (bind == STB_LOCAL) {
        return;
    }
    if (symbol->st_shndx == SHN_UNDEF) {
        if (strncmp(name, "xsw_", 4) == 0) {
            findings_add(findings, RULE_IMPORTS,
                         "undefined symbol %s: expected none of the host: what it offers is in "
                         "struct xsw_host",
                         name);
        }
    } else if (strcmp(name, exported_name) == 0) {
        *is_extension = type == STT_OBJECT;
    } else if (!is_of_linker(name)) {
        findings_add(findings, RULE_EXPORTS, "exported symbol %s: expected %s alone: build with %s",
                     name, exported_name, "-fvisibility=hidden");
    }
}

void trial_object(struct trial *trial)
{
    struct elf_file file;
    struct xsw_error error;
    struct findings *findings = trial->findings;
    enum xsw_status status = elf_file_open(&file, trial->options->path, &error);
    if (status == XSW_CORRUPT) {
        findings_add(findings, RULE_OBJECT, "%s", error.text);
    } else if (status != XSW_OK) {
        findings_problem(findings, "%s", error.text);
    } else {
        Elf64_Sym symbol;
        const char *name;
        bool is_extension = false;
        segments_check(findings, &file);
        for (size_t i = 1; elf_file_symbol(&file, i, &symbol, &name); i++) {
            symbol_check(findings, &symbol, name, &is_extension);
        }
        if (!is_extension) {
            findings_add(findings, RULE_EXPORTS,
                         "expected the datum %s: XSW_EXTENSION_EXPORT at the end of the source",
                         exported_name);
        }
        findings->is_hopeless = !is_extension || findings_is_broken(findings, RULE_IMPORTS);
    }
    findings->is_cut_short = findings_is_broken(findings, RULE_OBJECT) && file.symbols == NULL;
    findings->is_hopeless |= findings->is_cut_short;
    elf_file_close(&file);
}

/* The descriptor ---------------------------------------------------------------------------------
 */

static bool line_is_good(const char *text)
{
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at)) {
            return false;
        }
    }
    return text != NULL && text[0] != '\0';
}

static void reasons_check(struct findings *findings, const struct xsw_extension *extension)
{
    for (size_t i = 0; i < extension->reason_count; i++) {
        const struct xsw_reason_info *reason = &extension->reasons[i];
        if (!extension_name_is_valid(reason->name) || !line_is_good(reason->sentence)) {
            findings_add(findings, RULE_REASONS,
                         "drop reason %zu: expected a name of a-z, 0-9 and '-' and a sentence in "
                         "one line",
                         i);
            continue;
        }
        for (size_t before = 0; before < i; before++) {
            const char *other = extension->reasons[before].name;
            if (other != NULL && strcmp(other, reason->name) == 0) {
                findings_add(findings, RULE_REASONS, "drop reasons %zu and %zu: both are \"%s\"",
                             before, i, reason->name);
            }
        }
    }
}

/* Settings, and the fields of features, which are declared alike. */
static void setting_check(struct findings *findings, enum certify_rule rule, const char *where,
                          const struct xsw_setting_info *info)
{
    if (!extension_name_is_valid(info->name) || !line_is_good(info->help)) {
        findings_add(findings, rule, "%s: expected a name of a-z, 0-9 and '-' and a line of help",
                     where);
    } else if (info->type < XSW_SETTING_BOOL || info->type > XSW_SETTING_TEXT_LIST) {
        findings_add(findings, rule, "%s \"%s\": type %d is none of enum xsw_setting_type", where,
                     info->name, (int)info->type);
    } else if (info->type == XSW_SETTING_NUMBER &&
               (info->minimum > info->maximum || info->default_number < info->minimum ||
                info->default_number > info->maximum)) {
        findings_add(findings, rule, "%s \"%s\": its default %llu is not from %llu to %llu", where,
                     info->name, (unsigned long long)info->default_number,
                     (unsigned long long)info->minimum, (unsigned long long)info->maximum);
    } else if (info->type == XSW_SETTING_BOOL && info->default_number > 1) {
        findings_add(findings, rule, "%s \"%s\": its default is %llu; expected 0 or 1", where,
                     info->name, (unsigned long long)info->default_number);
    }
}

static void names_check(struct findings *findings, enum certify_rule rule, const char *where,
                        const struct xsw_setting_info *infos, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t before = 0; before < i; before++) {
            if (infos[i].name != NULL && infos[before].name != NULL &&
                strcmp(infos[i].name, infos[before].name) == 0) {
                findings_add(findings, rule, "%s: two are called \"%s\"", where, infos[i].name);
            }
        }
    }
}

static void feature_check(struct findings *findings, const struct xsw_extension *extension,
                          const struct xsw_feature_info *feature, size_t place)
{
    char where[64];
    snprintf(where, sizeof(where), "feature %zu", place);
    if (feature->size < sizeof(*feature) || !extension_name_is_valid(feature->name) ||
        !line_is_good(feature->help) ||
        (feature->scope != XSW_SCOPE_PORT && feature->scope != XSW_SCOPE_SWITCH)) {
        findings_add(findings, RULE_FEATURES,
                     "%s: expected a size, a name, a line of help and a scope", where);
        return;
    }
    if ((feature->fields == NULL && feature->field_count > 0) ||
        (feature->status_fields == NULL && feature->status_count > 0) ||
        feature->field_count > EXTENSION_FIELDS_MAX ||
        feature->status_count > EXTENSION_FIELDS_MAX) {
        findings_add(findings, RULE_FEATURES,
                     "%s \"%s\": expected at most %d fields that are there", where, feature->name,
                     EXTENSION_FIELDS_MAX);
        return;
    }
    snprintf(where, sizeof(where), "feature \"%s\" field", feature->name);
    for (size_t i = 0; i < feature->field_count; i++) {
        setting_check(findings, RULE_FEATURES, where, &feature->fields[i]);
    }
    names_check(findings, RULE_FEATURES, where, feature->fields, feature->field_count);
    names_check(findings, RULE_FEATURES, where, feature->status_fields, feature->status_count);
    bool has_status = extension->control != NULL &&
                      XSW_HAS(extension->control, struct xsw_control_ops, status) &&
                      extension->control->status != NULL;
    if (feature->status_count > 0 && !has_status) {
        findings_add(findings, RULE_FEATURES,
                     "feature \"%s\": it declares a status, and there is no operation status",
                     feature->name);
    }
}

static void features_check(struct findings *findings, const struct xsw_extension *extension)
{
    if (!XSW_HAS(extension, struct xsw_extension, feature_count)) {
        return;
    }
    if (extension->feature_count > EXTENSION_FEATURES_MAX ||
        (extension->features == NULL && extension->feature_count > 0)) {
        findings_add(findings, RULE_FEATURES, "expected at most %d features that are there",
                     EXTENSION_FEATURES_MAX);
        return;
    }
    for (size_t i = 0; i < extension->feature_count; i++) {
        feature_check(findings, extension, &extension->features[i], i);
        for (size_t before = 0; before < i; before++) {
            const char *name = extension->features[i].name;
            const char *other = extension->features[before].name;
            if (name != NULL && other != NULL && strcmp(name, other) == 0) {
                findings_add(findings, RULE_FEATURES, "features %zu and %zu: both are \"%s\"",
                             before, i, name);
            }
        }
    }
}

static void flags_check(struct findings *findings, const struct xsw_extension *extension)
{
    const uint32_t known = XSW_EXTENSION_CHANGES_BYTES | XSW_EXTENSION_ORIGINATES |
                           XSW_EXTENSION_HOLDS | XSW_EXTENSION_DROPS_HELD;
    uint32_t flags = extension->flags;
    bool is_filter = extension->kind == XSW_EXTENSION_FILTER;
    bool has_new = XSW_HAS(extension, struct xsw_extension, enforces);
    const char *fault = NULL;
    if ((flags & ~known) != 0) {
        fault = "there are some that version 1 does not have";
    } else if ((flags & XSW_EXTENSION_CHANGES_BYTES) != 0 &&
               (!is_filter || extension->filter->ingress == NULL)) {
        fault = "only a filter with the operation ingress changes bytes";
    } else if ((flags & XSW_EXTENSION_HOLDS) != 0 && extension->kind == XSW_EXTENSION_CAPTURE) {
        fault = "a capture extension holds nothing";
    } else if ((flags & XSW_EXTENSION_DROPS_HELD) != 0 && (flags & XSW_EXTENSION_HOLDS) == 0) {
        fault = "it drops what it holds, and does not hold";
    } else if (has_new && extension->enforces != 0 && extension->kind != XSW_EXTENSION_FORWARD) {
        fault = "only a forwarder enforces standard policies";
    } else if (has_new &&
               (extension->enforces & ~(uint32_t)(XSW_POLICY_VLAN | XSW_POLICY_SECURITY)) != 0) {
        fault = "it enforces policies that version 1 does not have";
    } else if (has_new && extension->tick != NULL && extension->tick_ns < XSW_TICK_MINIMUM_NS) {
        fault = "tick_ns is shorter than XSW_TICK_MINIMUM_NS";
    }
    if (fault != NULL) {
        findings_add(findings, RULE_FLAGS, "flags 0x%x, kind %s: %s", flags,
                     extension_kind_name(extension->kind), fault);
    }
}

static const char *operations_fault(const struct xsw_extension *extension)
{
    const struct xsw_capture_ops *capture = extension->capture;
    const struct xsw_filter_ops *filter = extension->filter;
    const struct xsw_forward_ops *forward = extension->forward;
    int count = (capture != NULL) + (filter != NULL) + (forward != NULL);
    bool is_good = false;
    switch (extension->kind) {
    case XSW_EXTENSION_CAPTURE:
        is_good = capture != NULL && XSW_HAS(capture, struct xsw_capture_ops, look) &&
                  capture->look != NULL;
        break;
    case XSW_EXTENSION_FILTER:
        is_good = filter != NULL && XSW_HAS(filter, struct xsw_filter_ops, egress) &&
                  (filter->ingress != NULL || filter->egress != NULL);
        break;
    case XSW_EXTENSION_FORWARD:
        is_good = forward != NULL && XSW_HAS(forward, struct xsw_forward_ops, forward) &&
                  forward->forward != NULL;
        break;
    default:
        return "kind is none of capture (1), filter (2), forward (3)";
    }
    if (!is_good) {
        return "it has no operation of its kind";
    }
    return count == 1 ? NULL : "it has operations of another kind too";
}

static const char *descriptor_fault(const struct xsw_extension *extension)
{
    if (extension->abi != XSW_EXTENSION_ABI) {
        return "abi is not XSW_EXTENSION_ABI";
    }
    if (!XSW_HAS(extension, struct xsw_extension, forward)) {
        return "size is less than that of version 1";
    }
    if (!extension_name_is_valid(extension->name)) {
        return "name: expected a-z, 0-9 and '-', at most 31 characters";
    }
    if (!line_is_good(extension->version) || !line_is_good(extension->description)) {
        return "version and description: expected a line each";
    }
    if (extension->state_size > EXTENSION_STATE_MAX) {
        return "state_size is larger than 64 MiB";
    }
    if (extension->reason_count > EXTENSION_REASONS_MAX ||
        (extension->reason_count > 0 && extension->reasons == NULL) ||
        extension->setting_count > EXTENSION_SETTINGS_MAX ||
        (extension->setting_count > 0 && extension->settings == NULL)) {
        return "expected at most 32 reasons and 32 settings that are there";
    }
    return operations_fault(extension);
}

static void control_check(struct findings *findings, const struct xsw_extension *extension)
{
    if (extension->kind != XSW_EXTENSION_CAPTURE ||
        !XSW_HAS(extension, struct xsw_extension, control) || extension->control == NULL ||
        !XSW_HAS(extension->control, struct xsw_control_ops, done)) {
        return;
    }
    if (extension->control->ask != NULL || extension->control->done != NULL) {
        findings_add(findings, RULE_CAPTURE_VETO,
                     "it has the operation %s: a capture extension is told, not asked",
                     extension->control->ask != NULL ? "ask" : "done");
    }
}

/* The loader may say why it does not load what is no object or needs what is not there. */
static const struct xsw_extension *descriptor_load(struct trial *trial)
{
    snprintf(trial->findings->doing, sizeof(trial->findings->doing), "while it was loaded");
    void *library = dlopen(trial->options->path, RTLD_NOW | RTLD_LOCAL);
    trial->findings->doing[0] = '\0';
    if (library == NULL) {
        const char *why = dlerror();
        findings_add(trial->findings, RULE_DESCRIPTOR, "it cannot be loaded: %s",
                     why != NULL ? why : "the loader does not say why");
        return NULL;
    }
    const struct xsw_extension *const *exported = dlsym(library, exported_name);
    if (exported == NULL || *exported == NULL) {
        findings_add(trial->findings, RULE_DESCRIPTOR, "%s: expected a pointer to a descriptor",
                     exported_name);
        return NULL;
    }
    return *exported;
}

void trial_descriptor(struct trial *trial)
{
    struct findings *findings = trial->findings;
    const struct xsw_extension *extension = descriptor_load(trial);
    const char *fault = extension != NULL ? descriptor_fault(extension) : NULL;
    if (fault != NULL) {
        findings_add(findings, RULE_DESCRIPTOR, "%s", fault);
    }
    if (extension == NULL || fault != NULL) {
        findings->is_hopeless = findings->is_cut_short = true;
        return;
    }
    findings->kind = extension->kind;
    snprintf(findings->name, sizeof(findings->name), "%s", extension->name);
    snprintf(findings->version, sizeof(findings->version), "%s", extension->version);
    flags_check(findings, extension);
    reasons_check(findings, extension);
    for (size_t i = 0; i < extension->setting_count; i++) {
        char where[32];
        snprintf(where, sizeof(where), "setting %zu", i);
        setting_check(findings, RULE_SETTINGS, where, &extension->settings[i]);
    }
    names_check(findings, RULE_SETTINGS, "settings", extension->settings, extension->setting_count);
    features_check(findings, extension);
    control_check(findings, extension);
    findings->is_hopeless = findings_any(findings); /* the host might refuse it, too */
}
