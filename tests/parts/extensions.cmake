# SPDX-License-Identifier: Apache-2.0
# The contract of <xsw/extension.h>, held against every extension of ours; those that break it on
# purpose show that the suite notices.
add_library(xsw_test_loaded STATIC conformance/loaded.c)
target_link_libraries(xsw_test_loaded PRIVATE xsw_build PUBLIC ${CMAKE_DL_LIBS})
target_include_directories(xsw_test_loaded PUBLIC
    ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)

add_executable(extension_suite conformance/extension_suite.c)
target_link_libraries(extension_suite PRIVATE xsw_build xsw_test_loaded xsw_packet)

function(xsw_extension_conforms name extension)
    add_test(NAME conformance.extension.${name}
        COMMAND extension_suite $<TARGET_FILE:${extension}> ${ARGN})
    set_tests_properties(conformance.extension.${name} PROPERTIES TIMEOUT 120 LABELS conformance)
endfunction()

xsw_extension_conforms(flowfilter flowfilter)
xsw_extension_conforms(flowfilter-rules flowfilter
    "rules=10 deny in tcp dst port 80" "rules=20 deny both udp" "rules=30 allow out icmp or icmp6"
    "default=deny")
xsw_extension_conforms(rewrite rewrite)
xsw_extension_conforms(rewrite-ipv4 rewrite "match=ip or vlan" dscp=46 eth-src=02:00:00:00:00:aa
    eth-dst=02:00:00:00:00:bb ip-src=192.0.2.1 ip-dst=192.0.2.2 port-src=1 port-dst=65535
    vlan-priority=5 rule=7)
xsw_extension_conforms(rewrite-ipv6 rewrite ip-src=2001:db8::1 ip-dst=2001:db8::2 dscp=0
    port-dst=443)
foreach(extension hub silentforward lookcount)
    xsw_extension_conforms(${extension} ${extension})
endforeach()

function(xsw_extension_is_refused extension sentence)
    xsw_extension_conforms(refuses-${extension} ${extension})
    set_tests_properties(conformance.extension.refuses-${extension} PROPERTIES
        PASS_REGULAR_EXPRESSION ${sentence})
endfunction()

xsw_extension_is_refused(vanish "the pointer to packet . of . was changed")
xsw_extension_is_refused(badreason "dropped for reason 7, which is not declared")
xsw_extension_is_refused(undeclared "bytes of a packet changed, and it may not")
xsw_extension_is_refused(wrongabi "expected the symbol xsw_extension_v1")
xsw_extension_is_refused(nosymbol "expected the symbol xsw_extension_v1")

foreach(extension flowfilter rewrite)
    add_executable(conformance_${extension} conformance/${extension}_test.c)
    target_link_libraries(conformance_${extension} PRIVATE
        xsw_build xsw_test_loaded xsw_packet PkgConfig::CMOCKA)
    target_compile_definitions(conformance_${extension} PRIVATE
        EXTENSION_PATH="$<TARGET_FILE:${extension}>")
    add_dependencies(conformance_${extension} ${extension})
    add_test(NAME unit.extensions.${extension} COMMAND conformance_${extension})
    set_tests_properties(unit.extensions.${extension} PROPERTIES TIMEOUT 120 LABELS unit)
endforeach()
