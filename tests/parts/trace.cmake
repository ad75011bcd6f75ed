# SPDX-License-Identifier: Apache-2.0
# Events of the switch, and what of them goes to LTTng.
xsw_unit_test(switch events LINK xsw_test_rig)
xsw_unit_test(trace events LINK xsw_test_rig)
foreach(target unit_switch_events unit_trace_events)
    target_compile_definitions(${target} PRIVATE EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(${target} flowfilter rewrite undeclared vanish doorman)
endforeach()

add_library(wrong_provider MODULE support/wrong_provider.c)
set_target_properties(wrong_provider PROPERTIES PREFIX "")
target_compile_definitions(unit_trace_events PRIVATE WRONG_PROVIDER="$<TARGET_FILE:wrong_provider>")
add_dependencies(unit_trace_events wrong_provider)

# The workshop, but what it holds is dropped when it goes.
xsw_extension(letgo SOURCES support/extensions/workshop.c)
target_compile_definitions(letgo PRIVATE WORKSHOP_MORE_FLAGS=XSW_EXTENSION_DROPS_HELD)
set_target_properties(letgo PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)

# Every event, with its level, stands in the manual; the test of the manual's table.
add_test(NAME lint.events COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lint/events_test.sh
    ${PROJECT_SOURCE_DIR}/switch/events.def ${PROJECT_SOURCE_DIR}/man/xsw-events.7)
set_tests_properties(lint.events PROPERTIES TIMEOUT 60 LABELS lint)

# trace_bench.sh BUILD gives the costs that xsw-events(7) tells; it is run by name.
pkg_check_modules(LTTNG_CTL IMPORTED_TARGET lttng-ctl>=2.13)
if(TARGET xsw_trace_provider AND LTTNG_CTL_FOUND)
    add_executable(trace_bench bench/trace_bench.c bench/bench_switch.c ${PROJECT_SOURCE_DIR}/cmd/trace/trace_session.c
        ${PROJECT_SOURCE_DIR}/cmd/trace/trace_cut.c)
    target_link_libraries(trace_bench PRIVATE xsw_build xsw_trace xsw_capture xsw_readers PkgConfig::LTTNG_CTL)
endif()
