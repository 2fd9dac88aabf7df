// SPDX-License-Identifier: Apache-2.0
// A handle of libcurl lives for one request: they are minutes apart.
#include "consumer/driver/https.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <curl/curl.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void) {
    CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);
    must(failed == CURLE_OK);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg) {
    struct buf *body = arg;
    if (count > 0 && size > (HTTPS_MOST_BYTES - body->size) / count) return 0;
    secret_append(body, data, size * count);
    return size * count;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const struct https_stop *stop = arg;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stop->is_wanted && stop->is_wanted(stop->arg);
}

static struct curl_slist *list_headers(const struct https_request *request) {
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        list = curl_slist_append(list, request->headers[i]);
        must(list != NULL);
    }
    return list;
}

static void free_headers(struct curl_slist *list) {
    for (struct curl_slist *one = list; one; one = one->next)
        explicit_bzero(one->data, strlen(one->data));
    curl_slist_free_all(list);
}

// These CAs alone.
static bool trust(CURL *curl, struct slice ca) {
    struct buf copy = { 0 };
    buf_append(&copy, ca.data, ca.size);
    struct curl_blob blob = { .data = copy.data, .len = copy.size, .flags = CURL_BLOB_COPY };
    bool is_set = curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    buf_dispose(&copy);
    return is_set;
}

// What libcurl refuses to take fails the request; all of it is known to this version.
static bool set_up(CURL *curl, const struct https_request *request) {
    int64_t all_ms = request->connect_timeout_ms + request->read_timeout_ms;
    bool is_set =
        curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        // A name that is being looked up does not hold up the end.
        curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "kafka-sidecar") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms) ==
            CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)all_ms) == CURLE_OK;
    if (is_set && request->ca.data) is_set = trust(curl, request->ca);
    if (is_set && request->form) {
        is_set = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form) == CURLE_OK;
    }
    if (is_set && request->is_direct) {
        is_set = curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    }
    return is_set;
}

// Takes " after 12 ms" out: the same trouble is to be told in the same words.
static void drop_time(char *text) {
    static const char before[] = " after ";
    char *begin = strstr(text, before);
    char *unit = begin ? begin + sizeof before - 1 : NULL;
    size_t digits = unit ? strspn(unit, "0123456789") : 0;
    if (digits == 0) return;
    unit += digits + strspn(unit + digits, " ");
    const char *rest = unit + strspn(unit, "abcdefghijklmnopqrstuvwxyz");
    memmove(begin, rest, strlen(rest) + 1);
}

static void tell(CURLcode code, const char *details, char why[HTTPS_WHY_BYTES]) {
    const char *text = details[0] ? details : curl_easy_strerror(code);
    if (code == CURLE_WRITE_ERROR) text = "the answer is too large";
    (void)snprintf(why, HTTPS_WHY_BYTES, "%.*s", HTTPS_WHY_BYTES - 1, text);
    drop_time(why);
}

long https_send(const struct https_request *request, struct buf *body, char why[HTTPS_WHY_BYTES]) {
    must(body->size == 0);
    (void)pthread_once(&once, init);
    char details[CURL_ERROR_SIZE] = "";
    long status = 0;
    struct curl_slist *headers = list_headers(request);
    CURL *curl = curl_easy_init();
    must(curl != NULL);
    bool is_set = set_up(curl, request) &&
                  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &request->stop) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
    CURLcode code = is_set ? curl_easy_perform(curl) : CURLE_BAD_FUNCTION_ARGUMENT;
    if (code == CURLE_OK) code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) tell(code, details, why);
    curl_easy_cleanup(curl);
    free_headers(headers);
    return code == CURLE_OK ? status : 0;
}

void https_encode(struct buf *to, const char *text) {
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *text; text++) {
        uint8_t byte = (uint8_t)*text;
        const char encoded[3] = { '%', digits[byte >> 4], digits[byte & 0xf] };
        bool is_plain = strchr(plain, *text) != NULL;
        secret_append(to, is_plain ? text : encoded, is_plain ? 1 : 3);
    }
}
