"""Pictures of the job, held against each other: real files, of real encoders."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from cml_bot.differences import add_differences
from cml_bot.draw_difference import BLUE, FRAME, HEAVIEST, ORANGE, STRENGTHS, WIDEST
from cml_bot.model import Figure, FigurePair
from cml_bot.picture_pixels import LARGEST, UNSEEN, Compared, compare_pixels
from cml_bot.readers.image_file import find_media


def encode(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def figure(data: bytes) -> Figure:
    media = find_media(data)
    assert media is not None
    return Figure(name="plot", media=media, data=data)


def compare(head: bytes, base: bytes) -> Compared:
    return compare_pixels(figure(head), figure(base), "main")


def plot(width: int = 90, height: int = 60, box: tuple[int, int, int, int] | None = None) -> Image.Image:
    """A white sheet with a black line, and a black box where one is wanted."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("black", (5, height // 2, width - 5, height // 2 + 1))
    if box:
        image.paste("black", box)
    return image


def colours(png: bytes) -> set[tuple[int, ...]]:
    found = Image.open(io.BytesIO(png)).convert("RGB").getcolors()
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


class TestTheSamePixels:
    """Bytes that differ, and nothing that anybody could see."""

    def test_other_compression_metadata_and_mode(self) -> None:
        about = PngImagePlugin.PngInfo()
        about.add_text("Software", "Matplotlib version 3.10")
        image = plot()
        same = [
            encode(image, compress_level=0),
            encode(image, pnginfo=about, dpi=(72, 72)),
            encode(image.convert("RGBA")),
            encode(image.convert("L")),
            encode(image.convert("1")),
            encode(image.convert("P")),
            encode(image, "GIF"),
            encode(image, "WEBP", lossless=True),
        ]
        for other in same:
            assert compare(encode(image), other).is_same

    def test_sixteen_bits(self) -> None:
        grey = np.linspace(0, 65535, 60 * 90, dtype=np.uint16).reshape(60, 90)
        deep, flat = Image.fromarray(grey), Image.fromarray((grey >> 8).astype(np.uint8))
        assert deep.mode == "I;16"
        assert compare(encode(deep), encode(flat)).is_same
        grey[30, 10] += 4096
        assert compare(encode(Image.fromarray(grey)), encode(flat)).told.startswith("1 pixel differs")

    def test_a_colour_that_cannot_be_seen(self) -> None:
        clear = [Image.new("RGBA", (9, 9), (level, 0, 0, 0)) for level in (0, 255)]
        assert compare(*map(encode, clear)).is_same

    def test_a_ground_that_is_clear_is_not_white(self) -> None:
        white, clear = Image.new("RGBA", (9, 9), "white"), Image.new("RGBA", (9, 9), (255, 255, 255, 0))
        found = compare(encode(white), encode(clear))
        assert (found.is_same, found.told) == (False, "every pixel differs")

    def test_a_palette_with_a_clear_colour(self) -> None:
        image = plot().convert("P")
        ground = int(np.asarray(image)[0, 0])
        levels = bytes(0 if number == ground else 255 for number in range(256))
        opaque, clear, half = encode(image), encode(image, transparency=ground), encode(image, transparency=levels)
        assert compare(opaque, clear).told == "99\xa0% of the pixels differ"
        assert compare(clear, half).is_same

    def test_turned_by_its_metadata(self) -> None:
        turned = plot().transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6
        assert compare(encode(turned, exif=exif), encode(plot())).is_same

    @settings(max_examples=50, deadline=None)
    @given(st.binary(min_size=3 * 5 * 4, max_size=3 * 5 * 4), st.sampled_from(["L", "RGB", "RGBA"]))
    def test_what_is_identical_never_differs(self, data: bytes, mode: str) -> None:
        image = Image.frombytes(mode, (5, 3), data[: 15 * len(mode.replace("L", "1"))])
        assert compare(encode(image), encode(image, compress_level=0, dpi=(72, 72))).is_same


