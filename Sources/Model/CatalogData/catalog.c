#include "CatalogData.h"
const unsigned char catalog_bytes[] = {0}; const unsigned long catalog_size = 0;
