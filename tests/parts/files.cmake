# SPDX-License-Identifier: Apache-2.0
# Files of recordings: pieces by threads. What is about real files and disks is in system/files.sh.
xsw_unit_test(formats piece_line LINK formats_sample PkgConfig::ZSTD)
xsw_unit_test(analyzer series)

# Run by name, never by ctest.
add_executable(write_bench bench/write_bench.c)
target_link_libraries(write_bench PRIVATE xsw_build xsw_formats)
