# SPDX-License-Identifier: Apache-2.0
# switch/: the policies of ports, each with its stage and its reason.
xsw_unit_test(switch guards)
xsw_unit_test(switch port_check LINK xsw_test_rig)
xsw_unit_test(switch policies LINK xsw_test_rig)
xsw_unit_test(switch policy_matrix LINK xsw_test_rig)

# A forwarder that enforces the standard policies itself.
xsw_extension(warden SOURCES support/extensions/warden.c)
set_target_properties(warden PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)

foreach(module policies policy_matrix port_check)
    target_compile_definitions(unit_switch_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_switch_${module} hub lookcount flowfilter warden)
endforeach()
