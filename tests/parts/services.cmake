# SPDX-License-Identifier: Apache-2.0
# What extensions do to packets beyond a verdict.
foreach(name workshop postpone)
    xsw_extension(${name} SOURCES support/extensions/${name}.c)
    set_target_properties(${name} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)
endforeach()
foreach(module services services_held)
    xsw_unit_test(switch ${module} LINK xsw_test_rig)
    target_compile_definitions(unit_switch_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_switch_${module} workshop postpone)
endforeach()
xsw_unit_test(capture made LINK xsw_test_rig)
target_compile_definitions(unit_capture_made PRIVATE
    EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
add_dependencies(unit_capture_made workshop)
