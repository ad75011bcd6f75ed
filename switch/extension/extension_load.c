/* SPDX-License-Identifier: Apache-2.0 */
/* Opens extensions with good manners: an absolute path or a name in the installed folder, nothing
 * that anybody else may write to, and a descriptor that is checked before it is believed. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/extension/extension_host.h"
#include "switch/state.h"

enum {
    LIBRARY_SIZE_MAX = 64 << 20,
    COPY_CHUNK = 64 << 10,
    NAME_SIZE = 32,
    COPY_NAMES_MAX = 64 /* numbers that may be taken by objects that were never unloaded */
};

const char *extension_folder(void)
{
    const char *folder = secure_getenv("XSW_EXTENSION_PATH");
    return folder != NULL && folder[0] == '/' ? folder : XSW_EXTENSION_DIR;
}

static enum xsw_status path_resolve(const char *path, char *full, size_t size,
                                    struct xsw_error *error)
{
    if (strchr(path, '/') == NULL) {
        const char *suffix = strstr(path, ".so") != NULL ? "" : ".so";
        snprintf(full, size, "%s/%s%s", extension_folder(), path, suffix);
    } else if (path[0] == '/') {
        snprintf(full, size, "%s", path);
    } else {
        return error_set(error, XSW_INVALID,
                         "extension %s: expected an absolute path, or a bare name in %s", path,
                         extension_folder());
    }
    return XSW_OK;
}

static enum xsw_status safe_check(const char *path, struct xsw_error *error)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return error_errno(error, "extension %s", path);
    }
    /* In a sticky folder, such as /tmp, nobody can replace what is another's. */
    int is_sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
    if ((status.st_mode & S_IWOTH) != 0 && !is_sticky) {
        return error_set(error, XSW_DENIED,
                         "extension %s: everybody may write to it, so it is not loaded: chmod o-w",
                         path);
    }
    /* In a user namespace the system's root is a stranger, and so is the owner of "/". */
    struct stat root = {0};
    (void)stat("/", &root);
    if (status.st_uid != 0 && status.st_uid != geteuid() && status.st_uid != root.st_uid) {
        return error_set(error, XSW_DENIED,
                         "extension %s: it belongs to user %u; expected root or the user of xswd",
                         path, (unsigned)status.st_uid);
    }
    return XSW_OK;
}

/* The file and all folders above it: whoever may write to one of them may put another file there.
 */
static enum xsw_status places_check(const char *path, struct xsw_error *error)
{
    char *place = realpath(path, NULL);
    if (place == NULL) {
        return error_errno(error, "extension %s", path);
    }
    enum xsw_status status = safe_check(place, error);
    char *slash = strrchr(place, '/');
    while (status == XSW_OK && slash != NULL && slash != place) {
        *slash = '\0';
        status = safe_check(place, error);
        slash = strrchr(place, '/');
    }
    free(place);
    return status;
}

const char *extension_kind_name(uint32_t kind)
{
    switch (kind) {
    case XSW_EXTENSION_CAPTURE:
        return "capture";
    case XSW_EXTENSION_FILTER:
        return "filter";
    case XSW_EXTENSION_FORWARD:
        return "forward";
    default:
        return "unknown";
    }
}

int extension_name_is_valid(const char *text)
{
    size_t length = text != NULL ? strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
    return length > 0 && length < CONFIG_NAME_SIZE && text[length] == '\0';
}

/* What version 1 had of the operations. They may have grown here since; an extension of then has
 * not. */
enum {
    CAPTURE_BASE = offsetof(struct xsw_capture_ops, look) + sizeof(void (*)(void)),
    FILTER_BASE = offsetof(struct xsw_filter_ops, egress) + sizeof(void (*)(void)),
    FORWARD_BASE = offsetof(struct xsw_forward_ops, forward) + sizeof(void (*)(void))
};

