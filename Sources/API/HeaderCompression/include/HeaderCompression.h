#ifndef HEADER_COMPRESSION_H
#define HEADER_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

/* SPDY/3 compresses all header blocks of one direction as one zlib stream that begins with a known dictionary. */

/// Reads the blocks of one direction.
typedef struct ordinal_header_reader ordinal_header_reader;
/// Writes the blocks of one direction.
typedef struct ordinal_header_writer ordinal_header_writer;

/// A reader at the beginning of its stream; NULL without memory.
ordinal_header_reader *ordinal_header_reader_new(void);
/// Gives a reader back.
void ordinal_header_reader_free(ordinal_header_reader *reader);
/// Expands one block into `output`; returns its length, or -1 for a broken stream and for a block of `capacity` or more.
ptrdiff_t ordinal_header_read(
    ordinal_header_reader *reader, const uint8_t *input, size_t count, uint8_t *output, size_t capacity);

/// A writer at the beginning of its stream; NULL without memory.
ordinal_header_writer *ordinal_header_writer_new(void);
/// Gives a writer back.
void ordinal_header_writer_free(ordinal_header_writer *writer);
/// Compresses one block into `output`; returns its length, or -1 when `capacity` is too small.
ptrdiff_t ordinal_header_write(
    ordinal_header_writer *writer, const uint8_t *input, size_t count, uint8_t *output, size_t capacity);

#endif
