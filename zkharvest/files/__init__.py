"""Bytes on disk: atomic writes, the secret opening (`.zko`), the package (`.zkh`)."""
