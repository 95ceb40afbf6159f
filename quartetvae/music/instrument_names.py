"""How instruments are called in the languages of the world: tables, which are read by quartetvae/music/track_names.py.

Conventions
-----------
Names are written as people write them, with commas between; accents, capitals, apostrophes and hyphens do not count. A
name is a word or more in a row; where a language puts no spaces between words, it is found in what stands together.
"""

# ruff: noqa: RUF001 (letters that look like those of other scripts are meant)

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Instrument:
    """How an instrument is called."""

    names: Mapping[str, str] = field(hash=False, repr=False)
    """By language, singular and plural."""
    numbered: str = ""
    """What tells it only with a number: `V. 1`."""
    unclear: str = ""
    """What may be a voice, or another instrument: `Alto`."""
    misspelled: tuple[str, ...] = ()
    """Long names, in small letters without accents, that are known with a slip of the pen too."""


VIOLIN = Instrument(
    names={
        "English": "violin, violins, fiddle",
        "Humdrum": "violn",
        "abbreviations": "vln, vlns, vn, vns, vl, vls, viol, vno, vni, vlno, vlni, vlin, vlino, vi-no",
        "Italian": "violino, violini",
        "German": "Violine, Violinen, Geige, Geigen, Gge",
        "French": "violon, violons",
        "Spanish": "violín, violines",
        "Portuguese": "violino, violinos",
        "Catalan": "violí, violins",
        "Romanian": "vioară, vioara, viori, viorile",
        "Dutch": "viool",
        "Swedish": "fiol, fioler, violiner, violinen",
        "Norwegian": "fiolin, fioliner, fele",
        "Icelandic": "fiðla, fiðlur",
        "Finnish": "viulu, viulut",
        "Estonian": "viiul, viiulid",
        "Latvian": "vijole, vijoles",
        "Lithuanian": "smuikas, smuikai",
        "Hungarian": "hegedű, hegedűk",
        "Polish": "skrzypce, skrzypiec, skrz",
        "Czech": "housle, houslí",
        "Slovak": "husle, huslí",
        "Croatian, Serbian, Slovenian": "violina, violine, виолина, виолине",
        "Macedonian": "виолини",
        "Bulgarian": "цигулка, цигулки",
        "Russian": "скрипка, скрипки, скр",
        "Ukrainian": "скрипка, скрипки",
        "Belarusian": "скрыпка, скрыпкі",
        "Greek": "βιολί, βιολιά",
        "Turkish": "keman, kemanlar",
        "Azerbaijani": "skripka",
        "Filipino": "biyolin",
        "Albanian": "violinë, violina",
        "Maltese": "vjolin",
        "Irish": "veidhlín",
        "Welsh": "feiolin, ffidil",
        "Basque": "biolin, biolina",
        "Esperanto": "violono, violonoj",
        "Georgian": "ვიოლინო",
        "Armenian": "ջութակ",
        "Hebrew": "כינור, כינורות",
        "Arabic": "كمان, الكمان, كمنجة",
        "Persian": "ویولن, ویولون",
        "Hindi": "वायलिन",
        "Chinese": "小提琴, 小提",
        "Japanese": "ヴァイオリン, バイオリン, ヴイオリン",
        "Korean": "바이올린",
        "Thai": "ไวโอลิน",
        "Vietnamese": "vĩ cầm, vi-ô-lông",
    },
    numbered="v, vi, vio, violen, skr, ск, 提琴, 提",
    misspelled=("violin", "violins", "violino", "violine", "violini"),
)

