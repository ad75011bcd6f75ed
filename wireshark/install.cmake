# SPDX-License-Identifier: Apache-2.0
# Runs at installation, when the prefix is known; wireshark/CMakeLists.txt sets the names.
if(NOT xsw_wireshark)
    if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
        set(xsw_wireshark ${xsw_wireshark_own})
    else()
        set(xsw_wireshark ${CMAKE_INSTALL_PREFIX}/lib/wireshark)
    endif()
endif()

set(extcap "$ENV{DESTDIR}${xsw_wireshark}/extcap")
file(MAKE_DIRECTORY ${extcap})
message(STATUS "Installing: ${extcap}/xsw-extcap")
file(REMOVE ${extcap}/xsw-extcap)
file(CREATE_LINK ${CMAKE_INSTALL_PREFIX}/${xsw_bin}/xsw ${extcap}/xsw-extcap SYMBOLIC)
# DESTDIR is put in front of it.
file(INSTALL ${xsw_lua} DESTINATION ${xsw_wireshark}/plugins)
