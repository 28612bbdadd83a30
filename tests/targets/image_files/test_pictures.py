"""Folders of pictures: what is read, how it is made to fit, and what is left out and told."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gebm_studio.targets.image_files import pictures as module
from gebm_studio.targets.image_files.fit import Fit
from gebm_studio.targets.image_files.pictures import orientation
from tests.targets.image_files.makers import build, pictures, pixels, problem, stored


def test_pictures_of_any_depth_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    last = pictures(tmp_path / "b" / "deep", 20, seed=1)
    first = pictures(tmp_path / "a", 20)
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    (tmp_path / "a" / ".hidden.png").write_bytes(b"no picture either")
    target = build(tmp_path, size="8")
    np.testing.assert_array_equal(stored(target), np.concatenate([first, last]))
    assert target.about.unreadable == 0


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "val"), ("training", "Validation")])
def test_a_split_of_ones_own_is_used(tmp_path: Path, names: tuple[str, str]) -> None:
    training = pictures(tmp_path / names[0] / "cats", 20)
    test = pictures(tmp_path / names[1], 12, seed=1)
    pictures(tmp_path / "other", 5, seed=2)
    target = build(tmp_path, size="8", held_out=12)
    assert (target.about.training, target.about.test) == (20, 12)
    np.testing.assert_array_equal(stored(target), np.concatenate([training, test]))
    np.testing.assert_allclose(target.held_out, test / 127.5 - 1, atol=1e-6)


def test_celeba_has_the_split_that_its_authors_recommend(tmp_path: Path) -> None:
    made = pictures(tmp_path, 41)
    first, last = 162_770 - 24, 182_638
    numbers = [
        *range(first, first + 30),
        *range(last - 1, last + 10),
    ]  # 25, 6 of validation, 10
    for place, number in reversed(list(enumerate(numbers))):
        (tmp_path / f"{place:04d}.png").rename(tmp_path / f"{number:06d}.png")
    target = build(tmp_path, "celeba", size="8", held_out=10)
    assert (target.about.training, target.about.test) == (25, 10) and target.about.unreadable == 0
    np.testing.assert_array_equal(stored(target), np.concatenate([made[:25], made[31:]]))
    assert build(tmp_path, "folder", size="8").about.test == 0


def test_jpeg_is_read_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    made = pictures(tmp_path, 20, side=16, end="jpg")
    for number in range(20):
        (tmp_path / f"{number:04d}.jpg").rename(tmp_path / f"{number:04d}.png")
    found = stored(build(tmp_path, size="16")).astype(float)
    assert np.corrcoef(found.ravel(), made.ravel())[0, 1] > 0.5, "noise survives JPEG in part"


def test_the_middle_square_is_taken_or_all_is_stretched() -> None:
    wide = np.zeros((8, 24, 3), np.uint8)
    wide[:, 8:16] = 200
    image = Image.fromarray(wide)
    assert (Fit(8, 3, crop=True).image(image) == 200).all()
    expected = np.asarray(image.resize((8, 8), Image.Resampling.LANCZOS)).transpose(2, 0, 1)
    np.testing.assert_array_equal(Fit(8, 3, crop=False).image(image), expected)


def test_grey_is_luma_and_grey_pictures_become_colour() -> None:
    colours = pixels(5, 8, 8, 3)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    found = Fit(8, 1, crop=True).images(colours)
    assert found.shape == (5, 1, 8, 8)
    np.testing.assert_allclose(found[:, 0], luma, atol=1)
    three = Fit(8, 3, crop=True).images(colours[..., 0])
    np.testing.assert_array_equal(three, np.repeat(colours[:, None, :, :, 0], 3, axis=1))


def test_constant_images_stay_constant_at_every_size() -> None:
    for side in (8, 16, 28, 32, 64):
        made = Fit(side, 3, crop=True).images(np.full((2, 20, 30, 3), 137, np.uint8))
        assert made.shape == (2, 3, side, side) and (made == 137).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_seen_on_white(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    image.paste((200, 0, 0, 255), (0, 0, 8, 4))
    if mode == "P":
        image = Image.new("P", (8, 8), 1)
        image.putpalette([200, 0, 0, 10, 20, 30])
        image.paste(0, (0, 0, 8, 4))
        image.info["transparency"] = 1
    else:
        image = image.convert(mode)
    made = Fit(8, 3, crop=True).image(image)
    assert (made[:, 4:] == 255).all()
    assert (made[:, :4] == (200 if mode != "LA" else made[0, 0, 0])).all() or (made[1:, :4] == 0).all()


def test_sixteen_bits_keep_their_upper_eight() -> None:
    deep = (np.arange(64, dtype=np.uint16).reshape(8, 8) * 1024) + 7
    made = Fit(8, 1, crop=True).image(Image.fromarray(deep))
    np.testing.assert_array_equal(made[0], deep >> 8)


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_tells_which_side_is_up(tmp_path: Path, turn: int) -> None:
    from PIL import ImageOps

    image = Image.fromarray(np.kron(pixels(4, 4, 3), np.ones((8, 8, 1), np.uint8)))
    exif = Image.Exif()
    exif[0x0112] = turn
    image.save(tmp_path / "a.jpg", exif=exif, quality=95)
    with Image.open(tmp_path / "a.jpg") as saved:
        assert orientation(saved.info["exif"]) == turn
        upright = ImageOps.exif_transpose(saved)
        assert upright is not None
        expected = np.asarray(upright).transpose(2, 0, 1)
    made = module._picture(tmp_path, Fit(32, 3, crop=True), "a.jpg")
    assert not isinstance(made, str)
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\x00\x09", b"?" * 50]
)
def test_damaged_exif_leaves_a_picture_as_it_is(exif: bytes) -> None:
    assert orientation(exif) == 1


def bomb(path: Path, side: int) -> None:
    """A PNG whose header promises a huge picture."""
    Image.new("1", (8, 8)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", side, side)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(bytes(content))


def test_what_cannot_be_read_is_left_out_and_told_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = pictures(tmp_path, 196)
    (tmp_path / "bad0.png").write_bytes((tmp_path / "0000.png").read_bytes()[:-40])
    (tmp_path / "bad1.jpg").write_text("<html>")
    (tmp_path / "bad2.png").write_bytes(b"")
    bomb(tmp_path / "bad3.png", 60_000)
    target = build(tmp_path, size="8")
    np.testing.assert_array_equal(stored(target), made)
    assert target.about.unreadable == 4
    told = dict(fault.split(": ", 1) for fault in target.about.faults)
    assert set(told) == {"bad0.png", "bad1.jpg", "bad2.png", "bad3.png"}
    assert told["bad1.jpg"] == "neither PNG nor JPEG, whatever its name says" and told["bad2.png"] == "an empty file"
    assert told["bad3.png"] == "60000×60000 pixels, of which 89,478,485 are allowed"
    assert "4 of 200 pictures cannot be read and are left out: bad0.png: " in capsys.readouterr().err


def test_too_many_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    pictures(tmp_path, 30)
    for number in range(3):
        (tmp_path / f"bad{number}.png").write_bytes(b"no")
    text = problem(tmp_path, size="8")
    assert "3 or more of 33 pictures cannot be read, such as bad0.png: neither PNG nor JPEG" in text


def test_folders_without_pictures_are_told(tmp_path: Path) -> None:
    assert "holds no .png, .jpg, .jpeg file, at any depth" in problem(tmp_path)
    assert "there is no" in problem(tmp_path / "nowhere")
    (tmp_path / "file.txt").write_text("")
    assert "not a folder of pictures" in problem(tmp_path / "file.txt")
    assert "target.path: empty" in problem("")
    assert "img_align_celeba.zip" in problem("", "celeba")
