# SPDX-License-Identifier: Apache-2.0
# capture/: the ring, sessions, and journeys from the ring to the file.
xsw_unit_test(capture ring)
xsw_unit_test(capture unfold)
foreach(module session journey_file)
    xsw_unit_test(capture ${module} LINK xsw_test_rig)
    target_compile_definitions(unit_capture_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_capture_${module} rewrite outside)
endforeach()
