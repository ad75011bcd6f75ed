# SPDX-License-Identifier: Apache-2.0
# The metadata expression: formats/filter/journey_filter.h with its fuzz target, capture/where.h on a live
# switch, analyzer/selection/selection.h on recordings. tests/system/where.sh holds the last two together.
xsw_unit_test(formats journey_filter)
# It has a getaddrinfo() of its own, which libpcap is to find.
xsw_unit_test(formats pcap_words)
set_target_properties(unit_formats_pcap_words PROPERTIES ENABLE_EXPORTS ON)
xsw_unit_test(capture where LINK xsw_test_rig)
xsw_unit_test(analyzer selection LINK analyzer_recording)

add_executable(fuzz_journey_filter fuzz/journey_filter_fuzz.c fuzz/corpus_runner.c)
target_link_libraries(fuzz_journey_filter PRIVATE xsw_build xsw_formats)
target_include_directories(fuzz_journey_filter PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.journey_filter COMMAND fuzz_journey_filter
    ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/journey_filter)
set_tests_properties(fuzz.journey_filter PROPERTIES TIMEOUT 300 LABELS fuzz)