class TestOtherPixels:
    @settings(max_examples=25, deadline=None)
    @given(x=st.integers(0, 1099), y=st.integers(0, 14), channel=st.integers(0, 2), step=st.integers(-255, 255))
    def test_a_single_pixel_differs_if_it_can_be_seen(self, x: int, y: int, channel: int, step: int) -> None:
        pixels = np.random.default_rng(x).integers(0, 256, (15, 1100, 3), dtype=np.uint8)
        other = pixels.copy()
        other[y, x, channel] = np.clip(int(pixels[y, x, channel]) + step, 0, 255)
        moved = abs(int(other[y, x, channel]) - int(pixels[y, x, channel]))
        found = compare(*(encode(Image.fromarray(one), compress_level=1) for one in (other, pixels)))
        assert found.is_same == (moved <= UNSEEN)
        if not found.is_same:
            assert found.told.startswith("1 pixel differs, ")
            # It is there to be seen, though the picture was made smaller.
            assert colours(found.png) & {*mixed(BLUE), *mixed(ORANGE)}

    @pytest.mark.parametrize(
        ("box", "words"),
        [
            ((0, 0, 9, 9), "1.5\xa0% of the pixels differ, in the upper left"),
            ((80, 50, 90, 60), "1.9\xa0% of the pixels differ, in the lower right"),
            ((40, 24, 46, 28), "0.44\xa0% of the pixels differ, in the middle"),
            ((0, 0, 90, 10), "17\xa0% of the pixels differ, at the top"),
            ((84, 0, 90, 60), "6.6\xa0% of the pixels differ, at the right"),
            ((20, 50, 34, 60), "2.6\xa0% of the pixels differ, most in the lower left"),
            ((0, 0, 90, 60), "99\xa0% of the pixels differ"),
            ((3, 3, 4, 4), "1 pixel differs, in the upper left"),
            ((3, 3, 5, 5), "4 pixels differ, in the upper left"),
        ],
    )
    def test_words(self, box: tuple[int, int, int, int], words: str) -> None:
        found = compare(encode(plot(box=box)), encode(plot()))
        assert found.told == words

    def test_both_sides_have_their_colour(self) -> None:
        head, base = plot(box=(10, 5, 20, 15)), plot(box=(60, 40, 70, 50))
        png = compare(encode(head), encode(base)).png
        drawn = Image.open(io.BytesIO(png)).convert("RGB")
        assert (drawn.getpixel((15, 10)), drawn.getpixel((65, 45))) == (BLUE, ORANGE)
        assert drawn.getpixel((2, 2)) == (255, 255, 255)
        assert drawn.size == head.size

    def test_ink_is_told_on_a_dark_ground_too(self) -> None:
        head, base = Image.new("RGB", (90, 60), "black"), Image.new("RGB", (90, 60), "black")
        head.paste("yellow", (10, 10, 20, 20))
        base.paste("cyan", (60, 40, 70, 50))
        drawn = Image.open(io.BytesIO(compare(encode(head), encode(base)).png)).convert("RGB")
        assert (drawn.getpixel((15, 15)), drawn.getpixel((65, 45))) == (BLUE, ORANGE)

    def test_a_small_change_is_framed(self) -> None:
        assert FRAME in colours(compare(encode(plot(box=(40, 10, 44, 14))), encode(plot())).png)
        assert FRAME not in colours(compare(encode(plot(box=(10, 10, 80, 50))), encode(plot())).png)

    @pytest.mark.slow
    def test_it_is_bounded(self) -> None:
        rng = np.random.default_rng(1)
        noise = [Image.fromarray(rng.integers(0, 256, (900, 2400, 3), dtype=np.uint8)) for _ in range(2)]
        found = compare(*(encode(image, compress_level=1) for image in noise))
        width, height = Image.open(io.BytesIO(found.png)).size
        assert width <= WIDEST
        assert abs(width / height - 2400 / 900) < 0.05
        lines = compare(encode(plot(2400, 1800, (10, 10, 12, 1700))), encode(plot(2400, 1800)))
        assert len(lines.png) < HEAVIEST

    def test_the_same_bytes_each_time(self) -> None:
        pair = encode(plot(box=(1, 2, 3, 4))), encode(plot())
        assert compare(*pair) == compare(*pair)

    def test_a_jpeg_that_was_encoded_anew(self) -> None:
        image = plot(box=(10, 5, 20, 15))
        found = compare(encode(image, "JPEG", quality=95), encode(image, "JPEG", quality=40))
        assert found.is_same is False
        assert "differ" in found.told
        assert compare(encode(image, "JPEG"), encode(image, "JPEG", comment=b"again")).is_same


