// SPDX-License-Identifier: Apache-2.0
// Which APIs and versions a fake broker offers, by profile: those of a real broker as far as there
// are tables for them. Constant data, any thread.
#pragma once

#include "tests/fake_kafka/fake_call.h"

/// An API of a fake broker.
struct fake_api {
    const struct api *api;
    fake_handler *handler;
    int16_t min_version; ///< as offered
    int16_t max_version;
};

/// An API as the profile offers it; false: it does not.
bool fake_versions_find(enum fake_profile profile, int16_t key, struct fake_api *found);

/// Serves ApiVersions.
fake_handler fake_versions_serve;

/// Fills the answer to an ApiVersions of a version that the broker does not know.
void fake_versions_refuse(struct fake_call *call);