VIOLA = Instrument(
    names={
        "English": "viola, violas, alto viola",
        "abbreviations": "vla, vlas, va, vas, vle, br, brs",
        "misspelled": "voila, violla, viloa, voiola, vioala, vioola",
        "Italian": "viole, viola da braccio, violetta, contralto viola",
        "German": "Bratsche, Bratschen, Altgeige, Altvioline, Armgeige",
        "Spanish, Portuguese": "viola de arco, viola d'arco, violeta, violetas",
        "Romanian": "violă, viole",
        "Dutch": "altviool, altviolen, alt viool",
        "Swedish": "altfiol, altviolin, altfioler",
        "Danish": "bratsch, bratscher",
        "Norwegian": "bratsj, bratsjer, altfiolin",
        "Icelandic": "víóla, lágfiðla",
        "Finnish": "alttoviulu, alttoviulut",
        "Estonian": "vioola, altviiul",
        "Hungarian": "brácsa, brácsák, mélyhegedű",
        "Polish": "altówka, altówki, altowka",
        "Czech, Slovak": "violy",
        "Serbian, Bulgarian": "виола, виоли, виоле",
        "Greek": "βιόλα, βιόλες",
        "Turkish": "viyola, viyolalar",
        "Albanian": "violë",
        "Maltese": "vjola",
        "Irish": "vióla",
        "Welsh": "fiola",
        "Esperanto": "aldviolono, vjolo",
        "Hebrew": "ויולה",
        "Arabic": "فيولا, الفيولا",
        "Persian": "ویولا",
        "Hindi": "वियोला",
        "Filipino": "biyola",
        "Chinese": "中提琴, 中提, 中音提琴",
        "Japanese": "ヴィオラ, ビオラ",
        "Korean": "비올라",
        "Thai": "วิโอลา",
    },
    # French, Dutch, Russian, Latvian, Lithuanian, Georgian, Armenian; Basque's is the violin in Indonesia.
    unclear="alto, altos, alti, alt, альт, альты, альти, alts, altas, altai, ალტი, ალტო, ալտ, biola",
    misspelled=("bratsche", "bratschen"),
)

CELLO = Instrument(
    names={
        "English": "cello, cellos, 'cello, violoncello, violoncellos, violoncelloes, violonc, cell",
        "abbreviations": "vc, vcs, vcl, vlc, vcllo, vllo, vcello, vcelli, vlcl, vclo, v-cello, v-cl, vcll, cllo",
        "misspelled": "celo, chello, celllo, ceelo, cell'o, violin-cello, violon-cello, viola-cello, violincello",
        "Italian": "violoncelli, celli",
        "German": "Violoncell, Violoncells, Violonzello, Violoncelle, Celli",
        "French": "violoncelle, violoncelles, vcelle, vcle, vlle, vlles",
        "Spanish": "violonchelo, violonchelos, chelo, chelos, violoncelo",
        "Portuguese": "violoncelo, violoncelos",
        "Catalan": "violoncel, violoncels",
        "Romanian": "violoncel, violoncele",
        "Dutch": "violoncel, cello's, celli, violoncellen",
        "Swedish": "violoncell, cellor, celli",
        "Danish": "celloer",
        "Icelandic": "selló, knéfiðla",
        "Finnish": "sello, sellot",
        "Estonian": "tšello, tšellod",
        "Latvian": "čells, čelli",
        "Lithuanian": "violončelė, violončelės",
        "Hungarian": "gordonka, cselló, gordonkák, csellók",
        "Polish": "wiolonczela, wiolonczele, wlcz",
        "Czech, Slovak": "čelo, violončelo, violoncella",
        "Croatian, Serbian, Slovenian": "violončelo, čelo, violončela, виолончело, чело",
        "Bulgarian": "виолончело, чело, виолончела",
        "Russian": "виолончель, виолончели, влч, вч, влнч, в-ль, вл-ль, виолонч, violonchel",
        "Ukrainian": "віолончель, віолончелі",
        "Belarusian": "віяланчэль",
        "Greek": "τσέλο, βιολοντσέλο, τσέλα, βιολοντσέλα",
        "Turkish": "çello, viyolonsel, çellolar",
        "Azerbaijani": "violonçel",
        "Albanian": "violonçel",
        "Maltese": "vjolonċell",
        "Irish": "dordveidhil",
        "Welsh": "sielo, soddgrwth",
        "Basque": "biolontxelo, biolontxeloa, txelo, txeloa",
        "Indonesian": "selo",
        "Filipino": "tselo",
        "Afrikaans": "tjello",
        "Esperanto": "violonĉelo, violonĉeloj",
        "Georgian": "ჩელო, ვიოლონჩელო",
        "Armenian": "թավջութակ",
        "Hebrew": "צ'לו, צלו",
        "Arabic": "تشيلو, التشيلو, شيلو",
        "Persian": "ویولنسل, ویلنسل",
        "Hindi": "चेलो, सेलो",
        "Chinese": "大提琴, 大提",
        "Japanese": "チェロ, セロ, ヴィオロンチェロ",
        "Korean": "첼로",
        "Thai": "เชลโล, เชลโล่",
    },
    # In the quartets of Haydn's time.
    unclear="basso",
    misspelled=("violoncello", "violoncelle", "violoncelli", "violonchelo"),
)

