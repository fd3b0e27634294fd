import contextlib
import gzip
import http.server
import lzma
import pickle
import socket
import socketserver
import struct
import tarfile
import threading
from collections.abc import Callable, Iterator
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from cifar_tui.data import cifar100
from cifar_tui.data.cifar100_names import CLASS_NAMES, SUPERCLASS_NAMES, SUPERCLASS_OF
from cifar_tui.data.dataset import DatasetError
from cifar_tui.paths import Paths

from .conftest import batch, write_archive, write_images


def test_the_names_are_the_official_ones():
    assert (len(CLASS_NAMES), len(SUPERCLASS_NAMES)) == (100, 20)
    assert (CLASS_NAMES[0], CLASS_NAMES[-1], SUPERCLASS_NAMES[0]) == ("apple", "worm", "aquatic_mammals")
    assert [SUPERCLASS_OF.count(index) for index in range(20)] == [5] * 20
    # The first labels of the official mapping.
    assert SUPERCLASS_OF[:10] == (4, 1, 14, 8, 0, 6, 7, 7, 18, 3)
    assert SUPERCLASS_OF[-10:] == (18, 1, 2, 15, 6, 0, 17, 8, 14, 13)


@pytest.mark.parametrize("form", ["archive", "folder", "parent"])
def test_the_official_copy_is_imported_in_every_form(archive: Path, paths: Paths, tmp_path: Path, form: str):
    place = archive
    if form != "archive":
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path / "unpacked", filter="data")
        place = tmp_path / "unpacked" / ("cifar-100-python" if form == "folder" else "")
    assert not paths.has_cifar100
    cifar100.import_from(place, paths)
    assert paths.has_cifar100
    dataset = cifar100.load(paths)
    expected = batch(300, 1)
    assert dataset.train.labels.tolist() == expected["fine_labels"]
    assert np.array_equal(dataset.train.pixels[7, 3, 5], expected["data"][7].reshape(3, 32, 32)[:, 3, 5])
    assert (dataset.name, dataset.class_names, len(dataset.test)) == ("CIFAR-100", CLASS_NAMES, 100)


def test_images_with_cifars_class_names_are_cifar100(cifar_tree: Path, paths: Paths):
    cifar100.import_from(cifar_tree, paths)
    dataset = cifar100.load(paths)
    assert dataset.superclass_of == SUPERCLASS_OF
    assert len(dataset.train) == 300


