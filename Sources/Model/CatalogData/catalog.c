#include "CatalogData.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char bytes[] = {
#embed "catalog.json"
};

const unsigned char *catalog_bytes(void) { return bytes; }

unsigned long catalog_size(void) { return sizeof(bytes); }