/* What is wrong with the operations of an extension, or null. */
static const char *ops_fault(const struct xsw_extension *extension)
{
    switch (extension->kind) {
    case XSW_EXTENSION_CAPTURE:
        return extension->capture != NULL && extension->capture->size >= CAPTURE_BASE &&
                       extension->capture->look != NULL
                   ? NULL
                   : "kind capture without the operation look";
    case XSW_EXTENSION_FILTER:
        return extension->filter != NULL && extension->filter->size >= FILTER_BASE &&
                       (extension->filter->ingress != NULL || extension->filter->egress != NULL)
                   ? NULL
                   : "kind filter without the operation ingress or egress";
    case XSW_EXTENSION_FORWARD:
        return extension->forward != NULL && extension->forward->size >= FORWARD_BASE &&
                       extension->forward->forward != NULL
                   ? NULL
                   : "kind forward without the operation forward";
    default:
        return "a kind that is none of capture (1), filter (2), forward (3)";
    }
}

static const char *tables_fault(const struct xsw_extension *extension)
{
    if (extension->reason_count > EXTENSION_REASONS_MAX ||
        (extension->reason_count > 0 && extension->reasons == NULL)) {
        return "more than 32 drop reasons, or none where it says there are some";
    }
    for (size_t i = 0; i < extension->reason_count; i++) {
        if (!extension_name_is_valid(extension->reasons[i].name) ||
            extension->reasons[i].sentence == NULL) {
            return "a drop reason without a name of a-z, 0-9, '-', or without a sentence";
        }
    }
    if (extension->setting_count > EXTENSION_SETTINGS_MAX ||
        (extension->setting_count > 0 && extension->settings == NULL)) {
        return "more than 32 settings, or none where it says there are some";
    }
    for (size_t i = 0; i < extension->setting_count; i++) {
        if (!extension_name_is_valid(extension->settings[i].name)) {
            return "a setting without a name of a-z, 0-9, '-'";
        }
    }
    return NULL;
}

static enum xsw_status descriptor_check(const char *path, const struct xsw_extension *extension,
                                        struct xsw_error *error)
{
    size_t base = offsetof(struct xsw_extension, forward) + sizeof(extension->forward);
    if (extension == NULL || extension->abi != XSW_EXTENSION_ABI) {
        return error_set(error, XSW_UNSUPPORTED,
                         "extension %s: ABI %u in its descriptor; expected %u", path,
                         extension != NULL ? extension->abi : 0, XSW_EXTENSION_ABI);
    }
    if (extension->size < base) {
        return error_set(error, XSW_CORRUPT,
                         "extension %s: its descriptor has %u bytes; version 1 has at least %zu",
                         path, extension->size, base);
    }
    const char *fault = !extension_name_is_valid(extension->name)
                            ? "a name that is not of a-z, 0-9, '-'"
                        : extension->version == NULL                  ? "no version"
                        : extension->state_size > EXTENSION_STATE_MAX ? "a state larger than 64 MiB"
                                                                      : ops_fault(extension);
    if (fault == NULL) {
        fault = tables_fault(extension);
    }
    if (fault != NULL) {
        return error_set(error, XSW_CORRUPT, "extension %s: its descriptor has %s", path, fault);
    }
    return XSW_OK;
}

/* An extension for another ABI exports another symbol: find out which, for the error. */
static unsigned other_abi(void *library)
{
    for (unsigned abi = 1; abi < 32; abi++) {
        char symbol[32];
        snprintf(symbol, sizeof(symbol), "xsw_extension_v%u", abi);
        if (dlsym(library, symbol) != NULL) {
            return abi;
        }
    }
    return 0;
}

/* Copies the file into memory of our own, which nobody else can change. */
static enum xsw_status private_copy(const char *path, int *copy, struct xsw_error *error)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0) {
        enum xsw_status status = error_errno(error, "extension %s", path);
        if (file >= 0) {
            close(file);
        }
        return status;
    }
    const char *slash = strrchr(path, '/');
    char chunk[COPY_CHUNK];
    ssize_t got = -1;
    *copy = S_ISREG(info.st_mode) && info.st_size <= LIBRARY_SIZE_MAX
                ? memfd_create(slash != NULL ? slash + 1 : path, MFD_CLOEXEC)
                : -1;
    while (*copy >= 0 && (got = read(file, chunk, sizeof(chunk))) > 0) {
        if (write(*copy, chunk, (size_t)got) != got) {
            got = -1;
            break;
        }
    }
    close(file);
    if (got == 0) {
        return XSW_OK;
    }
    if (*copy >= 0) {
        close(*copy);
        *copy = -1;
    }
    return error_set(error, XSW_CORRUPT, "extension %s: expected a file of at most %d MiB", path,
                     LIBRARY_SIZE_MAX >> 20);
}

