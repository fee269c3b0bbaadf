"""Builds letter.docx, the Word layout of a letter (NĐ 30/2020 Phụ lục I), from nothing: python build_docx.py

Written by hand instead of by a word processor so that it stays small (no 350 KB of styles), speaks Vietnamese
(w:lang vi-VN) and can be read in a diff. The Jinja tags are docxtpl's ({%p … %} stands for a whole paragraph).
"""

import io
import zipfile
from pathlib import Path

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MM = 56.6929  # twentieths of a point in a millimetre
PAGE_WIDTH, PAGE_HEIGHT = 11906, 16838  # A4
LEFT_COLUMN, RIGHT_COLUMN = round(66 * MM), round(94 * MM)
TEXT_WIDTH = LEFT_COLUMN + RIGHT_COLUMN


def run(text: str, *, size: float | None = None, bold: bool = False, italic: bool = False) -> str:
    """`size` in points; without one the body's size, which depends on how much there is to say."""
    marks = ("<w:b/>" if bold else "") + ("<w:i/>" if italic else "")
    if size is not None:
        marks += f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'
    return f'<w:r><w:rPr>{marks}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, *, align: str = "center", before: int = 0, after: int = 0, more: str = "") -> str:
    """`before` and `after` in twentieths of a point; `more` are further paragraph properties, before the spacing."""
    spacing = f'<w:spacing w:before="{before}" w:after="{after}"/>'
    return f'<w:p><w:pPr>{more}{spacing}<w:jc w:val="{align}"/></w:pPr>{inner}</w:p>'


def tag(text: str) -> str:
    """A Jinja tag that stands for a whole paragraph."""
    return f"<w:p><w:r><w:t>{{%p {text} %}}</w:t></w:r></w:p>"


def rule(width_mm: float, column: int) -> str:
    """A thin line in the middle of a column: the top border of an empty paragraph with indents on both sides."""
    indent = round((column - width_mm * MM) / 2)
    return (
        '<w:p><w:pPr><w:pBdr><w:top w:val="single" w:sz="5" w:space="0" w:color="000000"/></w:pBdr>'
        '<w:spacing w:before="30" w:after="0" w:line="120" w:lineRule="exact"/>'
        f'<w:ind w:left="{indent}" w:right="{indent}"/></w:pPr></w:p>'
    )


def table(*rows: tuple[str, str]) -> str:
    def cell(inner: str, width: int) -> str:
        return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{inner}</w:tc>'

    body = "".join(
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cell(left, LEFT_COLUMN)}{cell(right, RIGHT_COLUMN)}</w:tr>"
        for left, right in rows
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{LEFT_COLUMN}"/><w:gridCol w:w="{RIGHT_COLUMN}"/></w:tblGrid>{body}</w:tbl>'
    )


def each(name: str, line: str) -> str:
    return tag(f"for line in letter.{name}") + line + tag("endfor")


def head() -> str:
    left = (
        each("parent", paragraph(run("{{ line }}", size=12)))
        + each("issuer", paragraph(run("{{ line }}", size=12, bold=True)))
        + rule(24, LEFT_COLUMN)
    )
    # the motto in 13 pt bold is 56.1 mm wide; its rule is as long (Phụ lục I, mục II.1)
    right = (
        paragraph(run("{{ nation }}", size=12, bold=True))
        + paragraph(run("{{ motto }}", size=13, bold=True))
        + rule(MOTTO_MM, RIGHT_COLUMN)
    )
    number = (
        paragraph(run("{{ letter.number }}", size=13), before=60)
        + tag("if letter.layout == 'cong_van'")
        + each("title", paragraph(run("{{ line }}", size=12)))
        + tag("endif")
    )
    place = paragraph(run("{{ letter.place_and_date }}", size=13, italic=True), before=60)
    return table((left, right), (number, place))


MOTTO_MM = 56.1


def body() -> str:
    indent = '<w:ind w:firstLine="720"/>'
    to_margin = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{TEXT_WIDTH}"/></w:tabs>'
    dots = "<w:r><w:tab/></w:r>"
    spaced = {"align": "both", "after": 120}
    return (
        tag("for paragraph in body")
        + tag("if not paragraph.words")
        + paragraph(dots, align="left", after=120, more=to_margin)
        + tag("elif paragraph.fill")
        + _indented(run("{{ paragraph.words }} ") + dots, to_margin, "left")
        + tag("else")
        + paragraph(run("{{ paragraph.words }}"), **spaced, more="").replace("<w:jc", indent + "<w:jc", 1)
        + tag("endif")
        + tag("endfor")
    )


def _indented(inner: str, tabs: str, align: str) -> str:
    return (
        f'<w:p><w:pPr>{tabs}<w:spacing w:before="0" w:after="120"/><w:ind w:firstLine="720"/>'
        f'<w:jc w:val="{align}"/></w:pPr>{inner}</w:p>'
    )


