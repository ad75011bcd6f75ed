# SPDX-License-Identifier: Apache-2.0
# Live migration: the extension whose state moves with a port. The claims are in system/migration.sh and
# cli/migration.bats.
xsw_extension(keeper SOURCES support/extensions/keeper.c)
set_target_properties(keeper PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/extensions/test)
xsw_unit_test(switch announce LINK xsw_test_rig)