@pytest.mark.parametrize("form", ["archive", "folder"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(
    tmp_path: Path, paths: Paths, malice, split: str, form: str
):
    contents = {"train": batch(300, 1), "test": batch(100, 2)} | {split: {"data": malice}}
    place = write_archive(tmp_path / "evil.tar.gz", contents["train"], contents["test"])
    if form == "folder":
        with tarfile.open(place) as tar:
            tar.extractall(tmp_path, filter="data")
        place = tmp_path / "cifar-100-python"
    with pytest.raises(DatasetError, match=rf"{split} .*is not allowed"):
        cifar100.import_from(place, paths)
    assert not malice.was_run
    assert not paths.has_cifar100


def test_what_is_beside_the_images_is_not_opened(tmp_path: Path, paths: Paths, malice):
    file = write_archive(
        tmp_path / "evil.tar.gz", batch(300, 1), batch(100, 2), {"cifar-100-python/meta": pickle.dumps(malice)}
    )
    cifar100.import_from(file, paths)
    assert not malice.was_run
    assert paths.has_cifar100


class _Made:
    """Pickled as the call of a function, with a state to set on what it returns."""

    def __init__(self, make: object, *arguments: object, state: object = None):
        self.made = (make, arguments, state)

    def __reduce__(self):
        return self.made


_POINTERS = _Made(np.dtype, "O8", False, True, state=(3, "|", None, None, None, -1, -1, 0))


@pytest.mark.parametrize(
    "array",
    [
        _Made(np.ndarray, (1,), _POINTERS, b"\x10" * 8),
        _Made(np.zeros(0).__reduce__()[0], np.ndarray, (0,), b"b", state=(1, (1,), _POINTERS, False, b"\x10" * 8)),
        np.array([b"objects", 1], dtype=object),
    ],
    ids=["constructor", "state", "objects"],
)
def test_an_array_of_pointers_is_refused(tmp_path: Path, paths: Paths, array: object):
    """NumPy would take eight bytes of the file for the address of an object."""
    file = write_archive(tmp_path / "evil.tar.gz", {"data": array}, batch(100, 2))
    with pytest.raises(DatasetError, match="is not allowed"):
        cifar100.import_from(file, paths)


def test_the_files_that_python_2_wrote_are_read(tmp_path: Path, paths: Paths):
    """As the official ones: bytes are its strings, and NumPy's parts have their names of old."""
    expected = batch(100, 3)
    data = expected["data"].tobytes()
    dtype = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    array = made + b"(K\x01(KdM\x00\x0ct" + dtype + b"\x89T" + struct.pack("<i", len(data)) + data + b"tb"
    labels = b"](" + b"".join(b"K" + bytes([label]) for label in expected["fine_labels"]) + b"e"
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / split).write_bytes(b"\x80\x02}(U\x04data" + array + b"U\x0bfine_labels" + labels + b"u.")
    cifar100.import_from(folder, paths)
    dataset = cifar100.load(paths)
    assert dataset.train.labels.tolist() == expected["fine_labels"]
    assert np.array_equal(dataset.train.pixels[7, 3, 5], expected["data"][7].reshape(3, 32, 32)[:, 3, 5])


def test_members_that_climb_out_of_the_archive_stay_where_they_are(tmp_path: Path, paths: Paths):
    extra = {"../../escaped": b"x", "/tmp/cifar-tui-escaped": b"x", "cifar-100-python/../../escaped": b"x"}
    file = write_archive(tmp_path / "b.tar.gz", batch(100, 1), batch(100, 2), extra)
    cifar100.import_from(file, paths)
    assert not list(tmp_path.rglob("*escaped*"))
    assert not Path("/tmp/cifar-tui-escaped").exists()


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "../../../../../../etc/passwd"),
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "train"),
        (tarfile.LNKTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "cifar-100-python/train"),
        (tarfile.CHRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (tarfile.DIRTYPE, ""),
    ],
)
def test_members_that_are_no_files_are_refused(tmp_path: Path, paths: Paths, kind: bytes, target: str):
    file = tmp_path / "links.tar"
    with tarfile.open(file, "w") as archive:
        for name in ("train", "test"):
            info = tarfile.TarInfo(f"cifar-100-python/{name}")
            info.type, info.linkname, info.devmajor, info.devminor = kind, target, 1, 5
            archive.addfile(info)
    with pytest.raises(DatasetError, match="holds no cifar-100-python/train"):
        cifar100.import_from(file, paths)
    assert not paths.datasets.exists()


def test_a_member_that_would_fill_the_memory_is_refused(archive: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cifar100, "_MOST_BYTES", 100_000)
    with pytest.raises(DatasetError, match="far too large"):
        cifar100.import_from(archive, paths)


@pytest.mark.parametrize("where", ["middle", "end"])
@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_a_damaged_copy_is_found_out(tmp_path: Path, paths: Paths, compress: Callable[[bytes], bytes], where: str):
    archive = write_archive(tmp_path / "whole.tar.gz", batch(20, 1), batch(20, 2))
    content = bytearray(compress(gzip.decompress(archive.read_bytes())))
    place = len(content) // 2 if where == "middle" else len(content) - 6
    content[place] ^= 0xFF
    (tmp_path / "damaged.tar").write_bytes(content)
    with pytest.raises(DatasetError, match="damaged") as caught:
        cifar100.import_from(tmp_path / "damaged.tar", paths)
    assert "\n" not in str(caught.value)
    assert not paths.has_cifar100


@pytest.mark.parametrize(
    "content",
    [
        {"fine_labels": [1]},
        {"data": np.zeros((2, 3072), np.uint8), "fine_labels": [1]},
        {"data": np.zeros((1, 3072), np.float32), "fine_labels": [1]},
        {"data": np.zeros((1, 3072), np.uint8), "fine_labels": [100]},
        {"data": np.zeros((0, 3072), np.uint8), "fine_labels": []},
        [1, 2],
    ],
)
def test_a_file_of_another_shape_is_one_sentence(tmp_path: Path, paths: Paths, content: object):
    file = write_archive(tmp_path / "other.tar.gz", content, batch(100, 2))
    with pytest.raises(DatasetError, match="cifar-100-python/train"):
        cifar100.import_from(file, paths)


