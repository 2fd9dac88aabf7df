// SPDX-License-Identifier: Apache-2.0
// Two tables: one of keys, each with what it comes to and why; one of values.
#include "server/foreign.h"

#include "server/base/must.h"
#include "server/json/number.h"

#include <ctype.h>
#include <stdint.h>

/// A key of another client. With `ours` it is that setting; else it is accepted with a value of the
/// list `harmless` ("*": with any), and refused with others.
struct foreign {
    const char *key;
    const char *ours;
    int64_t factor; ///< from its unit to ours; 0: no number
    const char *harmless;
    const char *why;
};

#define SAME(key, ours) \
    { key, ours, 0, NULL, NULL }
#define SCALED(key, ours, factor) \
    { key, ours, factor, NULL, NULL }
#define IDLE(key, why) \
    { key, NULL, 0, "*", why }
#define HARMLESS(key, value, why) \
    { key, NULL, 0, value, why }
#define REFUSED(key, why) \
    { key, NULL, 0, NULL, why }

static const char bytes_as_they_are[] =
    "records are delivered as their bytes; key_format and value_format of a poll say how";
static const char by_the_kernel[] = "the kernel sizes the buffers of its sockets";
static const char no_plugins[] = "no classes can be loaded here";
static const char no_jmx[] = "there is no JMX; /metrics and /v1/metrics have the numbers";
static const char by_log_level[] = "log.level says what is logged";
static const char of_producers[] = "it is a producer's, and this is a consumer";
static const char one_buffer[] = "prefetching is bounded by fetch.buffer.bytes alone";
static const char versions_are_asked[] = "every broker is asked which versions it speaks";
static const char offsets_in_kafka[] = "offsets are stored in Kafka alone";
static const char references_are_known[] =
    "the providers file, env and dir are always there, under these names";
static const char other_providers[] =
    "the providers are file, env and dir, as Kafka's FileConfigProvider, EnvVarConfigProvider and "
    "DirectoryConfigProvider";
static const char by_openssl[] = "TLS is OpenSSL's";
static const char no_kerberos[] = "GSSAPI (Kerberos) cannot be had here";
static const char of_brokers[] = "it is a broker's, and this is a consumer";
static const char not_looked_at[] = "revocation of certificates is not looked at";
static const char own_logins[] =
    "sasl.mechanism says how to log in; OAUTHBEARER and AWS_MSK_IAM need no classes here";
static const char metadata_at_need[] =
    "metadata is asked again after retry.backoff.ms when something is missing";

#define PROVIDER "org.apache.kafka.common.config.provider."
#define OAUTH    "org.apache.kafka.common.security.oauthbearer."

