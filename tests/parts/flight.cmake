# SPDX-License-Identifier: Apache-2.0
# The flight recorder: its memory, what is read back of it, triggers, the commands.
xsw_unit_test(capture flight_ring)
xsw_unit_test(capture flight_kill)
xsw_unit_test(capture trigger LINK xsw_test_rig)
xsw_unit_test(capture flight_watch LINK xsw_test_rig)
xsw_unit_test(formats journey_filter_reach)

add_executable(unit_cmd_flight_triggers unit/cmd/flight_triggers_test.c
    ${PROJECT_SOURCE_DIR}/cmd/flight/flight_triggers.c ${PROJECT_SOURCE_DIR}/cmd/where.c)
target_link_libraries(unit_cmd_flight_triggers PRIVATE xsw_build xsw_capture PkgConfig::JANSSON
    PkgConfig::CMOCKA)
add_test(NAME unit.cmd.flight_triggers COMMAND unit_cmd_flight_triggers)
set_tests_properties(unit.cmd.flight_triggers PROPERTIES TIMEOUT 120 LABELS unit)

add_executable(fuzz_flight fuzz/flight_fuzz.c fuzz/corpus_runner.c)
target_link_libraries(fuzz_flight PRIVATE xsw_build xsw_capture)
target_include_directories(fuzz_flight PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_test(NAME fuzz.flight COMMAND fuzz_flight ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/flight)
set_tests_properties(fuzz.flight PROPERTIES TIMEOUT 300 LABELS fuzz)

# Run by name, never by ctest.
add_executable(flight_bench bench/flight_bench.c bench/bench_switch.c)
target_link_libraries(flight_bench PRIVATE xsw_build xsw_capture)
