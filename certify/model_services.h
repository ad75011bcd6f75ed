/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_MODEL_SERVICES_H
#define XSW_CERTIFY_MODEL_SERVICES_H

/* The services of the kit's own host. Private to certify/model.c. */

struct model_instance;

/* Fills instance->host. */
void model_services_offer(struct model_instance *instance);

#endif
