# SPDX-License-Identifier: Apache-2.0
# Benchmarks: programs that are run by name, never by ctest.
add_executable(forward_bench bench/forward_bench.c bench/bench_switch.c bench/record_sink.c)
target_link_libraries(forward_bench PRIVATE xsw_build xsw_capture)
add_executable(record_bench bench/record_bench.c bench/record_child.c bench/bench_switch.c bench/record_sink.c)
target_link_libraries(record_bench PRIVATE xsw_build xsw_capture)
add_executable(privacy_bench bench/privacy_bench.c)
target_link_libraries(privacy_bench PRIVATE xsw_build xsw_capture)
target_include_directories(privacy_bench PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(session_bench bench/session_bench.c bench/bench_switch.c)
target_link_libraries(session_bench PRIVATE xsw_build xsw_capture)
