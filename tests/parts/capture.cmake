# SPDX-License-Identifier: Apache-2.0
# capture/: the ring, sessions, and journeys from the ring to the file.
xsw_unit_test(capture ring)
xsw_unit_test(capture ring_set)
target_link_options(unit_capture_ring_set PRIVATE -Wl,--wrap=journey_file_press)
xsw_unit_test(capture journey_repeat LINK xsw_test_rig)
xsw_unit_test(capture unfold)
xsw_unit_test(capture pseudonym)
xsw_unit_test(capture privacy)
xsw_unit_test(capture privacy_messages)
xsw_unit_test(capture privacy_policy)
xsw_unit_test(capture privacy_journey)
# Sanitizers have a memory allocator of their own, which cannot be counted so.
if(NOT XSW_SANITIZE)
    xsw_unit_test(capture privacy_calls)
    target_sources(unit_capture_privacy_calls PRIVATE support/forbidden_calls.c)
    set_target_properties(unit_capture_privacy_calls PROPERTIES ENABLE_EXPORTS ON)
endif()
foreach(module session journey_file)
    xsw_unit_test(capture ${module} LINK xsw_test_rig)
    target_compile_definitions(unit_capture_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_capture_${module} rewrite outside)
endforeach()
