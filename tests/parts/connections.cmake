# SPDX-License-Identifier: Apache-2.0
# Connections: the table that extensions use too, and what stateful rules make of it.
xsw_unit_test(switch flow_table)
foreach(module connections connections_related)
    xsw_unit_test(switch ${module} LINK xsw_test_rig)
endforeach()
