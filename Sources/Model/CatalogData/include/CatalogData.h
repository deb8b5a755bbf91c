/// The catalogue of builtin kinds as JSON, embedded in the program: made by Scripts/make-catalog.py.
extern const unsigned char catalog_bytes[];
/// Its size in bytes.
extern const unsigned long catalog_size;
