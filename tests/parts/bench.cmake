# SPDX-License-Identifier: Apache-2.0
# Benchmarks: programs that are run by name, never by ctest.
add_executable(forward_bench bench/forward_bench.c bench/record_sink.c)
target_link_libraries(forward_bench PRIVATE xsw_build xsw_capture)
