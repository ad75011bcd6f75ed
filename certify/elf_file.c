/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/elf_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_NONE }; /* any: the loader has the last word */
#endif

static enum xsw_status bytes_read(struct elf_file *file, const char *path, struct xsw_error *error)
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        return error_errno(error, "extension %s", path);
    }
    enum xsw_status status = XSW_OK;
    long size = fseek(stream, 0, SEEK_END) == 0 ? ftell(stream) : -1;
    if (size < 0 || size > ELF_FILE_MAX || fseek(stream, 0, SEEK_SET) != 0) {
        status = error_set(error, XSW_LIMIT, "extension %s: expected a file of at most %d MiB",
                           path, ELF_FILE_MAX >> 20);
    } else {
        file->bytes = malloc((size_t)size + 1);
        file->size = file->bytes != NULL ? fread(file->bytes, 1, (size_t)size, stream) : 0;
        if (file->bytes == NULL || file->size != (size_t)size) {
            status = error_set(error, XSW_IO, "extension %s: it cannot be read", path);
        }
    }
    fclose(stream);
    return status;
}

/* Whether `count` entries of `size` bytes lie in the file. */
static bool table_fits(const struct elf_file *file, uint64_t offset, uint64_t count, uint64_t size)
{
    return offset <= file->size && (count == 0 || size <= (file->size - offset) / count);
}

static bool section_read(const struct elf_file *file, size_t place, Elf64_Shdr *section)
{
    if (place >= file->header.e_shnum || file->header.e_shentsize != sizeof(*section)) {
        return false;
    }
    memcpy(section, file->bytes + file->header.e_shoff + place * sizeof(*section),
           sizeof(*section));
    return section->sh_type == SHT_NOBITS ||
           table_fits(file, section->sh_offset, section->sh_size, 1);
}

static const char *header_fault(const struct elf_file *file)
{
    const Elf64_Ehdr *header = &file->header;
    if (file->size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return "it is no ELF file";
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN) {
        return "it is no shared object of 64 bits";
    }
    if (MACHINE != EM_NONE && header->e_machine != MACHINE) {
        return "it was made for another machine";
    }
    if (header->e_phentsize != sizeof(Elf64_Phdr) ||
        !table_fits(file, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr))) {
        return "its program headers are not in the file";
    }
    if (!table_fits(file, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr))) {
        return "its section headers are not in the file";
    }
    return NULL;
}

static bool symbols_find(struct elf_file *file)
{
    Elf64_Shdr section;
    Elf64_Shdr names;
    size_t place = 0;
    while (section_read(file, place, &section) && section.sh_type != SHT_DYNSYM) {
        place++;
    }
    if (!section_read(file, place, &section) || !section_read(file, section.sh_link, &names) ||
        names.sh_type != SHT_STRTAB || names.sh_size == 0 ||
        file->bytes[names.sh_offset + names.sh_size - 1] != '\0') {
        return false;
    }
    file->symbols = file->bytes + section.sh_offset;
    file->symbol_count = section.sh_size / sizeof(Elf64_Sym);
    file->names = (const char *)file->bytes + names.sh_offset;
    file->names_size = names.sh_size;
    return true;
}

enum xsw_status elf_file_open(struct elf_file *file, const char *path, struct xsw_error *error)
{
    memset(file, 0, sizeof(*file));
    enum xsw_status status = bytes_read(file, path, error);
    if (status != XSW_OK) {
        return status;
    }
    if (file->size >= sizeof(file->header)) {
        memcpy(&file->header, file->bytes, sizeof(file->header));
    }
    const char *fault = header_fault(file);
    if (fault == NULL && !symbols_find(file)) {
        fault = "it has no table of dynamic symbols";
    }
    if (fault != NULL) {
        return error_set(error, XSW_CORRUPT, "expected a shared object: %s", fault);
    }
    return XSW_OK;
}

void elf_file_close(struct elf_file *file)
{
    free(file->bytes);
    file->bytes = NULL;
}

bool elf_file_segment(const struct elf_file *file, size_t place, Elf64_Phdr *segment)
{
    if (place >= file->header.e_phnum) {
        return false;
    }
    memcpy(segment, file->bytes + file->header.e_phoff + place * sizeof(*segment),
           sizeof(*segment));
    return true;
}

bool elf_file_symbol(const struct elf_file *file, size_t place, Elf64_Sym *symbol,
                     const char **name)
{
    if (place >= file->symbol_count) {
        return false;
    }
    memcpy(symbol, file->symbols + place * sizeof(*symbol), sizeof(*symbol));
    *name = symbol->st_name < file->names_size ? file->names + symbol->st_name : "";
    return true;
}