def mixed(hue: tuple[int, int, int]) -> set[tuple[int, ...]]:
    return {tuple(round(255 - (255 - channel) * share) for channel in hue) for share in STRENGTHS}


class TestWhatIsNotCompared:
    def test_other_sizes(self) -> None:
        found = compare(encode(plot(80, 60)), encode(plot(64, 48)))
        assert found == Compared(told="64 × 48 pixels on main, 80 × 60 here")

    def test_svg_by_its_bytes_alone(self) -> None:
        assert compare(b"<svg/>", b"<svg />") == Compared()

    @pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
    def test_what_moves(self, form: str) -> None:
        frames = [plot(), plot(box=(1, 1, 9, 9))]
        moving = encode(frames[0], form, save_all=True, append_images=frames[1:])
        assert compare(moving, encode(plot())).told == "not compared, since it moves"

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
    @pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
    def test_a_file_that_was_cut(self, form: str, part: float) -> None:
        rng = np.random.default_rng(3)
        data = encode(Image.fromarray(rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)), form)
        cut = data[: max(20, round(len(data) * part))]
        found = compare(cut, data)
        assert found.is_same is False
        assert found.told
        assert not found.png

    def test_a_bomb_is_not_decoded(self) -> None:
        # A few bytes that claim to be 60,000 pixels wide and high.
        head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
        chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
        data = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in chunks
        )
        assert "cannot be decoded" in compare(data, encode(plot())).told
        large = data.replace(head, struct.pack(">IIBBBBB", LARGEST, 2, 8, 2, 0, 0, 0))
        assert not compare(large, encode(plot())).png

    def test_more_pixels_than_are_decoded(self) -> None:
        large = encode(Image.new("1", (LARGEST // 1000 + 1, 1000)))
        assert compare(large, encode(plot())).told == "not compared: one has more than 16 million pixels"

    def test_what_is_no_picture_behind_its_first_bytes(self) -> None:
        for magic in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x20\0\0\0WEBP"):
            for rest in (b"", b"\0" * 99, b"\xff" * 99):
                assert "cannot be decoded" in compare(magic + rest, encode(plot())).told


class TestPairs:
    HEAD, BASE = figure(encode(plot(box=(1, 1, 9, 9)))), figure(encode(plot()))

    def pair(self, **sides: Figure | None) -> FigurePair:
        return FigurePair(name="plots/a.png", **{"head": self.HEAD, "base": self.BASE, **sides})  # type: ignore[arg-type]

    def test_a_difference_is_added_and_what_looks_alike_is_dropped(self) -> None:
        alike = self.pair(head=figure(encode(plot(), compress_level=0)))
        [found] = add_differences([alike, self.pair()], "main")
        assert found.difference is not None
        assert (found.difference.media, found.difference.caption) == ("image/png", found.told)
        assert found.told == "1.2\xa0% of the pixels differ, in the upper left"

    def test_one_side_alone_stays_as_it_is(self) -> None:
        pairs = (self.pair(head=None), self.pair(base=None))
        assert add_differences(pairs, "main") == pairs

    def test_of_a_stranger_png_alone_is_decoded(self) -> None:
        webp = self.pair(head=figure(encode(plot(), "WEBP", lossless=True)))
        assert add_differences([webp], "main") == ()
        assert add_differences([webp], "main", is_strange=True) == (webp,)
        assert add_differences([self.pair()], "main", is_strange=True)[0].difference

    def test_many_large_ones_have_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cml_bot.differences.MOST_PIXELS", 3 * 90 * 60)
        first, second = add_differences([self.pair(), self.pair()], "main")
        assert first.difference
        assert (second.difference, second.told) == (None, "not compared: there are too many large pictures")
