// SPDX-License-Identifier: Apache-2.0
// Bodies are compressed whole, so that their length is known, at the lowest level: it is the
// loopback interface that most of them pass. What comes out grows as it comes, so that a body that
// compresses well takes little beside itself.
#include "server/http/encoding.h"

#include "server/base/must.h"
#include "server/http/accept.h"

#include <zstd.h>

#include <stdint.h>
#include <zlib.h>

enum {
    ZSTD_LEVEL = 1,
    GZIP_LEVEL = 1,
    GZIP_WINDOW_BITS = 15 + 16,
    GZIP_MEMORY = 8,
    STEP = 1 << 16
};

static const char *const names[] = {
    [ENCODING_IDENTITY] = "identity",
    [ENCODING_ZSTD] = "zstd",
    [ENCODING_GZIP] = "gzip",
};

const char *encoding_name(enum encoding encoding) {
    must((size_t)encoding < sizeof names / sizeof names[0]);
    return names[encoding];
}

/// The weight of one coding: its own, else that of the star, else -1: not spoken of.
static int weight_of(const char *header, const char *name) {
    int weight = accept_weight(header, name);
    return weight >= 0 ? weight : accept_weight(header, "*");
}

bool encoding_choose(const char *header, struct encoding_wish *wish) {
    must(wish != NULL);
    *wish = (struct encoding_wish){ ENCODING_IDENTITY, true };
    if (!header) return true;
    int plain = weight_of(header, "identity");
    int zstd = weight_of(header, "zstd");
    int gzip = weight_of(header, "gzip");
    if (gzip < 0) gzip = accept_weight(header, "x-gzip");
    // What is not refused is taken, but liked less than all that is named.
    wish->takes_plain = plain != 0;
    if (zstd > 0 && zstd >= plain && zstd >= gzip) {
        wish->best = ENCODING_ZSTD;
    } else if (gzip > 0 && gzip >= plain) {
        wish->best = ENCODING_GZIP;
    }
    return wish->takes_plain || wish->best != ENCODING_IDENTITY;
}

static bool apply_zstd(const struct out *body, struct out *to) {
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!context) return false;
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    (void)ZSTD_CCtx_setPledgedSrcSize(context, body->size);
    ZSTD_inBuffer in = { body->data, body->size, 0 };
    size_t left;
    do {
        char *room = out_room(to, STEP);
        ZSTD_outBuffer out = { room, STEP, 0 };
        left = ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
        to->size += out.pos;
    } while (!ZSTD_isError(left) && left > 0);
    (void)ZSTD_freeCCtx(context);
    return !ZSTD_isError(left);
}

static bool apply_gzip(const struct out *body, struct out *to) {
    z_stream stream = { 0 };
    int code = deflateInit2(
        &stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY, Z_DEFAULT_STRATEGY
    );
    if (code != Z_OK) return false;

    size_t given = 0;
    stream.next_in = (Bytef *)body->data;
    do {
        if (stream.avail_in == 0 && given < body->size) {
            size_t rest = body->size - given;
            stream.avail_in = rest < STEP ? (uInt)rest : STEP;
            given += stream.avail_in;
        }
        stream.next_out = (Bytef *)out_room(to, STEP);
        stream.avail_out = STEP;
        code = deflate(&stream, given == body->size ? Z_FINISH : Z_NO_FLUSH);
        to->size += STEP - stream.avail_out;
    } while (code == Z_OK);
    (void)deflateEnd(&stream);
    return code == Z_STREAM_END;
}

bool encoding_apply(enum encoding encoding, const struct out *body, struct out *to) {
    must(to->size == 0 && body->size > 0);
    switch (encoding) {
    case ENCODING_IDENTITY: break;
    case ENCODING_ZSTD: return apply_zstd(body, to);
    case ENCODING_GZIP: return apply_gzip(body, to);
    }
    must(!"the identity is applied");
    return false;
}
