# SPDX-License-Identifier: Apache-2.0
# Files of recordings: pieces by threads. What is about real files and disks is in system/files.sh.
xsw_unit_test(formats piece_line LINK formats_sample PkgConfig::ZSTD)
xsw_unit_test(formats frame_pack LINK formats_sample PkgConfig::ZSTD)
xsw_unit_test(formats frame_choice)
xsw_unit_test(formats frame_row LINK formats_sample PkgConfig::ZSTD)
xsw_unit_test(analyzer series)

# Packed files of any size, read by stock Wireshark.
add_executable(packed_oracle packed_oracle.c)
target_link_libraries(packed_oracle PRIVATE xsw_build xsw_formats)
add_test(NAME formats.packed
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/packed_oracle_test.sh $<TARGET_FILE:packed_oracle>)
set_tests_properties(formats.packed PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS oracle)


# Run by name, never by ctest.
add_executable(write_bench bench/write_bench.c)
target_link_libraries(write_bench PRIVATE xsw_build xsw_formats)