def test_what_is_no_cifar100_is_told_so(tmp_path: Path, paths: Paths, archive: Path):
    with pytest.raises(DatasetError, match="does not exist"):
        cifar100.import_from(tmp_path / "nowhere", paths)
    (tmp_path / "text.tar.gz").write_text("no archive")
    with pytest.raises(DatasetError, match="not a whole tar archive"):
        cifar100.import_from(tmp_path / "text.tar.gz", paths)
    (tmp_path / "half.tar.gz").write_bytes(archive.read_bytes()[:200_000])
    with pytest.raises(DatasetError, match="not a whole tar archive"):
        cifar100.import_from(tmp_path / "half.tar.gz", paths)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "train").write_bytes(b"")
    with pytest.raises(DatasetError, match="test cannot be read: No such file"):
        cifar100.import_from(tmp_path / "half", paths)
    for name in ("pets", "CIFAR-100"):
        with pytest.raises(DatasetError, match="2 other classes"):
            cifar100.import_from(write_images(tmp_path / name, ("cat", "dog"), 2, 1), paths)


def test_a_damaged_cache_says_what_to_do(archive: Path, paths: Paths):
    with pytest.raises(DatasetError, match="cifar-tui data download"):
        cifar100.load(paths)
    cifar100.import_from(archive, paths)
    file = paths.cifar100
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DatasetError, match="get the data again"):
        cifar100.load(paths)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, archive: Path) -> Iterator[Callable[[bytes, int], None]]:
    """Serves bytes on 127.0.0.1 as the archive, under the length that is promised for them."""
    answer: list[tuple[bytes, int]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, promised = answer[-1]
            self.send_response(200)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            # torchvision asks where the address leads before it downloads, and hangs up without reading the answer.
            with contextlib.suppress(ConnectionError):
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(datasets.CIFAR100, "url", f"http://127.0.0.1:{server.server_port}/archive.tar.gz")
    monkeypatch.setattr(datasets.CIFAR100, "tgz_md5", md5(archive.read_bytes()).hexdigest())
    yield lambda content, promised: answer.append((content, promised))
    server.shutdown()
    server.server_close()


def test_a_download_is_checked_decoded_and_kept(serve, archive: Path, paths: Paths, capfd: pytest.CaptureFixture):
    content = archive.read_bytes()
    serve(content, len(content))
    told: list[tuple[int, int]] = []
    cifar100.download(paths, lambda done, total: told.append((done, total)))
    assert len(cifar100.load(paths).train) == 300
    assert [total for _, total in told] == [len(content)] * len(told)
    assert len(told) > 1
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (len(content), len(content))
    assert {file.name for file in paths.datasets.iterdir()} == {"cifar100.npz"}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("broken", ["wrong", "short"])
def test_after_a_broken_download_the_next_try_starts_clean(serve, archive: Path, paths: Paths, broken: str):
    content = archive.read_bytes()
    serve(*(b"x" * 5000, 5000) if broken == "wrong" else (content[:5000], len(content)))
    with pytest.raises(DatasetError, match="try again"):
        cifar100.download(paths, lambda *_: None)
    assert list(paths.datasets.iterdir()) == []
    serve(content, len(content))
    cifar100.download(paths, lambda *_: None)
    assert paths.has_cifar100


@pytest.fixture
def unanswering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """A server that sends what it is given, and then nothing more, and keeps the line open."""
    said: list[bytes] = []
    is_over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1 << 16)
            self.request.sendall(said[-1])
            is_over.wait(60)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(datasets.CIFAR100, "url", f"http://127.0.0.1:{server.server_address[1]}/archive.tar.gz")
    monkeypatch.setattr(cifar100, "_STALL_SECONDS", 0.2)
    yield said.append
    is_over.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"\x1b]0;x\x07 no HTTP\r\n\r\n"],
    ids=["nothing", "half a head", "no content", "no HTTP"],
)
def test_a_server_that_stalls_is_given_up(unanswering: Callable[[bytes], None], paths: Paths, said: bytes):
    unanswering(said)
    with pytest.raises(DatasetError, match="try again") as caught:
        cifar100.download(paths, lambda *_: None)
    assert "\n" not in str(caught.value)
    assert list(paths.datasets.iterdir()) == []
    assert socket.getdefaulttimeout() is None


def test_a_broken_download_leaves_what_was_there(serve, archive: Path, paths: Paths):
    cifar100.import_from(archive, paths)
    before = paths.cifar100.read_bytes()
    serve(b"x" * 5000, 5000)
    with pytest.raises(DatasetError, match="wrong checksum"):
        cifar100.download(paths, lambda *_: None)
    assert paths.cifar100.read_bytes() == before
    assert list(paths.datasets.iterdir()) == [paths.cifar100]


def test_no_connection_is_one_sentence(monkeypatch: pytest.MonkeyPatch, paths: Paths):
    monkeypatch.setattr(datasets.CIFAR100, "url", "http://127.0.0.1:1/cifar.tar.gz")
    with pytest.raises(DatasetError, match=r"could not be downloaded .*refused"):
        cifar100.download(paths, lambda *_: None)
