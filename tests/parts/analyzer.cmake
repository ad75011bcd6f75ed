# SPDX-License-Identifier: Apache-2.0
# analyzer/: unit tests on recordings that tests/support/recording.c makes, and golden reports.
add_library(analyzer_recording STATIC support/recording.c)
target_link_libraries(analyzer_recording PRIVATE xsw_build PUBLIC xsw_formats)
target_include_directories(analyzer_recording PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

foreach(module table id_set notes dictionary journey change_walk words
        histogram latency flows stations marks events)
    xsw_unit_test(analyzer ${module})
endforeach()
foreach(module analysis parts record_account index search proof packet_view report explain paths outputs)
    xsw_unit_test(analyzer ${module} LINK analyzer_recording)
endforeach()
target_compile_definitions(unit_analyzer_report PRIVATE
    GOLDEN_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/golden")

# The analyzer on a recording in which bits were flipped, and that was cut.
set(analyze_seeds ${CMAKE_CURRENT_BINARY_DIR}/seeds/analyze)
file(MAKE_DIRECTORY ${analyze_seeds})
add_executable(analyze_corpus fuzz/analyze_corpus.c)
target_link_libraries(analyze_corpus PRIVATE xsw_build analyzer_recording)
target_include_directories(analyze_corpus PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.analyze_seeds COMMAND analyze_corpus ${analyze_seeds})
set_tests_properties(fuzz.analyze_seeds PROPERTIES FIXTURES_SETUP analyze_seeds TIMEOUT 60)
add_executable(fuzz_analyze fuzz/analyze_fuzz.c fuzz/corpus_runner.c)
target_link_libraries(fuzz_analyze PRIVATE xsw_build xsw_analyzer)
target_include_directories(fuzz_analyze PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.analyze COMMAND fuzz_analyze ${analyze_seeds})
set_tests_properties(fuzz.analyze PROPERTIES FIXTURES_REQUIRED analyze_seeds TIMEOUT 300 LABELS fuzz)

# The index of a recording in which something was changed.
add_executable(fuzz_index fuzz/index_fuzz.c fuzz/corpus_runner.c)
target_link_libraries(fuzz_index PRIVATE xsw_build xsw_analyzer analyzer_recording)
target_include_directories(fuzz_index PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.index COMMAND fuzz_index ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/index)
set_tests_properties(fuzz.index PROPERTIES TIMEOUT 300 LABELS fuzz)
