"""What a person sees of an element: its picture, taken apart by the browser itself."""

from __future__ import annotations

import base64

PIXELS = """async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const brush = canvas.getContext('2d');
    brush.drawImage(image, 0, 0);
    return [...brush.getImageData(0, 0, image.width, image.height).data];
}"""


def share_of_red(browser, element):
    """Return which part of a picture of an element is clearly red."""
    picture = base64.b64encode(element.screenshot()).decode()
    blank = browser.new_page()
    data = blank.evaluate(PIXELS, picture)
    blank.close()
    pixels = list(zip(data[::4], data[1::4], data[2::4], strict=True))
    return sum(red > 180 and green < 60 and blue < 60 for red, green, blue in pixels) / len(pixels)
