# SPDX-License-Identifier: Apache-2.0
# cli.analyze, which control.cmake adds, works on the recording of the analyzer's fuzz corpus.
set_property(TEST cli.analyze APPEND PROPERTY ENVIRONMENT "DEMO=$<TARGET_FILE:analyze_corpus>")
