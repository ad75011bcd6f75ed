# SPDX-License-Identifier: Apache-2.0
# abi.*: the contract with extensions that are already out there.
add_library(frozen MODULE abi/frozen_extension.c)
target_include_directories(frozen PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/abi/v1)
target_link_libraries(frozen PRIVATE xsw_build)
set_target_properties(frozen PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)

xsw_unit_test(switch abi LINK xsw_test_rig)
target_compile_definitions(unit_switch_abi PRIVATE FROZEN_PATH="$<TARGET_FILE:frozen>")
add_dependencies(unit_switch_abi frozen)

add_test(NAME abi.headers COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/abi/headers_test.sh
    ${PROJECT_SOURCE_DIR}/include ${CMAKE_C_COMPILER})
add_test(NAME abi.frozen COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/abi/frozen_test.sh
    ${CMAKE_CURRENT_SOURCE_DIR}/abi)
set_tests_properties(abi.headers abi.frozen PROPERTIES
    TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS abi)

# Sanitizers export symbols of their own.
if(NOT XSW_SANITIZE)
    add_test(NAME abi.symbols COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/abi/symbols_test.sh
        $<TARGET_FILE:flowfilter> $<TARGET_FILE:rewrite> $<TARGET_FILE:delay>
        $<TARGET_FILE:staticforward>)
    set_tests_properties(abi.symbols PROPERTIES TIMEOUT 120 LABELS abi)
endif()
