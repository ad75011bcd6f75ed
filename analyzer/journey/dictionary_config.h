/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_DICTIONARY_CONFIG_H
#define XSW_ANALYZER_DICTIONARY_CONFIG_H

/* What the recorded configuration says of ports. Part of dictionary.c, apart for its size.
 * Threads: one. */

#include "analyzer/journey/dictionary.h"

/* After the list of ports: the configuration knows them by their names. */
void dictionary_add_configuration(struct dictionary *dictionary, const struct json_in *section);

#endif
