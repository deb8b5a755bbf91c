#include "CatalogData.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

const unsigned char catalog_bytes[] = {
#embed "catalog.json"
};
const unsigned long catalog_size = sizeof(catalog_bytes);
