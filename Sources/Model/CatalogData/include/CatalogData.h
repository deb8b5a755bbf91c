extern const unsigned char catalog_bytes[]; extern const unsigned long catalog_size;
