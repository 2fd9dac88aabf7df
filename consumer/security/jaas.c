// SPDX-License-Identifier: Apache-2.0
// The format is "MODULE FLAG NAME=VALUE… ;" in the tokens of java.io.StreamTokenizer, as Kafka sets
// it up. Where Java is lax so that a mistake would go on unseen (a quote that is not closed, a
// second module), it is told here.
#include "consumer/security/jaas.h"

#include "consumer/base/must.h"
#include "consumer/security/secret.h"

#include <openssl/crypto.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEFAULT_LIFETIME_SECONDS = 3600, MOST_LIFETIME_SECONDS = 365 * 24 * 3600 };

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,     // or what was quoted
    TOKEN_SIGN,     // one character with a meaning
    TOKEN_UNCLOSED, // a quote without its end
    TOKEN_NUL,      // a quote with an escaped NUL in it
};

struct token {
    enum token_kind kind;
    char sign;       // of a sign
    struct buf text; // of a word, with a NUL behind
};

struct parser {
    const char *begin;
    const char *at;
    struct token token; // the current one
    char *error;
};

static const struct {
    const char *name;
    const char *mechanisms[2];
} modules[] = {
    [JAAS_PLAIN] = { "org.apache.kafka.common.security.plain.PlainLoginModule", { "PLAIN" } },
    [JAAS_SCRAM] = { "org.apache.kafka.common.security.scram.ScramLoginModule",
                     { "SCRAM-SHA-256", "SCRAM-SHA-512" } },
    [JAAS_OAUTHBEARER] = { "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
                           { "OAUTHBEARER" } },
    [JAAS_MSK_IAM] = { "software.amazon.msk.auth.iam.IAMLoginModule", { "AWS_MSK_IAM" } },
};

enum { MODULE_COUNT = sizeof modules / sizeof modules[0] };

