# SPDX-License-Identifier: Apache-2.0
# Each claim_… function of tests/system/*.sh is a test: real programs, real traffic, namespaces.
file(GLOB system_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/system/*.sh)
# Claims of one file or another may run at the same time, each in its own namespaces, unless they load
# the machine, or share what namespaces do not part.
set(system_apart daemon drops extcap filters life made policies privacy switches template where)
set(system_lock_lttng trace trace_beside trace_kernel trace_lttng trace_kinds trace_rare)
set(system_lock_tracefs incidents_unseen kernel kernel_reader timeline top_kernel tracedat)
foreach(file IN LISTS system_files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(part ${file} NAME_WE)
    file(STRINGS ${file} claims REGEX "^claim_[a-z0-9_]+\\(\\)")
    if(part MATCHES "^trace" AND XSW_SANITIZE MATCHES thread)
        # LTTng is not built for it, and its threads end where the sanitizer does not expect it. What ours do is
        # in unit.switch.events and unit.trace.events.
        set(claims)
    endif()
    foreach(line IN LISTS claims)
        string(REGEX REPLACE "^claim_([a-z0-9_]+).*" "\\1" claim ${line})
        set(name system.${part}.${claim})
        add_test(NAME ${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/system/run ${part} ${claim})
        set_tests_properties(${name} PROPERTIES
            LABELS system TIMEOUT 120 SKIP_RETURN_CODE 77
            ENVIRONMENT "XSW=$<TARGET_FILE:xsw>;XSWD=$<TARGET_FILE:xswd>;XSW_EXTENSION_PATH=${PROJECT_BINARY_DIR}/extensions;XSW_BABELTRACE=${PROJECT_BINARY_DIR}/babeltrace")
        if(part IN_LIST system_lock_lttng)
            set_tests_properties(${name} PROPERTIES RESOURCE_LOCK lttng)
        elseif(part IN_LIST system_lock_tracefs)
            set_tests_properties(${name} PROPERTIES RESOURCE_LOCK tracefs)
        elseif(NOT part IN_LIST system_apart)
            set_tests_properties(${name} PROPERTIES RESOURCE_LOCK load)
        endif()
        if(part MATCHES "^trace" AND TARGET xsw_trace_provider)
            set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
                "XSW_TRACE_PROVIDER=$<TARGET_FILE:xsw_trace_provider>")
        endif()
        if(part STREQUAL shaping)
            # Rates and shares are claims about whole processors, not about what another test leaves.
            set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
        endif()
    endforeach()
endforeach()
