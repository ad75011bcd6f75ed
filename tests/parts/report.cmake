# SPDX-License-Identifier: Apache-2.0
# cli.analyze and cli.index, which control.cmake adds, work on the recording of the analyzer's fuzz corpus.
set_property(TEST cli.analyze cli.index APPEND PROPERTY ENVIRONMENT "DEMO=$<TARGET_FILE:analyze_corpus>")

# The commands whole on recordings that were spoiled block by block. A fuzzer takes the same sources,
# as those of fuzz.cmake, and block_mutate.c tells it how to spoil them further.
set(report_seeds ${CMAKE_CURRENT_BINARY_DIR}/seeds/report)
file(MAKE_DIRECTORY ${report_seeds})
add_executable(report_corpus fuzz/report_corpus.c fuzz/block_mutate.c)
target_link_libraries(report_corpus PRIVATE xsw_build analyzer_recording)
target_include_directories(report_corpus PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.report_seeds COMMAND report_corpus ${report_seeds})
set_tests_properties(fuzz.report_seeds PROPERTIES FIXTURES_SETUP report_seeds TIMEOUT 60)
file(GLOB analyze_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cmd/analyze/*.c)
add_executable(fuzz_report fuzz/report_fuzz.c fuzz/report_check.c fuzz/corpus_runner.c ${analyze_files}
    ${PROJECT_SOURCE_DIR}/cmd/where.c)
target_link_libraries(fuzz_report PRIVATE xsw_build xsw_analyzer xsw_readers PkgConfig::JANSSON)
target_include_directories(fuzz_report PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.report COMMAND fuzz_report --as-is ${report_seeds})
set_tests_properties(fuzz.report PROPERTIES FIXTURES_REQUIRED report_seeds TIMEOUT 600 LABELS fuzz)

add_executable(unit_cmd_analyze_progress unit/cmd/analyze_progress_test.c
    ${PROJECT_SOURCE_DIR}/cmd/analyze/progress.c)
target_link_libraries(unit_cmd_analyze_progress PRIVATE xsw_build xsw_base PkgConfig::CMOCKA)
add_test(NAME unit.cmd.analyze_progress COMMAND unit_cmd_analyze_progress)
set_tests_properties(unit.cmd.analyze_progress PROPERTIES TIMEOUT 120 LABELS unit)
