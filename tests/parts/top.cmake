# SPDX-License-Identifier: Apache-2.0
# The viewer: its layer, and with the files of cmd/ that feed it the screens against golden texts.
foreach(module grid keys evidence model)
    xsw_unit_test(tui ${module})
endforeach()
foreach(module top_screens top_numbers top_journey top_keys top_keys_pages top_keys_tables top_recording)
    add_executable(unit_cmd_${module} unit/cmd/${module}_test.c support/top_stand.c
        ${PROJECT_SOURCE_DIR}/cmd/top/top_recording.c ${PROJECT_SOURCE_DIR}/cmd/top/top_findings.c)
    target_link_libraries(unit_cmd_${module} PRIVATE xsw_build xsw_tui analyzer_recording
        PkgConfig::JANSSON PkgConfig::CMOCKA)
    target_include_directories(unit_cmd_${module} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(unit_cmd_${module} PRIVATE
        GOLDEN_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/golden")
    add_test(NAME unit.cmd.${module} COMMAND unit_cmd_${module})
    set_tests_properties(unit.cmd.${module} PROPERTIES TIMEOUT 120 LABELS unit)
endforeach()

# For tests/cli/top.bats, which drives the viewer in tmux.
add_executable(make_recording support/make_recording.c)
target_link_libraries(make_recording PRIVATE xsw_build analyzer_recording)
target_include_directories(make_recording PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

add_executable(unit_cmd_top_lists unit/cmd/top_lists_test.c ${PROJECT_SOURCE_DIR}/cmd/top/top_lists.c)
target_link_libraries(unit_cmd_top_lists PRIVATE xsw_build xsw_tui xsw_capture xsw_switch
    PkgConfig::JANSSON PkgConfig::CMOCKA)
add_test(NAME unit.cmd.top_lists COMMAND unit_cmd_top_lists)
set_tests_properties(unit.cmd.top_lists PROPERTIES TIMEOUT 120 LABELS unit)

add_executable(unit_cmd_top_names unit/cmd/top_names_test.c
    ${PROJECT_SOURCE_DIR}/cmd/top/top_names.c ${PROJECT_SOURCE_DIR}/cmd/capture/port_names.c)
target_link_libraries(unit_cmd_top_names PRIVATE xsw_build xsw_analyzer xsw_capture xsw_switch
    PkgConfig::JANSSON PkgConfig::CMOCKA)
add_test(NAME unit.cmd.top_names COMMAND unit_cmd_top_names)
set_tests_properties(unit.cmd.top_names PROPERTIES TIMEOUT 120 LABELS unit)
