#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The frozen headers are as they were frozen. Usage: frozen_test.sh FOLDER
set -eu
cd "$1"
sha256sum --check --quiet v1.sha256
