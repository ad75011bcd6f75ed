# SPDX-License-Identifier: Apache-2.0
# How everything of ours is built: one interface target with the flags, and one function for each
# kind of target. No global flags.

add_library(xsw_build INTERFACE)
target_compile_definitions(xsw_build INTERFACE _GNU_SOURCE XSW_VERSION="${PROJECT_VERSION}")
target_compile_options(xsw_build INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
    -Wwrite-strings -Wundef -fvisibility=hidden -fno-common -fstack-protector-strong)
if(XSW_WERROR)
    target_compile_options(xsw_build INTERFACE -Werror)
endif()
if(XSW_SANITIZE)
    target_compile_options(xsw_build INTERFACE -fsanitize=${XSW_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(xsw_build INTERFACE -fsanitize=${XSW_SANITIZE})
else()
    target_link_options(xsw_build INTERFACE -Wl,-z,relro,-z,now)
endif()

# A layer: a static archive that sees the public headers, itself and the layers that it uses.
function(xsw_layer name)
    cmake_parse_arguments(arg "" "" "USES;LIBS;SOURCES" ${ARGN})
    add_library(xsw_${name} STATIC ${arg_SOURCES})
    target_include_directories(xsw_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
    target_link_libraries(xsw_${name} PRIVATE xsw_build PUBLIC ${arg_LIBS})
    foreach(layer IN LISTS arg_USES)
        target_link_libraries(xsw_${name} PUBLIC xsw_${layer})
    endforeach()
endfunction()

# An extension: a shared object that sees the public headers, and those of its own folder, alone.
function(xsw_extension name)
    cmake_parse_arguments(arg "" "" "LIBS;SOURCES" ${ARGN})
    add_library(${name} MODULE ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE xsw_build ${arg_LIBS})
    if(NOT XSW_SANITIZE)
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    set_target_properties(${name} PROPERTIES PREFIX ""
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions)
endfunction()

# A unit test tests/unit/<layer>/<module>_test.c, which links its layer and what that may see.
function(xsw_unit_test layer module)
    cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
    set(target unit_${layer}_${module})
    add_executable(${target} unit/${layer}/${module}_test.c)
    target_link_libraries(${target} PRIVATE xsw_build xsw_${layer} PkgConfig::CMOCKA ${arg_LINK})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    add_test(NAME unit.${layer}.${module} COMMAND ${target})
    set_tests_properties(unit.${layer}.${module} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()
