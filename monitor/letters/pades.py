"""Signs a letter's PDF electronically: PAdES by pyHanko, with the key in a PKCS#12 file or on a PKCS#11 token.

Unsigned paper stays the default. The head's signature is an image in the gap of the signature block, the agency's seal
a red image that covers a third of it from the left (NĐ 30/2020 Phụ lục I, mục II.8). Nothing is asked of the network:
the signature carries no time stamp of an authority and no proof of revocation (PAdES B-B).
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from monitor.letters.paper import Place
from monitor.settings import LetterKey
from monitor.words import Words

if TYPE_CHECKING:
    from pyhanko.sign.signers.pdf_cms import Signer

FIELDS = {"head": "ChuKyNguoiKy", "agency": "DauCoQuan"}  # of the form, by role
MM = 72 / 25.4  # points
_PAGE_MM = 297.0
_IMAGE_MM = 40.0  # width of the head's signature in the gap of 24 mm
_GAP_MM = 22.0
_THIRD = 1 / 3


class SealTrouble(Exception):
    """The key, the token or the image cannot be used. No secret is in it."""

    def __init__(self, vi: str, en: str) -> None:
        self.words = Words(vi, en)
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a validation says of one signature. `whole` means that it covers every byte of the file."""

    field: str
    signer: str
    intact: bool
    trusted: bool
    whole: bool

    @property
    def good(self) -> bool:
        return self.intact and self.trusted


def sign(data: bytes, key: LetterKey, place: Place) -> bytes:
    """The PDF with one more signature, visible where the key has an image. Raises `SealTrouble`."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    image = _image(key)
    field = FIELDS[key.role]
    spec = SigFieldSpec(field, on_page=place.page - 1, box=_box(key, place, image) if image is not None else None)
    # certify=False: the agency's seal comes after the head's signature, and neither may break the other
    about = PdfSignatureMetadata(field_name=field, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")
    with _signer(key) as signer:
        out = io.BytesIO()
        try:
            writer = IncrementalPdfFileWriter(io.BytesIO(data))
            PdfSigner(about, signer, stamp_style=_style(image), new_field_spec=spec).sign_pdf(writer, output=out)
        except SealTrouble:
            raise
        except Exception as error:  # pyHanko's, the token's, asn1's: none of them shares a base
            raise SealTrouble(
                f"không ký được ({type(error).__name__}).", f"cannot be signed ({type(error).__name__})."
            ) from error
    return out.getvalue()


def validate(data: bytes, roots: Sequence[Path] = ()) -> list[Seen]:
    """Every signature in the file, the first one first. A file with none gives none. Raises `SealTrouble`."""
    from pyhanko.keys import load_certs_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    try:
        trusted = list(load_certs_from_pemder([str(path) for path in roots]))  # type: ignore[no-untyped-call]
        found = []
        for signature in PdfFileReader(io.BytesIO(data)).embedded_signatures:
            context = ValidationContext(trust_roots=trusted, allow_fetching=False)
            status = validate_pdf_signature(signature, context)
            found.append(
                Seen(
                    field=str(signature.field_name),
                    signer=str(status.signing_cert.subject.native.get("common_name", "")),
                    intact=bool(status.intact and status.valid),
                    trusted=bool(status.trusted),
                    whole=status.coverage is SignatureCoverageLevel.ENTIRE_FILE,
                )
            )
    except Exception as error:  # a broken file, a broken certificate
        raise SealTrouble(
            f"không kiểm tra được chữ ký ({type(error).__name__}).",
            f"the signatures cannot be checked ({type(error).__name__}).",
        ) from error
    return found


@contextmanager
def _signer(key: LetterKey) -> "Iterator[Signer]":
    if key.method == "pkcs12":
        yield _from_file(key)
        return
    with _token(key) as signer:
        yield signer


def _from_file(key: LetterKey) -> "Signer":
    from pyhanko.sign.signers.pdf_cms import SimpleSigner

    assert key.file is not None  # the settings were checked
    try:
        data = key.file.read_bytes()
    except OSError as error:
        raise SealTrouble(
            f"không đọc được {key.file.name} ({error.strerror}).", f"{key.file.name} cannot be read ({error.strerror})."
        ) from None
    password = key.password.get_secret_value().encode() if key.password is not None else None
    try:
        return cast("Signer", SimpleSigner.load_pkcs12_data(data, other_certs=(), passphrase=password))
    except ValueError:
        raise SealTrouble(
            f"{key.file.name} không mở được: sai mật khẩu hoặc không phải PKCS#12.",
            f"{key.file.name} cannot be opened: wrong password, or not PKCS#12.",
        ) from None


@contextmanager
def _token(key: LetterKey) -> "Iterator[Signer]":
    from pyhanko.config.pkcs11 import PKCS11SignatureConfig, TokenCriteria
    from pyhanko.sign.pkcs11 import PKCS11SigningContext

    config = PKCS11SignatureConfig(
        module_path=str(key.module),
        token_criteria=TokenCriteria(label=key.token),
        cert_label=key.label,
        key_label=key.label,
        user_pin=key.password.get_secret_value() if key.password is not None else None,
    )
    context = PKCS11SigningContext(config)
    try:
        signer = context.__enter__()  # type: ignore[no-untyped-call]
    except Exception as error:  # the driver's, python-pkcs11's, pyHanko's
        raise SealTrouble(
            f'không mở được thiết bị ký "{key.token}" ({type(error).__name__}): kiểm tra thiết bị, mã PIN, nhãn khóa.',
            f'the token "{key.token}" cannot be opened ({type(error).__name__}): look at token, PIN and label.',
        ) from error
    try:
        yield signer
    finally:
        context.__exit__(None, None, None)  # type: ignore[no-untyped-call]


def _image(key: LetterKey) -> Any:
    if key.image is None:
        return None
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(key.image.read_bytes())).convert("RGBA")
    except (OSError, UnidentifiedImageError):
        raise SealTrouble(
            f"không đọc được hình {key.image.name}: cần PNG nền trong suốt.",
            f"the image {key.image.name} cannot be read: a PNG with a transparent ground is needed.",
        ) from None


def _box(key: LetterKey, place: Place, image: Any) -> tuple[int, int, int, int]:
    """In points from the lower left corner. The seal in its true size, a third of it over the signature's left edge."""
    ratio = image.height / image.width
    if key.role == "agency":
        width = height = key.seal_mm
        left = place.x_mm - _IMAGE_MM / 2 + _IMAGE_MM * _THIRD - width
        top = place.y_mm + (_GAP_MM - height) / 2
    else:
        width = min(_IMAGE_MM, _GAP_MM / ratio)
        height = width * ratio
        left, top = place.x_mm - width / 2, place.y_mm + (_GAP_MM - height) / 2
    lower = _PAGE_MM - top - height
    return (round(left * MM), round(lower * MM), round((left + width) * MM), round((lower + height) * MM))


def _style(image: Any) -> Any:
    if image is None:
        return None
    from pyhanko.pdf_utils.images import PdfImage
    from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
    from pyhanko.stamp import StaticStampStyle

    edges = Margins(0, 0, 0, 0)
    whole = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, edges, InnerScaling.STRETCH_TO_FIT)
    return StaticStampStyle(border_width=0, background=PdfImage(image), background_layout=whole, background_opacity=1)


__all__ = ["FIELDS", "SealTrouble", "Seen", "sign", "validate"]
