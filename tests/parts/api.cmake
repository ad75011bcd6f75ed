# SPDX-License-Identifier: Apache-2.0
# The written schema of the control socket, held against a running daemon.
find_program(PYTHON3 python3 REQUIRED)
add_test(NAME api.schema COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/api/api_test.py
    ${PROJECT_SOURCE_DIR}/docs/api/xsw-api.json $<TARGET_FILE:xswd> ${PROJECT_BINARY_DIR}/extensions)
set_tests_properties(api.schema PROPERTIES TIMEOUT 120 LABELS cli)
if(TARGET xsw_trace_provider)
    set_tests_properties(api.schema PROPERTIES ENVIRONMENT "XSW_TRACE_PROVIDER=$<TARGET_FILE:xsw_trace_provider>")
endif()
