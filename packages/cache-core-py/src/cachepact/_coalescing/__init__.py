"""One load instead of many: in this process, and across processes."""
