# SPDX-License-Identifier: Apache-2.0
# With sanitizers, or without libfixbuf, some of the named tests are not there.
if(NOT XSW_SANITIZE AND TARGET flowreport)
    add_test(NAME lint.contract COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lint/contract_test.sh
        ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/docs/contract.md)
    set_tests_properties(lint.contract PROPERTIES TIMEOUT 60 LABELS lint)
endif()
