// SPDX-License-Identifier: Apache-2.0
// What web pages of other origins may know of our answers: the headers of the CORS protocol
// (fetch.spec.whatwg.org). Values without threads.
#pragma once

struct MHD_Response;

/// Lets the page of `origin`, which is one of http.allowed.origins, read an answer.
void cors_add_origin(struct MHD_Response *response, const char *origin);

/// Answers a page's question before a call: which methods and headers it may send.
void cors_add_preflight(struct MHD_Response *response, const char *methods);
