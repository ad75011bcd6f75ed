# SPDX-License-Identifier: Apache-2.0
# The extension host: features, order, upgrades, save and restore.
foreach(version 1 2)
    xsw_extension(notebook${version} SOURCES support/extensions/notebook.c)
    target_compile_definitions(notebook${version} PRIVATE NOTEBOOK_VERSION=${version})
    set_target_properties(notebook${version} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)
endforeach()
add_library(xsw_test_feature_rig STATIC support/feature_rig.c)
target_link_libraries(xsw_test_feature_rig PRIVATE xsw_build
    PUBLIC xsw_test_rig PkgConfig::JANSSON)
target_compile_definitions(xsw_test_feature_rig PRIVATE
    EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
xsw_unit_test(base base64)
xsw_unit_test(switch frame_queue)
xsw_unit_test(switch extension_options)
foreach(module features change_log port_state extension_changes extension_churn services_control)
    xsw_unit_test(switch ${module} LINK xsw_test_feature_rig)
    target_compile_definitions(unit_switch_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_switch_${module} notebook1 notebook2 rewrite hub lookcount
        workshop)
endforeach()
