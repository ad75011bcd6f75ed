# SPDX-License-Identifier: Apache-2.0
# What xsw shows to Wireshark. cmd/ is no layer: the test takes the two files that it is about.
xsw_unit_test(formats pcapng_stream)
add_executable(unit_cmd_extcap_select unit/cmd/extcap_select_test.c
    ${PROJECT_SOURCE_DIR}/cmd/extcap/extcap_select.c ${PROJECT_SOURCE_DIR}/cmd/extcap/extcap_block.c)
target_link_libraries(unit_cmd_extcap_select PRIVATE xsw_build xsw_formats PkgConfig::JANSSON
    PkgConfig::CMOCKA)
add_test(NAME unit.cmd.extcap_select COMMAND unit_cmd_extcap_select)
set_tests_properties(unit.cmd.extcap_select PROPERTIES TIMEOUT 120 LABELS unit)
