# SPDX-License-Identifier: Apache-2.0
# lint.*: rules about the sources themselves, and the proof that each check can fail.
foreach(check layers sizes format spdx man hot-path)
    add_test(NAME lint.${check} COMMAND ${PROJECT_SOURCE_DIR}/tools/check-${check} ${PROJECT_SOURCE_DIR})
    set_tests_properties(lint.${check} PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS lint)
endforeach()
add_test(NAME lint.planted
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lint/planted_test.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(lint.planted PROPERTIES TIMEOUT 120 LABELS lint)