// Says what is wrong, and where; never what is there.
__attribute__((format(printf, 2, 3))) static bool fail(
    struct parser *parser, const char *format, ...
) {
    int used = snprintf(
        parser->error,
        JAAS_ERROR_BYTES,
        "sasl.jaas.config: before character %zu: ",
        (size_t)(parser->at - parser->begin) + 1
    );
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(parser->error + used, JAAS_ERROR_BYTES - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

// Skips what a '/' begins: a comment to the end of the line, whatever follows, or one with an end.
// What is next to a lone '/' does not count, not even the end of its line: so it is in Java.
static void skip_comment(struct parser *parser) {
    if (parser->at[1] == '*') {
        const char *end = strstr(parser->at + 2, "*/");
        parser->at = end ? end + 2 : parser->at + strlen(parser->at);
        return;
    }
    parser->at += parser->at[1] ? 2 : 1;
    while (*parser->at && !is_line_end(*parser->at))
        parser->at++;
}

static bool is_word_char(char c) {
    return (uint8_t)c > ' ' && !strchr(";=/\"'", c);
}

// The character that an escape stands for, as Java's code point below 256.
static unsigned read_escape(struct parser *parser) {
    static const char letters[] = "abfnrtv";
    static const char meanings[] = "\a\b\f\n\r\t\v";
    const char *digits = parser->at;
    unsigned code = 0;
    int most = *digits <= '3' ? 3 : 2;
    while (*parser->at >= '0' && *parser->at <= '7' && parser->at - digits < most)
        code = code * 8 + (unsigned)(*parser->at++ - '0');
    if (parser->at > digits) return code;
    char c = *parser->at++;
    const char *found = strchr(letters, c);
    return (uint8_t)(found ? meanings[found - letters] : c);
}

static void append_code(struct buf *text, unsigned code) {
    uint8_t bytes[2] = { (uint8_t)(0xc0 | code >> 6), (uint8_t)(0x80 | (code & 0x3f)) };
    if (code < 0x80) bytes[0] = (uint8_t)code;
    secret_append(text, bytes, code < 0x80 ? 1 : 2);
}

// False for one that stands for NUL, which no text of ours can have.
static bool read_escaped(struct parser *parser, struct buf *text) {
    parser->at++;
    if (!*parser->at) return true;
    if ((uint8_t)*parser->at >= 0x80) {
        secret_append(text, parser->at++, 1); // of UTF-8: it stands for itself
        return true;
    }
    unsigned code = read_escape(parser);
    append_code(text, code);
    return code != 0;
}

static enum token_kind read_quoted(struct parser *parser, struct buf *text) {
    char quote = *parser->at++;
    while (*parser->at && *parser->at != quote && !is_line_end(*parser->at)) {
        if (*parser->at != '\\') {
            secret_append(text, parser->at++, 1);
        } else if (!read_escaped(parser, text)) {
            return TOKEN_NUL;
        }
    }
    if (*parser->at != quote) return TOKEN_UNCLOSED;
    parser->at++;
    return TOKEN_WORD;
}

static void next(struct parser *parser) {
    struct token *token = &parser->token;
    secret_dispose(&token->text);
    for (;;) {
        while (*parser->at && (uint8_t)*parser->at <= ' ')
            parser->at++;
        if (*parser->at != '/') break;
        skip_comment(parser);
    }
    char c = *parser->at;
    if (!c) {
        token->kind = TOKEN_END;
    } else if (c == '"' || c == '\'') {
        token->kind = read_quoted(parser, &token->text);
    } else if (is_word_char(c)) {
        token->kind = TOKEN_WORD;
        while (*parser->at && is_word_char(*parser->at))
            secret_append(&token->text, parser->at++, 1);
    } else {
        token->kind = TOKEN_SIGN;
        token->sign = *parser->at++;
    }
    secret_append(&token->text, "", 1);
}

static bool is_sign(const struct parser *parser, char sign) {
    return parser->token.kind == TOKEN_SIGN && parser->token.sign == sign;
}

static const char *word(const struct parser *parser) {
    return (const char *)parser->token.text.data;
}

// Some repackage Kafka's classes under another name, with the old one behind it.
static bool is_class(const char *name, const char *known) {
    size_t size = strlen(name);
    size_t known_size = strlen(known);
    if (size < known_size || strcmp(name + size - known_size, known) != 0) return false;
    return size == known_size || name[size - known_size - 1] == '.';
}

static bool parse_module(struct parser *parser, struct jaas *jaas) {
    static const char *const flags[] = { "required", "requisite", "sufficient", "optional" };
    if (parser->token.kind != TOKEN_WORD) return fail(parser, "a login module must be named");
    size_t found = 0;
    while (found < MODULE_COUNT && !is_class(word(parser), modules[found].name))
        found++;
    if (found == MODULE_COUNT) {
        return fail(
            parser,
            "the login module must be one of Kafka's PlainLoginModule, ScramLoginModule and"
            " OAuthBearerLoginModule or Amazon's IAMLoginModule"
        );
    }
    jaas->module = (enum jaas_module)found;
    next(parser);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        bool is_word = parser->token.kind == TOKEN_WORD;
        if (is_word && strcasecmp(word(parser), flags[i]) == 0) return true;
    }
    return fail(parser, "\"required\" must follow the login module");
}

// The last of two with the same name counts.
static bool set_option(struct parser *parser, struct jaas *jaas, char **name) {
    size_t at = 0;
    while (at < jaas->option_count && strcmp(jaas->options[at].name, *name) != 0)
        at++;
    if (at == JAAS_MOST_OPTIONS) {
        return fail(parser, "there are more than %d options", JAAS_MOST_OPTIONS);
    }
    struct jaas_option *option = &jaas->options[at];
    secret_free(option->name);
    secret_free(option->value);
    *option = (struct jaas_option){ *name, secret_dup(word(parser)) };
    *name = NULL;
    if (at == jaas->option_count) jaas->option_count++;
    return true;
}

static bool parse_value(struct parser *parser, struct jaas *jaas, char **name) {
    if (!is_sign(parser, '=')) {
        return fail(parser, "an option must be NAME=\"VALUE\": '=' is missing");
    }
    next(parser);
    switch (parser->token.kind) {
    case TOKEN_WORD: return set_option(parser, jaas, name);
    case TOKEN_UNCLOSED: return fail(parser, "a quote is not closed");
    case TOKEN_NUL: return fail(parser, "a value cannot have the character \\0");
    case TOKEN_END:
    case TOKEN_SIGN: break;
    }
    return fail(parser, "an option's value is missing");
}

static bool parse_option(struct parser *parser, struct jaas *jaas) {
    if (parser->token.kind != TOKEN_WORD || !*word(parser)) {
        return fail(parser, "an option's name must be there, or a ';' at the end");
    }
    char *name = secret_dup(word(parser));
    next(parser);
    bool good = parse_value(parser, jaas, &name);
    secret_free(name);
    return good;
}

static bool parse(struct parser *parser, struct jaas *jaas) {
    next(parser);
    if (parser->token.kind == TOKEN_END) return fail(parser, "it is empty");
    if (!parse_module(parser, jaas)) return false;
    for (;;) {
        next(parser);
        if (is_sign(parser, ';')) break;
        if (parser->token.kind == TOKEN_END) return fail(parser, "a ';' must be at the end");
        if (!parse_option(parser, jaas)) return false;
    }
    next(parser);
    if (parser->token.kind != TOKEN_END) return fail(parser, "nothing may follow the ';'");
    return true;
}

// NOLINTNEXTLINE(readability-non-const-parameter): written through the parser
struct jaas *jaas_new(const char *text, char error[JAAS_ERROR_BYTES]) {
    must(text != NULL);
    struct jaas *jaas = must_alloc(sizeof *jaas);
    struct parser parser = { .begin = text, .at = text, .error = error };
    bool is_long = strlen(text) > JAAS_MOST_BYTES;
    bool good = is_long ? fail(&parser, "it is too long") : parse(&parser, jaas);
    secret_dispose(&parser.token.text);
    if (good) return jaas;
    jaas_free(jaas);
    return NULL;
}

void jaas_free(struct jaas *jaas) {
    if (!jaas) return;
    for (size_t i = 0; i < jaas->option_count; i++) {
        secret_free(jaas->options[i].name);
        secret_free(jaas->options[i].value);
    }
    OPENSSL_cleanse(jaas, sizeof *jaas);
    free(jaas);
}

static bool is_for(const struct jaas *jaas, const char *mechanism) {
    for (int i = 0; i < 2; i++) {
        const char *of_module = modules[jaas->module].mechanisms[i];
        if (of_module && strcmp(of_module, mechanism) == 0) return true;
    }
    return false;
}

bool jaas_check(const struct jaas *jaas, const char *mechanism, char error[JAAS_ERROR_BYTES]) {
    static const char *const needed[] = { "username", "password" };
    if (!is_for(jaas, mechanism)) {
        const char *name = strrchr(modules[jaas->module].name, '.') + 1;
        (void)snprintf(
            error,
            JAAS_ERROR_BYTES,
            "sasl.jaas.config: %s is not the login module of sasl.mechanism=%.40s",
            name,
            mechanism
        );
        return false;
    }
    bool has_user = jaas->module == JAAS_PLAIN || jaas->module == JAAS_SCRAM;
    for (int i = 0; i < 2 && has_user; i++) {
        const char *value = jaas_find(jaas, needed[i]);
        if (value && *value) continue;
        (void
        )snprintf(error, JAAS_ERROR_BYTES, "sasl.jaas.config: the option %s is missing", needed[i]);
        return false;
    }
    return true;
}

const char *jaas_find(const struct jaas *jaas, const char *name) {
    for (size_t i = 0; i < jaas->option_count; i++)
        if (strcmp(jaas->options[i].name, name) == 0) return jaas->options[i].value;
    return NULL;
}

bool jaas_is_true(const struct jaas *jaas, const char *name) {
    const char *value = jaas_find(jaas, name);
    return value && strcasecmp(value, "true") == 0;
}

// What follows a prefix in a name; NULL: it has another, or nothing follows.
static const char *behind(const char *name, const char *prefix) {
    size_t size = strlen(prefix);
    return strncmp(name, prefix, size) == 0 && name[size] ? name + size : NULL;
}

size_t jaas_extensions(const struct jaas *jaas, struct sasl_extension *extensions) {
    size_t count = 0;
    for (size_t i = 0; i < jaas->option_count; i++) {
        const char *name = behind(jaas->options[i].name, "extension_");
        if (!name) name = behind(jaas->options[i].name, "unsecuredLoginExtension_");
        if (!name) continue;
        extensions[count++] = (struct sasl_extension){ name, jaas->options[i].value };
    }
    return count;
}

size_t jaas_claims(const struct jaas *jaas, struct oauth_claim *claims) {
    static const char *const prefixes[] = {
        [OAUTH_STRING] = "unsecuredLoginStringClaim_",
        [OAUTH_NUMBER] = "unsecuredLoginNumberClaim_",
        [OAUTH_LIST] = "unsecuredLoginListClaim_",
    };
    size_t count = 0;
    for (size_t i = 0; i < jaas->option_count; i++) {
        for (size_t kind = 0; kind < sizeof prefixes / sizeof prefixes[0]; kind++) {
            const char *name = behind(jaas->options[i].name, prefixes[kind]);
            if (!name) continue;
            claims[count++] = (struct oauth_claim
            ){ .kind = (enum oauth_claim_kind)kind, .name = name, .value = jaas->options[i].value };
        }
    }
    return count;
}

// 0: it is no such number.
static int64_t read_lifetime(const struct jaas *jaas) {
    const char *text = jaas_find(jaas, "unsecuredLoginLifetimeSeconds");
    if (!text) return DEFAULT_LIFETIME_SECONDS;
    char *end = NULL;
    long seconds = strtol(text, &end, 10);
    bool good = *text >= '0' && *text <= '9' && !*end && seconds <= MOST_LIFETIME_SECONDS;
    return good ? seconds : 0;
}

static bool has_principal(const struct jaas *jaas, const struct oauth_claim *claims, size_t count) {
    const char *name = jaas_find(jaas, "unsecuredLoginPrincipalClaimName");
    if (!name || !*name) name = "sub";
    for (size_t i = 0; i < count; i++) {
        bool is_it = claims[i].kind == OAUTH_STRING && strcmp(claims[i].name, name) == 0;
        if (is_it && *claims[i].value) return true;
    }
    return false;
}

bool jaas_make_unsigned_token(
    const struct jaas *jaas,
    int64_t wall_ms,
    struct buf *token,
    int64_t *expires_at_ms,
    char error[JAAS_ERROR_BYTES]
) {
    struct oauth_claim claims[JAAS_MOST_OPTIONS];
    size_t count = jaas_claims(jaas, claims);
    int64_t seconds = read_lifetime(jaas);
    char why[OAUTH_ERROR_BYTES];
    const char *fault = NULL;
    if (seconds == 0) {
        fault = "unsecuredLoginLifetimeSeconds must be a number from 1 to 31536000";
    } else if (!has_principal(jaas, claims, count)) {
        fault = "the claim of the principal is missing: unsecuredLoginStringClaim_sub=\"NAME\"";
    } else if (!oauth_token_make_unsigned(claims, count, wall_ms, seconds * 1000, token, why)) {
        fault = why;
    }
    if (fault) (void)snprintf(error, JAAS_ERROR_BYTES, "sasl.jaas.config: %.200s", fault);
    *expires_at_ms = wall_ms + seconds * 1000;
    return !fault;
}
