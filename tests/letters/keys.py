"""Keys to sign with: an authority of our own, a PKCS#12 file and a SoftHSM token. Nobody real."""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

SOFTHSM = next((p for p in ("/usr/lib/softhsm/libsofthsm2.so",) if Path(p).is_file()), "")
PASSWORD, PIN = "mat-khau", "1234"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(common: str, public: rsa.RSAPublicKey, signer: rsa.RSAPrivateKey, by: str) -> x509.Certificate:
    now = datetime.now(UTC)  # pyHanko judges a certificate by the machine's clock
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(_name(by))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=common == by, path_length=None), critical=True)
    )
    usage = dict.fromkeys(
        (
            "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only",
        ), False,
    )  # fmt: skip
    signs = common != by
    return made.add_extension(
        x509.KeyUsage(
            digital_signature=signs, content_commitment=signs, key_cert_sign=not signs, crl_sign=not signs, **usage
        ),
        critical=True,
    ).sign(signer, hashes.SHA256())


@dataclass(frozen=True)
class Office:
    """An authority and the key and certificate of one agency, as files."""

    folder: Path
    root: Path
    p12: Path
    key_pem: Path
    certificate_der: Path


def made(folder: Path, common: str = "UBND phường Chơn Thành") -> Office:
    authority, own = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    root = _certificate("CA thử", authority.public_key(), authority, "CA thử")
    certificate = _certificate(common, own.public_key(), authority, "CA thử")
    office = Office(folder, folder / "ca.pem", folder / "ky.p12", folder / "ky.pem", folder / "ky.der")
    office.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    secret = serialization.BestAvailableEncryption(PASSWORD.encode())
    office.p12.write_bytes(pkcs12.serialize_key_and_certificates(b"ky", own, certificate, [root], secret))
    office.key_pem.write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    office.certificate_der.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    return office


def on_token(office: Office) -> dict[str, str]:
    """Puts the key on a SoftHSM token of its own; the environment that leads to it."""
    tokens = office.folder / "tokens"
    tokens.mkdir()
    config = office.folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(config)}
    for words in (
        ["--init-token", "--free", "--label", "so-ky", "--pin", PIN, "--so-pin", PIN],
        ["--import", str(office.key_pem), "--token", "so-ky", "--label", "ky", "--id", "01", "--pin", PIN],
    ):
        subprocess.run(["softhsm2-util", *words], env=os.environ | environment, check=True, capture_output=True)
    return environment


def put_certificate(office: Office) -> None:
    """The certificate beside its key; in a process whose environment leads to the token."""
    import pkcs11
    from pkcs11 import Attribute, CertificateType, ObjectClass

    token = pkcs11.lib(SOFTHSM).get_token(token_label="so-ky")
    der = office.certificate_der.read_bytes()
    subject = x509.load_der_x509_certificate(der).subject.public_bytes()
    with token.open(rw=True, user_pin=PIN) as session:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.CERTIFICATE,
                Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                Attribute.TOKEN: True,
                Attribute.LABEL: "ky",
                Attribute.ID: b"\x01",
                Attribute.VALUE: der,
                Attribute.SUBJECT: subject,
            }
        )
