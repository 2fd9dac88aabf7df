// SPDX-License-Identifier: Apache-2.0
// Texts for people, printed from the tables of settings. Values without threads.
#pragma once

#include "server/base/out.h"

/// The text of --help.
void usage_print_help(struct out *out);

/// The text of --version.
void usage_print_version(struct out *out);

/// The settings as a Markdown table, as README has it.
void usage_print_markdown(struct out *out);
