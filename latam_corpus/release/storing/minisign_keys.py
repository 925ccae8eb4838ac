"""Sign files of a store with a secret minisign key, and verify signatures with the public key.

The files have the format of minisign (https://jedisct1.github.io/minisign/), whose command can verify them too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import SIGNATURE
from latam_corpus.storage.durable import create

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.messages import Message

PASSWORD: Final = "LATAM_CORPUS_KEY_PASSWORD"  # noqa: S105  (the variable's name)
_ANOTHER: Final = _("name another file")
# The default of minisign. The signature doesn't cover this line, so no other text is accepted.
_FIRST_LINE: Final = "signature from minisign secret key"
_PRIVATE: Final = 0o600


def _minisign(place: str) -> Any:
    try:
        import minisign
    except ImportError:
        problem = _("it needs py-minisign, which isn't installed")
        raise ConfigError(place, problem, "pip install 'latam-corpus[sign]'") from None
    return minisign


@dataclass(frozen=True)
class Signer:
    """A secret key that can sign."""

    secret: Any  # minisign.SecretKey

    def signature(self, data: bytes, comment: str) -> bytes:
        """Return the bytes of a signature file, which are deterministic.

        The comment, an ASCII text, is signed too.
        """
        return bytes(self.secret.sign(data, untrusted_comment=_FIRST_LINE, trusted_comment=comment)) + b"\n"


@dataclass(frozen=True)
class PublicKey:
    """A public key that verifies signatures."""

    key: Any  # minisign.PublicKey


def new_key(file: Path) -> str:
    """Write a new secret key, and the public key next to it as `.pub`; return the line of the public key.

    The secret key is encrypted with the password in LATAM_CORPUS_KEY_PASSWORD, if this is set.

    Raises:
        ConfigError: one of the files exists, or can't be written.
    """
    minisign = _minisign(str(file))
    public = public_file(file)
    if file.exists() or public.exists():
        raise ConfigError(str(file), _("the file exists, and keys are never overwritten"), _ANOTHER)
    pair = minisign.KeyPair.generate()
    line: str = pair.public_key.to_base64().decode()
    if os.environ.get(PASSWORD):
        pair.secret_key.encrypt(os.environ[PASSWORD])
    try:
        create(file, bytes(pair.secret_key) + b"\n", _PRIVATE)
        create(public, bytes(pair.public_key) + b"\n")
    except OSError as error:
        raise ConfigError(str(file), _("it can't be written: {why}", why=cause_of(error)), _ANOTHER) from None
    return line


def public_file(file: Path) -> Path:
    """Return the file of the public key that belongs to a secret key.

    >>> public_file(Path("archivo.key")).name
    'archivo.key.pub'
    """
    return file.with_name(f"{file.name}.pub")


def signature_file(file: Path) -> Path:
    """Return the path of a file's signature.

    >>> signature_file(Path("recibo.html")).name
    'recibo.html.minisig'
    """
    return file.with_name(f"{file.name}{SIGNATURE}")


def read_signer(file: Path) -> Signer:
    """Read a secret key.

    Raises:
        ConfigError: the file isn't a secret key, or its password isn't in LATAM_CORPUS_KEY_PASSWORD.
    """
    minisign = _minisign(str(file))
    try:
        key = minisign.SecretKey.from_bytes(file.read_bytes())
        if key.is_encrypted():
            if not os.environ.get(PASSWORD):
                raise ConfigError(
                    str(file), _("the key is encrypted"), _("set {variable} to its password", variable=PASSWORD)
                )
            key.decrypt(os.environ[PASSWORD])
    except OSError as error:
        remedy = _("name a secret key; `latam-corpus release keygen` makes one")
        raise ConfigError(str(file), _("it can't be read: {why}", why=cause_of(error)), remedy) from None
    except ValueError as error:
        if str(error).startswith("wrong password"):
            problem = _("the password in {variable} is wrong", variable=PASSWORD)
            raise ConfigError(str(file), problem, _("set it to the password of this key")) from None
        problem = _("this isn't a secret key of minisign")
        raise ConfigError(str(file), problem, _("name the file without .pub")) from None
    return Signer(key)


def read_public_keys(values: Sequence[str]) -> tuple[PublicKey, ...]:
    """Read public keys, each given as a file or as the key's line, which begins with RW.

    Raises:
        ConfigError: a value is neither.
    """
    return tuple(_public_key(value) for value in values)


def _public_key(value: str) -> PublicKey:
    minisign = _minisign("--key")
    try:
        if Path(value).is_file():
            return PublicKey(minisign.PublicKey.from_bytes(Path(value).read_bytes()))
        return PublicKey(minisign.PublicKey.from_base64(value))
    except (ValueError, OSError):
        problem = _("«{named}» is neither the file of a public key nor its line", named=value)
        raise ConfigError("--key", problem, _("name a .pub, or the line in it that begins with RW")) from None


def signature_problem(data: bytes, signature: bytes | None, keys: Sequence[PublicKey]) -> Message | None:
    """Verify a signature; return the problem, or None if it was made with one of the keys."""
    minisign = _minisign("--key")
    if signature is None:
        return _("it isn't signed")
    try:
        parsed = minisign.Signature.from_bytes(signature)
    except ValueError as error:
        return _("the signature file is invalid: {cause}", cause=error)
    if bytes(parsed) + b"\n" != signature or parsed.untrusted_comment != _FIRST_LINE:
        return _("the signature file was changed")
    for key in keys:
        try:
            key.key.verify(data, parsed)
        except minisign.VerifyError:
            continue
        return None
    return _("the signature is forged or made with another key")
