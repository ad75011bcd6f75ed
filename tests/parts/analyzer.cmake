# SPDX-License-Identifier: Apache-2.0
# analyzer/: unit tests on recordings that tests/support/recording.c makes, and golden reports.
add_library(analyzer_recording STATIC support/recording.c)
target_link_libraries(analyzer_recording PRIVATE xsw_build PUBLIC xsw_formats)
target_include_directories(analyzer_recording PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

foreach(module table id_set notes dictionary journey change_walk words)
    xsw_unit_test(analyzer ${module})
endforeach()
foreach(module analysis proof packet_view report)
    xsw_unit_test(analyzer ${module} LINK analyzer_recording)
endforeach()
target_compile_definitions(unit_analyzer_report PRIVATE
    GOLDEN_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/golden")