static const struct foreign keys[] = {
    // librdkafka's names of what we have
    SAME("metadata.broker.list", "bootstrap.servers"),
    SAME("fetch.wait.max.ms", "fetch.max.wait.ms"),
    SAME("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    SCALED("queued.max.messages.kbytes", "fetch.buffer.bytes", 1024),
    SAME("socket.timeout.ms", "request.timeout.ms"),
    SAME("topic.metadata.refresh.interval.ms", "metadata.max.age.ms"),
    SAME("auto.commit.enable", "enable.auto.commit"),
    SAME("sasl.mechanisms", "sasl.mechanism"),
    SAME("sasl.oauthbearer.client.id", "sasl.oauthbearer.client.credentials.client.id"),
    SAME("sasl.oauthbearer.client.secret", "sasl.oauthbearer.client.credentials.client.secret"),
    // Kafka's Java client
    IDLE("key.deserializer", bytes_as_they_are),
    IDLE("value.deserializer", bytes_as_they_are),
    IDLE("receive.buffer.bytes", by_the_kernel),
    IDLE("send.buffer.bytes", by_the_kernel),
    IDLE("client.dns.lookup", "every address of a broker's name is tried in turn"),
    IDLE("auto.include.jmx.reporter", no_jmx),
    IDLE("metric.reporters", no_jmx),
    IDLE("metrics.num.samples", no_jmx),
    IDLE("metrics.recording.level", no_jmx),
    IDLE("metrics.sample.window.ms", no_jmx),
    IDLE("enable.metrics.push", "no metrics are sent to brokers; /metrics has them"),
    IDLE("interceptor.classes", no_plugins),
    IDLE("security.providers", no_plugins),
    IDLE(
        "metadata.recovery.strategy",
        "when no known broker answers, bootstrap.servers are asked again, as with rebootstrap"
    ),
    IDLE(
        "metadata.recovery.rebootstrap.trigger.ms",
        "bootstrap.servers are asked again as soon as no known broker answers"
    ),
    HARMLESS(
        "exclude.internal.topics",
        "true",
        "internal topics are never matched by a pattern; a subscription by name gets them"
    ),
    REFUSED("group.remote.assignor", "the broker's default assignor is the only one that is used"),
    IDLE("config.providers", references_are_known),
    HARMLESS("config.providers.file.class", PROVIDER "FileConfigProvider", other_providers),
    HARMLESS("config.providers.env.class", PROVIDER "EnvVarConfigProvider", other_providers),
    HARMLESS("config.providers.dir.class", PROVIDER "DirectoryConfigProvider", other_providers),
    // Security, as Java's client has it
    IDLE("ssl.provider", by_openssl),
    IDLE("ssl.keymanager.algorithm", by_openssl),
    IDLE("ssl.trustmanager.algorithm", by_openssl),
    IDLE("ssl.secure.random.implementation", by_openssl),
    REFUSED("ssl.engine.factory.class", no_plugins),
    HARMLESS(
        "sasl.login.callback.handler.class",
        OAUTH "OAuthBearerLoginCallbackHandler," OAUTH "secured.OAuthBearerLoginCallbackHandler",
        own_logins
    ),
    HARMLESS(
        "sasl.client.callback.handler.class",
        "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
        own_logins
    ),
    REFUSED("sasl.login.class", no_plugins),
    HARMLESS(
        "sasl.oauthbearer.jwt.retriever.class",
        OAUTH "DefaultJwtRetriever," OAUTH "ClientCredentialsJwtRetriever," OAUTH
              "FileJwtRetriever",
        "tokens come from a file or by client credentials"
    ),
    IDLE("sasl.oauthbearer.jwt.validator.class", "brokers are who validates tokens"),
    IDLE("sasl.oauthbearer.jwks.endpoint.url", of_brokers),
    IDLE("sasl.oauthbearer.jwks.endpoint.refresh.ms", of_brokers),
    IDLE("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", of_brokers),
    IDLE("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", of_brokers),
    IDLE("sasl.oauthbearer.clock.skew.seconds", of_brokers),
    IDLE("sasl.oauthbearer.expected.audience", of_brokers),
    IDLE("sasl.oauthbearer.expected.issuer", of_brokers),
    IDLE("sasl.kerberos.service.name", no_kerberos),
    IDLE("sasl.kerberos.kinit.cmd", no_kerberos),
    IDLE("sasl.kerberos.min.time.before.relogin", no_kerberos),
    IDLE("sasl.kerberos.ticket.renew.jitter", no_kerberos),
    IDLE("sasl.kerberos.ticket.renew.window.factor", no_kerberos),
    // and as librdkafka has it
    IDLE("sasl.kerberos.principal", no_kerberos),
    IDLE("sasl.kerberos.keytab", no_kerberos),
    REFUSED("ssl.crl.location", not_looked_at),
    REFUSED("ssl.sigalgs.list", "OpenSSL's own choice is offered"),
    REFUSED("ssl.engine.location", no_plugins),
    REFUSED("ssl.providers", no_plugins),
    IDLE("ssl.ca.certificate.stores", "it is for Windows"),
    HARMLESS(
        "sasl.oauthbearer.grant.type",
        "client_credentials",
        "tokens are fetched by client credentials alone"
    ),
    // librdkafka
    HARMLESS(
        "enable.auto.offset.store",
        "true",
        "what a later poll acknowledges is stored; to choose by hand, set enable.auto.commit=false "
        "and call /v1/commit"
    ),
    HARMLESS(
        "enable.partition.eof",
        "false",
        "there is no event for the end of a partition; /v1/status has the lag"
    ),
    HARMLESS("offset.store.method", "broker", offsets_in_kafka),
    IDLE("offset.store.path", offsets_in_kafka),
    IDLE("offset.store.sync.interval.ms", offsets_in_kafka),
    HARMLESS("group.protocol.type", "consumer", "groups are of the type consumer"),
    HARMLESS("broker.address.family", "any", "addresses of both families are tried"),
    HARMLESS("api.version.request", "true", versions_are_asked),
    IDLE("api.version.request.timeout.ms", versions_are_asked),
    IDLE("api.version.fallback.ms", versions_are_asked),
    IDLE("broker.version.fallback", versions_are_asked),
    REFUSED("topic.blacklist", "no topic can be left out of what is subscribed to"),
    IDLE("queued.min.messages", one_buffer),
    IDLE("fetch.queue.backoff.ms", one_buffer),
    IDLE("fetch.error.backoff.ms", "a failed fetch is repeated after retry.backoff.ms"),
    IDLE("socket.send.buffer.bytes", by_the_kernel),
    IDLE("socket.receive.buffer.bytes", by_the_kernel),
    IDLE("socket.keepalive.enable", "keep-alive is always on"),
    IDLE("socket.nagle.disable", "small requests are always sent at once"),
    IDLE("socket.max.fails", "a connection is closed at its first request without an answer"),
    IDLE("socket.blocking.max.ms", "no call waits for a socket"),
    IDLE("broker.address.ttl", "names are resolved at every attempt to connect"),
    IDLE("enable.sparse.connections", "connections are made when they are needed"),
    IDLE("max.in.flight", "a connection has one fetch in flight"),
    IDLE("max.in.flight.requests.per.connection", "a connection has one fetch in flight"),
    IDLE("coordinator.query.interval.ms", "the coordinator is looked up when it is needed"),
    IDLE("topic.metadata.refresh.fast.interval.ms", metadata_at_need),
    IDLE("topic.metadata.refresh.fast.cnt", metadata_at_need),
    IDLE("topic.metadata.refresh.sparse", "metadata of the topics in use is asked, not of all"),
    IDLE("topic.metadata.propagation.max.ms", metadata_at_need),
    IDLE("consume.callback.max.messages", "max.poll.records bounds a poll"),
    IDLE("statistics.interval.ms", "/metrics and /v1/metrics have the numbers at any time"),
    IDLE("log_level", by_log_level),
    IDLE("debug", by_log_level),
    IDLE("log.queue", by_log_level),
    IDLE("log.thread.name", by_log_level),
    IDLE("log.connection.close", by_log_level),
    IDLE("message.max.bytes", of_producers),
    IDLE("message.copy.max.bytes", of_producers),
    // Files that a producer reads as well
    IDLE("acks", of_producers),
    IDLE("batch.size", of_producers),
    IDLE("buffer.memory", of_producers),
    IDLE("compression.type", of_producers),
    IDLE("compression.codec", of_producers),
    IDLE("delivery.timeout.ms", of_producers),
    IDLE("enable.idempotence", of_producers),
    IDLE("key.serializer", of_producers),
    IDLE("linger.ms", of_producers),
    IDLE("max.block.ms", of_producers),
    IDLE("max.request.size", of_producers),
    IDLE("partitioner.class", of_producers),
    IDLE("queue.buffering.max.ms", of_producers),
    IDLE("request.required.acks", of_producers),
    IDLE("retries", of_producers),
    IDLE("transactional.id", of_producers),
    IDLE("transaction.timeout.ms", of_producers),
    IDLE("value.serializer", of_producers),
};

#define JAVA "org.apache.kafka.clients.consumer."

/// Values of our settings, or elements of their lists, in another client's spelling.
static const struct {
    const char *key;
    const char *theirs;
    const char *ours;
} values[] = {
    { "partition.assignment.strategy", JAVA "RangeAssignor", "range" },
    { "partition.assignment.strategy", JAVA "RoundRobinAssignor", "roundrobin" },
    { "partition.assignment.strategy", JAVA "StickyAssignor", "sticky" },
    { "partition.assignment.strategy", JAVA "CooperativeStickyAssignor", "cooperative-sticky" },
    { "auto.offset.reset", "smallest", "earliest" },
    { "auto.offset.reset", "beginning", "earliest" },
    { "auto.offset.reset", "largest", "latest" },
    { "auto.offset.reset", "end", "latest" },
    { "auto.offset.reset", "error", "none" },
    { "security.protocol", "plaintext", "PLAINTEXT" },
    { "security.protocol", "ssl", "SSL" },
    { "security.protocol", "sasl_plaintext", "SASL_PLAINTEXT" },
    { "security.protocol", "sasl_ssl", "SASL_SSL" },
    { "ssl.truststore.type", "pem", "PEM" },
    { "ssl.truststore.type", "pkcs12", "PKCS12" },
    { "ssl.truststore.type", "jks", "JKS" },
    { "ssl.keystore.type", "pem", "PEM" },
    { "ssl.keystore.type", "pkcs12", "PKCS12" },
    { "ssl.keystore.type", "jks", "JKS" },
    { "ssl.enabled.protocols", "tlsv1.2", "TLSv1.2" },
    { "ssl.enabled.protocols", "tlsv1.3", "TLSv1.3" },
};

const char *foreign_key(size_t index) {
    return index < sizeof keys / sizeof keys[0] ? keys[index].key : NULL;
}

static const struct foreign *find(const char *key) {
    must(key != NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].key, key) == 0) return &keys[i];
    }
    return NULL;
}

