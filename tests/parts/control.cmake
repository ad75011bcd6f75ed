# SPDX-License-Identifier: Apache-2.0
# The control plane: configuration, requests, the socket, the commands and their manual pages.
xsw_unit_test(switch config_json LINK PkgConfig::JANSSON)
xsw_unit_test(switch rpc LINK PkgConfig::JANSSON)
xsw_unit_test(switch control_server LINK PkgConfig::JANSSON)

find_program(BATS bats REQUIRED)
add_test(NAME cli.control COMMAND ${BATS} ${CMAKE_CURRENT_SOURCE_DIR}/cli/control.bats)
set_tests_properties(cli.control PROPERTIES TIMEOUT 300 LABELS cli
    ENVIRONMENT "XSW=$<TARGET_FILE:xsw>;XSWD=$<TARGET_FILE:xswd>;XSW_EXTENSION_PATH=${PROJECT_BINARY_DIR}/extensions")
