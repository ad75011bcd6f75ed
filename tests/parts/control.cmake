# SPDX-License-Identifier: Apache-2.0
# The control plane: configuration, requests, the socket, the commands and their manual pages.
xsw_unit_test(switch config_json LINK PkgConfig::JANSSON)
xsw_unit_test(switch rpc LINK PkgConfig::JANSSON)
xsw_unit_test(switch control_server LINK PkgConfig::JANSSON)

find_program(BATS bats REQUIRED)
file(GLOB cli_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cli/*.bats)
foreach(file IN LISTS cli_files)
    get_filename_component(part ${file} NAME_WE)
    add_test(NAME cli.${part} COMMAND ${BATS} ${file})
    set_tests_properties(cli.${part} PROPERTIES TIMEOUT 300 LABELS cli
        ENVIRONMENT "XSW=$<TARGET_FILE:xsw>;XSWD=$<TARGET_FILE:xswd>;XSW_EXTENSION_PATH=${PROJECT_BINARY_DIR}/extensions;COMPLETION=${PROJECT_SOURCE_DIR}/completion/xsw;VERBS=${PROJECT_SOURCE_DIR}/docs/verbs.md")
endforeach()