/// A product beyond 64 bits is cut to the largest number, which no setting allows.
static void scale(struct out *value, int64_t factor) {
    must(factor > 0);
    int64_t number;
    int64_t product;
    struct kc_bytes text = { (const uint8_t *)out_text(value), value->size };
    if (number_parse(text, &number) != NUMBER_WHOLE) return;
    if (__builtin_mul_overflow(number, factor, &product)) product = INT64_MAX;
    value->size = 0;
    number_append(value, product);
}

static bool is_harmless(const char *list, const char *value) {
    if (strcmp(list, "*") == 0) return true;
    for (const char *at = list;; at++) {
        size_t size = strcspn(at, ",");
        if (size == strlen(value) && memcmp(at, value, size) == 0) return true;
        at += size;
        if (*at == '\0') return false;
    }
}

struct foreign_reading foreign_read(const char *key, struct out *value) {
    const struct foreign *row = find(key);
    if (!row) return (struct foreign_reading){ FOREIGN_UNKNOWN, NULL, NULL };
    if (row->ours) {
        if (row->factor) scale(value, row->factor);
        return (struct foreign_reading){ FOREIGN_SAME, row->ours, NULL };
    }
    must(row->why != NULL);
    bool idle = row->harmless && is_harmless(row->harmless, out_text(value));
    return (struct foreign_reading){ idle ? FOREIGN_IDLE : FOREIGN_REFUSED, NULL, row->why };
}

/// The spelling of ours for one element; the element itself when there is none.
static void append_ours(struct out *out, const char *key, const char *element, size_t size) {
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        bool same = strcmp(values[i].key, key) == 0 && strlen(values[i].theirs) == size &&
                    memcmp(values[i].theirs, element, size) == 0;
        if (!same) continue;
        out_string(out, values[i].ours);
        return;
    }
    out_append(out, element, size);
}

static bool has_values(const char *key) {
    must(key != NULL);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i].key, key) == 0) return true;
    }
    return false;
}

void foreign_translate(const char *key, struct out *value) {
    if (!has_values(key)) return;
    struct out ours = { 0 };
    const char *at = out_text(value);
    for (;;) {
        size_t size = strcspn(at, ",");
        size_t blanks = 0;
        while (blanks < size && isblank((unsigned char)at[blanks]))
            blanks++;
        size_t end = size;
        while (end > blanks && isblank((unsigned char)at[end - 1]))
            end--;
        append_ours(&ours, key, at + blanks, end - blanks);
        if (at[size] == '\0') break;
        out_byte(&ours, ',');
        at += size + 1;
    }
    out_dispose(value);
    *value = ours;
}
