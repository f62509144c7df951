from __future__ import annotations

from typing import Any

import pytest
from cachepact import CachepactError
from cachepact._frame import FrameHeader, decode_frame, encode_frame
from fixtures import named, of_kind
from hypothesis import given
from hypothesis import strategies as st


def header_of(source: dict[str, Any]) -> FrameHeader:
    return FrameHeader(**{**source, "fingerprint": int(source["fingerprint"], 16)})


@pytest.mark.parametrize("case", of_kind("frames", "frame"), ids=named)
def test_frame_has_one_byte_string(case: dict[str, Any]) -> None:
    header, payload = header_of(case["header"]), bytes.fromhex(case["payload"])
    data = encode_frame(header, payload)
    assert data.hex() == case["bytes"]
    for mode in ("lenient", "strict"):
        frame = decode_frame(data, mode)
        assert (frame.header, frame.payload) == (header, payload)


@pytest.mark.parametrize("case", of_kind("frames", "accept"), ids=named)
def test_lenient_decode_takes_what_newer_writers_may_write(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["bytes"])
    frame = decode_frame(data)
    assert (frame.header, frame.payload.hex()) == (header_of(case["header"]), case["payload"])
    with pytest.raises(CachepactError) as caught:
        decode_frame(data, "strict")
    assert caught.value.code == case["strict"]


@pytest.mark.parametrize("mode", ["lenient", "strict"])
@pytest.mark.parametrize("case", of_kind("frames", "reject"), ids=named)
def test_bytes_that_are_no_frame_are_rejected(case: dict[str, Any], mode: Any) -> None:
    if case.get("mode") not in {None, mode}:
        mode = case["mode"]
    with pytest.raises(CachepactError) as caught:
        decode_frame(bytes.fromhex(case["bytes"]), mode)
    assert caught.value.code == case["error"]


@pytest.mark.parametrize("case", of_kind("frames", "encode-error"), ids=named)
def test_header_beyond_its_fields_is_not_written(case: dict[str, Any]) -> None:
    with pytest.raises(CachepactError) as caught:
        encode_frame(header_of(case["header"]), bytes.fromhex(case["payload"]))
    assert caught.value.code == case["error"]


headers = st.builds(
    FrameHeader,
    codec=st.sampled_from([1, 2, 3, 4]),
    fingerprint=st.integers(0, 2**32 - 1),
    ascii=st.booleans(),
    stale_at_ms=st.integers(0, 2**48 - 1),
    version=st.integers(0, 2**53 - 1),
    created_at_ms=st.integers(0, 2**48 - 1),
    cost_ms=st.integers(0, 2**32 - 1),
)


@given(headers, st.binary(max_size=64))
def test_every_header_comes_back(header: FrameHeader, payload: bytes) -> None:
    frame = decode_frame(encode_frame(header, payload), "strict")
    assert (frame.header, frame.payload) == (header, payload)


@given(st.binary(max_size=48))
def test_no_bytes_raise_anything_but_an_error_of_the_vocabulary(data: bytes) -> None:
    for candidate in (data, b"\xc1\xca\x09" + data):
        try:
            decode_frame(candidate)
        except CachepactError:
            continue
