# SPDX-License-Identifier: Apache-2.0
# What each of our extensions does, called by itself; that it keeps to the contract of
# <xsw/extension.h> is shown by certify.cmake.
add_library(xsw_test_loaded STATIC conformance/loaded.c conformance/services.c)
target_link_libraries(xsw_test_loaded PRIVATE xsw_build PUBLIC ${CMAKE_DL_LIBS})
target_include_directories(xsw_test_loaded PUBLIC
    ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)

set(tested flowfilter rewrite delay staticforward)
if(TARGET flowreport)
    list(APPEND tested flowreport)
endif()
function(xsw_extension_test name extension)
    add_executable(conformance_${name} conformance/${name}_test.c)
    target_link_libraries(conformance_${name} PRIVATE
        xsw_build xsw_test_loaded xsw_packet PkgConfig::CMOCKA)
    target_compile_definitions(conformance_${name} PRIVATE
        EXTENSION_PATH="$<TARGET_FILE:${extension}>"
        DECODER_PATH="${CMAKE_CURRENT_SOURCE_DIR}/conformance/ipfix.py")
    add_dependencies(conformance_${name} ${extension})
    add_test(NAME unit.extensions.${name} COMMAND conformance_${name})
    set_tests_properties(unit.extensions.${name} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()
foreach(extension IN LISTS tested)
    xsw_extension_test(${extension} ${extension})
endforeach()
xsw_extension_test(flowfilter_stateful flowfilter)

# On a whole switch.
if(TARGET flowreport)
    xsw_unit_test(switch shipped LINK xsw_test_rig)
    target_compile_definitions(unit_switch_shipped PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_switch_shipped flowreport rewrite delay staticforward)
endif()
