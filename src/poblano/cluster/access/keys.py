"""The key that signs the tokens of ServiceAccounts: ECDSA P-256, JWS algorithm ES256.

Source: RFC 7515, RFC 7518 §3.4; k8s.io/kubernetes/pkg/serviceaccount/jwt.go (keyIDFromPublicKey)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Final

from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM: Final = "ES256"
_HALF: Final = 32  # bytes of each of the two numbers of a signature


class SigningKey:
    """A private key, made or read when it is first needed.

    Args:
        pem: the key as PEM (PKCS 8, not encrypted); None makes a new one.
    """

    def __init__(self, pem: bytes | None = None) -> None:
        self._pem = pem

    def __repr__(self) -> str:
        return "SigningKey(...)"  # a key in a traceback is a key lost

    def pem(self) -> bytes:
        """The private key, for a file."""
        from cryptography.hazmat.primitives import serialization

        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._private.private_bytes(*form)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        first, second = utils.decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return first.to_bytes(_HALF, "big") + second.to_bytes(_HALF, "big")

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made that signature of that message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        if len(signature) != 2 * _HALF:
            return False
        first, second = (int.from_bytes(part, "big") for part in (signature[:_HALF], signature[_HALF:]))
        try:
            encoded = utils.encode_dss_signature(first, second)
            self._private.public_key().verify(encoded, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    @cached_property
    def identifier(self) -> str:
        """The key's name in the header of a token: a digest of the public key."""
        from cryptography.hazmat.primitives import serialization

        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return encode(hashlib.sha256(self._private.public_key().public_bytes(*form)).digest())

    def public_document(self) -> Document:
        """The public key as a JWK, for ``/openid/v1/jwks``."""
        numbers = self._private.public_key().public_numbers()
        return {
            "use": "sig",
            "kty": "EC",
            "kid": self.identifier,
            "crv": "P-256",
            "alg": ALGORITHM,
            "x": encode(numbers.x.to_bytes(_HALF, "big")),
            "y": encode(numbers.y.to_bytes(_HALF, "big")),
        }

    @cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        if self._pem is None:
            return ec.generate_private_key(ec.SECP256R1())
        key = serialization.load_pem_private_key(self._pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("it is no ECDSA P-256 key")  # noqa: TRY004 -- of the file, not of an argument
        return key


def encode(data: bytes) -> str:
    """Base64 as tokens have it: for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The inverse of `encode`.

    Raises: ValueError for what `encode` would not have written.

    >>> decode(encode(b"any"))
    b'any'
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if encode(data) != text:
        raise ValueError("not in its shortest form")  # else one token could be written in several ways
    return data