_CONTRABASSES = """
contrabass, contrabasses, contrabassi, contrabasso, contra bass, contra, cb, cbs, kb, db, dbs, d-b, doublebass,
double bass, double basses, string bass, string basses, upright bass, acoustic bass, electric bass, bass fiddle,
bass violin, kontrabass, kontrabässe, kontrabas, contrabas, contrebasse, contrebasses, contre basse, contrebas,
contrabajo, contrabajos, contrabaixo, contrabaixos, contrabaix, kontrabasso, kontrabassi, kontrabaso, kontrabasas,
kontrabasz, kontrabasy, contrabasul, bassgeige, baßgeige, basso continuo, continuo, violone, violones, violoni, vne,
basy, nagybőgő, bőgő, bogo, basses, bassi, bajos, bassetto, контрабас, контрабасы, контрабаси, контрабасс, кб,
κοντραμπάσο, κοντραμπάσα, 低音提琴, 倍大提琴, 低音大提琴, 倍低音提琴, コントラバス, ダブルベース, 콘트라베이스,
더블베이스, 콘트라바스, קונטרבס, كونترباس, كونتراباص, ดับเบิลเบส, contrabbasso, contrabbassi, contra-basso, kontra,
kontra bass, kontra-bass, dbl, d bass, str bass, cbass, c-b, k-b, kontrbas, kontrabosas, kontrabassgeige, 贝斯, 貝斯,
ベース
"""

_VIOLS = """
gamba, gambe, gamben, gambas, gambes, gambist, violadagamba, amore, d'amore, amour, d'amour, bastarda, pomposa,
bordone, barytone, baryton, lyra, bass viol, tenor viol, treble viol, alto viol, viols, vihuela, rebec, caipira,
braguesa, terra, nordestina, sertaneja, beiroa, campaniça, toeira, cocho, cordas, mão, erhu, 二胡, gaohu, 高胡,
zhonghu, 中胡, gehu, 革胡, kamancha, kemenche, hurdy gurdy, nyckelharpa, гамба, дамур, амур, ガンバ, ダモーレ, 감바,
다모레
"""

_WINDS = """
sax, saxes, saxophone, saxophones, saxophon, saxofon, saxofón, sassofono, saxofone, saksofon, altsax, altsaxophon,
саксофон, サックス, サクソフォン, 색소폰, 萨克斯, flute, flutes, flöte, flöten, flûte, flûtes, flauto, flauti, flauta,
fluit, fløjte, fløyte, flöjt, huilu, flet, flétna, fuvola, флейта, φλάουτο, フルート, 플루트, 长笛, 長笛, fl,
altflöte, blockflöte, recorder, recorders, piccolo, ottavino, traverso, oboe, oboes, oboi, hautbois, oboé, hobo,
гобой, オーボエ, 오보에, 双簧管, ob, english horn, cor anglais, corno inglese, clarinet, clarinets, clarinette,
clarinettes, klarinette, klarinetten, clarinetto, clarinetti, clarinete, klarinet, klarinetti, кларнет, クラリネット,
클라리넷, 单簧管, cl, basset, chalumeau, bassoon, bassoons, basson, bassons, fagott, fagotte, fagotto, fagotti, fagot,
фагот, ファゴット, 바순, 巴松, fg, bn, bsn, contrabassoon, kontrafagott, horn, horns, hörner, corno, corni, cor, cors,
trompa, hoorn, валторна, ホルン, 호른, 圆号, hn, trumpet, trumpets, trompete, trompeten, trompette, tromba, trombe,
trompeta, труба, トランペット, 트럼펫, 小号, tpt, trombone, trombones, posaune, posaunen, tromboni, trombón, тромбон,
トロンボーン, 트롬본, 长号, tbn, tuba, tuben, туба, euphonium, cornet, cornetto, flugelhorn, serpent, ophicleide,
waldhorn, englischhorn, bagpipe, ocarina, harmonica, melodica, shakuhachi
"""

_KEYBOARDS = """
piano, pianos, pianoforte, fortepiano, klavier, clavier, clavecin, cembalo, harpsichord, clavicembalo, clavichord,
spinet, virginal, organ, orgel, orgue, organo, órgano, órgão, harmonium, celesta, celeste, keyboard, keyboards,
epiano, фортепиано, рояль, орган, клавесин, πιάνο, ピアノ, オルガン, 피아노, 钢琴, 鋼琴, fortepian, zongora, klavír,
pf, pno, accordion, akkordeon, accordéon, bandoneon, concertina, баян
"""

