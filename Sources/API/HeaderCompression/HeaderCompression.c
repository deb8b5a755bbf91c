#include "HeaderCompression.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* The dictionary of SPDY/3 (draft-mbelshe-httpbis-spdy-00, 2.6.10.1): data of the protocol. */
static const char dictionary[] =
    "\000\000\000\007options\000\000\000\004head\000\000\000\004post\000\000\000\003put\000\000\000\006delete\000"
    "\000\000\005trace\000\000\000\006accept\000\000\000\016accept-charset\000\000\000\017accept-encoding\000\000"
    "\000\017accept-language\000\000\000\015accept-ranges\000\000\000\003age\000\000\000\005allow\000\000\000\015au"
    "thorization\000\000\000\015cache-control\000\000\000\012connection\000\000\000\014content-base\000\000\000\020"
    "content-encoding\000\000\000\020content-language\000\000\000\016content-length\000\000\000\020content-location"
    "\000\000\000\013content-md5\000\000\000\015content-range\000\000\000\014content-type\000\000\000\004date\000"
    "\000\000\004etag\000\000\000\006expect\000\000\000\007expires\000\000\000\004from\000\000\000\004host\000\000"
    "\000\010if-match\000\000\000\021if-modified-since\000\000\000\015if-none-match\000\000\000\010if-range\000\000"
    "\000\023if-unmodified-since\000\000\000\015last-modified\000\000\000\010location\000\000\000\014max-forwards"
    "\000\000\000\006pragma\000\000\000\022proxy-authenticate\000\000\000\023proxy-authorization\000\000\000\005ran"
    "ge\000\000\000\007referer\000\000\000\013retry-after\000\000\000\006server\000\000\000\002te\000\000\000\007tr"
    "ailer\000\000\000\021transfer-encoding\000\000\000\007upgrade\000\000\000\012user-agent\000\000\000\004vary"
    "\000\000\000\003via\000\000\000\007warning\000\000\000\020www-authenticate\000\000\000\006method\000\000\000"
    "\003get\000\000\000\006status\000\000\000\006200 OK\000\000\000\007version\000\000\000\010HTTP/1.1\000\000\000"
    "\003url\000\000\000\006public\000\000\000\012set-cookie\000\000\000\012keep-alive\000\000\000\006origin1001012"
    "01202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Infor"
    "mation204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal"
    " Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:"
    "00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,appli"
    "cation/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-885"
    "9-1,utf-,*,enq=0.";
static const uInt dictionary_length = sizeof dictionary - 1;

struct ordinal_header_reader {
    z_stream stream;
};

struct ordinal_header_writer {
    z_stream stream;
};

ordinal_header_reader *ordinal_header_reader_new(void)
{
    ordinal_header_reader *reader = calloc(1, sizeof *reader);
    if (reader != NULL && inflateInit(&reader->stream) != Z_OK) {
        free(reader);
        return NULL;
    }
    return reader;
}

void ordinal_header_reader_free(ordinal_header_reader *reader)
{
    inflateEnd(&reader->stream);
    free(reader);
}

ptrdiff_t ordinal_header_read(
    ordinal_header_reader *reader, const uint8_t *input, size_t count, uint8_t *output, size_t capacity)
{
    if (count > UINT_MAX || capacity > UINT_MAX)
        return -1;
    z_stream *stream = &reader->stream;
    stream->next_in = (Bytef *)input;
    stream->avail_in = (uInt)count;
    stream->next_out = output;
    stream->avail_out = (uInt)capacity;
    while (stream->avail_in > 0) {
        int result = inflate(stream, Z_SYNC_FLUSH);
        if (result == Z_NEED_DICT)
            result = inflateSetDictionary(stream, (const Bytef *)dictionary, dictionary_length);
        if (result != Z_OK || stream->avail_out == 0)
            return -1;
    }
    return (ptrdiff_t)(capacity - stream->avail_out);
}

ordinal_header_writer *ordinal_header_writer_new(void)
{
    ordinal_header_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    /* Blocks are some dozen bytes: a window of 4 KiB holds the dictionary and keeps the memory small. */
    if (deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 12, 5, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(writer);
        return NULL;
    }
    if (deflateSetDictionary(&writer->stream, (const Bytef *)dictionary, dictionary_length) != Z_OK) {
        ordinal_header_writer_free(writer);
        return NULL;
    }
    return writer;
}

void ordinal_header_writer_free(ordinal_header_writer *writer)
{
    deflateEnd(&writer->stream);
    free(writer);
}

ptrdiff_t ordinal_header_write(
    ordinal_header_writer *writer, const uint8_t *input, size_t count, uint8_t *output, size_t capacity)
{
    if (count > UINT_MAX || capacity > UINT_MAX)
        return -1;
    z_stream *stream = &writer->stream;
    stream->next_in = (Bytef *)input;
    stream->avail_in = (uInt)count;
    stream->next_out = output;
    stream->avail_out = (uInt)capacity;
    if (deflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_in > 0 || stream->avail_out == 0)
        return -1;
    return (ptrdiff_t)(capacity - stream->avail_out);
}
