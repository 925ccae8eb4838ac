"""The columns that state the terms on which a document may be used."""

from __future__ import annotations

from typing import Final

from latam_corpus.columns.descriptor import Column, RecordKey, names
from latam_corpus.messages import _
from latam_corpus.vocabulary import BASES, RIGHTS_TIERS, USES

COLUMNS: Final = (
    Column(
        "rights", "string", _("SPDX id, Creative Commons or rightsstatements.org URI"), nullable=True,
        label=_("rights"), set_by="collect", source="rights.statement", free=("rights",), repeats=True, statistics=True,
        key=RecordKey(
            13, "a licence, which may only narrow the source's rights.", value="statement", narrows=True, of_pages=True,
            heads=names(
                "rights, license, licenses, licence, licences, licencia, licencias, licenca, licencas, derechos, "
                "derechos de autor, direitos, direitos autorais, rights statement, rights license, rights uri, "
                "rights url, license uri, license url, licence uri, licence url, access rights, accessrights, "
                "access restrictions, usage restrictions, restrictions, terms of use, usage terms, condiciones de "
                "acceso, condiciones de uso, condiciones de reproduccion, restricciones, restricciones de acceso, "
                "restricciones de uso, condicoes de acesso, condicoes de uso, condicoes de reproducao, "
                "restricoes, restricoes de acesso, restricoes de uso"
            ),
        ),
    ),
    Column(
        "rights_tier", "string", _("open … unknown, see catalog.rights"), set_by="collect", source="tier",
        words=RIGHTS_TIERS, repeats=True, statistics=True,
    ),
    Column(
        "basis", "string", _("licence, public_domain, contract or consent"), nullable=True, set_by="collect",
        source="rights.basis", words=BASES, repeats=True,
    ),
    Column(
        "uses", "list[string]", _("allowed uses: train, redistribute, evaluate"), set_by="collect", source="uses",
        words=USES, repeats=True,
        key=RecordKey(
            15, "the allowed uses; those that the source doesn't allow remain forbidden.", narrows=True,
            heads=names("uses, permitted uses, allowed uses, usos, usos permitidos, usos autorizados"),
        ),
    ),
    Column(
        "agreement", "string", _("the agreement under which it was given"), nullable=True, set_by="collect",
        source="rights.agreement", free=("agreement",), repeats=True,
    ),
    Column(
        "expires", "date", _("the last day of that permission"), nullable=True, set_by="collect", source="expires",
        statistics=True,
        key=RecordKey(
            16, "the last day of the permission, unless the source's is earlier.", narrows=True,
            heads=names(
                "expires, expires on, expiration, expiration date, expiry date, valid until, vence, vencimiento, "
                "fecha de vencimiento, expira, caduca, caducidad, valido hasta, validade, vencimento, data de "
                "vencimento, valido ate, valid to, valid through, expiry, permission until, permission expires, "
                "consent until, consent expires, authorized until, vence el, caduca el, fecha de caducidad, fecha "
                "de expiracion, vigencia, vigencia hasta, vigente hasta, fin de vigencia, fin de la vigencia, "
                "consentimiento hasta, permiso hasta, autorizacion hasta, autorizado hasta, vence em, expira em, "
                "data de validade, data de expiracao, valida ate, validade ate, vigencia ate, vigente ate, "
                "consentimento ate, permissao ate, autorizacao ate, autorizado ate"
            ),
        ),
    ),
    Column(
        "embargo_until", "date", _("the first day on which it may be released"), nullable=True, set_by="collect",
        source="rights.embargo_until", statistics=True,
        key=RecordKey(
            17, "the first day on which it may be released, unless the source's is later.", narrows=True,
            heads=names(
                "embargo until, embargo, embargoed until, embargo end, embargo end date, embargo date, embargo "
                "liftdate, embargo lift date, embargo hasta, embargado hasta, bajo embargo hasta, fecha de "
                "embargo, fin de embargo, fin del embargo, embargo ate, embargado ate, fim do embargo, data de "
                "embargo"
            ),
        ),
    ),
    Column(
        "consent", [{"id": "string", "label": "string", "community": "string"}],
        _("consent records, label URIs and the community's name"), nullable=True, set_by="collect",
        source="consent_rows", free=("id", "community"),
        key=RecordKey(
            19, "the document that records the consent for it, or whether it was given; without one, it is held back.",
            narrows=True,
            heads=names(
                "consent, consents, consent document, consent form, consent record, informed consent, "
                "authorization, authorisation, release form, consentimiento, consentimientos, consentimiento "
                "informado, consentimiento firmado, documento de consentimiento, carta de consentimiento, "
                "formulario de consentimiento, hoja de consentimiento, acta de consentimiento, autorizacion, "
                "autorizaciones, autorizacion firmada, autorizacion de uso, carta de autorizacion, documento de "
                "autorizacion, permiso de uso, carta de permiso, carta de cesion, cesion de derechos, "
                "consentimento, consentimentos, consentimento informado, consentimento livre e esclarecido, termo "
                "de consentimento, termo de consentimento livre e esclarecido, tcle, documento de consentimento, "
                "formulario de consentimento, autorizacao, autorizacao de uso, termo de autorizacao, carta de "
                "autorizacao, permissao de uso, termo de cessao, cessao de direitos"
            ),
        ),
    ),
    Column(
        "opt_outs", [{"signal": "string", "value": "string", "address": "string", "time": "time"}],
        _("opt-out signals seen, with address and time"), nullable=True, set_by="collect", free=("value", "address"),
        key=RecordKey(
            18, "signals by which its owner refuses uses, such as noai.", narrows=True, heads=names("opt outs"),
        ),
    ),
)  # fmt: skip
