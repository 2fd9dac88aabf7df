// SPDX-License-Identifier: Apache-2.0
// The text format of Prometheus, and what /metrics has in it.
#include "server/http/prometheus.h"
#include "server/metrics.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/fake_consumer.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct out out;
static struct client client;

START_TEST(texts_are_escaped) {
    const struct prometheus_label labels[] = { { "a", "x\"y\\z\nw" }, { "b", "" } };
    prometheus_family(&out, "f", "It's \\ \"so\"\nor so.", PROMETHEUS_GAUGE);
    prometheus_sample(&out, "f", (struct prometheus_labels){ labels, 2 }, -1.5);
    ck_assert_str_eq(
        out_text(&out),
        "# HELP f It's \\\\ \"so\"\\nor so.\n# TYPE f gauge\nf{a=\"x\\\"y\\\\z\\nw\",b=\"\"} -1.5\n"
    );
    out_dispose(&out);
}

END_TEST

static const struct {
    double value;
    const char *text;
} numbers[] = {
    { 0, "f 0\n" },           { 9007199254740991.0, "f 9007199254740991\n" },
    { 0.005, "f 0.005\n" },   { (double)NAN, "f NaN\n" },
    { INFINITY, "f +Inf\n" }, { -INFINITY, "f -Inf\n" },
};

START_TEST(numbers_are_spelled_as_prometheus_reads_them) {
    prometheus_sample(&out, "f", (struct prometheus_labels){ NULL, 0 }, numbers[_i].value);
    ck_assert_str_eq(out_text(&out), numbers[_i].text);
    out_dispose(&out);
}

END_TEST

START_TEST(buckets_are_cumulative) {
    const int64_t bounds[] = { 1000, 2500 };
    const int64_t counts[] = { 2, 0, 3 };
    const struct prometheus_histogram histogram = { bounds, counts, 2, 7500000, 1e6 };
    prometheus_histogram(&out, "h_seconds", "H.", &histogram);
    ck_assert_str_eq(
        out_text(&out),
        "# HELP h_seconds H.\n# TYPE h_seconds histogram\n"
        "h_seconds_bucket{le=\"0.001\"} 2\nh_seconds_bucket{le=\"0.0025\"} 2\n"
        "h_seconds_bucket{le=\"+Inf\"} 5\nh_seconds_sum 7.5\nh_seconds_count 5\n"
    );
    out_dispose(&out);
}

END_TEST

START_TEST(a_value_counts_in_the_first_bucket_that_holds_it) {
    static struct metrics metrics;
    const struct metric_histogram_description *row =
        metrics_describe_histogram(HISTOGRAM_POLL_RECORDS);
    metrics_observe(&metrics, HISTOGRAM_POLL_RECORDS, row->bounds[0]);
    metrics_observe(&metrics, HISTOGRAM_POLL_RECORDS, row->bounds[0] + 1);
    metrics_observe(&metrics, HISTOGRAM_POLL_RECORDS, row->bounds[row->bound_count - 1] + 1);
    struct metric_snapshot now = metrics_snapshot(&metrics, HISTOGRAM_POLL_RECORDS);
    ck_assert_int_eq(now.counts[0], 1);
    ck_assert_int_eq(now.counts[1], 1);
    ck_assert_int_eq(now.counts[row->bound_count], 1);
    ck_assert_int_eq(now.sum, 2 * row->bounds[0] + 2 + row->bounds[row->bound_count - 1]);
}

END_TEST

START_TEST(bounds_of_histograms_rise) {
    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++) {
        const struct metric_histogram_description *row =
            metrics_describe_histogram((enum metric_histogram)i);
        ck_assert_uint_gt(row->bound_count, 0);
        for (size_t k = 1; k < row->bound_count; k++)
            ck_assert_int_gt(row->bounds[k], row->bounds[k - 1]);
    }
}

END_TEST

static void up(const char *labels) {
    fake_add_partition("orders", 0, 5);
    fake_add_partition("orders", 1, 0);
    for (int i = 0; i < 3; i++)
        fake_add_text("orders", 0, "x");
    sidecar_up((const char *const[]){ "topics", "orders", "metrics.partition.labels", labels, NULL }
    );
    client = client_connect_management();
}

static void down(void) {
    client_close(&client);
    sidecar_down();
}

/// Whether /metrics has this line.
static bool has_line(const char *line) {
    char wanted[400];
    ck_assert_int_eq(client_call(&client, "GET", "/metrics", NULL), 200);
    (void)snprintf(wanted, sizeof wanted, "\n%s\n", line);
    return strstr(client_body(&client), wanted) != NULL;
}

