"""How densely a letter is set so that it stays on one sheet: 14 pt, then 13, then 13 with single lines, never less."""

from dataclasses import dataclass
from math import ceil

from monitor.letters.content import Content, split_fill

_PAGE = 257 / 25.4 * 72  # points between the top and bottom margins of A4
_CAP_HEIGHT = 0.66  # of the size: with the leading it makes the pitch of the lines
_BETWEEN = 6.0  # points between paragraphs
_DOTTED = 34.0  # points that a line of dots takes with its room for a pen
_SUBJECT_LINE = 28  # characters of the subject under the number, in its column of 66 mm
_SIGNATURE = 68.0 + 16.0  # points: the gap to sign in and its note


@dataclass(frozen=True, slots=True)
class Density:
    """`points` of the body (NĐ 30/2020 allows 13 or 14), `leading` between lines in parts of it.

    `per_line` is how many characters fill a line of 160 mm, on the careful side.
    """

    points: int
    leading: float
    per_line: int

    def height(self, content: Content) -> float:
        """About how many points of the sheet the letter takes."""
        pitch = self.points * (_CAP_HEIGHT + self.leading)
        body = 0.0
        for words, _ in map(split_fill, content.body):
            body += _BETWEEN + (ceil((len(words) + 6) / self.per_line) * pitch if words else _DOTTED)
        head = 15.0 * (max(len(content.parent) + len(content.issuer), 2) + 1) + 20
        subject = content.title if content.layout == "cong_van" else ()
        head += 15.0 * sum(ceil(len(line) / _SUBJECT_LINE) for line in subject)
        titles = () if subject else content.title
        narrow = sum(ceil(len(line) / self.per_line) for line in (*content.addressee, *titles))
        return head + 40 + (narrow + len(content.signer)) * pitch + body + _SIGNATURE


ROOMY = Density(14, 0.62, 70)
CLOSER = Density(13, 0.62, 76)
CLOSEST = Density(13, 0.46, 76)


def density_of(content: Content) -> Density:
    """The roomiest that fits one sheet; a letter that fits in none is roomy again and takes a numbered second page."""
    return next((d for d in (ROOMY, CLOSER, CLOSEST) if d.height(content) <= _PAGE), ROOMY)
