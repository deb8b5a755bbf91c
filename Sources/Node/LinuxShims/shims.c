#include "LinuxShims.h"
int ordinal_shim(void){return 0;}