def signature() -> str:
    left = (
        tag("if letter.recipients")
        + paragraph(run("Nơi nhận:", size=12, bold=True, italic=True), align="left")
        + each("recipients", paragraph(run("{{ line }}", size=11), align="left"))
        + tag("endif")
        + paragraph("")
    )
    right = (
        each("signer", paragraph(run("{{ line }}", bold=True)))
        + tag("if letter.signer_name")
        + paragraph(run("{{ letter.signer_name }}", bold=True), before=1360)
        + tag("else")
        + paragraph(run("{{ letter.signer_note }}", size=13, italic=True), after=1360)
        + tag("endif")
        + paragraph("")
    )
    return table((left, right))


def document() -> str:
    margins = " ".join(
        f'w:{side}="{round(mm * MM)}"'
        for side, mm in (("top", 20), ("right", 20), ("bottom", 20), ("left", 30), ("header", 8), ("footer", 8))
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document {W} {R}><w:body>'
        + head()
        + tag("if letter.layout == 'phieu'")
        + each("title", paragraph(run("{{ line }}", bold=True), before=240))
        + tag("endif")
        + each("addressee", paragraph(run("{{ line }}"), before=120, after=120))
        + body()
        + signature()
        + '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'
        + '<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:headerReference w:type="first" r:id="rId4"/>'
        + '<w:footerReference w:type="default" r:id="rId5"/><w:footerReference w:type="first" r:id="rId5"/>'
        + f'<w:pgSz w:w="{PAGE_WIDTH}" w:h="{PAGE_HEIGHT}"/><w:pgMar {margins} w:gutter="0"/><w:titlePg/></w:sectPr>'
        + "</w:body></w:document>"
    )


R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
FONT = "<w:rFonts " + " ".join(f'w:{use}="Times New Roman"' for use in ("ascii", "hAnsi", "cs", "eastAsia")) + "/>"
STYLES = (
    f"{HEAD}<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr>{FONT}"
    '<w:sz w:val="{{ half_points }}"/><w:szCs w:val="{{ half_points }}"/>'
    '<w:lang w:val="vi-VN" w:eastAsia="vi-VN" w:bidi="ar-SA"/>'
    "</w:rPr></w:rPrDefault>"
    "<w:pPrDefault/></w:docDefaults>"
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
)
SETTINGS = (
    f'{HEAD}<w:settings {W}><w:defaultTabStop w:val="720"/><w:compat>'
    '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
    '</w:compat><w:themeFontLang w:val="vi-VN"/></w:settings>'
)
PAGE_NUMBER = (
    f'{HEAD}<w:hdr {W}><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
    '<w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:fldChar w:fldCharType="begin"/></w:r>'
    '<w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:fldChar w:fldCharType="end"/></w:r></w:p></w:hdr>'
)
NO_NUMBER = f"{HEAD}<w:hdr {W}><w:p/></w:hdr>"
FOOTER = f"{HEAD}<w:ftr {W}>" + paragraph(run("{{ letter.footer }}", size=9), align="left") + "</w:ftr>"
CORE = (
    f'{HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<dc:title>Phiếu xin lỗi – {{ letter.dossier_code }}</dc:title><cp:keywords>{{ mark }}</cp:keywords>"
    "<dc:language>vi-VN</dc:language>"
    '<dcterms:created xsi:type="dcterms:W3CDTF">{{ letter.instant.strftime("%Y-%m-%dT%H:%M:%SZ") }}</dcterms:created>'
    "</cp:coreProperties>"
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TYPES = (
    f'{HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WORD}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_WORD}.styles+xml"/>'
    f'<Override PartName="/word/settings.xml" ContentType="{_WORD}.settings+xml"/>'
    f'<Override PartName="/word/header1.xml" ContentType="{_WORD}.header+xml"/>'
    f'<Override PartName="/word/header2.xml" ContentType="{_WORD}.header+xml"/>'
    f'<Override PartName="/word/footer1.xml" ContentType="{_WORD}.footer+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)


def relations(*of: tuple[str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{i}" Type="{kind}" Target="{target}"/>' for i, (kind, target) in enumerate(of, 1)
    )
    return f'{HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def build() -> bytes:
    """The same bytes on any day and machine."""
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(
            (f"{_OFFICE}/officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "word/document.xml": document(),
        "word/_rels/document.xml.rels": relations(
            (f"{_OFFICE}/styles", "styles.xml"),
            (f"{_OFFICE}/settings", "settings.xml"),
            (f"{_OFFICE}/header", "header1.xml"),
            (f"{_OFFICE}/header", "header2.xml"),
            (f"{_OFFICE}/footer", "footer1.xml"),
        ),
        "word/styles.xml": STYLES,
        "word/settings.xml": SETTINGS,
        "word/header1.xml": PAGE_NUMBER,
        "word/header2.xml": NO_NUMBER,
        "word/footer1.xml": FOOTER,
        "docProps/core.xml": CORE,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name("letter.docx").write_bytes(build())
