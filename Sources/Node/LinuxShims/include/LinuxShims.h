int ordinal_shim(void);
