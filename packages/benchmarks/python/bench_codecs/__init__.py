"""The Python half of `npm run bench:codecs`."""
