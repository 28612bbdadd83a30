"""Where each set of images is found, or comes from."""

from __future__ import annotations

from pathlib import Path

from gebm_studio.files import data_folder
from gebm_studio.schema.images import ImageFiles, ImageSet
from gebm_studio.targets.download import DownloadError, Remote, download
from gebm_studio.targets.image_files import cifar, idx, npz, pictures
from gebm_studio.targets.image_files.source import ImagesError, Source
from gebm_studio.targets.preparation import Tell

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
REMOTES: dict[ImageSet, tuple[Remote, ...]] = {
    "mnist": (
        Remote(f"{_MNIST}/train-images-idx3-ubyte.gz", "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        Remote(f"{_MNIST}/train-labels-idx1-ubyte.gz", "md5:d53e105ee54ea40749a09fcbcd1e9432"),
        Remote(f"{_MNIST}/t10k-images-idx3-ubyte.gz", "md5:9fb629c4189551a2d022fa330f9573f3"),
        Remote(f"{_MNIST}/t10k-labels-idx1-ubyte.gz", "md5:ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "fashion_mnist": (
        Remote(f"{_FASHION}/train-images-idx3-ubyte.gz", "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        Remote(f"{_FASHION}/train-labels-idx1-ubyte.gz", "md5:25c81989df183df01b3e8a0aad5dffbe"),
        Remote(f"{_FASHION}/t10k-images-idx3-ubyte.gz", "md5:bef4ecab320f06d8554ea6380940ec79"),
        Remote(f"{_FASHION}/t10k-labels-idx1-ubyte.gz", "md5:bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    "cifar10": (
        Remote("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "md5:c32a1d4ab5d03f1284b67883e8d87530"),
    ),
}
"""The published files of sets that can be downloaded without registration, with their published checksums."""
_BY_HAND: dict[ImageSet, str] = {
    "celeba": "get img_align_celeba.zip from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and unpack it",
    "lsun_bedrooms": "get bedrooms from https://www.yf.io/p/lsun and export them as pictures",
    "imagenet32": "get the NPZ files, Imagenet32_train and _val, from https://image-net.org (registration)",
    "folder": "choose a folder of PNG or JPEG files, or an NPZ file of images",
}
_CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
NAMES: dict[ImageSet, str] = {
    "mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "cifar10": "CIFAR-10", "celeba": "CelebA",
    "lsun_bedrooms": "LSUN bedrooms", "imagenet32": "ImageNet-32", "folder": "images",
}  # fmt: skip
"""What a person calls each set."""


def store() -> Path:
    """The folder of downloaded and of prepared images."""
    return data_folder() / "images"


def root(section: ImageFiles, folder: str) -> Path:
    """Where a set lies: at the path of its section, which starts in a folder, or else in the data folder."""
    if section.path:
        return Path(folder).expanduser() / Path(section.path).expanduser()
    return store() / section.source


def obtain(section: ImageFiles, where: Path, tell: Tell) -> None:
    """Download what is missing of a set whose section names no path.

    Raises:
        ImagesError: Where it cannot be had, with what to do.
    """
    if section.path:
        if not where.exists():
            raise ImagesError(f"target.path: there is no {where}; check the name")
        return
    remotes = REMOTES.get(section.source, ())
    if not remotes:
        if not where.exists():
            what = _BY_HAND[section.source]
            raise ImagesError(f"target.path: empty, and {where} is not there; {what}, then name it here")
        return
    for number, remote in enumerate(remotes, start=1):
        if _unpacked(where, remote.file):
            continue
        what = f"Downloading {NAMES[section.source]}" + (f", {number} of {len(remotes)}" if len(remotes) > 1 else "")
        try:
            download(remote, where, lambda come, total, what=what: tell(come, total, what))  # type: ignore[misc]
        except DownloadError as problem:
            raise ImagesError(f"target.source {section.source}: {problem}") from problem


def read(section: ImageFiles, where: Path, tell: Tell) -> Source:
    """The reader of a set.

    Raises:
        ImagesError: Where the files are not those of the set.
    """
    match section.source:
        case "mnist":
            return idx.source(where, "digit", tuple("0123456789"))
        case "fashion_mnist":
            return idx.source(where, "class", _CLOTHES)
        case "cifar10":
            return cifar.source(where)
        case "imagenet32":
            return npz.source(where)
        case "folder" if where.is_file() and where.suffix.lower() == ".npz":
            return npz.source(where)
        case _:

            def listing(found: int) -> None:
                tell(0, 0, f"Listing {where.name}: {found:,} pictures")

            by_number = {"part_of": pictures.celeba_part} if section.source == "celeba" else {}
            return pictures.source(where, listing, **by_number)


def _unpacked(where: Path, file: str) -> bool:
    """Whether the set lies there as files that a person has unpacked."""
    if file == cifar.ARCHIVE:
        return (where / cifar.FOLDER).is_dir()
    return (where / file.removesuffix(".gz")).is_file()