static void copy_name(int copy, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "/proc/self/fd/%d", copy);
}

/* The loader knows objects by the name under which they were opened, also those that cannot be
 * unloaded: a number that is still such a name is passed over. */
static void *copy_open(int *copy)
{
    for (int tries = 0; tries < COPY_NAMES_MAX; tries++) {
        char name[NAME_SIZE];
        copy_name(*copy, name);
        void *stale = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        if (stale == NULL) {
            return dlopen(name, RTLD_NOW | RTLD_LOCAL);
        }
        dlclose(stale);
        int next = fcntl(*copy, F_DUPFD_CLOEXEC, *copy + 1);
        if (next < 0) {
            return NULL;
        }
        close(*copy);
        *copy = next;
    }
    return NULL;
}

/*
 * The loader takes a file at a path that it has seen for the object that it has loaded, and a file
 * that is written over changes under the feet of the code that runs. So the object is loaded from a
 * copy; only where there is no /proc, or memory may not be executed, from the file itself.
 */
static enum xsw_status library_open(struct extension_instance *instance, struct xsw_error *error)
{
    int copy = -1;
    enum xsw_status status = private_copy(instance->path, &copy, error);
    if (status != XSW_OK) {
        return status;
    }
    instance->library = copy_open(&copy);
    instance->library_fd = copy;
    if (instance->library == NULL) {
        close(copy);
        instance->library_fd = -1;
        instance->library = dlopen(instance->path, RTLD_NOW | RTLD_LOCAL);
    }
    if (instance->library == NULL) {
        return error_set(error, XSW_CORRUPT, "extension %s: %s", instance->path, dlerror());
    }
    return XSW_OK;
}

/* The descriptor of a library that is open. */
static enum xsw_status exported_take(const char *path, struct extension_instance *instance,
                                     struct xsw_error *error)
{
    const struct xsw_extension *const *exported = dlsym(instance->library, "xsw_extension_v1");
    if (exported == NULL) {
        unsigned abi = other_abi(instance->library);
        if (abi != 0) {
            return error_set(
                error, XSW_UNSUPPORTED,
                "extension %s: made for ABI %u; this xsw offers ABI %u: build it again", path, abi,
                XSW_EXTENSION_ABI);
        }
        return error_set(error, XSW_CORRUPT,
                         "extension %s: it does not export xsw_extension_v1, so it is no extension",
                         path);
    }
    instance->extension = *exported;
    enum xsw_status status = descriptor_check(path, instance->extension, error);
    const struct extension_interposer *between = instance->vswitch->interposer;
    if (status == XSW_OK && between != NULL) {
        instance->extension =
            between->replace(between->context, instance->library, instance->extension);
    }
    return status == XSW_OK ? extension_check_options(instance, error) : status;
}

enum xsw_status extension_load(const char *path, struct extension_instance *instance,
                               struct xsw_error *error)
{
    instance->library_fd = -1;
    enum xsw_status status = path_resolve(path, instance->path, sizeof(instance->path), error);
    if (status == XSW_OK) {
        status = places_check(instance->path, error);
    }
    if (status == XSW_OK) {
        status = library_open(instance, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    return exported_take(path, instance, error);
}

enum xsw_status extension_load_again(const struct extension_instance *loaded,
                                     struct extension_instance *instance, struct xsw_error *error)
{
    char name[NAME_SIZE];
    instance->library_fd = -1;
    memcpy(instance->path, loaded->path, sizeof(instance->path));
    copy_name(loaded->library_fd, name);
    instance->library =
        dlopen(loaded->library_fd >= 0 ? name : loaded->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (instance->library == NULL) {
        return error_set(error, XSW_NO_MEMORY, "extension %s: it cannot be used once more: %s",
                         loaded->name, dlerror());
    }
    return exported_take(loaded->path, instance, error);
}

void extension_unload(struct extension_instance *instance)
{
    if (instance->library != NULL) {
        dlclose(instance->library);
    }
    if (instance->library_fd >= 0) {
        close(instance->library_fd);
    }
    instance->library = NULL;
    instance->library_fd = -1;
}
