# SPDX-License-Identifier: Apache-2.0
# The contract of switch/port/port.h, held against every kind of port; and what they are made with.
xsw_unit_test(packet segment)
xsw_unit_test(packet tunnel)

add_executable(port_suite conformance/port_suite.c conformance/port_rig.c
    conformance/port_outside.c)
target_link_libraries(port_suite PRIVATE xsw_build xsw_switch PkgConfig::CMOCKA)
target_include_directories(port_suite PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
foreach(kind tap packet xdp memory file)
    add_test(NAME conformance.port.${kind} COMMAND port_suite ${kind})
    set_tests_properties(conformance.port.${kind} PROPERTIES
        TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS conformance)
endforeach()

# For tests/bench/port_bench.sh, which is run by name.
add_executable(port_load bench/port_load.c)
target_link_libraries(port_load PRIVATE xsw_build xsw_base)
target_include_directories(port_load PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
