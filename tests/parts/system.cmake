# SPDX-License-Identifier: Apache-2.0
# Each claim_… function of tests/system/*.sh is a test: real programs, real traffic, namespaces.
file(GLOB system_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/system/*.sh)
foreach(file IN LISTS system_files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(part ${file} NAME_WE)
    file(STRINGS ${file} claims REGEX "^claim_[a-z0-9_]+\\(\\)")
    foreach(line IN LISTS claims)
        string(REGEX REPLACE "^claim_([a-z0-9_]+).*" "\\1" claim ${line})
        set(name system.${part}.${claim})
        add_test(NAME ${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/system/run ${part} ${claim})
        set_tests_properties(${name} PROPERTIES
            LABELS system TIMEOUT 120 SKIP_RETURN_CODE 77 RESOURCE_LOCK netns
            ENVIRONMENT "XSW=$<TARGET_FILE:xsw>;XSWD=$<TARGET_FILE:xswd>;XSW_EXTENSION_PATH=${PROJECT_BINARY_DIR}/extensions")
        if(part STREQUAL shaping)
            # Rates and shares are claims about whole processors, not about what another test leaves.
            set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
        endif()
    endforeach()
endforeach()
