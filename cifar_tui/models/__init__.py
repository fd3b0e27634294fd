"""The architectures: `registry` lists them without importing torch, `build` makes one."""
