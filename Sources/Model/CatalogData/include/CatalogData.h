/// The catalogue of builtin kinds as JSON, embedded in the program: made by Scripts/make-catalog.py.
const unsigned char *catalog_bytes(void);
/// Its size in bytes.
unsigned long catalog_size(void);
