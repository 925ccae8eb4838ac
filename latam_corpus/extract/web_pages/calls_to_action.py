"""Remove calls to action from a page's text: to read on, to subscribe, to follow.

They are in and after articles, in elements like those of paragraphs, so that the layout can't distinguish them. A line
is removed only if all of it is a call. The list of calls, from newspapers in Spanish and Portuguese, was made for this
project. Lines of rules and separators are also removed, except asterisks, dashes and dots, which separate the scenes of
a story.
"""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.text.folding import folded

_MAX_LENGTH: Final = 200  # characters of a call, including a title in it
# Without accents, like the compared line. These end the line, or a colon or bar and a title follow.
_ALONE: Final = (
    (
        r"(?:le|lea|lee|leer|leia|sigue?|siga|seguir?|continua|continue|continuar)"
        r" (?:tambien|tambem|ademas|mas|mais|leyendo|lendo)"
    ),
    r"(?:ve|vea|ver|veja|mira|mire|confira|conoce|conozca|escucha|escuche|consulta) (?:tambien|tambem|ademas|mais)",
    r"(?:ademas|tambien|tambem),? (?:lea|lee|leia|veja|vea|mira)",
    r"saiba mais",
    r"(?:tambien |quizas? |tal vez )?(?:te|le|les|os) (?:puede|podria|pueda) interes(?:ar|e)",
    r"(?:tambien )?(?:puede|podria) interesar(?:te|les?)",
    r"(?:voce )?(?:tambem )?pode (?:te |lhe |se )?(?:interessar|gostar)(?: de)?",
    r"voce (?:tambem )?vai (?:gostar|se interessar)(?: de)?",
    r"(?:te |le )?(?:recomendamos|sugerimos)(?: leer| ver| para (?:ti|vos|usted))?",
    r"no (?:te|se) (?:lo )?pierdas?(?: tambien)?",
    r"(?:nota|noticia|articulo|contenido|tema|materia|conteudo|artigo)s? (?:relacionad|recomendad)[oa]s?",
    r"(?:reportagens|reportagem) (?:relacionad|recomendad)as?",
    r"relacionad[oa]s?",
    r"m[ai]s (?:noticias|lidas|sobre (?:este|el|o|esse|a) (?:tema|assunto))",
    r"lo mas (?:leido|visto)",
    r"publicidade?",
    (
        r"(?:la (?:nota|noticia) |el articulo |a materia )?(?:continua|sigue)"
        r" (?:despues|abajo|depois|apos|abaixo|mais abaixo)"
        r"(?: (?:(?:de )?la|del|da|a|do|o|de|de este|deste|este) (?:publicidade?|anuncio))?"
    ),
    (
        r"(?:contenido|conteudo|material)"
        r" (?:exclusivo )?(?:para|de) (?:suscriptores|socios|miembros|abonados|assinantes)"
    ),
    r"ja e assinante",
    r"ya eres (?:suscriptor|socio|miembro)",
)
_PLATFORM: Final = r"(?:whatsapp|telegram|facebook|instagram|twitter|youtube|tiktok|google)"
# These match regardless of the words after them.
_BEGINNINGS: Final = (
    r"(?:haz?te|hacete|hagase|seja|torne-se) (?:una? |uma? )?(?:miembro|soci[oa]|suscriptora?|assinante|membro)",
    r"(?:suscribe?te|suscribite|suscribase)",
    (
        r"(?:unete|unite|unase|sumate|sumese|inscribete|inscreva-se|registrate|cadastre-se|assine|participe|entre)"
        rf"(?= .*\b(?:newsletters?|{_PLATFORM}|(?:nuestr|noss)[oa]s? (?:canal|comunidade?|boletin|grupo)))"
    ),
    r"(?:siguenos|seguinos|siganos|encuentranos) (?:en|por)",
    rf"(?:siga|sigue|segui|acompanhe)(?= .*\b(?:en|no|pelo) {_PLATFORM})",
    r"(?:recib[eia]|receba)(?= .*\b(?:newsletters?|boletin|(?:tu|su|seu) (?:correo|e-?mail|celular|whatsapp)))",
    r"(?:descarga|descargue|bajate|baixe) (?:la|nuestra|o|nosso) (?:app|aplicacion|aplicativo)",
    (
        r"(?:comparte|comparti|comparta|compartir|compartilhe|compartilhar)"
        rf" (?:est[ae] (?:nota|noticia|materia|articulo|contenido|artigo)|(?:en|no|por) {_PLATFORM})"
    ),
    r"(?:apoya|apoie)(?= .*\b(?:periodismo|jornalismo) (?:libre|independiente|independente))",
    r"(?:haz|hace|haga|da|pulsa|clique|clica|ingresa)(?: clic| click)? (?:aqui|aca) (?:para|y|e)",
    r"(?:inicia|iniciar|inicie|faca) (?:sesion|(?:seu )?login) (?:para|con|com)",
)
_CALL: Final = re.compile(
    rf"(?:{'|'.join(_ALONE)})(?:[\s!?.…]*|\s*[:|»>→][^.!?]*[.!?…]?)|(?:{'|'.join(_BEGINNINGS)})\b.*"
)
_LEADING: Final = re.compile(r"[\s\-•·*>»|►▶→¡¿«\"“(\[]+")
# Announces a title in the next line.
_ANNOUNCED: Final = re.compile(rf"(?:{'|'.join(_ALONE)}|m[ai]s informac(?:ion|oes))\s*:")
_SENTENCE_ENDS: Final = tuple('.!?…»”"')
# Rules and separators of menus, without a letter or digit.
_RULES: Final = re.compile(r"[\s*._-]*[|/\\·•>»<«›‹~^;,:][\s*._|/\\·•>»<«›‹~^;,:-]*")


def without_calls(text: str) -> str:
    r"""Return the text without calls to action and separators.

    A title after a call that ends in a colon is removed too.

    >>> without_calls("Llovió.\nSeguir leyendo:\nLas fotos del temporal\n_ / _ / _\n***\nSiguió lloviendo.")
    'Llovió.\n***\nSiguió lloviendo.'
    """
    kept_lines: list[str] = []
    is_announced = False
    for line in text.split("\n"):
        call = _as_call(line)
        is_title = is_announced and 0 < len(line) <= _MAX_LENGTH and not line.rstrip().endswith(_SENTENCE_ENDS)
        is_announced = bool(_ANNOUNCED.fullmatch(call))
        if not (is_title or is_announced or _CALL.fullmatch(call) or _RULES.fullmatch(line)):
            kept_lines.append(line)
    return "\n".join(kept_lines)


def _as_call(line: str) -> str:
    """Return the line normalised for comparison with calls; "" if it is too long for one."""
    if len(line) > _MAX_LENGTH:
        return ""
    leading = _LEADING.match(line)
    return folded(line[leading.end() :] if leading else line).rstrip("]) ")
