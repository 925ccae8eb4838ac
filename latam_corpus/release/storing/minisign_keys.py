"""minisign keys: who holds the secret one signs what a store says, who has the public one sees that it was them.

The files are those of minisign (https://jedisct1.github.io/minisign/), whose own command reads and checks them too.
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
_INSTALL: Final = (_("it needs py-minisign, which isn't installed"), "pip install 'latam-corpus[sign]'")
_ANOTHER: Final = _("name another file")
# What minisign writes where nobody says otherwise. Nothing signs this line, so that no other is taken.
_FIRST_LINE: Final = "signature from minisign secret key"
_PRIVATE: Final = 0o600


@dataclass(frozen=True)
class Signer:
    """A secret key that can sign."""

    secret: Any  # minisign.SecretKey

    def signature(self, data: bytes, what: str) -> bytes:
        """Return the file of a signature, the same whenever it is asked for; `what` is signed too, in ASCII."""
        return bytes(self.secret.sign(data, untrusted_comment=_FIRST_LINE, trusted_comment=what)) + b"\n"


@dataclass(frozen=True)
class PublicKey:
    """A public key of somebody who may have signed."""

    key: Any  # minisign.PublicKey


def new_key(file: Path) -> str:
    """Write a secret key, and the public one beside it as `.pub`; gives the public key's line.

    The secret key is encrypted with the password in LATAM_CORPUS_KEY_PASSWORD, where there is one.

    Raises:
        ConfigError: one of the files is there, or can't be written.
    """
    try:
        from minisign import KeyPair
    except ImportError:
        raise ConfigError(str(file), *_INSTALL) from None
    public = public_file(file)
    if file.exists() or public.exists():
        raise ConfigError(str(file), _("there is a key already, and none is written over"), _ANOTHER)
    pair = KeyPair.generate()
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
    """Return where the public key stands beside a secret one.

    >>> public_file(Path("archivo.key")).name
    'archivo.key.pub'
    """
    return file.with_name(f"{file.name}.pub")


def signature_file(file: Path) -> Path:
    """Return where a file's signature stands beside it.

    >>> signature_file(Path("recibo.html")).name
    'recibo.html.minisig'
    """
    return file.with_name(f"{file.name}{SIGNATURE}")


def read_signer(file: Path) -> Signer:
    """Return what signs with the secret key in a file.

    Raises:
        ConfigError: there is no such key, or its password isn't in LATAM_CORPUS_KEY_PASSWORD.
    """
    try:
        from minisign import SecretKey

        key = SecretKey.from_bytes(file.read_bytes())
        if key.is_encrypted():
            if not os.environ.get(PASSWORD):
                raise ConfigError(
                    str(file), _("the key is encrypted"), _("put its password into {variable}", variable=PASSWORD)
                )
            key.decrypt(os.environ[PASSWORD])
    except ImportError:
        raise ConfigError(str(file), *_INSTALL) from None
    except OSError as error:
        remedy = _("name a secret key; `latam-corpus release keygen` makes one")
        raise ConfigError(str(file), _("it can't be read: {why}", why=cause_of(error)), remedy) from None
    except ValueError as error:
        if str(error).startswith("wrong password"):
            problem = _("the password in {variable} isn't that of the key", variable=PASSWORD)
            raise ConfigError(str(file), problem, _("put the right one there")) from None
        problem = _("this is no secret key of minisign")
        raise ConfigError(str(file), problem, _("name the file without .pub")) from None
    return Signer(key)


def read_public_keys(named: Sequence[str]) -> tuple[PublicKey, ...]:
    """Return public keys, each named by its file or by its line, which begins with RW.

    Raises:
        ConfigError: one is none.
    """
    return tuple(_public_key(one) for one in named)


def _public_key(named: str) -> PublicKey:
    try:
        import minisign

        if Path(named).is_file():
            return PublicKey(minisign.PublicKey.from_bytes(Path(named).read_bytes()))
        return PublicKey(minisign.PublicKey.from_base64(named))
    except ImportError:
        raise ConfigError("--key", *_INSTALL) from None
    except (ValueError, OSError):
        problem = _("«{named}» is neither the file of a public key nor its line", named=named)
        raise ConfigError("--key", problem, _("name a .pub, or the line in it that begins with RW")) from None


def signature_problem(data: bytes, signature: bytes | None, keys: Sequence[PublicKey]) -> Message | None:
    """Return what is wrong with the signature of these bytes; None where one of the keys made it.

    Args:
        data: what is signed.
        signature: the bytes of its file; None where there is none.
        keys: of those who may have signed.
    """
    from minisign import Signature, VerifyError

    if signature is None:
        return _("it isn't signed")
    try:
        parsed = Signature.from_bytes(signature)
    except ValueError as error:
        return _("its signature is none: {cause}", cause=error)
    if bytes(parsed) + b"\n" != signature or parsed.untrusted_comment != _FIRST_LINE:
        return _("its signature's bytes aren't those that were written")
    for key in keys:
        try:
            key.key.verify(data, parsed)
        except VerifyError:
            continue
        return None
    return _("its signature is forged, or of another key")
