# SPDX-License-Identifier: Apache-2.0
# Capture sessions: their rules, their budget, and what they tell when these change.
xsw_unit_test(capture budget)
xsw_unit_test(capture filter_program)
foreach(module rules rules_change event_room stage_records held_marks ports_churn ports_told)
    xsw_unit_test(capture ${module} LINK xsw_test_rig)
    target_compile_definitions(unit_capture_${module} PRIVATE
        EXTENSION_DIR="${PROJECT_BINARY_DIR}/extensions")
    add_dependencies(unit_capture_${module} workshop)
endforeach()
# The test comes between the event and the journeys behind it.
target_link_options(unit_capture_event_room PRIVATE -Wl,--wrap=tap_record_event)
xsw_unit_test(analyzer proof_capture LINK analyzer_recording)