_PLUCKED = """
harp, harps, harfe, harpe, arpa, harpa, арфа, ハープ, 하프, 竖琴, guitar, guitars, gitarre, guitare, chitarra,
guitarra, violão, violao, violões, гитара, ギター, 기타, 吉他, banjo, mandolin, mandoline, mandolino, mandola,
mandocello, lute, laute, luth, liuto, laúd, theorbo, tiorba, ukulele, zither, sitar, koto, pipa, balalaika, bouzouki
"""

_PERCUSSION = """
timpani, timbales, pauken, timbals, литавры, drum, drums, drumset, drumkit, percussion, cymbal, cymbals, triangle,
glockenspiel, xylophone, xylophon, marimba, vibraphone, vibes, bells, chimes, kalimba, click, metronome, metronom,
theremin, crotales
"""

OTHER_INSTRUMENTS = ",".join((_CONTRABASSES, _VIOLS, _WINDS, _KEYBOARDS, _PLUCKED, _PERCUSSION))
"""Names of what is neither violin nor viola nor cello, whatever else a name says."""

VOICES = """
soprano, sopranos, soprani, sopran, soprane, sopraan, sopraani, szoprán, treble, mezzo, mezzosoprano, mezzosopran,
contralto, contralti, countertenor, tenor, tenors, tenore, tenori, tenorit, ténor, ténors, baritone, baritono,
bariton, barítono, bass, baß, bas, basse, bajo, baixo, baix, basszus, discant, diskant, cantus, altus, bassus,
quintus, vocal, vocals, singstimme, gesang, choir, chorus, choeur, chor, coro, coros, kór, kör, cantor, canto, aahs,
oohs, сопрано, меццо, тенор, баритон, бас, хор, σοπράνο, τενόρος, μπάσος, ソプラノ, アルト, テノール, バス, 소프라노,
알토, 테너, 베이스, 合唱, 女高音, 女低音, 男高音, 男低音
"""
"""Names of voices, which strings may play; beside them `Alto` is one too."""

CLEFS = "treble clef, alto clef, tenor clef, bass clef"
"""What only seems to be a voice."""

NUMBERS = {
    1: """
    1, i, io, l, і, un, uno, una, une, one, ein, eins, een, ett, yksi, bir, один, egy, jeden, jedna, jedan, primo,
    prima, primi, prime, primus, prim, first, premier, première, premiers, premières, erste, erster, erstes, ersten,
    primero, primera, primer, primeros, primeiro, primeira, primeiros, eerste, första, förste, første, fyrsta,
    ensimmäinen, esimene, ensi, pirmā, pirmais, pirmasis, pirmas, első, pierwsze, pierwszy, pierwsza, první, prvé,
    prva, prvi, prve, прва, первая, первый, первые, перша, перший, перші, першая, първа, πρώτο, πρώτος, α, birinci,
    întâi, întâia, unua, ראשון, א, أول, الأول, اول, 一, 第一, 壱, 첫째, 첫번째, प्रथम, lehen, lehenengo, ファースト,
    퍼스트
    """,
    2: """
    2, ii, iio, ll, іі, deux, due, dos, dois, two, zwei, twee, två, kaksi, iki, два, két, kettő, dwa, dva, secondo,
    seconda, secondi, secundus, sekund, second, seconds, seconde, secondes, deuxième, deuxièmes, zweite, zweiter,
    zweites, zweiten, segundo, segunda, segundos, segon, tweede, andra, andre, anden, önnur, toinen, teine, otrā,
    otrais, antras, antrasis, második, drugie, drugi, druga, druhé, druhá, druhý, друга, вторая, второй, вторые,
    другий, другі, другая, втора, δεύτερο, δεύτερος, β, ikinci, doua, dua, שני, ב, ثان, ثاني, الثاني, دوم, 二, 第二,
    弐, 둘째, 두번째, द्वितीय, szekund, bigarren, セカンド, 세컨드, 세컨
    """,
    3: """
    3, iii, lll, ііі, three, drei, trois, tre, tres, third, terzo, terza, troisième, dritte, tercero, terceiro, derde,
    tredje, третья, третий, trzecie, třetí, γ, 三, 第三
    """,
    4: """
    4, iv, four, vier, quatre, quattro, cuatro, fourth, quarto, quarta, quatrième, vierte, cuarto, четвертая, 四, 第四
    """,
}
"""What says which of several; figures and their ordinals (`1st`, `2ème`, `1º`) say it in any case."""
