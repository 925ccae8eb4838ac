"""Calls to action are removed from a page's text, in Spanish and Portuguese; sentences that begin alike are kept."""

from __future__ import annotations

import pytest

from latam_corpus.extract.web_pages.calls_to_action import without_calls

_GO = """Seguir leyendo: Las fotos del temporal
Seguí leyendo
Sigue leyendo…
(Le puede interesar: Tres casos nuevos)
Lea también: El precio del pan
LEE ADEMÁS | El clásico, en vivo
También te puede interesar:
Te recomendamos
Noticias relacionadas
Nota relacionada
Publicidad
La nota continúa después de la publicidad
HAZTE MIEMBRO de este diario y apoya el periodismo libre
Hacete socio de la comunidad
¡Suscríbete a nuestro boletín!
Suscribite al newsletter y recibí las noticias
Síguenos en Google News
Seguinos en Instagram y X
Únete a nuestro canal de WhatsApp
Recibe en tu correo las noticias del día
Compartir en Facebook
Haz clic aquí para leer la nota completa
Contenido exclusivo para suscriptores
CONTINUA DEPOIS DA PUBLICIDADE
Continua após a publicidade
Leia também: Chove no litoral
- Leia mais
Veja também
Saiba mais
Você pode gostar
Assine nossa newsletter
Receba as notícias no seu celular
Participe do canal do jornal no WhatsApp
Siga o jornal no Instagram
Clique aqui para ler a matéria completa
Compartilhe esta notícia
Já é assinante?
_ / _ / _
| / |
•
»"""
_STAY = """Lea también los cuentos de Quiroga, dijo la maestra.
Leia mais devagar, pediu a professora.
Seguir leyendo era lo único que quería.
—Sigue leyendo —dijo el viejo.
La publicidad engañosa se multa.
Publicidad engañosa
Recibe a su madre en la puerta y llora.
Siga usted derecho hasta el puente.
Compartir el pan es compartir la vida.
Hazte a un lado, que viene el tren.
Participe quem quiser.
Haga aquí su casa.
Únete a los tuyos.
Entre el correo y el canal hay tres cuadras.
Recibe el correo de su madre y llora.
Siga por el canal hasta la comunidad.
Apoya la mano en la mesa.
Comparte la noticia con su hermano.
Relacionados con el puerto
***
---
* * *
…
—
___
¿?
7
Ñ
"""


@pytest.mark.parametrize("line", _GO.split("\n"))
def test_a_call_is_removed(line: str) -> None:
    """A call is removed whatever its case, brackets or bullet."""
    assert without_calls(f"Llovió.\n{line}\nSiguió lloviendo.") == "Llovió.\nSiguió lloviendo."


@pytest.mark.parametrize("line", _STAY.split("\n"))
def test_a_sentence_that_begins_like_a_call_is_kept(line: str) -> None:
    """Sentences, marks between the scenes of a story, and empty lines are kept."""
    assert without_calls(f"Llovió.\n{line}\nSiguió.") == f"Llovió.\n{line}\nSiguió."


def test_the_title_after_a_call_is_removed() -> None:
    """A title after a call that ends in a colon is removed, but not a paragraph."""
    assert without_calls("Uno.\nMás información:\nDía de la Madre\nDos.") == "Uno.\nDos."
    assert without_calls("Uno.\nLea también:\nAyer llovió aquí.\nDos.") == "Uno.\nAyer llovió aquí.\nDos."
    assert without_calls("Uno.\nMás información\nDía de la Madre") == "Uno.\nMás información\nDía de la Madre"