START_TEST(requests_are_counted_by_pattern_and_class) { // pitfall 119
    up("false");
    struct client api = client_connect();
    ck_assert_int_eq(client_call(&api, "GET", "/v1/topics/orders", NULL), 200);
    ck_assert_int_eq(client_call(&api, "GET", "/v1/topics/nothing", NULL), 404);
    ck_assert_int_eq(client_call(&api, "GET", "/v1/no/such/call/1", NULL), 404);
    ck_assert_int_eq(client_call(&api, "GET", "/v1/no/such/call/2", NULL), 404);
    client_close(&api);
#define REQUESTS(route, code) \
    "kafka_sidecar_http_requests_total{method=\"GET\",route=\"" route "\",code=\"" code "\"}"
    ck_assert(has_line(REQUESTS("/v1/topics/{topic}", "2xx") " 1"));
    ck_assert(has_line(REQUESTS("/v1/topics/{topic}", "4xx") " 1"));
    ck_assert(has_line(REQUESTS("/v1/position", "2xx") " 0"));
    ck_assert(has_line(
        "kafka_sidecar_http_requests_total{method=\"other\",route=\"other\",code=\"4xx\"} 2"
    ));
    ck_assert_ptr_null(strstr(client_body(&client), "such"));
    down();
}

END_TEST

START_TEST(polls_and_commits_are_measured) {
    up("false");
    struct client api = client_connect();
    ck_assert_int_eq(client_call(&api, "GET", "/v1/poll?max_records=2", NULL), 200);
    ck_assert_int_eq(client_call(&api, "POST", "/v1/commit", NULL), 200);
    ck_assert_int_eq(client_call(&api, "GET", "/v1/poll?commit=true", NULL), 200);
    client_close(&api);
    ck_assert(has_line("kafka_sidecar_poll_duration_seconds_count 2"));
    ck_assert(has_line("kafka_sidecar_poll_records_sum 3"));
    ck_assert(has_line("kafka_sidecar_poll_records_bucket{le=\"1\"} 1"));
    ck_assert(has_line("kafka_sidecar_poll_records_bucket{le=\"5\"} 2"));
    ck_assert(has_line("kafka_sidecar_poll_answer_bytes_count 2"));
    ck_assert(has_line("kafka_sidecar_commit_duration_seconds_count 2"));
    down();
}

END_TEST

START_TEST(process_and_consumer_have_their_numbers) {
    up("false");
    ck_assert(has_line("kafka_sidecar_build_info{version=\"" SIDECAR_VERSION "\"} 1"));
    ck_assert(has_line("kafka_sidecar_consumer_ready{consumer=\"default\"} 1"));
    ck_assert(has_line("kafka_sidecar_consumer_state{consumer=\"default\",state=\"stable\"} 1"));
    ck_assert(has_line("kafka_sidecar_consumer_records_lag{consumer=\"default\"} 3"));
    ck_assert(has_line("kafka_sidecar_http_connections_limit 256"));
    ck_assert(has_line("kafka_sidecar_http_body_limit_bytes 1048576"));
    ck_assert(has_line("kafka_sidecar_management_connections 1"));
    const char *const process[] = {
        "\nprocess_start_time_seconds 1",
        "\nprocess_cpu_seconds_total 0.",
        "\nprocess_resident_memory_bytes ",
        "\nprocess_open_fds ",
        "\nprocess_max_fds ",
    };
    for (size_t i = 0; i < sizeof process / sizeof process[0]; i++)
        ck_assert_msg(strstr(client_body(&client), process[i]) != NULL, "%s", process[i]);
    ck_assert_ptr_null(strstr(client_body(&client), "topic=\"")); // pitfall 119
    down();
}

END_TEST

START_TEST(partitions_have_samples_when_the_setting_asks_for_it) { // pitfall 119
    up("true");
#define OF_ORDERS "{consumer=\"default\",topic=\"orders\",partition="
    ck_assert(has_line("kafka_sidecar_consumer_partition_records_lag" OF_ORDERS "\"0\"} 3"));
    ck_assert(has_line("kafka_sidecar_consumer_partition_position" OF_ORDERS "\"0\"} 5"));
    ck_assert(has_line("kafka_sidecar_consumer_unlabelled_partitions{consumer=\"default\"} 0"));
    down();
}

END_TEST

SUITE(prometheus) {
    Suite *s = suite_create("server/http/prometheus");
    ADD_CASE(
        s,
        "prometheus",
        texts_are_escaped,
        buckets_are_cumulative,
        a_value_counts_in_the_first_bucket_that_holds_it,
        bounds_of_histograms_rise,
        requests_are_counted_by_pattern_and_class,
        polls_and_commits_are_measured,
        process_and_consumer_have_their_numbers,
        partitions_have_samples_when_the_setting_asks_for_it
    );
    TCase *tables = tcase_create("numbers");
    tcase_add_loop_test(
        tables, numbers_are_spelled_as_prometheus_reads_them, 0, sizeof numbers / sizeof numbers[0]
    );
    suite_add_tcase(s, tables);
    return s;
}
