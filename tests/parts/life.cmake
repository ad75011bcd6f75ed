# SPDX-License-Identifier: Apache-2.0
# The life of ports and NICs, and how extensions take part in it.
xsw_unit_test(switch lifecycle)

set(puppet_kind 1)
foreach(class capture filter forward)
    xsw_extension(puppet${class} SOURCES support/extensions/puppet.c)
    target_include_directories(puppet${class} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(puppet${class} PRIVATE PUPPET_KIND=${puppet_kind})
    set_target_properties(puppet${class} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)
    math(EXPR puppet_kind "${puppet_kind} + 1")
endforeach()
add_library(xsw_test_puppets STATIC support/puppets.c support/actors.c)
target_link_libraries(xsw_test_puppets PRIVATE xsw_build PUBLIC xsw_test_rig)
target_compile_definitions(xsw_test_puppets PRIVATE
    EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
foreach(module notify port_life port_values life_walk)
    xsw_unit_test(switch ${module} LINK xsw_test_puppets)
    add_dependencies(unit_switch_${module} puppetcapture puppetfilter puppetforward)
endforeach()

xsw_extension(doorman SOURCES support/extensions/doorman.c)
set_target_properties(doorman PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)
