# SPDX-License-Identifier: Apache-2.0
# Fifteen seconds of tests/soak/soak, which is run by name for longer.
add_test(NAME soak.short COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/soak/soak 15 ${PROJECT_BINARY_DIR})
set_tests_properties(soak.short PROPERTIES LABELS system TIMEOUT 180 SKIP_RETURN_CODE 77
    RESOURCE_LOCK load)
