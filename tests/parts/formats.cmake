# SPDX-License-Identifier: Apache-2.0
# formats/ and base/text: unit tests, the stock tools as the oracle, and the fuzz target on its corpus.
add_library(formats_sample STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unit/formats/sample.c)
target_link_libraries(formats_sample PRIVATE xsw_build PUBLIC xsw_formats PkgConfig::CMOCKA)
target_include_directories(formats_sample PUBLIC ${PROJECT_SOURCE_DIR}/tests)

xsw_unit_test(base text)
xsw_unit_test(formats json_write)
xsw_unit_test(formats stage_meta)
xsw_unit_test(formats pcapng_wire)
xsw_unit_test(formats pcapng_read LINK formats_sample)
xsw_unit_test(formats pcapng_run LINK formats_sample)
xsw_unit_test(formats pcapng_damage LINK formats_sample)
xsw_unit_test(formats pcapng_write LINK formats_sample)
xsw_unit_test(formats pcapng_journal LINK formats_sample)
xsw_unit_test(formats pcapng_sections)

add_executable(formats_oracle ${CMAKE_CURRENT_SOURCE_DIR}/formats_oracle.c)
target_link_libraries(formats_oracle PRIVATE xsw_build xsw_formats)
add_test(NAME formats.oracle
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/formats_oracle_test.sh $<TARGET_FILE:formats_oracle>)
add_test(NAME formats.events
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/events_oracle_test.sh $<TARGET_FILE:formats_oracle>)
set_tests_properties(formats.oracle formats.events PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS oracle)

add_executable(fuzz_pcapng ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/pcapng_fuzz.c
    ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus_runner.c)
target_link_libraries(fuzz_pcapng PRIVATE xsw_build xsw_formats)
target_include_directories(fuzz_pcapng PRIVATE ${PROJECT_SOURCE_DIR}/tests)
add_executable(fuzz_pcapng_corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/pcapng_corpus.c)
target_link_libraries(fuzz_pcapng_corpus PRIVATE xsw_build formats_sample)
add_test(NAME fuzz.pcapng.corpus
    COMMAND fuzz_pcapng_corpus ${CMAKE_CURRENT_BINARY_DIR}/corpus.pcapng)
add_test(NAME fuzz.pcapng COMMAND fuzz_pcapng ${CMAKE_CURRENT_BINARY_DIR}/corpus.pcapng)
set_tests_properties(fuzz.pcapng.corpus PROPERTIES FIXTURES_SETUP pcapng_corpus TIMEOUT 120)
set_tests_properties(fuzz.pcapng PROPERTIES FIXTURES_REQUIRED pcapng_corpus TIMEOUT 300 LABELS fuzz)
