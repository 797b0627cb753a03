"""NumPy, MATLAB, HDF5, WAV and Parquet: round trips, and sentences for hostile ones."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.io import savemat, wavfile

from integrations.core.data.readers import ReadError, ReadSettings, open_file
from tests.support.recordings import put, read

X = np.arange(3000) / 7


def matlab73(path: Path, write: Callable[[h5py.File], None]) -> Path:
    with h5py.File(path, "w", userblock_size=512) as file:
        write(file)
    raw = path.read_bytes()
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512, b" ") + raw[512:])
    return path


def h5(path: Path, write: Callable[[h5py.File], None]) -> Path:
    with h5py.File(path, "w") as file:
        write(file)
    return path


def wav(rate: int, bits: int, code: int, raw: bytes, declared: int | None = None) -> bytes:
    size = len(raw) if declared is None else declared
    form = struct.pack("<HHIIHH", code, 1, rate, rate * bits // 8, bits // 8, bits)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(raw)) + b"WAVEfmt " + struct.pack("<I", 16) + form
        + b"data" + struct.pack("<I", size) + raw
    )  # fmt: skip


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    array=hnp.arrays(
        dtype=st.sampled_from(["f4", "f8", "i2", "u1", ">i4", ">f8"]),
        shape=st.tuples(st.integers(70, 200), st.integers(2, 4)),
        elements=st.integers(0, 100),
    ),
    fortran=st.booleans(),
    turned=st.booleans(),
    archive=st.booleans(),
)
def test_numpy_channels_come_back_whatever_the_layout(
    tmp_path: Path, array: np.ndarray, fortran: bool, turned: bool, archive: bool
) -> None:
    stored = array.T if turned else array
    stored = np.asfortranarray(stored) if fortran else np.ascontiguousarray(stored)
    path = tmp_path / ("a.npz" if archive else "a.npy")
    np.savez_compressed(path, signal=stored) if archive else np.save(path, stored)
    np.testing.assert_array_equal(np.stack(list(read(path).values()), axis=1), array)


def test_an_archive_gives_numbers_and_texts_beside_the_signal(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", DE=X, fs=12000, fault="inner race")
    opened = open_file(tmp_path / "a.npz")
    assert (opened.sampling_rate_hz, opened.rate_source) == (12000, "variable “fs”")
    assert opened.labels == {"fault": "inner race"}


def test_matlab_5_structures_are_opened_with_dotted_names(tmp_path: Path) -> None:
    bearing = {"sr": 97656, "gs": X, "name": "IR"}
    savemat(tmp_path / "a.mat", {"X097_DE_time": X[:, None], "bearing": bearing})
    opened = open_file(tmp_path / "a.mat")
    assert [v.name for v in opened.variables] == ["X097_DE_time", "bearing.gs"]
    assert opened.sampling_rate_hz == 97656
    assert opened.labels == {"bearing.name": "IR"}
    np.testing.assert_array_equal(read(tmp_path / "a.mat")["bearing.gs"], X)


def test_matlab_73_reads_rows_columns_and_texts(tmp_path: Path) -> None:
    def write(file: h5py.File) -> None:
        file["x"] = X[None]
        file["two"] = np.stack([X, -X])
        file["g/fs"] = 1000.0
        file.create_dataset("n", data=np.array([[73], [82]], "u2")).attrs["MATLAB_class"] = (
            np.bytes_("char")
        )

    path = matlab73(tmp_path / "a.mat", write)
    opened = open_file(path)
    assert (opened.format, opened.sampling_rate_hz, opened.labels) == (
        "MATLAB 7.3",
        1000,
        {"n": "IR"},
    )
    np.testing.assert_array_equal(read(path)["two 2"], -X)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8"])
def test_wav_is_scaled_to_full_scale(tmp_path: Path, dtype: str) -> None:
    wave = np.sin(np.arange(400) / 9)
    full = {"u1": 127, "i2": 2**15 - 1, "i4": 2**31 - 1}.get(dtype, 1)
    shift = 128 if dtype == "u1" else 0
    wavfile.write(tmp_path / "a.wav", 8000, (wave * full + shift).astype(dtype))
    assert open_file(tmp_path / "a.wav").sampling_rate_hz == 8000
    np.testing.assert_allclose(read(tmp_path / "a.wav")["channel 1"], wave, atol=0.02)


def test_wav_with_24_bits_keeps_sign_and_scale(tmp_path: Path) -> None:
    raw = b"".join(struct.pack("<i", v)[:3] for v in (0, 1 << 22, -(1 << 22)))
    path = put(tmp_path, "a.wav", wav(8000, 24, 1, raw))
    assert read(path)["channel 1"].tolist() == [0, 0.5, -0.5]


def test_parquet_gives_numbers_texts_and_times(tmp_path: Path) -> None:
    times = pa.array(np.arange(3000) * 1000, pa.timestamp("us"))
    pq.write_table(pa.table({"time": times, "x": X, "label": ["a"] * 3000}), tmp_path / "a.parquet")
    values = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(values["x"], X)
    np.testing.assert_allclose(np.diff(values["time"]), 0.001)


def test_content_counts_before_the_name(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    opened = open_file((tmp_path / "a.npy").rename(tmp_path / "a.csv"))
    assert opened.format == "NumPy"
    assert "ends in .csv" in opened.warnings[-1]


def test_the_whole_part_of_a_cut_array_is_read_when_asked(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    path = put(tmp_path, "b.npy", (tmp_path / "a.npy").read_bytes()[: 128 + 800])
    with pytest.raises(ReadError, match="ends after 100 of 3\u202f000 values"):
        open_file(path)
    assert read(path, ReadSettings(keep_whole_part=True))["signal"].size == 100


def _npy(header: str, body: bytes = b"") -> bytes:
    text = header.encode().ljust(118 - 10 + 10) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


HOSTILE = {
    "pickle.npy": (
        _saved(lambda f: np.save(f, np.array([{}], dtype=object), allow_pickle=True)),
        "objects",
    ),
    "pickle.csv": (pickle.dumps({"a": [1, 2, 3]}), "not text|No rows"),
    "lie.npy": (_npy("{'descr':'<f8','fortran_order':False,'shape':(10**12,)}"), "damaged"),
    "claim.npy": (_npy("{'descr':'<f8','fortran_order':False,'shape':(999999999999,)}"), "8.0 TB"),
    "minus.npy": (_npy("{'descr':'<f8','fortran_order':False,'shape':(-5,)}"), "negative|damaged"),
    "empty.npy": (_saved(lambda f: np.save(f, np.empty(0))), "empty"),
    "cube.npy": (_saved(lambda f: np.save(f, np.ones((9, 9, 9)))), "shape"),
    "long.npy": (b"\x93NUMPY\x01\x00\xff\xff" + b" " * 65535, "damaged"),
    "bomb.npz": (_saved(lambda f: np.savez_compressed(f, x=np.zeros(10_000_000))), "stores only"),
    "other.npz": (_zip({"a.txt": b"hello"}), "no NumPy arrays"),
    "shape.npz": (
        _zip({"x.npy": _npy("{'descr':'<f8','fortran_order':False,'shape':(9,)}")}),
        "fit",
    ),
    "objects.npz": (_saved(lambda f: np.savez(f, x=np.array([{}], dtype=object))), "objects"),
    "wrong.npz": (b"hello", "not what .npz files hold"),
    "wrong.mat": (b"hello", "not what .mat files hold"),
    "bomb.mat": (
        _saved(lambda f: savemat(f, {"x": np.zeros(10_000_000)}, do_compression=True)),
        "stores only",
    ),
    "lie.wav": (
        wav(8000, 16, 1, b"\1\0" * 50, declared=2**31),
        "50 of 1\u202f073\u202f741\u202f824",
    ),
    "odd.wav": (wav(8000, 17, 1, b"\1\0" * 50), "17 bits"),
    "none.wav": (wav(8000, 16, 1, b""), "no samples"),
    "head.wav": (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcd", "cut short"),
    "empty.parquet": (b"PAR1", "damaged"),
    "archive.zip": (_zip({"a.csv": b"1,2\n"}), "Unpack it"),
    "program.exe": (b"MZ\0\0", "not known"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_sentence(tmp_path: Path, name: str) -> None:
    content, words = HOSTILE[name]
    with pytest.raises(ReadError, match=words) as caught:
        read(put(tmp_path, name, content))
    assert str(caught.value).endswith(".")


HOSTILE_HDF5: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "claims 8 TB": (lambda f: f.create_dataset("x", (10**12,), "f8", chunks=(1024,)), "8.0 TB"),
    "stores nothing": (lambda f: f.create_dataset("x", (100,), "f8", chunks=(10,)), "stores none"),
    "large chunks": (
        lambda f: f.create_dataset("x", (10**8,), "f8", chunks=(10**8,))[:1],
        "stores|pieces",
    ),
    "lzf": (lambda f: f.create_dataset("x", data=X, compression="lzf"), "unusual"),
}


@pytest.mark.parametrize("name", HOSTILE_HDF5)
def test_a_hostile_hdf5_file_gets_a_sentence(tmp_path: Path, name: str) -> None:
    write, words = HOSTILE_HDF5[name]
    with pytest.raises(ReadError, match=words):
        read(h5(tmp_path / "a.h5", lambda file: write(file) and None))


def test_hdf5_never_reads_another_file(tmp_path: Path) -> None:
    secret = put(tmp_path, "secret.txt", b"password " * 100)
    other = h5(tmp_path / "other.h5", lambda f: f.create_dataset("x", data=X) and None)
    layout = h5py.VirtualLayout((3000,), "f8")
    layout[:] = h5py.VirtualSource(str(other), "x", (3000,))
    cases: list[Callable[[h5py.File], object]] = [
        lambda f: f.create_dataset("x", (900,), "u1", external=[(str(secret), 0, 900)]),
        lambda f: f.create_virtual_dataset("x", layout),
        lambda f: f.__setitem__("x", h5py.ExternalLink(str(other), "/x")) or True,
        lambda f: f.create_group("g").__setitem__("x", h5py.ExternalLink(str(other), "/x")) or True,
    ]
    for case in cases:
        path = h5(tmp_path / "a.h5", lambda file, case=case: case(file) and None)  # type: ignore[misc]
        with pytest.raises(ReadError, match="another file"):
            read(path)


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "b.npy").symlink_to(tmp_path / "a.npy")
    (tmp_path / "c.npy").mkdir()
    for name in ("b.npy", "c.npy", "missing.npy"):
        with pytest.raises(ReadError):
            open_file(tmp_path / name)


def _whole(name: str, folder: Path) -> bytes:
    path = folder / name
    match name:
        case "a.npy":
            np.save(path, X)
        case "a.npz":
            np.savez_compressed(path, DE=X)
        case "a.mat":
            savemat(path, {"x": X, "fs": 100.0}, do_compression=True)
        case "a.h5":
            h5(path, lambda f: f.create_dataset("x", data=X, compression="gzip") and None)
        case "a.wav":
            wavfile.write(path, 8000, X.astype("f4"))
        case "a.parquet":
            pq.write_table(pa.table({"x": X}), path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mat", "a.h5", "a.wav", "a.parquet"])
def test_a_file_cut_anywhere_is_refused_and_one_flipped_never_crashes(
    tmp_path: Path, name: str
) -> None:
    whole = _whole(name, tmp_path)
    for size in range(1, len(whole), 1024):
        with pytest.raises(ReadError) as caught:
            read(put(tmp_path, "cut" + name[1:], whole[:size]))
        assert str(caught.value).endswith(".")
    flip = np.random.default_rng(0)
    for position in flip.integers(0, len(whole), 60).tolist():
        broken = bytearray(whole)
        broken[position] ^= 0xFF
        try:
            read(put(tmp_path, "flip" + name[1:], bytes(broken)))
        except ReadError as error:
            assert str(error).endswith(".")  # noqa: PT017 - reading it well is fine too
