# SPDX-License-Identifier: Apache-2.0
# switch/: the data path, ports and extensions, driven without threads by tests/support/switch_rig.c.
add_library(xsw_test_rig STATIC support/switch_rig.c)
target_link_libraries(xsw_test_rig PRIVATE xsw_build PUBLIC xsw_switch PkgConfig::CMOCKA)
target_include_directories(xsw_test_rig PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})

xsw_unit_test(switch mac_table)
xsw_unit_test(switch acl)
xsw_unit_test(switch byte_diff)
xsw_unit_test(switch reasons)
foreach(module pipeline pipeline_drops pipeline_tags)
    xsw_unit_test(switch ${module} LINK xsw_test_rig)
endforeach()

# Extensions that break a rule in ways that those of extensions/test do not.
foreach(name outside picky)
    xsw_extension(${name} SOURCES support/extensions/${name}.c)
    set_target_properties(${name} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)
endforeach()
foreach(module extension extension_load observe)
    xsw_unit_test(switch ${module} LINK xsw_test_rig)
    target_compile_definitions(unit_switch_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_switch_${module} flowfilter rewrite vanish badreason undeclared hub
        silentforward lookcount wrongabi nosymbol outside picky workshop)
endforeach()

# Sanitizers have a memory allocator of their own, which cannot be counted so.
if(NOT XSW_SANITIZE)
    xsw_unit_test(switch hot_path LINK xsw_test_rig xsw_capture)
    target_sources(unit_switch_hot_path PRIVATE support/forbidden_calls.c)
    set_target_properties(unit_switch_hot_path PROPERTIES ENABLE_EXPORTS ON)
    target_compile_definitions(unit_switch_hot_path PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_switch_hot_path flowfilter rewrite vanish lookcount)
endif()

foreach(module worker ports port_memory port_file)
    xsw_unit_test(switch ${module} LINK xsw_test_rig)
endforeach()

xsw_unit_test(base error)
xsw_unit_test(base memory)
