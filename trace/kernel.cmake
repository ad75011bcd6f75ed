# SPDX-License-Identifier: Apache-2.0
# Events of the kernel, and readers of traces that others have written. Each part is there when its
# library is: without it, what needs it says so.
add_library(xsw_kernel STATIC kernel_join.c kernel_ports.c kernel_story.c)
target_include_directories(xsw_kernel PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
target_link_libraries(xsw_kernel PRIVATE xsw_build PUBLIC xsw_base xsw_formats)

# Events of the switch on their way to another process, for both ends.
add_library(xsw_event_ring STATIC event_ring.c event_story.c)
target_include_directories(xsw_event_ring PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
target_link_libraries(xsw_event_ring PRIVATE xsw_build PUBLIC xsw_switch)

pkg_check_modules(TRACEFS IMPORTED_TARGET libtracefs>=1.6 libtraceevent>=1.7)
if(TRACEFS_FOUND)
    target_sources(xsw_kernel PRIVATE kernel.c kernel_filter.c kernel_format.c kernel_instance.c kernel_names.c kernel_rings.c kernel_symbols.c
        kernel_probe.c kernel_probe_code.c)
    target_link_libraries(xsw_kernel PUBLIC PkgConfig::TRACEFS PkgConfig::BPF)
else()
    target_sources(xsw_kernel PRIVATE kernel_absent.c)
    message(STATUS "There is no libtracefs, so events of the kernel are not read")
endif()

# Traces that others have written.
add_library(xsw_readers STATIC readers.c)
target_include_directories(xsw_readers PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
target_link_libraries(xsw_readers PRIVATE xsw_build PUBLIC xsw_base xsw_formats)
pkg_check_modules(BABELTRACE2 IMPORTED_TARGET babeltrace2>=2.0)
if(BABELTRACE2_FOUND)
    target_sources(xsw_readers PRIVATE readers_ctf.c readers_ctf_graph.c)
    target_link_libraries(xsw_readers PUBLIC PkgConfig::BABELTRACE2)
else()
    target_sources(xsw_readers PRIVATE readers_no_ctf.c)
    message(STATUS "There is no libbabeltrace2, so CTF is not read")
endif()
pkg_check_modules(TRACECMD IMPORTED_TARGET libtracecmd>=1.3)
if(TRACECMD_FOUND)
    target_sources(xsw_readers PRIVATE readers_tracedat.c tracedat_file.c)
    target_link_libraries(xsw_readers PUBLIC PkgConfig::TRACECMD)
else()
    target_sources(xsw_readers PRIVATE readers_no_tracedat.c)
    message(STATUS "There is no libtracecmd, so trace.dat is not read")
endif()
