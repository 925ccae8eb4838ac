"""Check a signature of minisign without minisign and without the latam_corpus toolkit: python verify_signature.py FILE KEY

KEY is the line of a public key that begins with RW, or its file; the signature stands beside FILE, as FILE.minisig.
Exit code 0: who has the secret key signed these bytes. Ed25519 as in RFC 8032, slow and plain; it holds no secret.
"""

import base64
import hashlib
import pathlib
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def must(true, problem):
    if not true:
        raise ValueError(problem)


def add(one, other):
    """The sum of two points (X, Y, Z, T) of the curve, where x = X/Z, y = Y/Z and x*y = T/Z."""
    a = (one[1] - one[0]) * (other[1] - other[0])
    b = (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    must(y < P and (x * x - square) % P == 0 and (x or not sign), "forged: a point isn't on the curve")
    x = x if x % 2 == sign else P - x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def check(key, data, signature):
    first, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(first + key + data).digest(), "little") % ORDER
    left, right = times(s, BASE), add(point_of(first), times(h, point_of(key)))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P
    must(s < ORDER and same, "forged: the key didn't sign these bytes")


def lines_of(data, number):
    lines = data.decode().splitlines()
    must(len(lines) == number, f"{number} lines are expected, and there are {len(lines)}")
    return lines


def main(file, key):
    try:
        if pathlib.Path(key).is_file():
            key = lines_of(pathlib.Path(key).read_bytes(), 2)[1]
        public = base64.b64decode(key, validate=True)
        must(len(public) == 42 and public[:2] == b"Ed", "the key is no public key of minisign")
        data = pathlib.Path(file).read_bytes()
        _, line, comment, outer = lines_of(pathlib.Path(f"{file}.minisig").read_bytes(), 4)
        signed = base64.b64decode(line, validate=True)
        must(len(signed) == 74 and signed[:2] in (b"Ed", b"ED"), "it is no signature of minisign")
        must(signed[2:10] == public[2:10], "forged, or signed by another key")
        check(public[10:], hashlib.blake2b(data).digest() if signed[:2] == b"ED" else data, signed[10:])
        comment = comment.removeprefix("trusted comment: ")
        check(public[10:], signed[10:] + comment.encode(), base64.b64decode(outer, validate=True))
    except (ValueError, OSError) as error:
        print(f"{file}: {error}")
        return 1
    print(f"{file}: signed by {key}, as {comment}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
